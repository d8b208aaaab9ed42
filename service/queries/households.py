"""Households and their parts as selects, with personal data still encrypted."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.db.prepared import PreparedStatement
from service.queries.scope import Caller, visible_to
from service.tables.accounts import account
from service.tables.cases import case
from service.tables.consents import consent
from service.tables.finances import finance_line
from service.tables.households import household
from service.tables.kinship import kinship
from service.tables.payees import bank_account
from service.tables.persons import person
from service.tables.visits import visit

_HOUSEHOLD = sa.bindparam("household_id", type_=sa.Uuid())
_NOT_ENDED = kinship.c.ended_on.is_(None)
_CASE_STILL_OPEN = sa.exists().where(
    case.c.household_id == kinship.c.household_id,
    case.c.phase != sa.literal_column("'ended'"),
    case.c.opened_on <= kinship.c.ended_on,
)
"""A kinship that has ended bars its account until the cases that were open then are over."""

FAMILY_STAFF = sa.union(
    sa.select(kinship.c.account_id.label("id")).where(
        kinship.c.household_id == _HOUSEHOLD, kinship.c.confirmed_on.is_not(None), sa.or_(_NOT_ENDED, _CASE_STILL_OPEN)
    ),
    sa.select(account.c.id)
    .join(person, person.c.id_no_index == account.c.id_no_index)
    .where(person.c.household_id == _HOUSEHOLD, person.c.active),
)
"""Accounts of relatives of the household `household_id`: kinship confirmed, or the same identity number."""

_STAFF = PreparedStatement(FAMILY_STAFF)


def family_staff_of(conn: sa.Connection, household_id: UUID) -> frozenset[UUID]:
    """Return the accounts of relatives of the household: kinship confirmed, or the same identity number."""
    return frozenset(row.id for row in _STAFF.rows(conn, {"household_id": household_id}))


def kinships(conn: sa.Connection, household_id: UUID) -> list[dict[str, Any]]:
    """Return every kinship ever declared of a household, oldest first."""
    rows = sa.select(kinship).where(kinship.c.household_id == household_id).order_by(kinship.c.id)
    return [dict(row) for row in conn.execute(rows).mappings()]


def one(conn: sa.Connection, household_id: UUID, caller: Caller, *, lock: bool = False) -> dict[str, Any] | None:
    """Return the household's row, or None when the caller may not see it."""
    rows = sa.select(household).where(household.c.id == household_id, visible_to(caller, household.c.unit_path))
    row = conn.execute(rows.with_for_update(key_share=True) if lock else rows).mappings().one_or_none()
    return dict(row) if row is not None else None


def numbered(caller: Caller, file_no: str) -> sa.Select[UUID]:
    """Select the ids of the files with this number that the caller sees."""
    return sa.select(household.c.id).where(household.c.file_no == file_no, visible_to(caller, household.c.unit_path))


def head_of(household_id: sa.ColumnElement[UUID]) -> sa.ScalarSelect[UUID]:
    """Select the id of the active head of a household."""
    head = person.alias("head")
    heads = sa.select(head.c.id).where(head.c.relation == "head", head.c.active, head.c.household_id == household_id)
    return heads.limit(1).correlate_except(head).scalar_subquery()


def members(conn: sa.Connection, household_id: UUID) -> list[dict[str, Any]]:
    """Return the active members of a household, head first, still encrypted."""
    return _MEMBERS.dicts(conn, {"household_id": household_id})


_HOUSEHOLD_ID = sa.bindparam("household_id", type_=sa.Uuid())
_MEMBERS, _LINES, _CONSENTS, _PAYEE = (
    PreparedStatement(each)
    for each in (
        sa.select(person)
        .where(person.c.household_id == _HOUSEHOLD_ID, person.c.active)
        .order_by(person.c.relation != "head", person.c.id),
        sa.select(finance_line)
        .where(finance_line.c.household_id == _HOUSEHOLD_ID, finance_line.c.ended_on.is_(None))
        .order_by(finance_line.c.id),
        sa.select(consent).where(consent.c.household_id == _HOUSEHOLD_ID).order_by(consent.c.until_on.desc()),
        sa.select(bank_account).where(bank_account.c.household_id == _HOUSEHOLD_ID, bank_account.c.active),
    )
)


def lines(conn: sa.Connection, household_id: UUID) -> list[dict[str, Any]]:
    """Return the household's finance lines of today (fen); those that ended are kept, and not among them."""
    return _LINES.dicts(conn, {"household_id": household_id})


def consents(conn: sa.Connection, household_id: UUID) -> list[dict[str, Any]]:
    """Return the signed consents, the one that ends last first."""
    return _CONSENTS.dicts(conn, {"household_id": household_id})


def payee(conn: sa.Connection, household_id: UUID) -> dict[str, Any] | None:
    """Return the household's active bank account, its card number still encrypted."""
    found = _PAYEE.dicts(conn, {"household_id": household_id})
    return found[0] if found else None


def visible_person(
    conn: sa.Connection, person_id: UUID, caller: Caller, *, lock: bool = False
) -> dict[str, Any] | None:
    """Return a person with the household's unit path, or None when the caller may not see the household.

    The personal data is still encrypted.
    """
    rows = (
        sa.select(person, household.c.unit_path)
        .join(household, household.c.id == person.c.household_id)
        .where(person.c.id == person_id, visible_to(caller, household.c.unit_path))
    )
    row = (
        conn.execute(rows.with_for_update(of=[household, person], key_share=True) if lock else rows)
        .mappings()
        .one_or_none()
    )
    return dict(row) if row is not None else None


def lock_person(conn: sa.Connection, person_id: UUID) -> dict[str, Any]:
    """Return a person of a household that the caller has been allowed to see, locked, still encrypted."""
    rows = sa.select(person).where(person.c.id == person_id).with_for_update(key_share=True)
    return dict(conn.execute(rows).mappings().one())


def latest_survey(conn: sa.Connection, household_id: UUID) -> Mapping[str, Any] | None:
    """Return the day of the survey visit recorded last, and what it saw (None before that was kept)."""
    surveys = sa.select(visit.c.on, visit.c.seen).where(visit.c.household_id == household_id, visit.c.kind == "survey")
    row = conn.execute(surveys.order_by(visit.c.id.desc()).limit(1)).mappings().one_or_none()
    return dict(row) if row is not None else None
