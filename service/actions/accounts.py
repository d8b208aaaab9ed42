"""Accounts, the dated roles granted to them, and their tokens."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, id_number, names, personal_data_access, validation
from service.actions.confirmation_notices import CHANGED, notices
from service.actions.context import ActionContext
from service.actions.errors import DisclosingRefusal, NotFound
from service.actions.permissions import require_role, unit_path_of
from service.actions.write_batch import WriteBatch
from service.crypto.encryption import blind_index
from service.db.columns import new_id
from service.tables.accounts import account, role_grant, token
from service.tables.units import unit
from workflows.vocabulary import APPROVERS, Plain, Reason, Refused, Role

EXCLUSIVE_ROLES = frozenset({Role.ADMIN, Role.AUDITOR})
"""Roles that exclude every other role in one person (docs/domain/procedure.md §1.2: auditor, administrator)."""

BEARER_PREFIX = "snt_"
"""Prefix of every token, so that a leaked token can be recognised."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A new account; `id_no` is used only to find relatives, and is kept as a keyed fingerprint."""

    login: str
    display_name: str
    unit_id: UUID
    email: str | None = None
    id_no: str | None = None


@dataclass(frozen=True, slots=True)
class NewGrant:
    """A role over a unit and every unit below it, both days included; tier 1–9 for approvers, else 0."""

    account_id: UUID
    unit_id: UUID
    role: Role
    from_on: date
    until_on: date
    tier: int = 0
    for_account_id: UUID | None = None
    reason: str = ""
    """Why it begins before today."""


def add_account(conn: sa.Connection, new: NewAccount, context: ActionContext) -> UUID:
    """Add an account. Raises InvalidForm, Refused (role_missing, login_taken, id_no_taken, …), NotFound."""
    right = require_role(context, (Role.ADMIN,), unit_path_of(conn, new.unit_id))
    validation.refuse_invalid(account_problems(new, context.today))
    id_no_index = blind_index(context.keyring, "id_no", id_number.normal(new.id_no)) if new.id_no else None
    _refuse_taken(conn, new, id_no_index, context)
    account_id = new_id()
    columns = {"login": new.login, "display_name": new.display_name.strip(), "unit_id": new.unit_id, "email": new.email}
    batch = WriteBatch()
    batch.add(account, {"id": account_id, "id_no_index": id_no_index, "created_at": context.at, **columns})
    facts: dict[str, Plain] = {"login": new.login, "unit": str(new.unit_id), **right}
    event_log.append_event(conn, "account", account_id, "add_account", facts, context, batch)
    return account_id


def _refuse_taken(conn: sa.Connection, new: NewAccount, id_no_index: bytes | None, context: ActionContext) -> None:
    """Refuse a login or number of another account, and a name that only looks like another's; namesakes are accepted.

    A number that is known discloses who works for the union, so it counts as a match (see `persons.refuse_duplicates`).
    """
    reasons, name = [], new.display_name.strip()
    if conn.scalar(sa.select(account.c.id).where(account.c.login == new.login)) is not None:
        reasons.append(Reason.of("login_taken", field="login"))
    alike = names.normal_in_sql(account.c.display_name) == names.normal(name)
    if conn.scalar(sa.select(account.c.id).where(alike, account.c.display_name != name).limit(1)) is not None:
        reasons.append(Reason.of("account_name_alike", field="display_name", name=name))
    if id_no_index is not None:
        if limit_reached := personal_data_access.too_many_matches(conn, context):
            raise Refused(*reasons, *limit_reached)
        taken = conn.scalar(sa.select(account.c.id).where(account.c.id_no_index == id_no_index))
        if taken is not None:
            raise DisclosingRefusal(*reasons, Reason.of("id_no_taken", field="id_no"), accounts=(taken,))
    if reasons:
        raise Refused(*reasons)


def account_problems(new: NewAccount, today: date) -> Iterator[Reason]:
    """Yield every problem of an account's own fields."""
    yield from validation.shaped("login", new.login, validation.LOGIN, "login_shape")
    yield from validation.text("display_name", new.display_name, longest=40)
    yield from validation.shaped("email", new.email, validation.EMAIL, "email_wrong", required=False)
    if new.id_no is not None:
        yield from id_number.problems("id_no", new.id_no, today)


