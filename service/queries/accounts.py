"""Accounts, their tokens, and their grants in force on a day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.db.prepared import PreparedStatement
from service.queries.scope import Caller, HeldRole, paths_above
from service.tables.accounts import account, role_grant, token
from service.tables.units import unit
from workflows.vocabulary import Actor, Grant, Role


def in_force(on: date | sa.ColumnElement[date]) -> sa.ColumnElement[bool]:
    """Return the condition for grants in force on `on`: begun, not ended, not revoked.

    A stand-in's grant also needs the principal to hold the role on that day.
    """
    principal_grant = role_grant.alias("own")
    still_held = sa.exists().where(
        principal_grant.c.account_id == role_grant.c.for_account_id,
        principal_grant.c.role == role_grant.c.role,
        principal_grant.c.tier == role_grant.c.tier,
        principal_grant.c.for_account_id.is_(None),
        _in_period(principal_grant.c, on),
    )
    return sa.and_(_in_period(role_grant.c, on), sa.or_(role_grant.c.for_account_id.is_(None), still_held))


def _in_period(grant: Any, on: date | sa.ColumnElement[date]) -> sa.ColumnElement[bool]:
    not_revoked = sa.or_(grant.revoked_on.is_(None), grant.revoked_on > on)
    return sa.and_(grant.from_on <= on, grant.until_on >= on, not_revoked)


_ON = sa.bindparam("on", type_=sa.Date())
_AT = sa.bindparam("at", type_=sa.DateTime(timezone=True))


def select_account() -> sa.Select[Any]:
    """Select accounts that are not disabled, with one row for each grant of the day `:on`."""
    return (
        sa.select(account.c.id, account.c.login, account.c.display_name, account.c.unit_id)
        .add_columns(role_grant.c.role, role_grant.c.tier, unit.c.path, role_grant.c.for_account_id)
        .select_from(account)
        .outerjoin(role_grant, sa.and_(role_grant.c.account_id == account.c.id, in_force(_ON)))
        .outerjoin(unit, unit.c.id == role_grant.c.unit_id)
        .where(account.c.disabled_at.is_(None))
    )


def _by_token() -> sa.Select[Any]:
    valid = sa.and_(token.c.expires_at > _AT, sa.or_(token.c.revoked_at.is_(None), token.c.revoked_at > _AT))
    same_token = token.c.hash == sa.bindparam("hash", type_=sa.LargeBinary())
    return select_account().join(token, token.c.account_id == account.c.id).where(same_token, valid)


_BY_TOKEN, _BY_LOGIN = (
    PreparedStatement(_by_token()),
    PreparedStatement(select_account().where(account.c.login == sa.bindparam("login", type_=sa.Text()))),
)


def caller_by_token(conn: sa.Connection, token_hash: bytes, at: datetime, on: date) -> Caller | None:
    """Return the account of a token valid at `at` (real time), with its grants of the day `on`."""
    return caller_of(_BY_TOKEN.rows(conn, {"hash": token_hash, "at": at, "on": on}))


def caller_by_login(conn: sa.Connection, login: str, on: date) -> Caller | None:
    """Return the account with this login, for the command line and the worker."""
    return caller_of(_BY_LOGIN.rows(conn, {"login": login, "on": on}))


def caller_by_id(conn: sa.Connection, account_id: UUID, on: date) -> Caller | None:
    """Return an account with its grants of the day `on`; None when it has ended."""
    login = conn.scalar(sa.select(account.c.login).where(account.c.id == account_id))
    return None if login is None else caller_by_login(conn, login, on)


def tokens_of(conn: sa.Connection, account_id: UUID) -> list[dict[str, Any]]:
    """Return an account's tokens, newest first, without their hashes."""
    columns = (token.c.id, token.c.label, token.c.created_at, token.c.expires_at, token.c.revoked_at)
    rows = sa.select(*columns).where(token.c.account_id == account_id).order_by(token.c.id.desc())
    return [dict(row) for row in conn.execute(rows).mappings()]


def token_of(conn: sa.Connection, token_id: UUID) -> sa.Row[Any] | None:
    """Return the account and the label of a token, or None."""
    query = sa.select(token.c.account_id, token.c.label).where(token.c.id == token_id)
    return conn.execute(query).one_or_none()  # type: ignore[return-value]


def caller_of(rows: Sequence[Any]) -> Caller | None:
    """Return the account of the rows that `select_account()` selects; None where there are none."""
    if not rows:
        return None
    first = rows[0]
    held = tuple(
        HeldRole(Role(row.role), row.tier, row.path, row.for_account_id) for row in rows if row.role is not None
    )
    return Caller(first.id, first.login, first.display_name, first.unit_id, held)


