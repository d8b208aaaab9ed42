"""Relatives among the staff: declared by one, confirmed by another, ended by an administrator (docs/decisions/0013)."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, validation
from service.actions.context import ActionContext
from service.actions.errors import NotFound
from service.actions.permissions import require_role
from service.actions.write_batch import WriteBatch
from service.db.columns import new_id
from service.queries import households
from service.queries.scope import visible_to
from service.tables.accounts import account
from service.tables.households import household
from service.tables.kinship import kinship
from workflows.code_lists import Kinship
from workflows.vocabulary import Plain, Reason, Refused, Role

EVERY_ROLE = frozenset(Role)


def declare_kinship(
    conn: sa.Connection,
    household_id: UUID,
    account_id: UUID,
    relation: str,
    context: ActionContext,
    *,
    from_paper: bool = False,
) -> UUID:
    """Keep that somebody who works here is a relative. It counts at once from himself or an administrator, and from a
    signed sheet that another brings in; else when it is confirmed.

    Raises BadAnswers, Refused (role_missing, household_not_filed, kinship_known), Unknown.
    """
    home = _home(conn, household_id, context)
    himself = account_id == context.caller.account
    right = require_role(context, tuple(EVERY_ROLE) if himself else (Role.ADMIN, Role.REGISTRAR), home["unit_path"])
    validation.refuse_invalid(validation.choice("relation", relation, Kinship))
    if conn.scalar(sa.select(account.c.id).where(account.c.id == account_id)) is None:
        raise NotFound
    _refuse_again(conn, home, account_id)
    counts = himself or context.caller.holds((Role.ADMIN,), home["unit_path"]) or (from_paper and "principal" in right)
    row, by, rows = new_id(), context.caller.account, _touched(home)
    who = {"household_id": household_id, "account_id": account_id, "relation": relation, "declared_by": by}
    confirmed = {"confirmed_on": context.today, "confirmed_by": by} if counts else {}
    rows.add(kinship, {"id": row, "declared_on": context.today, **who, **confirmed})
    facts: dict[str, Plain] = {"kinship": str(row), "account": str(account_id), "counts": counts, **right}
    event_log.append_event(conn, "household", household_id, "declare_kinship", facts, context, rows)
    return row


def confirm_kinship(conn: sa.Connection, kinship_id: UUID, context: ActionContext) -> None:
    """Say that a declaration is true: the person declared, or an administrator, and never who declared it.

    Raises Refused (role_missing, kinship_counts, kinship_own_word), Unknown.
    """
    row, home = _live(conn, kinship_id, context)
    himself = row.account_id == context.caller.account
    right = {} if himself else require_role(context, (Role.ADMIN,), home["unit_path"])
    if row.confirmed_on is not None:
        raise Refused(Reason.of("kinship_counts"))
    if row.declared_by == context.caller.account:
        raise Refused(Reason.of("kinship_own_word"))
    rows = _touched(home)
    rows.change(kinship, {"id": kinship_id, "confirmed_on": context.today, "confirmed_by": context.caller.account})
    facts: dict[str, Plain] = {"kinship": str(kinship_id), "account": str(row.account_id), **right}
    event_log.append_event(conn, "household", row.household_id, "confirm_kinship", facts, context, rows)


def end_kinship(conn: sa.Connection, kinship_id: UUID, context: ActionContext) -> None:
    """End a declaration that was wrong, or a kinship that is over. Raises Refused (role_missing), Unknown."""
    row, home = _live(conn, kinship_id, context)
    right = require_role(context, (Role.ADMIN,), home["unit_path"])
    if row.account_id == context.caller.account:
        raise Refused(Reason.of("own_family"))
    rows = _touched(home)
    rows.change(kinship, {"id": kinship_id, "ended_on": context.today})
    facts: dict[str, Plain] = {"kinship": str(kinship_id), "account": str(row.account_id), **right}
    event_log.append_event(conn, "household", row.household_id, "end_kinship", facts, context, rows)


def _home(conn: sa.Connection, household_id: UUID, context: ActionContext) -> dict[str, Any]:
    """The file, locked: its chain and who may work it change with a kinship. An administrator sees that it is there."""
    seen = visible_to(context.caller, household.c.unit_path, EVERY_ROLE)
    found = conn.execute(
        sa.select(household.c.id, household.c.unit_path, household.c.exited_on, household.c.version)
        .where(household.c.id == household_id, seen)
        .with_for_update(key_share=True)
    ).mappings()
    home = found.one_or_none()
    if home is None:
        raise NotFound
    return dict(home)


def _touched(home: dict[str, Any]) -> WriteBatch:
    """The rows of an act: a kinship that changes is a change of the file."""
    batch = WriteBatch()
    batch.change(household, {"id": home["id"], "version": home["version"] + 1})
    return batch


def _refuse_again(conn: sa.Connection, home: dict[str, Any], account_id: UUID) -> None:
    if home["exited_on"] is not None:
        raise Refused(Reason.of("household_not_filed"))
    same = sa.and_(kinship.c.household_id == home["id"], kinship.c.account_id == account_id)
    if conn.scalar(sa.select(kinship.c.id).where(same, kinship.c.ended_on.is_(None))) is not None:
        raise Refused(Reason.of("kinship_known"))


def _live(conn: sa.Connection, kinship_id: UUID, context: ActionContext) -> tuple[sa.Row[Any], dict[str, Any]]:
    """A declaration that has not ended, read once its file is locked. Raises Unknown, Refused (kinship_over)."""
    whose = conn.scalar(sa.select(kinship.c.household_id).where(kinship.c.id == kinship_id))
    if whose is None:
        raise NotFound
    home = _home(conn, whose, context)
    row = conn.execute(sa.select(kinship).where(kinship.c.id == kinship_id)).one()
    if row.ended_on is not None:
        raise Refused(Reason.of("kinship_over"))
    return row, home


def summary(conn: sa.Connection, household_id: UUID, context: ActionContext) -> list[dict[str, Any]]:
    """Every declaration about a household, oldest first. Raises Unknown."""
    seen = visible_to(context.caller, household.c.unit_path, EVERY_ROLE)
    if conn.scalar(sa.select(household.c.id).where(household.c.id == household_id, seen)) is None:
        raise NotFound
    return households.kinships(conn, household_id)
