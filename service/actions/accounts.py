"""Who works here: accounts, dated role grants, and the tokens they show."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, id_number, validation
from service.actions.context import ActionContext
from service.actions.errors import NotFound
from service.actions.permissions import require_role, unit_path_of
from service.actions.write_batch import WriteBatch
from service.crypto.encryption import blind_index
from service.db.columns import new_id
from service.tables.accounts import account, role_grant, token
from service.tables.units import unit
from workflows.vocabulary import Plain, Reason, Refused, Role

ALONE = frozenset({Role.ADMIN, Role.AUDITOR})
"""Roles that never meet another role in one person (domain/1 §1.2: auditor, administrator)."""

SHOWN_WITH = "snt_"
"""A token begins with this, so that one left lying about is known for what it is."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A person who will work here; `id_no` only serves to find relatives, and is kept as a fingerprint."""

    login: str
    display_name: str
    unit_id: UUID
    email: str | None = None
    id_no: str | None = None


@dataclass(frozen=True, slots=True)
class NewGrant:
    """A role over a unit and everything below it, both days included; tier 1–3 for approvers, else 0."""

    account_id: UUID
    unit_id: UUID
    role: Role
    from_on: date
    until_on: date
    tier: int = 0
    for_account_id: UUID | None = None


def add_account(conn: sa.Connection, new: NewAccount, context: ActionContext) -> UUID:
    """Add an account. Raises BadAnswers, Refused (role_missing, login_taken, id_no_taken), Unknown."""
    right = require_role(context, (Role.ADMIN,), unit_path_of(conn, new.unit_id))
    validation.refuse_invalid(account_problems(new, context.today))
    index = blind_index(context.keyring, "id_no", id_number.normal(new.id_no)) if new.id_no else None
    reasons = list(_taken(conn, new.login, index))
    if reasons:
        raise Refused(*reasons)
    row = new_id()
    columns = {"login": new.login, "display_name": new.display_name.strip(), "unit_id": new.unit_id, "email": new.email}
    batch = WriteBatch()
    batch.add(account, {"id": row, "id_no_index": index, "created_at": context.at, **columns})
    facts: dict[str, Plain] = {"login": new.login, "unit": str(new.unit_id), **right}
    event_log.append_event(conn, "account", row, "add_account", facts, context, batch)
    return row


def _taken(conn: sa.Connection, login: str, id_no_index: bytes | None) -> Iterator[Reason]:
    if conn.scalar(sa.select(account.c.id).where(account.c.login == login)) is not None:
        yield Reason.of("login_taken", field="login")
    same = account.c.id_no_index == id_no_index
    if id_no_index is not None and conn.scalar(sa.select(account.c.id).where(same)) is not None:
        yield Reason.of("id_no_taken", field="id_no")


def account_problems(new: NewAccount, today: date) -> Iterator[Reason]:
    """Everything that is wrong with an account's own fields."""
    yield from validation.shaped("login", new.login, validation.LOGIN, "login_shape")
    yield from validation.text("display_name", new.display_name, longest=40)
    yield from validation.shaped("email", new.email, validation.EMAIL, "email_wrong", required=False)
    if new.id_no is not None:
        yield from id_number.problems("id_no", new.id_no, today)


def grant_role(conn: sa.Connection, new: NewGrant, context: ActionContext) -> UUID:
    """Grant a role for a time. Raises BadAnswers, Refused (role_missing, roles_incompatible, …), Unknown."""
    path = unit_path_of(conn, new.unit_id)
    right = require_role(context, (Role.ADMIN,), path)
    _account_locked(conn, new.account_id)
    validation.refuse_invalid(validation.in_order("until_on", new.from_on, new.until_on), _tier_fits(new))
    reasons = [*_incompatible_grants(conn, new), *_stand_in(conn, new, path)]
    if reasons:
        raise Refused(*reasons)
    row, batch = new_id(), WriteBatch()
    columns = {name: getattr(new, name) for name in NewGrant.__slots__}
    batch.add(role_grant, columns | {"id": row, "role": new.role.value})
    event_log.append_event(
        conn, "account", new.account_id, "grant_role", {"grant": str(row), **_told(new), **right}, context, batch
    )
    return row


def _told(new: NewGrant) -> dict[str, Plain]:
    told: dict[str, Plain] = {"role": new.role.value, "tier": new.tier, "unit": str(new.unit_id)}
    told |= {"from": new.from_on.isoformat(), "until": new.until_on.isoformat()}
    return told | ({"for": str(new.for_account_id)} if new.for_account_id else {})


def _tier_fits(new: NewGrant) -> Iterator[Reason]:
    lowest, highest = (1, 3) if new.role is Role.APPROVER else (0, 0)
    yield from validation.whole("tier", new.tier, lowest, highest)
    if new.role is Role.CLOCK:
        yield Reason.of("role_not_for_people", field="role", role=new.role.value)
    if new.for_account_id == new.account_id:
        yield Reason.of("stand_in_for_oneself", field="for_account_id")


