"""Accounts, their tokens and their grants in force on a day."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.db.prepared import PreparedStatement
from service.queries.scope import Caller, HeldRole, paths_above
from service.tables.accounts import account, role_grant, token
from service.tables.units import unit
from workflows.vocabulary import Role


def in_force(on: date | sa.ColumnElement[date]) -> sa.ColumnElement[bool]:
    """Grants that hold on `on`: begun, not ended, not revoked; a stand-in's only while the other holds the role."""
    own = role_grant.alias("own")
    still_held = sa.exists().where(
        own.c.account_id == role_grant.c.for_account_id,
        own.c.role == role_grant.c.role,
        own.c.tier == role_grant.c.tier,
        own.c.for_account_id.is_(None),
        _runs(own.c, on),
    )
    return sa.and_(_runs(role_grant.c, on), sa.or_(role_grant.c.for_account_id.is_(None), still_held))


def _runs(grant: Any, on: date | sa.ColumnElement[date]) -> sa.ColumnElement[bool]:
    not_revoked = sa.or_(grant.revoked_on.is_(None), grant.revoked_on > on)
    return sa.and_(grant.from_on <= on, grant.until_on >= on, not_revoked)


_ON = sa.bindparam("on", type_=sa.Date())
_AT = sa.bindparam("at", type_=sa.DateTime(timezone=True))


def _account(*, by_token: bool) -> sa.Select[Any]:
    """An account that is not disabled, a row for each grant of the day."""
    found = (
        sa.select(account.c.id, account.c.login, account.c.display_name, account.c.unit_id)
        .add_columns(role_grant.c.role, role_grant.c.tier, unit.c.path, role_grant.c.for_account_id)
        .select_from(account)
        .outerjoin(role_grant, sa.and_(role_grant.c.account_id == account.c.id, in_force(_ON)))
        .outerjoin(unit, unit.c.id == role_grant.c.unit_id)
        .where(account.c.disabled_at.is_(None))
    )
    if not by_token:
        return found.where(account.c.login == sa.bindparam("login", type_=sa.Text()))
    valid = sa.and_(token.c.expires_at > _AT, sa.or_(token.c.revoked_at.is_(None), token.c.revoked_at > _AT))
    shown = token.c.hash == sa.bindparam("hash", type_=sa.LargeBinary())
    return found.join(token, token.c.account_id == account.c.id).where(shown, valid)


_WITH_TOKEN, _NAMED = PreparedStatement(_account(by_token=True)), PreparedStatement(_account(by_token=False))


def caller_by_token(conn: sa.Connection, token_hash: bytes, at: datetime, on: date) -> Caller | None:
    """The account behind a token that is valid at `at` (real time), with its grants of the day `on`."""
    return _caller(_WITH_TOKEN.rows(conn, {"hash": token_hash, "at": at, "on": on}))


def caller_by_login(conn: sa.Connection, login: str, on: date) -> Caller | None:
    """The account with this login, for the command line and the worker."""
    return _caller(_NAMED.rows(conn, {"login": login, "on": on}))


def _caller(rows: Sequence[Any]) -> Caller | None:
    if not rows:
        return None
    first = rows[0]
    held = tuple(
        HeldRole(Role(row.role), row.tier, row.path, row.for_account_id) for row in rows if row.role is not None
    )
    return Caller(first.id, first.login, first.display_name, first.unit_id, held)


def role_holders(conn: sa.Connection, role: Role, unit_path: str, on: date, *, tier: int = 0) -> list[UUID]:
    """The accounts that hold `role` over the unit at `unit_path` on `on`; for approvers exactly the tier."""
    found = (
        sa.select(role_grant.c.account_id)
        .distinct()
        .select_from(role_grant)
        .join(unit, unit.c.id == role_grant.c.unit_id)
        .join(account, account.c.id == role_grant.c.account_id)
        .where(role_grant.c.role == role.value, in_force(on), account.c.disabled_at.is_(None))
        .where(unit.c.path.in_(paths_above(sa.literal(unit_path))))
        .order_by(role_grant.c.account_id)
    )
    if tier:
        found = found.where(role_grant.c.tier == tier)
    return list(conn.scalars(found))


def eligible_visitors(
    conn: sa.Connection, accounts: frozenset[UUID], role: Role, unit_path: str, on: date
) -> frozenset[UUID]:
    """Those of `accounts` who hold `role` over the unit at `unit_path` on `on`."""
    return accounts & frozenset(role_holders(conn, role, unit_path, on)) if accounts else frozenset()
