"""Confirmations: those that wait for a person, their people, and their content."""

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.crypto.encryption import Keyring, decrypt_field
from service.queries import accounts
from service.queries.page import Page, newest_page
from service.queries.scope import Caller, below, visible_to
from service.tables.accounts import account
from service.tables.confirmations import confirmation, confirmer
from workflows.vocabulary import Role

FIELD = "confirmation.content"
"""What the content of a confirmation is encrypted for."""

_SHOWN = (
    *(confirmation.c.id, confirmation.c.act, confirmation.c.unit_path, confirmation.c.digest, confirmation.c.state),
    *(confirmation.c.proposed_by, confirmation.c.proposed_at, confirmation.c.until_on),
    *(confirmation.c.ended_on, confirmation.c.ended_by, confirmation.c.reason),
)


def seen_by(caller: Caller) -> sa.ColumnElement[bool]:
    """Return the condition for confirmations of the caller's units, and those that name or come from the caller."""
    named = sa.exists().where(
        confirmer.c.confirmation_id == confirmation.c.id, confirmer.c.account_id == caller.account
    )
    in_units = visible_to(caller, confirmation.c.unit_path, frozenset(Role))
    return sa.or_(in_units, confirmation.c.proposed_by == caller.account, named)


def waiting_for(caller: Caller) -> sa.ColumnElement[bool]:
    """Return the condition for confirmations that the caller is asked for and has not given."""
    named = confirmer.c.account_id == caller.account
    by_role = (
        sa.and_(
            sa.literal(held.role.value) == sa.any_(confirmer.c.roles),
            below(confirmation.c.unit_path, held.unit_path),
            # A stand-in counts as both persons: what the principal proposed or signed is nothing for the stand-in.
            *([_untouched_by(held.principal)] if held.principal else []),
        )
        for held in caller.held
    )
    asked = sa.exists().where(
        confirmer.c.confirmation_id == confirmation.c.id, confirmer.c.confirmed_by.is_(None), sa.or_(named, *by_role)
    )
    signed = sa.exists().where(
        confirmer.c.confirmation_id == confirmation.c.id, confirmer.c.confirmed_by == caller.account
    )
    return sa.and_(confirmation.c.state == "proposed", confirmation.c.proposed_by != caller.account, asked, ~signed)


def _untouched_by(account_id: UUID) -> sa.ColumnElement[bool]:
    signed = confirmer.alias("signed")
    signature = sa.exists().where(signed.c.confirmation_id == confirmation.c.id, signed.c.confirmed_by == account_id)
    return sa.and_(confirmation.c.proposed_by != account_id, ~signature)


def waiting(conn: sa.Connection, caller: Caller, today: date, size: int = 100) -> list[dict[str, Any]]:
    """Return what waits for the caller to confirm, what lapses first on top, by one SELECT: for the inbox.

    Each row has what GET /confirmations shows, the proposer's name (`proposer`), and the number of all (`all_count`).
    Whether the caller would gain by it is asked when they confirm, because the content is encrypted.
    """
    rows = sa.select(*_SHOWN, account.c.display_name.label("proposer"), sa.func.count().over().label("all_count"))
    rows = rows.join(account, account.c.id == confirmation.c.proposed_by)
    rows = rows.where(_waits_on(caller, today))
    first = rows.order_by(confirmation.c.until_on, confirmation.c.id).limit(size)
    return [dict(row) for row in conn.execute(first).mappings()]


def listed_waiting(caller: Caller, today: date) -> sa.Select[Any]:
    """Select the ids of what waits for the caller to confirm."""
    return sa.select(confirmation.c.id).where(_waits_on(caller, today))


def _waits_on(caller: Caller, today: date) -> sa.ColumnElement[bool]:
    return sa.and_(waiting_for(caller), confirmation.c.until_on >= today)


def page(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any], after: list[str] | None, size: int) -> Page:
    """Return one page of the confirmations the caller sees, newest first: all, those that wait for them, or their own."""
    rows = sa.select(*_SHOWN).where(seen_by(caller))
    if filters.get("of") == "me":
        rows = rows.where(waiting_for(caller))
    if filters.get("of") == "mine":
        rows = rows.where(confirmation.c.proposed_by == caller.account)
    equal = {confirmation.c[name]: filters[name] for name in ("state", "act") if filters.get(name) is not None}
    return newest_page(conn, rows, confirmation.c.id, equal, after, size)


def open_of(conn: sa.Connection, acts: Collection[str], caller: Caller) -> list[sa.Row[Any]]:
    """Return the proposals of these kinds that wait and that the caller sees, oldest first, with their sealed contents."""
    rows = sa.select(*_SHOWN, confirmation.c.content_sealed, account.c.display_name.label("proposer"))
    rows = rows.join(account, account.c.id == confirmation.c.proposed_by)
    waiting = rows.where(confirmation.c.state == "proposed", confirmation.c.act.in_(acts), seen_by(caller))
    return list(conn.execute(waiting.order_by(confirmation.c.id)))


def one(conn: sa.Connection, confirmation_id: UUID, caller: Caller) -> sa.Row[Any] | None:
    """Return a confirmation with its sealed content, or None when the caller may not see it."""
    rows = sa.select(*_SHOWN, confirmation.c.content_sealed)
    return conn.execute(rows.where(confirmation.c.id == confirmation_id, seen_by(caller))).one_or_none()  # type: ignore[return-value]


def lock(conn: sa.Connection, confirmation_id: UUID, caller: Caller) -> sa.Row[Any] | None:
    """Return a confirmation locked, or None when the caller may not see it."""
    query = sa.select(confirmation).where(confirmation.c.id == confirmation_id, seen_by(caller))
    return conn.execute(query.with_for_update(key_share=True)).one_or_none()


def lock_overdue(conn: sa.Connection, today: date, limit: int) -> list[sa.Row[Any]]:
    """Return the confirmations whose last day has passed, locked, oldest first."""
    overdue = sa.and_(confirmation.c.state == "proposed", confirmation.c.until_on < today)
    query = sa.select(confirmation).where(overdue).order_by(confirmation.c.id).limit(limit)
    return list(conn.execute(query.with_for_update(key_share=True, skip_locked=True)))


def is_open(conn: sa.Connection, act: str) -> bool:
    """Return whether a proposal of this kind waits."""
    waiting = sa.and_(confirmation.c.act == act, confirmation.c.state == "proposed")
    return conn.scalar(sa.select(confirmation.c.id).where(waiting).limit(1)) is not None


def confirmers_of(conn: sa.Connection, confirmation_ids: Collection[UUID]) -> list[sa.Row[Any]]:
    """Return the people that confirmations need, in order."""
    query = sa.select(confirmer).where(confirmer.c.confirmation_id.in_(confirmation_ids))
    return list(conn.execute(query.order_by(confirmer.c.confirmation_id, confirmer.c.no)))


def people_for(
    conn: sa.Connection, roles: Iterable[Role], account_id: UUID | None, unit_path: str, on: date
) -> frozenset[UUID]:
    """Return the accounts that may confirm: the named one, or the holders of the roles over the unit."""
    if account_id is not None:
        return frozenset((account_id,))
    return frozenset(each for role in roles for each in accounts.role_holders(conn, role, unit_path, on))


def content_of(row: sa.Row[Any], keyring: Keyring) -> dict[str, Any]:
    """Return what a proposal says, as JSON."""
    content: dict[str, Any] = json.loads(decrypt_field(keyring, FIELD, row.id, row.content_sealed) or "{}")
    return content
