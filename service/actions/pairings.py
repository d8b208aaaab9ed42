"""Pairing of a unit with a household (结对帮扶); corrected or voided."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, validation
from service.actions.context import ActionContext
from service.actions.corrections import lock_record, reason_problems, void_facts, void_row
from service.actions.errors import NotFound
from service.actions.natural_keys import natural_key, once_facts, repeat_columns
from service.actions.open_households import file_open_to_records
from service.actions.permissions import require_role, unit_path_of
from service.actions.write_batch import WriteBatch
from service.db.columns import new_id
from service.queries import households
from service.tables.pairings import pairing
from service.tables.visits import visit
from workflows.code_lists import VisitKind
from workflows.vocabulary import Plain, Reason, Refused, Role


@dataclass(frozen=True, slots=True)
class Pairing:
    """结对帮扶: a unit that keeps up with a household under a named programme."""

    unit_id: UUID
    programme_name: str
    issued_by: str
    from_on: date
    until_on: date | None = None


def record_pairing(
    conn: sa.Connection, household_id: UUID, new: Pairing, context: ActionContext, *, corrects: UUID | None = None
) -> UUID:
    """Pair a unit with a household.

    Raises InvalidForm, Refused (role_missing, recorded_already, recorded_and_voided, paired_already), NotFound.
    """
    right = require_role(context, (Role.REGISTRAR,), unit_path_of(conn, new.unit_id))
    file_open_to_records(households.one(conn, household_id, context.caller, lock=True))
    validation.refuse_invalid(
        validation.text("programme_name", new.programme_name),
        validation.text("issued_by", new.issued_by),
        validation.dates_in_order("until_on", new.from_on, new.until_on or date.max),
    )
    key = natural_key("pairing", household_id, new.unit_id, new.from_on)
    once = repeat_columns(conn, pairing, key, confirmed=False, corrects=corrects)
    _refuse_overlap(conn, household_id, new)
    pairing_id, batch = new_id(), WriteBatch()
    columns = once | {name: getattr(new, name) for name in Pairing.__slots__}
    batch.add(pairing, {"id": pairing_id, "household_id": household_id, **columns})
    facts: dict[str, Plain] = {
        "pairing": str(pairing_id),
        "unit": str(new.unit_id),
        "from": new.from_on.isoformat(),
        **once_facts(once),
        **right,
    }
    event_log.append_event(conn, "household", household_id, "pair", facts, context, batch)
    return pairing_id


def _refuse_overlap(conn: sa.Connection, household_id: UUID, new: Pairing) -> None:
    """Refuse a second pairing of the unit and the household on the same days."""
    live = pairing.c.voided_on.is_(None)
    same_pair = sa.and_(pairing.c.household_id == household_id, pairing.c.unit_id == new.unit_id, live)
    last_day = new.until_on or date.max
    overlap = sa.and_(pairing.c.from_on <= last_day, sa.func.coalesce(pairing.c.until_on, date.max) >= new.from_on)
    if conn.scalar(sa.select(pairing.c.id).where(same_pair, overlap).limit(1)) is not None:
        raise Refused(Reason.of("paired_already"))


def void_pairing(conn: sa.Connection, pairing_id: UUID, reason: str, context: ActionContext) -> None:
    """Void a pairing under which no visit was made.

    Raises InvalidForm, Refused (role_missing, voided_already, pairing_has_visits), NotFound.
    """
    row, right = _lock(conn, pairing_id, reason, context)
    _refuse_visited(conn, row, row["from_on"], row["until_on"])
    _void(conn, row, reason, right, context)


def correct_pairing(conn: sa.Connection, pairing_id: UUID, new: Pairing, reason: str, context: ActionContext) -> UUID:
    """Void a pairing and record it with other values, such as its end. Raises what voiding and recording raise."""
    row, right = _lock(conn, pairing_id, reason, context)
    if new.unit_id != row["unit_id"]:
        _refuse_visited(conn, row, row["from_on"], row["until_on"])
    else:
        _refuse_visited(conn, row, row["from_on"], new.from_on - timedelta(days=1))
        if new.until_on is not None:
            _refuse_visited(conn, row, new.until_on + timedelta(days=1), row["until_on"])
    _void(conn, row, reason, right, context)
    return record_pairing(conn, row["household_id"], new, context, corrects=pairing_id)


def _lock(
    conn: sa.Connection, pairing_id: UUID, reason: str, context: ActionContext
) -> tuple[dict[str, Any], dict[str, Plain]]:
    """Return the pairing, locked with its household, and the caller's right to void it.

    Raises InvalidForm, Refused (role_missing, voided_already), NotFound.
    """
    household_id = conn.scalar(sa.select(pairing.c.household_id).where(pairing.c.id == pairing_id))
    if household_id is None or households.one(conn, household_id, context.caller, lock=True) is None:
        raise NotFound
    row = lock_record(conn, pairing, pairing_id, sa.true())
    right = require_role(context, (Role.REGISTRAR,), unit_path_of(conn, row["unit_id"]))
    validation.refuse_invalid(reason_problems(reason))
    return row, right


def _void(
    conn: sa.Connection, row: dict[str, Any], reason: str, right: dict[str, Plain], context: ActionContext
) -> None:
    """Void a locked pairing with an event of its household."""
    batch = WriteBatch()
    void_row(batch, pairing, row["id"], reason, context.today)
    facts = {**void_facts(reason, row), "pairing": str(row["id"]), **right}
    event_log.append_event(conn, "household", row["household_id"], "void_pairing", facts, context, batch)


def _refuse_visited(conn: sa.Connection, row: dict[str, Any], first: date, last: date | None) -> None:
    """Refuse to take days from a pairing on which its unit made a pairing visit."""
    period = sa.and_(visit.c.on >= first, visit.c.on <= (last or date.max))
    visits = sa.and_(visit.c.household_id == row["household_id"], visit.c.kind == VisitKind.PAIRING.value, period)
    live = sa.and_(visit.c.unit_id == row["unit_id"], visit.c.voided_on.is_(None))
    count = conn.scalar(sa.select(sa.func.count()).select_from(visit).where(visits, live))
    if count:
        raise Refused(Reason.of("pairing_has_visits", count=count))
