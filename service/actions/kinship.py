"""Kinship between staff and households: declared, confirmed, ended (docs/decisions/0013)."""

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
    """Declare that an account belongs to a relative of the household.

    It counts once it is confirmed, or at once from the relative, an administrator, or a stand-in who imports a signed
    sheet. Raises InvalidForm, Refused (role_missing, household_not_filed, kinship_known), NotFound.
    """
    household_row = _lock_household(conn, household_id, context)
    unit_path, caller_id = household_row["unit_path"], context.caller.account
    roles = tuple(EVERY_ROLE) if account_id == caller_id else (Role.ADMIN, Role.REGISTRAR)
    right = require_role(context, roles, unit_path)
    validation.refuse_invalid(validation.choice("relation", relation, Kinship))
    _check_pair(conn, household_row, account_id)
    by_administrator = context.caller.holds((Role.ADMIN,), unit_path)
    counts = account_id == caller_id or by_administrator or (from_paper and "principal" in right)
    kinship_id, batch = new_id(), _bump_household(household_row)
    pair = {"household_id": household_id, "account_id": account_id, "relation": relation}
    declared = {"declared_on": context.today, "declared_by": caller_id}
    confirmed = {"confirmed_on": context.today, "confirmed_by": caller_id} if counts else {}
    batch.add(kinship, {"id": kinship_id, **pair, **declared, **confirmed})
    facts: dict[str, Plain] = {"kinship": str(kinship_id), "account": str(account_id), "counts": counts, **right}
    event_log.append_event(conn, "household", household_id, "declare_kinship", facts, context, batch)
    return kinship_id


def confirm_kinship(conn: sa.Connection, kinship_id: UUID, context: ActionContext) -> None:
    """Confirm a declaration, as the relative or as an administrator, but never as its declarer.

    Raises Refused (role_missing, kinship_counts, kinship_own_word), NotFound.
    """
    declaration, household_row = _lock_declaration(conn, kinship_id, context)
    is_own = declaration.account_id == context.caller.account
    right = {} if is_own else require_role(context, (Role.ADMIN,), household_row["unit_path"])
    if declaration.confirmed_on is not None:
        raise Refused(Reason.of("kinship_counts"))
    if declaration.declared_by == context.caller.account:
        raise Refused(Reason.of("kinship_own_word"))
    batch = _bump_household(household_row)
    batch.change(kinship, {"id": kinship_id, "confirmed_on": context.today, "confirmed_by": context.caller.account})
    facts: dict[str, Plain] = {"kinship": str(kinship_id), "account": str(declaration.account_id), **right}
    event_log.append_event(conn, "household", declaration.household_id, "confirm_kinship", facts, context, batch)


def end_kinship(conn: sa.Connection, kinship_id: UUID, reason: str, context: ActionContext) -> None:
    """End a declaration that was wrong, or a kinship that is over. Cases that are open keep their bar.

    Raises InvalidForm, Refused (role_missing, own_family, kinship_over), NotFound.
    """
    validation.refuse_invalid(validation.text("reason", reason, longest=400))
    declaration, household_row = _lock_declaration(conn, kinship_id, context)
    right = require_role(context, (Role.ADMIN,), household_row["unit_path"])
    if declaration.account_id == context.caller.account:
        raise Refused(Reason.of("own_family"))
    batch = _bump_household(household_row)
    batch.change(kinship, {"id": kinship_id, "ended_on": context.today, "end_reason": reason.strip()})
    facts: dict[str, Plain] = {"kinship": str(kinship_id), "account": str(declaration.account_id)}
    facts |= {"reason": reason.strip(), **right}
    event_log.append_event(conn, "household", declaration.household_id, "end_kinship", facts, context, batch)


def _lock_household(conn: sa.Connection, household_id: UUID, context: ActionContext) -> dict[str, Any]:
    """Return the household's row, locked, for its chain and its staff change with a kinship. Raises NotFound.

    Every role sees it, the administrator too.
    """
    visible = visible_to(context.caller, household.c.unit_path, EVERY_ROLE)
    rows = conn.execute(
        sa.select(household.c.id, household.c.unit_path, household.c.exited_on, household.c.version)
        .where(household.c.id == household_id, visible)
        .with_for_update(key_share=True)
    ).mappings()
    household_row = rows.one_or_none()
    if household_row is None:
        raise NotFound
    return dict(household_row)


def _bump_household(household_row: dict[str, Any]) -> WriteBatch:
    """Return a batch with the household's next version: a kinship that changes is a change of the file."""
    batch = WriteBatch()
    batch.change(household, {"id": household_row["id"], "version": household_row["version"] + 1})
    return batch


def _check_pair(conn: sa.Connection, household_row: dict[str, Any], account_id: UUID) -> None:
    """Refuse an unknown account, a closed file and a second live declaration."""
    if conn.scalar(sa.select(account.c.id).where(account.c.id == account_id)) is None:
        raise NotFound
    if household_row["exited_on"] is not None:
        raise Refused(Reason.of("household_not_filed"))
    same_pair = sa.and_(kinship.c.household_id == household_row["id"], kinship.c.account_id == account_id)
    if conn.scalar(sa.select(kinship.c.id).where(same_pair, kinship.c.ended_on.is_(None))) is not None:
        raise Refused(Reason.of("kinship_known"))


def _lock_declaration(
    conn: sa.Connection, kinship_id: UUID, context: ActionContext
) -> tuple[sa.Row[Any], dict[str, Any]]:
    """Lock the declaration's file, then return the declaration. Raises NotFound, Refused (kinship_over)."""
    household_id = conn.scalar(sa.select(kinship.c.household_id).where(kinship.c.id == kinship_id))
    if household_id is None:
        raise NotFound
    household_row = _lock_household(conn, household_id, context)
    declaration = conn.execute(sa.select(kinship).where(kinship.c.id == kinship_id)).one()
    if declaration.ended_on is not None:
        raise Refused(Reason.of("kinship_over"))
    return declaration, household_row


def summary(conn: sa.Connection, household_id: UUID, context: ActionContext) -> list[dict[str, Any]]:
    """Return every declaration about a household, oldest first. Raises NotFound."""
    visible = visible_to(context.caller, household.c.unit_path, EVERY_ROLE)
    if conn.scalar(sa.select(household.c.id).where(household.c.id == household_id, visible)) is None:
        raise NotFound
    return households.kinships(conn, household_id)
