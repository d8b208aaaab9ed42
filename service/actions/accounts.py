"""Accounts, the dated roles granted to them, and their tokens."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, id_number, names, personal_data_access, validation
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

    Raises InvalidForm, Refused (role_missing, roles_incompatible, granted_already, principal_without_role), NotFound.
    """
    unit_path = unit_path_of(conn, new.unit_id)
    right = require_role(context, (Role.ADMIN,), unit_path)
    _lock_account(conn, new.account_id)
    validation.refuse_invalid(validation.dates_in_order("until_on", new.from_on, new.until_on), _grant_problems(new))
    reasons = [*_incompatible_grants(conn, new), *_principal_problems(conn, new, unit_path)]
    if reasons:
        raise Refused(*reasons)
    grant_id, batch = new_id(), WriteBatch()
    columns = {name: getattr(new, name) for name in NewGrant.__slots__}
    batch.add(role_grant, columns | {"id": grant_id, "role": new.role.value})
    event_log.append_event(
        conn,
        "account",
        new.account_id,
        "grant_role",
        {"grant": str(grant_id), **_grant_facts(new), **right},
        context,
        batch,
    )
    return grant_id


def _grant_facts(new: NewGrant) -> dict[str, Plain]:
    facts: dict[str, Plain] = {"role": new.role.value, "tier": new.tier, "unit": str(new.unit_id)}
    facts |= {"from": new.from_on.isoformat(), "until": new.until_on.isoformat()}
    return facts | ({"for": str(new.for_account_id)} if new.for_account_id else {})


def _grant_problems(new: NewGrant) -> Iterator[Reason]:
    lowest, highest = (1, len(APPROVERS)) if new.role is Role.APPROVER else (0, 0)
    yield from validation.whole_number("tier", new.tier, lowest, highest)
    if new.role is Role.CLOCK:
        yield Reason.of("role_not_for_people", field="role", role=new.role.value)
    if new.for_account_id == new.account_id:
        yield Reason.of("stand_in_for_oneself", field="for_account_id")


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
    right = require_role(context, (Role.ADMIN,), grant_row.path)
    if grant_row.revoked_on is not None:
        return
    _lock_account(conn, grant_row.account_id)
    batch = WriteBatch()
    batch.change(role_grant, {"id": grant_id, "revoked_on": context.today})
    facts: dict[str, Plain] = {"grant": str(grant_id), "role": grant_row.role, **right}
    event_log.append_event(conn, "account", grant_row.account_id, "revoke", facts, context, batch)


def create_token(
    conn: sa.Connection, account_id: UUID, label: str, expires_at: datetime, context: ActionContext
) -> str:
    """Return a new token for the caller's own account or, as administrator, for an account of the unit.

    The token is shown only here. Raises InvalidForm, Refused (role_missing, token_ends_in_past), NotFound.
    """
    right = _token_right(conn, account_id, context)
    validation.refuse_invalid(validation.text("label", label, longest=60))
    if expires_at <= context.at:
        raise Refused(Reason.of("token_ends_in_past", expires_at=expires_at.isoformat(), now=context.at.isoformat()))
    token_id, bearer_token = new_id(), BEARER_PREFIX + secrets.token_urlsafe(32)
    columns = {"account_id": account_id, "label": label.strip(), "created_at": context.at, "expires_at": expires_at}
    batch = WriteBatch()
    batch.add(token, {"id": token_id, "hash": token_hash(bearer_token), **columns})
    facts: dict[str, Plain] = {"token": str(token_id), "expires_at": expires_at.isoformat(), **right}
    event_log.append_event(conn, "account", account_id, "make_token", facts, context, batch)
    return bearer_token


def _token_right(conn: sa.Connection, account_id: UUID, context: ActionContext) -> dict[str, Plain]:
    """Return the event's facts of the right; the caller's own tokens need no role. Raises Refused, NotFound."""
    unit_id = _lock_account(conn, account_id)
    return (
        {}
        if account_id == context.caller.account
        else require_role(context, (Role.ADMIN,), unit_path_of(conn, unit_id))
    )


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
    right = _token_right(conn, token_row.account_id, context)
    if token_row.revoked_at is None:
        batch = WriteBatch()
        batch.change(token, {"id": token_id, "revoked_at": context.at})
        event_log.append_event(
            conn, "account", token_row.account_id, "revoke_token", {"token": str(token_id), **right}, context, batch
        )


def _lock_account(conn: sa.Connection, account_id: UUID) -> UUID:
    """Lock an account's row, so that its writers take turns, and return its unit. Raises NotFound."""
    select_unit = sa.select(account.c.unit_id).where(account.c.id == account_id)
    unit_id: UUID | None = conn.scalar(select_unit.with_for_update(key_share=True))
    if unit_id is None:
        raise NotFound
    return unit_id
