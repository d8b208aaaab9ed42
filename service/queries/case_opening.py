"""What opening a case must know of a family, in two SELECTs: its file, locked; then what stands against it, and the rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.db.prepared import PreparedStatement
from service.queries import policies
from service.queries.case_loading.statement import calendar_read, policies_read
from service.queries.households import FAMILY_STAFF
from service.queries.scope import Caller, ranges, visible_by_name
from service.tables.cases import case
from service.tables.households import household
from service.tables.persons import person
from workflows.policy import PolicySet
from workflows.vocabulary import Phase
from workflows.workdays import Calendar


@dataclass(frozen=True, slots=True)
class HouseholdFile:
    """The family's file, locked until the transaction ends."""

    unit_id: UUID
    unit_path: str
    division: str
    kind: str
    exited: bool
    category: str | None
    """The category of need on file."""


@dataclass(frozen=True, slots=True)
class OpeningChecks:
    """What was read once the file was locked: relatives among the staff, and the rules of the day."""

    staff: frozenset[UUID]
    open_already: str | None
    """The number of an open case for the same person and item."""

    other_items: frozenset[str]
    """The items of the household's other open cases, and of its awards of the year."""

    sets: tuple[UUID, ...]
    years: tuple[tuple[int, str], ...]

    def policy(self, conn: sa.Connection, division: str, on: date) -> tuple[UUID, PolicySet]:
        """The set that governs `division` on the day of the application. Raises policy.NoPolicy when none does."""
        return policies.governing_set(conn, self.sets, division, on)

    def calendar(self, conn: sa.Connection) -> Calendar:
        """The working days of the years around the day."""
        return policies.calendar_of(conn, self.years)


_HOUSEHOLD, _PERSON = (sa.bindparam(name, type_=sa.Uuid()) for name in ("household_id", "person_id"))
_FILE = PreparedStatement(
    sa.select(household.c.unit_id, household.c.unit_path, household.c.division, household.c.kind, household.c.exited_on)
    .add_columns(household.c.category)
    .join(person, sa.and_(person.c.household_id == household.c.id, person.c.id == _PERSON, person.c.active))
    .where(household.c.id == _HOUSEHOLD, visible_by_name(household.c.unit_path))
    .with_for_update(of=household, key_share=True)
)
_OPEN_CASE = (
    sa.select(case.c.case_no)
    .where(
        case.c.beneficiary_id == _PERSON,
        case.c.item == sa.bindparam("item", type_=sa.Text()),
        case.c.phase != sa.literal_column(f"'{Phase.ENDED.value}'"),
    )
    .limit(sa.literal_column("1"))
)
_OTHER_CASES = sa.or_(
    case.c.phase != sa.literal_column(f"'{Phase.ENDED.value}'"),
    sa.and_(
        case.c.outstanding_fen > sa.literal_column("0"),
        sa.extract("year", case.c.entered_on) == sa.extract("year", sa.bindparam("today", type_=sa.Date())),
    ),
)
_OTHER_ITEMS = (
    sa.select(case.c.item)
    .distinct()
    .where(sa.or_(case.c.household_id == _HOUSEHOLD, case.c.beneficiary_id == _PERSON), _OTHER_CASES)
    .where(case.c.item != sa.bindparam("item", type_=sa.Text()))
)
_STANDING = PreparedStatement(
    sa.select(
        sa.func.array(FAMILY_STAFF.scalar_subquery()).label("staff"),
        _OPEN_CASE.scalar_subquery().label("open_already"),
        sa.func.array(_OTHER_ITEMS.scalar_subquery()).label("other_items"),
        policies_read().label("policies"),
        calendar_read().label("calendar"),
    )
)


def lock_household(conn: sa.Connection, household_id: UUID, person_id: UUID, caller: Caller) -> HouseholdFile | None:
    """The file, if the caller may see it and the person is an active member of the family; the row is locked."""
    found = _FILE.rows(conn, {"household_id": household_id, "person_id": person_id, **ranges(caller)})
    if not found:
        return None
    row = found[0]
    return HouseholdFile(
        row.unit_id, row.unit_path, row.division, row.kind, exited=row.exited_on is not None, category=row.category
    )


def opening_checks(conn: sa.Connection, household_id: UUID, person_id: UUID, item: str, on: date) -> OpeningChecks:
    """What stands against a case of the person for the item; asked after family(), so that nothing comes between."""
    first, last = policies.years_around(on)
    whose: Mapping[str, Any] = {"household_id": household_id, "person_id": person_id, "item": item}
    row = _STANDING.rows(conn, {**whose, "today": on, "first_year": first, "last_year": last})[0]
    sets = tuple(UUID(each) for each in row.policies or ())
    years = tuple((year, digest) for year, digest in row.calendar or ())
    return OpeningChecks(frozenset(row.staff), row.open_already, frozenset(row.other_items), sets, years)
