"""Voids and corrections of records: the original stays, with the day and the reason."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, validation
from service.actions.context import ActionContext
from service.actions.errors import NotFound
from service.actions.permissions import require_role
from service.actions.write_batch import WriteBatch
from service.queries.scope import visible_to
from workflows.vocabulary import Plain, Reason, Refused, Role


@dataclass(frozen=True, slots=True)
class Voidable:
    """A kind of record outside cases whose void moves no money, and the roles that may void it."""

    subject: str
    table: sa.Table
    roles: tuple[Role, ...]


def void_record(
    conn: sa.Connection,
    kind: Voidable,
    record_id: UUID,
    reason: str,
    context: ActionContext,
    check: Callable[[dict[str, Any]], None] = lambda _row: None,
) -> None:
    """Void a record with its own event; `check` refuses by its own reasons, before anything is written.

    Raises InvalidForm, Refused (role_missing, voided_already), NotFound.
    """
    row = lock_record(conn, kind.table, record_id, seen_in_unit(context, kind.table.c.unit_path))
    right = require_role(context, kind.roles, row["unit_path"])
    validation.refuse_invalid(reason_problems(reason))
    check(row)
    batch = WriteBatch()
    void_row(batch, kind.table, record_id, reason, context.today)
    facts = {**void_facts(reason, row), **right}
    event_log.append_event(conn, kind.subject, record_id, f"void_{kind.subject}", facts, context, batch)


def seen_in_unit(context: ActionContext, unit_path: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Return the condition for records of units over which the caller has any role."""
    return visible_to(context.caller, unit_path, frozenset(Role))


def lock_record(
    conn: sa.Connection, table: sa.Table, record_id: UUID, visible: sa.ColumnElement[bool]
) -> dict[str, Any]:
    """Return a record the caller may see, locked. Raises NotFound, Refused (voided_already)."""
    query = sa.select(table).where(table.c.id == record_id, visible).with_for_update(key_share=True)
    row = conn.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound
    if row["voided_on"] is not None:
        raise Refused(Reason.of("voided_already", on=row["voided_on"].isoformat()))
    return dict(row)


def reason_problems(reason: str) -> Iterator[Reason]:
    """Check the reason of a void: it stays readable for good, so it names nobody's number."""
    return validation.text("reason", reason, longest=400)


def void_row(batch: WriteBatch, table: sa.Table, record_id: UUID, reason: str, today: date) -> None:
    """Add the void of a record to the batch."""
    batch.change(table, {"id": record_id, "voided_on": today, "void_reason": reason.strip()})


def void_facts(reason: str, row: dict[str, Any]) -> dict[str, Plain]:
    """Return what the event of a void says of the record."""
    day = row.get("on") or row["from_on"]
    return {"reason": reason.strip(), "on": day.isoformat()}