def _incompatible_grants(conn: sa.Connection, new: NewGrant) -> Iterator[Reason]:
    """An administrator or auditor does nothing else at the same time; the same grant is not given twice."""
    meets = sa.and_(role_grant.c.from_on <= new.until_on, role_grant.c.until_on >= new.from_on)
    live = sa.and_(role_grant.c.account_id == new.account_id, role_grant.c.revoked_on.is_(None), meets)
    for row in conn.execute(sa.select(role_grant).where(live)):
        held = Role(row.role)
        if held is not new.role and ALONE & {held, new.role}:
            yield Reason.of("roles_incompatible", held=held.value, role=new.role.value)
        same = (row.unit_id, held, row.tier, row.for_account_id)
        if same == (new.unit_id, new.role, new.tier, new.for_account_id):
            yield Reason.of("granted_already", role=new.role.value, until=row.until_on.isoformat())


def _stand_in(conn: sa.Connection, new: NewGrant, path: str) -> Iterator[Reason]:
    """One stands in only for what the other holds, no longer than the other holds it."""
    if new.for_account_id is None:
        return
    holds = (
        sa.select(role_grant.c.id)
        .join(unit, unit.c.id == role_grant.c.unit_id)
        .where(role_grant.c.account_id == new.for_account_id, role_grant.c.role == new.role.value)
        .where(role_grant.c.tier == new.tier, role_grant.c.for_account_id.is_(None), role_grant.c.revoked_on.is_(None))
        .where(role_grant.c.from_on <= new.from_on, role_grant.c.until_on >= new.until_on)
        .where(sa.literal(path).op("^@")(unit.c.path))
    )
    if conn.scalar(holds.limit(1)) is None:
        yield Reason.of("principal_without_role", role=new.role.value)


def revoke_role(conn: sa.Connection, grant_id: UUID, context: ActionContext) -> None:
    """End a grant today; the person may not use it any more on this very day. A second time does nothing."""
    found = sa.select(role_grant, unit.c.path).join(unit, unit.c.id == role_grant.c.unit_id)
    row = conn.execute(
        found.where(role_grant.c.id == grant_id).with_for_update(of=role_grant, key_share=True)
    ).one_or_none()
    if row is None:
        raise NotFound
    right = require_role(context, (Role.ADMIN,), row.path)
    if row.revoked_on is not None:
        return
    _account_locked(conn, row.account_id)
    batch = WriteBatch()
    batch.change(role_grant, {"id": grant_id, "revoked_on": context.today})
    facts: dict[str, Plain] = {"grant": str(grant_id), "role": row.role, **right}
    event_log.append_event(conn, "account", row.account_id, "revoke", facts, context, batch)


def create_token(
    conn: sa.Connection, account_id: UUID, label: str, expires_at: datetime, context: ActionContext
) -> str:
    """Make a bearer token, for oneself or as administrator of the account's unit; it is shown this once.

    Raises BadAnswers, Refused (role_missing, token_ends_in_past), Unknown.
    """
    right = _right_over(conn, account_id, context)
    validation.refuse_invalid(validation.text("label", label, longest=60))
    if expires_at <= context.at:
        raise Refused(Reason.of("token_ends_in_past", expires_at=expires_at.isoformat(), now=context.at.isoformat()))
    row, shown = new_id(), SHOWN_WITH + secrets.token_urlsafe(32)
    columns = {"account_id": account_id, "label": label.strip(), "created_at": context.at, "expires_at": expires_at}
    batch = WriteBatch()
    batch.add(token, {"id": row, "hash": token_hash(shown), **columns})
    facts: dict[str, Plain] = {"token": str(row), "expires_at": expires_at.isoformat(), **right}
    event_log.append_event(conn, "account", account_id, "make_token", facts, context, batch)
    return shown


def _right_over(conn: sa.Connection, account_id: UUID, context: ActionContext) -> dict[str, Plain]:
    """Over one's own tokens, or over those of an account of a unit one administers."""
    unit_id = _account_locked(conn, account_id)
    return (
        {}
        if account_id == context.caller.account
        else require_role(context, (Role.ADMIN,), unit_path_of(conn, unit_id))
    )


def token_hash(shown: str) -> bytes:
    """What is kept of a token."""
    return sha256(shown.encode()).digest()


def revoke_token(conn: sa.Connection, token_id: UUID, context: ActionContext) -> None:
    """End a token now. A second time does nothing. Raises Refused, Unknown."""
    row = conn.execute(sa.select(token).where(token.c.id == token_id).with_for_update(key_share=True)).one_or_none()
    if row is None:
        raise NotFound
    right = _right_over(conn, row.account_id, context)
    if row.revoked_at is None:
        batch = WriteBatch()
        batch.change(token, {"id": token_id, "revoked_at": context.at})
        event_log.append_event(
            conn, "account", row.account_id, "revoke_token", {"token": str(token_id), **right}, context, batch
        )


def _account_locked(conn: sa.Connection, account_id: UUID) -> UUID:
    """Make the writers of an account take turns; returns its unit."""
    found = sa.select(account.c.unit_id).where(account.c.id == account_id)
    unit_id: UUID | None = conn.scalar(found.with_for_update(key_share=True))
    if unit_id is None:
        raise NotFound
    return unit_id
