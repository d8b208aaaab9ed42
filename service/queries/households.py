"""Families as the faces and the door see them; names stay sealed here."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.db import Prepared
from service.queries.scope import Caller, ranges, visible_by_name, visible_to
from service.tables.cases import case
from service.tables.households import consent, economy_line, household, kinship
from service.tables.people import bank_account, person
from service.tables.units import account
from workflows.terms import Phase


@dataclass(frozen=True, slots=True)
class Family:
    """What opening a case needs to know of a household."""

    unit_id: UUID
    unit_path: str
    division: str
    kind: str
    exited: bool
    staff: frozenset[UUID]


_HOUSEHOLD, _PERSON = (sa.bindparam(name, type_=sa.Uuid()) for name in ("household_id", "person_id"))
_OPENING = Prepared(
    sa.select(household.c.unit_id, household.c.unit_path, household.c.division, household.c.kind, household.c.exited_on)
    .join(person, sa.and_(person.c.household_id == household.c.id, person.c.id == _PERSON, person.c.active))
    .where(household.c.id == _HOUSEHOLD, visible_by_name(household.c.unit_path))
    .with_for_update(of=household, key_share=True)
)
_STAFF = Prepared(
    sa.union(
        sa.select(kinship.c.account_id.label("id")).where(
            kinship.c.household_id == _HOUSEHOLD, kinship.c.confirmed_on.is_not(None), kinship.c.ended_on.is_(None)
        ),
        sa.select(account.c.id)
        .join(person, person.c.id_no_index == account.c.id_no_index)
        .where(person.c.household_id == _HOUSEHOLD, person.c.active),
    )
)
_OPEN_CASE = Prepared(
    sa.select(case.c.case_no).where(
        case.c.beneficiary_id == _PERSON,
        case.c.item == sa.bindparam("item", type_=sa.Text()),
        case.c.phase != sa.literal_column(f"'{Phase.ENDED.value}'"),
    )
)


def for_opening(tx: sa.Connection, household_id: UUID, person_id: UUID, caller: Caller) -> Family | None:
    """The household if the caller may see it and the person is an active member; the row is locked."""
    found = _OPENING.rows(tx, {"household_id": household_id, "person_id": person_id, **ranges(caller)})
    if not found:
        return None
    row, staff = found[0], staff_of(tx, household_id)
    return Family(row.unit_id, row.unit_path, row.division, row.kind, row.exited_on is not None, staff)


def staff_of(tx: sa.Connection, household_id: UUID) -> frozenset[UUID]:
    """Accounts that are relatives of the household: declared and confirmed, or found by the same identity number."""
    return frozenset(row.id for row in _STAFF.rows(tx, {"household_id": household_id}))


def kin(tx: sa.Connection, household_id: UUID) -> list[dict[str, Any]]:
    """Every kinship that was ever declared of a household, oldest first."""
    rows = sa.select(kinship).where(kinship.c.household_id == household_id).order_by(kinship.c.id)
    return [dict(row) for row in tx.execute(rows).mappings()]


def open_case_no(tx: sa.Connection, person_id: UUID, item: str) -> str | None:
    """The number of an open case for the same person and item, or None."""
    found = _OPEN_CASE.rows(tx, {"person_id": person_id, "item": item})
    return found[0].case_no if found else None


def one(tx: sa.Connection, household_id: UUID, caller: Caller, *, lock: bool = False) -> dict[str, Any] | None:
    """The household's row, or None when the caller may not see it."""
    rows = sa.select(household).where(household.c.id == household_id, visible_to(caller, household.c.unit_path))
    row = tx.execute(rows.with_for_update(key_share=True) if lock else rows).mappings().one_or_none()
    return dict(row) if row is not None else None


def page(tx: sa.Connection, caller: Caller, after: UUID | None, size: int) -> list[dict[str, Any]]:
    """Households the caller may see, by id (which is by time of entry), `size` rows after `after`."""
    rows = sa.select(household).where(visible_to(caller, household.c.unit_path)).order_by(household.c.id).limit(size)
    if after is not None:
        rows = rows.where(household.c.id > after)
    return [dict(row) for row in tx.execute(rows).mappings()]


def members(tx: sa.Connection, household_id: UUID) -> list[dict[str, Any]]:
    """The people of a household, head first, still sealed."""
    rows = (
        sa.select(person)
        .where(person.c.household_id == household_id, person.c.active)
        .order_by(person.c.relation != "head", person.c.id)
    )
    return [dict(row) for row in tx.execute(rows).mappings()]


def lines(tx: sa.Connection, household_id: UUID) -> list[dict[str, Any]]:
    """Income, spending and asset lines (fen)."""
    rows = sa.select(economy_line).where(economy_line.c.household_id == household_id).order_by(economy_line.c.id)
    return [dict(row) for row in tx.execute(rows).mappings()]


def consents(tx: sa.Connection, household_id: UUID) -> list[dict[str, Any]]:
    """Signed authorisations, newest first."""
    rows = sa.select(consent).where(consent.c.household_id == household_id).order_by(consent.c.until_on.desc())
    return [dict(row) for row in tx.execute(rows).mappings()]


def payee(tx: sa.Connection, household_id: UUID) -> dict[str, Any] | None:
    """The account money would go to, card still sealed."""
    rows = sa.select(bank_account).where(bank_account.c.household_id == household_id, bank_account.c.active)
    row = tx.execute(rows).mappings().one_or_none()
    return dict(row) if row is not None else None


def person_seen(tx: sa.Connection, person_id: UUID, caller: Caller, *, lock: bool = False) -> dict[str, Any] | None:
    """One person with the household's unit, still sealed, or None when the caller may not see the household."""
    rows = (
        sa.select(person, household.c.unit_path)
        .join(household, household.c.id == person.c.household_id)
        .where(person.c.id == person_id, visible_to(caller, household.c.unit_path))
    )
    row = (
        tx.execute(rows.with_for_update(of=[household, person], key_share=True) if lock else rows)
        .mappings()
        .one_or_none()
    )
    return dict(row) if row is not None else None


def count(tx: sa.Connection, caller: Caller) -> int:
    """How many files the caller may see."""
    seen = sa.select(sa.func.count()).select_from(household).where(visible_to(caller, household.c.unit_path))
    return tx.scalar(seen) or 0