def grant_role(conn: sa.Connection, new: NewGrant, context: ActionContext) -> UUID:
    """Grant a role for a period, perhaps to stand in for another account (the principal).

    An administrator grants it, or the principal names the stand-in. Raises InvalidForm, Refused (role_missing,
    grant_dated_back, grant_to_oneself, roles_incompatible, granted_already, principal_without_role,
    stand_in_of_other_unit), NotFound.
    """
    unit_path = unit_path_of(conn, new.unit_id)
    is_own = new.for_account_id == context.caller.account
    right = {} if is_own else require_role(context, (Role.ADMIN,), unit_path)
    row = lock_account(conn, new.account_id)
    validation.refuse_invalid(validation.dates_in_order("until_on", new.from_on, new.until_on), _grant_problems(new))
    reasons = [*_dated_back(new, context), *_incompatible_grants(conn, new), *_principal_problems(conn, new, unit_path)]
    if new.account_id == context.caller.account:
        reasons.append(Reason.of("grant_to_oneself"))
    if row.disabled_at is not None:
        reasons.append(Reason.of("account_ended"))
    if reasons:
        raise Refused(*reasons)
    grant_id, batch = new_id(), WriteBatch()
    columns = {name: getattr(new, name) for name in NewGrant.__slots__ if name != "reason"}
    batch.add(role_grant, columns | {"id": grant_id, "role": new.role.value})
    facts = {"grant": str(grant_id), **_grant_facts(new), **right}
    told = notices(conn, CHANGED, {new.account_id, new.for_account_id or new.account_id}, context)
    event_log.append_event(conn, "account", new.account_id, "grant_role", facts, context, batch, told=told)
    return grant_id


def _dated_back(new: NewGrant, context: ActionContext) -> Iterator[Reason]:
    """Refuse a grant that begins before today, unless it says why; an auditor reads the reason in its event."""
    if new.from_on < context.today and not new.reason.strip():
        yield Reason.of("grant_dated_back", field="from_on")


def _grant_facts(new: NewGrant) -> dict[str, Plain]:
    facts: dict[str, Plain] = {"role": new.role.value, "tier": new.tier, "unit": str(new.unit_id)}
    facts |= {"from": new.from_on.isoformat(), "until": new.until_on.isoformat()}
    facts |= {"reason": new.reason.strip()} if new.reason.strip() else {}
    return facts | ({"for": str(new.for_account_id)} if new.for_account_id else {})


def _grant_problems(new: NewGrant) -> Iterator[Reason]:
    lowest, highest = (1, len(APPROVERS)) if new.role is Role.APPROVER else (0, 0)
    yield from validation.whole_number("tier", new.tier, lowest, highest)
    if new.role is Role.CLOCK:
        yield Reason.of("role_not_for_people", field="role", role=new.role.value)
    if new.for_account_id == new.account_id:
        yield Reason.of("stand_in_for_oneself", field="for_account_id")
    yield from validation.text("reason", new.reason or None, longest=400, required=False)


def _incompatible_grants(conn: sa.Connection, new: NewGrant) -> Iterator[Reason]:
    """Refuse a second role beside administrator or auditor, and a grant that exists already."""
    overlaps = sa.and_(role_grant.c.from_on <= new.until_on, role_grant.c.until_on >= new.from_on)
    live_grants = sa.and_(role_grant.c.account_id == new.account_id, role_grant.c.revoked_on.is_(None), overlaps)
    for grant_row in conn.execute(sa.select(role_grant).where(live_grants)):
        held_role = Role(grant_row.role)
        if held_role is not new.role and EXCLUSIVE_ROLES & {held_role, new.role}:
            yield Reason.of("roles_incompatible", held=held_role.value, role=new.role.value)
        row_key = (grant_row.unit_id, held_role, grant_row.tier, grant_row.for_account_id)
        if row_key == (new.unit_id, new.role, new.tier, new.for_account_id):
            yield Reason.of("granted_already", role=new.role.value, until=grant_row.until_on.isoformat())


def _principal_problems(conn: sa.Connection, new: NewGrant, unit_path: str) -> Iterator[Reason]:
    """Refuse to stand in for a role the principal does not hold, or holds for a shorter time."""
    if new.for_account_id is None:
        return
    principal_grant = (
        sa.select(role_grant.c.id)
        .join(unit, unit.c.id == role_grant.c.unit_id)
        .where(role_grant.c.account_id == new.for_account_id, role_grant.c.role == new.role.value)
        .where(role_grant.c.tier == new.tier, role_grant.c.for_account_id.is_(None), role_grant.c.revoked_on.is_(None))
        .where(role_grant.c.from_on <= new.from_on, role_grant.c.until_on >= new.until_on)
        .where(sa.literal(unit_path).op("^@")(unit.c.path))
    )
    if conn.scalar(principal_grant.limit(1)) is None:
        yield Reason.of("principal_without_role", role=new.role.value)
    units_of_both = sa.select(account.c.unit_id).where(account.c.id.in_((new.account_id, new.for_account_id)))
    if len(set(conn.scalars(units_of_both))) > 1:
        yield Reason.of("stand_in_of_other_unit", field="account_id")


