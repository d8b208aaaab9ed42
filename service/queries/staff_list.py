"""Staff as an administrator sees them: the accounts of their units, and the roles of one account."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries.accounts import in_force
from service.queries.page import Page, counted, cut
from service.queries.scope import Caller, below, visible_to
from service.tables.accounts import account, role_grant
from service.tables.invitations import invitation
from service.tables.units import unit
from workflows.vocabulary import Role

ADMINS = frozenset({Role.ADMIN})
_principal = account.alias("principal")


def _of_admin(caller: Caller) -> sa.Select[Any]:
    """Select the accounts of the units over which the caller is an administrator."""
    columns = ("id", "login", "display_name", "unit_id", "email", "created_at", "disabled_at")
    rows = sa.select(*(account.c[name] for name in columns), unit.c.name.label("unit_name"), unit.c.path)
    return rows.join(unit, unit.c.id == account.c.unit_id).where(visible_to(caller, unit.c.path, ADMINS))


def page(
    conn: sa.Connection, caller: Caller, filters: Mapping[str, Any], today: date, after: list[str] | None, size: int
) -> Page:
    """Return `size` accounts after the key `after`, by name, each with its roles in force today (`roles`)."""
    roles = (
        sa.select(sa.func.array_agg(sa.distinct(role_grant.c.role)))
        .where(role_grant.c.account_id == account.c.id, in_force(today))
        .correlate(account)
    )
    rows = _matching(conn, caller, filters, today)
    total = counted(conn, _narrow(rows))
    if after is not None:
        rows = rows.where(sa.tuple_(account.c.display_name, account.c.id) > sa.tuple_(after[0], UUID(after[1])))
    shown = rows.add_columns(roles.scalar_subquery().label("roles"))
    ordered = shown.order_by(account.c.display_name, account.c.id).limit(size + 1)
    page_rows, last = cut([dict(row) for row in conn.execute(ordered).mappings()], size)
    return Page(page_rows, total.value, [last["display_name"], str(last["id"])] if last else None, total.is_capped)


def listed(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any], today: date) -> sa.Select[Any]:
    """Select the ids of the accounts that the list shows under filters: its count begins so."""
    return _narrow(_matching(conn, caller, filters, today))


def _narrow(rows: sa.Select[Any]) -> sa.Select[Any]:
    return rows.with_only_columns(account.c.id)


def _matching(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any], today: date) -> sa.Select[Any]:
    rows = _of_admin(caller)
    if "unit_id" in filters:
        path = conn.scalar(sa.select(unit.c.path).where(unit.c.id == filters["unit_id"]))
        rows = rows.where(below(unit.c.path, path) if path else sa.false())
    if not filters.get("ended"):
        rows = rows.where(account.c.disabled_at.is_(None))
    if role := filters.get("role"):
        holds = sa.exists().where(role_grant.c.account_id == account.c.id, role_grant.c.role == role, in_force(today))
        rows = rows.where(holds)
    return rows


def one(conn: sa.Connection, account_id: UUID, caller: Caller) -> dict[str, Any] | None:
    """Return an account of the caller's units, or None; `invited` says whether an invitation waits for its owner."""
    waits = sa.exists().where(invitation.c.account_id == account.c.id, invitation.c.ended_at.is_(None))
    rows = _of_admin(caller).where(account.c.id == account_id).add_columns(waits.label("invited"))
    row = conn.execute(rows).mappings().one_or_none()
    return dict(row) if row is not None else None


def grants_of(conn: sa.Connection, account_id: UUID, today: date) -> list[dict[str, Any]]:
    """Return every grant of an account, the newest first; `is_live` says whether it is in force or yet to come."""
    live = sa.and_(role_grant.c.until_on >= today, role_grant.c.revoked_on.is_(None))
    rows = (
        sa.select(role_grant, unit.c.name.label("unit_name"), _principal.c.display_name.label("principal"))
        .add_columns(live.label("is_live"))
        .join(unit, unit.c.id == role_grant.c.unit_id)
        .outerjoin(_principal, _principal.c.id == role_grant.c.for_account_id)
        .where(role_grant.c.account_id == account_id)
        .order_by(role_grant.c.from_on.desc(), role_grant.c.id.desc())
    )
    return [dict(row) for row in conn.execute(rows).mappings()]


def account_of_grant(conn: sa.Connection, grant_id: UUID) -> UUID | None:
    """Return the account that a grant is of, or None."""
    return conn.scalar(sa.select(role_grant.c.account_id).where(role_grant.c.id == grant_id))
