"""A household file in a sheet is compared with the file on record."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions.households import NewHousehold
from service.actions.persons import Person, sealed_columns
from service.crypto.encryption import Keyring, blind_index
from service.imports.household_sheets import FINANCES, HOUSEHOLDS, MEMBERS
from service.tables.consents import consent
from service.tables.finances import finance_line
from service.tables.households import household
from service.tables.payees import bank_account
from service.tables.persons import person
from workflows.household_change_codes import ENTERED_BY_MISTAKE
from workflows.vocabulary import Reason, Refused

_COMPARED = ("kind", "identity", "division", "cause", "filed_on", "event_kind")
"""Columns of the sheet 家庭 that are compared. The category is not: decisions change it."""


def refuse_same_household(conn: sa.Connection, new: NewHousehold, keyring: Keyring) -> None:
    """Raise Refused when the unit has a file with this number.

    The reason is file_recorded where the sheet says what is on record, else file_differs with the sheets that differ.
    """
    is_right = household.c.exit_reason.is_distinct_from(ENTERED_BY_MISTAKE)
    same_number = sa.and_(household.c.unit_id == new.unit_id, household.c.file_no == new.file_no, is_right)
    row = conn.execute(sa.select(household).where(same_number)).mappings().one_or_none()
    if row is None:
        return
    parts = list(dict.fromkeys(_differing_sheets(conn, dict(row), new, keyring)))
    if parts:
        raise Refused(Reason.of("file_differs", file_no=new.file_no, sheets=list(parts), id=str(row["id"])))
    raise Refused(Reason.of("file_recorded", file_no=new.file_no, id=str(row["id"])))


def _differing_sheets(conn: sa.Connection, row: dict[str, Any], new: NewHousehold, keyring: Keyring) -> Iterator[str]:
    """Yield the title of each sheet that says something else than the record."""
    as_of = new.finances.as_of if new.finances else None
    columns_differ = any(row[name] != getattr(new, name) for name in _COMPARED)
    if columns_differ or sorted(row["observed"]) != sorted(set(new.observed)) or row["finances_as_of"] != as_of:
        yield HOUSEHOLDS.title
    if _consent_differs(conn, row["id"], new) or _payee_differs(conn, row["id"], new, keyring):
        yield HOUSEHOLDS.title
    names = {member.id: _identity_of(member, keyring) for member in new.members}
    if sorted(names.values()) != _stored_members(conn, row["id"]):
        yield MEMBERS.title
    if _sheet_lines(new, names) != _stored_lines(conn, row["id"]):
        yield FINANCES.title


def _identity_of(member: Person, keyring: Keyring) -> tuple[str, str]:
    """Return a member as (relation, fingerprint of the number, or of the name without one)."""
    columns = sealed_columns(member, keyring)
    index = columns["id_no_index"] or columns["name_index"] or b""
    return member.relation, index.hex()


def _stored_identity() -> tuple[sa.ColumnElement[Any], ...]:
    index = sa.func.coalesce(person.c.id_no_index, person.c.name_index)
    return person.c.relation, sa.func.encode(index, "hex").label("identity")


def _stored_members(conn: sa.Connection, household_id: UUID) -> list[tuple[str, str]]:
    query = sa.select(*_stored_identity()).where(person.c.household_id == household_id, person.c.active)
    return sorted((row.relation, row.identity) for row in conn.execute(query))


def _sheet_lines(new: NewHousehold, names: dict[UUID, tuple[str, str]]) -> list[tuple[object, ...]]:
    lines = new.finances.lines if new.finances else ()
    return sorted(
        (line.side, line.kind, line.fen, line.reimbursed, names[line.person_id][1] if line.person_id else "")
        for line in lines
    )


def _stored_lines(conn: sa.Connection, household_id: UUID) -> list[tuple[object, ...]]:
    columns = (finance_line.c.side, finance_line.c.kind, finance_line.c.fen, finance_line.c.reimbursed_fen)
    query = sa.select(*columns, _stored_identity()[1]).outerjoin(person, person.c.id == finance_line.c.person_id)
    rows = conn.execute(query.where(finance_line.c.household_id == household_id, finance_line.c.ended_on.is_(None)))
    return sorted((row.side, row.kind, row.fen, row.reimbursed_fen, row.identity or "") for row in rows)


def _consent_differs(conn: sa.Connection, household_id: UUID, new: NewHousehold) -> bool:
    """Return whether the sheet has a consent that is not on record."""
    if new.consent is None:
        return False
    same = sa.and_(consent.c.signed_on == new.consent.signed_on, consent.c.until_on == new.consent.until_on)
    return conn.scalar(sa.select(consent.c.id).where(consent.c.household_id == household_id, same).limit(1)) is None


def _payee_differs(conn: sa.Connection, household_id: UUID, new: NewHousehold, keyring: Keyring) -> bool:
    """Return whether the sheet has another account than the one on record."""
    if new.payee is None:
        return False
    index = blind_index(keyring, "card", "".join(new.payee.card.split()))
    same = sa.and_(bank_account.c.card_index == index, bank_account.c.active)
    query = sa.select(bank_account.c.id).where(bank_account.c.household_id == household_id, same)
    return conn.scalar(query.limit(1)) is None