def revoke_role(conn: sa.Connection, grant_id: UUID, context: ActionContext) -> None:
    """End a grant today: the account may not use it on this day any more. Has no effect on an ended grant.

    Raises Refused (role_missing), NotFound.
    """
    grants = sa.select(role_grant, unit.c.path).join(unit, unit.c.id == role_grant.c.unit_id)
    grant_row = conn.execute(
        grants.where(role_grant.c.id == grant_id).with_for_update(of=role_grant, key_share=True)
    ).one_or_none()
    if grant_row is None:
        raise NotFound
    is_principal = grant_row.for_account_id == context.caller.account
    right = {} if is_principal else require_role(context, (Role.ADMIN,), grant_row.path)
    if grant_row.revoked_on is not None:
        return
    lock_account(conn, grant_row.account_id)
    batch = WriteBatch()
    batch.change(role_grant, {"id": grant_id, "revoked_on": context.today})
    facts: dict[str, Plain] = {"grant": str(grant_id), "role": grant_row.role, **right}
    told = notices(conn, CHANGED, {grant_row.account_id, grant_row.for_account_id or grant_row.account_id}, context)
    event_log.append_event(conn, "account", grant_row.account_id, "revoke", facts, context, batch, told=told)


def create_token(
    conn: sa.Connection, account_id: UUID, label: str, expires_at: datetime, context: ActionContext
) -> str:
    """Return a new token for the caller's own account: nobody makes a key for another.

    The token is shown only here. Raises InvalidForm, Refused (token_of_another, token_ends_in_past), NotFound.
    """
    lock_account(conn, account_id)
    if account_id != context.caller.account:
        raise Refused(Reason.of("token_of_another"))
    validation.refuse_invalid(validation.text("label", label, longest=60))
    if expires_at <= context.at:
        raise Refused(Reason.of("token_ends_in_past", expires_at=expires_at.isoformat(), now=context.at.isoformat()))
    token_id, bearer_token = new_id(), BEARER_PREFIX + secrets.token_urlsafe(32)
    columns = {"account_id": account_id, "label": label.strip(), "created_at": context.at, "expires_at": expires_at}
    batch = WriteBatch()
    batch.add(token, {"id": token_id, "hash": token_hash(bearer_token), **columns})
    facts: dict[str, Plain] = {"token": str(token_id), "expires_at": expires_at.isoformat()}
    told = notices(conn, CHANGED, [account_id], context)
    event_log.append_event(conn, "account", account_id, "make_token", facts, context, batch, told=told)
    return bearer_token


def token_hash(bearer_token: str) -> bytes:
    """Return the SHA-256 of a token, which is all that is stored of it."""
    return sha256(bearer_token.encode()).digest()


def revoke_token(conn: sa.Connection, token_id: UUID, context: ActionContext) -> None:
    """End a token now. Has no effect on an ended token. Raises Refused (role_missing), NotFound."""
    token_row = conn.execute(
        sa.select(token).where(token.c.id == token_id).with_for_update(key_share=True)
    ).one_or_none()
    if token_row is None:
        raise NotFound
    unit_id = lock_account(conn, token_row.account_id).unit_id
    is_own = token_row.account_id == context.caller.account
    right = {} if is_own else require_role(context, (Role.ADMIN,), unit_path_of(conn, unit_id))
    if token_row.revoked_at is None:
        batch, facts = WriteBatch(), {"token": str(token_id), **right}
        batch.change(token, {"id": token_id, "revoked_at": context.at})
        told = notices(conn, CHANGED, [token_row.account_id], context)
        event_log.append_event(conn, "account", token_row.account_id, "revoke_token", facts, context, batch, told=told)


def lock_account(conn: sa.Connection, account_id: UUID) -> sa.Row[Any]:
    """Lock an account's row, so that its writers take turns; return its unit and its end. Raises NotFound."""
    columns = sa.select(account.c.unit_id, account.c.disabled_at).where(account.c.id == account_id)
    row = conn.execute(columns.with_for_update(key_share=True)).one_or_none()
    if row is None:
        raise NotFound
    return row  # type: ignore[return-value]


def is_clock(conn: sa.Connection, account_id: UUID) -> bool:
    """Return whether the account is the scheduler's: nobody signs in as it."""
    held = sa.and_(role_grant.c.account_id == account_id, role_grant.c.role == Role.CLOCK.value)
    return conn.scalar(sa.select(role_grant.c.id).where(held).limit(1)) is not None