_UNIT_PATH = sa.bindparam("unit_path", type_=sa.Text())
_OVER_UNIT = unit.c.path.in_(paths_above(_UNIT_PATH))
_ROLE_HOLDERS = PreparedStatement(
    sa.select(role_grant.c.account_id)
    .distinct()
    .select_from(role_grant)
    .join(unit, unit.c.id == role_grant.c.unit_id)
    .join(account, account.c.id == role_grant.c.account_id)
    .where(role_grant.c.role == sa.bindparam("role", type_=sa.Text()), in_force(_ON), account.c.disabled_at.is_(None))
    .where(_OVER_UNIT, role_grant.c.tier >= sa.bindparam("min_tier", type_=sa.Integer()))
    .order_by(role_grant.c.account_id)
)


def role_holders(conn: sa.Connection, role: Role, unit_path: str, on: date, *, min_tier: int = 0) -> list[UUID]:
    """Return the accounts that hold `role`, with a tier of at least `min_tier`, over the unit at `unit_path` on `on`."""
    given = {"role": role.value, "unit_path": unit_path, "on": on, "min_tier": min_tier}
    return [row.account_id for row in _ROLE_HOLDERS.rows(conn, given)]


def with_role_over(conn: sa.Connection, unit_path: str, on: date) -> list[sa.Row[Any]]:
    """Return the accounts, as `id` and `display_name`, that hold a role over the unit on that day, in order of ids."""
    over = sa.literal(unit_path).startswith(unit.c.path)
    rows = (
        sa.select(account.c.id, account.c.display_name)
        .distinct()
        .join(role_grant, role_grant.c.account_id == account.c.id)
    )
    return list(
        conn.execute(
            rows.join(unit, unit.c.id == role_grant.c.unit_id).where(over, in_force(on)).order_by(account.c.id)
        )
    )


@dataclass(frozen=True, slots=True)
class StaffMember:
    """An account with its grants over one unit on one day, as the rules see it, and its name."""

    actor: Actor
    display_name: str


_STAFF_OVER = PreparedStatement(
    sa.select(account.c.id, account.c.display_name, role_grant.c.role, role_grant.c.tier, role_grant.c.for_account_id)
    .join(role_grant, role_grant.c.account_id == account.c.id)
    .join(unit, unit.c.id == role_grant.c.unit_id)
    .where(in_force(_ON), account.c.disabled_at.is_(None))
    .where(_OVER_UNIT)
    .order_by(account.c.display_name, account.c.id)
)


def staff_over(conn: sa.Connection, unit_path: str, on: date) -> list[StaffMember]:
    """Return everybody who holds a role over the unit at `unit_path` on `on`, in the order of names, by one SELECT."""
    grants: dict[tuple[UUID, str], list[Grant]] = {}
    for row in _STAFF_OVER.rows(conn, {"unit_path": unit_path, "on": on}):
        grant = Grant(Role(row.role), row.tier, row.for_account_id)
        grants.setdefault((row.id, row.display_name), []).append(grant)
    return [StaffMember(Actor(person_id, tuple(held)), name) for (person_id, name), held in grants.items()]


def holders_of(conn: sa.Connection, role: Role, on: date) -> list[sa.Row[Any]]:
    """Return who holds a role over any unit on a day, and whether they have an e-mail address, in the order of ids."""
    holders = (
        sa.select(account.c.id, account.c.email.is_not(None).label("mailed"))
        .join(role_grant, role_grant.c.account_id == account.c.id)
        .where(role_grant.c.role == role.value, in_force(on), account.c.disabled_at.is_(None))
    )
    return list(conn.execute(holders.distinct().order_by(account.c.id)))


def eligible_visitors(
    conn: sa.Connection, accounts: frozenset[UUID], role: Role, unit_path: str, on: date
) -> frozenset[UUID]:
    """Return those of `accounts` that hold `role` over the unit at `unit_path` on `on`."""
    return accounts & frozenset(role_holders(conn, role, unit_path, on)) if accounts else frozenset()


_PRINCIPALS = PreparedStatement(
    sa.select(role_grant.c.for_account_id)
    .select_from(role_grant)
    .join(unit, unit.c.id == role_grant.c.unit_id)
    .where(role_grant.c.account_id == sa.bindparam("account_id", type_=sa.Uuid()))
    .where(role_grant.c.role == sa.any_(sa.bindparam("roles", type_=sa.ARRAY(sa.Text()))))
    .where(role_grant.c.tier >= sa.bindparam("min_tier", type_=sa.Integer()), in_force(_ON), _OVER_UNIT)
)


def acting_persons(
    conn: sa.Connection, account_id: UUID, roles: tuple[Role, ...], unit_path: str, on: date, *, min_tier: int = 0
) -> frozenset[UUID]:
    """Return the persons an account acts as in one of `roles`: itself, and its principals where no grant is its own."""
    given = {"account_id": account_id, "roles": [role.value for role in roles], "min_tier": min_tier}
    found = {row.for_account_id for row in _PRINCIPALS.rows(conn, given | {"unit_path": unit_path, "on": on})}
    return frozenset({account_id} if None in found else {account_id, *found})


def display_names(conn: sa.Connection, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the names of accounts, also of ended ones, by their ids."""
    rows = conn.execute(sa.select(account.c.id, account.c.display_name).where(account.c.id.in_(list(ids))))
    return {row.id: row.display_name for row in rows}
