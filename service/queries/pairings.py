"""The pairings of a household, one of them, and the list of those of all families that the caller sees."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries import households
from service.queries.page import COUNTED, CountedSum, Page, newest_with_total
from service.queries.scope import Caller, visible_to
from service.queries.units import in_unit
from service.tables.households import household
from service.tables.pairings import pairing
from service.tables.persons import person
from service.tables.units import unit


def of_household(conn: sa.Connection, household_id: UUID) -> list[dict[str, Any]]:
    """Return every pairing of a household, oldest first, voided ones included."""
    rows = sa.select(pairing).where(pairing.c.household_id == household_id).order_by(pairing.c.id)
    return [dict(row) for row in conn.execute(rows).mappings()]


def one(conn: sa.Connection, pairing_id: UUID, caller: Caller) -> dict[str, Any] | None:
    """Return a pairing, or None when the caller may not see its family."""
    rows = sa.select(pairing).join(household, household.c.id == pairing.c.household_id)
    seen = rows.where(pairing.c.id == pairing_id, visible_to(caller, household.c.unit_path))
    row = conn.execute(seen).mappings().one_or_none()
    return dict(row) if row is not None else None


def is_over(today: date) -> sa.ColumnElement[bool]:
    """Return the condition for pairings whose last day has passed."""
    return sa.func.coalesce(pairing.c.until_on < today, sa.false())


Condition = Callable[[Any, date], sa.ColumnElement[bool]]
FILTERS: Mapping[str, Condition] = {
    "helper": lambda value, _today: pairing.c.unit_id == value,
    "period": lambda value, today: is_over(today) if value == "over" else sa.not_(is_over(today)),
    "record_state": lambda value, _today: (
        pairing.c.voided_on.is_not(None) if value == "voided" else pairing.c.voided_on.is_(None)
    ),
    "file_no": lambda value, _today: household.c.file_no == value,
    "programme_name": lambda value, _today: pairing.c.programme_name.contains(value, autoescape=True),
}
"""The condition of each filter besides the unit of the family."""


def page_with_total(
    conn: sa.Connection,
    caller: Caller,
    filters: Mapping[str, Any],
    today: date,
    after: list[str] | None,
    size: int,
    most: int | None = COUNTED,
) -> tuple[Page, CountedSum]:
    """Return one page of pairings with family and unit, the newest entry first, and the count of all; voided ones included."""
    rows = sa.select(pairing.c.id).join(household, household.c.id == pairing.c.household_id)
    rows = rows.where(visible_to(caller, household.c.unit_path))
    if "unit_id" in filters:
        rows = rows.where(in_unit(conn, household.c.unit_path, filters["unit_id"]))
    rows = rows.where(*(FILTERS[name](value, today) for name, value in filters.items() if name in FILTERS))
    return newest_with_total(conn, rows, pairing.c.id, lambda ids: _named(ids, today), after, size, most)


def _named(ids: sa.ColumnElement[UUID], today: date) -> sa.Select[Any]:
    """Select pairings with these ids: also the unit, and the family with the name of its head, still encrypted."""
    return (
        sa.select(pairing, unit.c.name.label("unit_name"), is_over(today).label("is_over"))
        .add_columns(household.c.file_no, household.c.unit_path, person.c.id.label("head_id"), person.c.name_sealed)
        .join_from(ids.table, pairing, pairing.c.id == ids)
        .join(unit, unit.c.id == pairing.c.unit_id)
        .join(household, household.c.id == pairing.c.household_id)
        .outerjoin(person, person.c.id == households.head_of(household.c.id))
    )
