"""Figure rows of visits and of visited households."""

from collections.abc import Callable

import sqlalchemy as sa

from service.queries.scope import below
from service.report.figure_definition import NO_AMOUNT, NO_PART, Columns, Condition, FigureRows, SharedRows, within
from service.tables.households import household
from service.tables.units import unit
from service.tables.visits import visit


def visits_in_scope(shared: SharedRows) -> FigureRows:
    """Select one row per visit by a unit in scope; a visit without a household file is referenced by its own id."""
    household_unit = unit.alias("household_unit")
    reference = sa.func.coalesce(household.c.file_no, sa.cast(visit.c.id, sa.Text()))
    return (
        sa.select(visit.c.id, reference.label("reference"), visit.c.on, unit.c.name.label("unit"), visit.c.kind)
        .add_columns(
            household.c.id.label("household_id"), household.c.file_no, household_unit.c.name.label("household_unit")
        )
        .add_columns(household.c.kind.label("family"), household.c.identity)
        .select_from(visit)
        .outerjoin(household, household.c.id == visit.c.household_id)
        .outerjoin(household_unit, household_unit.c.id == household.c.unit_id)
        .join(unit, unit.c.id == visit.c.unit_id)
        .where(
            below(visit.c.unit_path, shared.scope.unit_path),
            within(visit.c.on, shared.scope),
            visit.c.voided_on.is_(None),
        )
    )


def hardship_or_festival(visits: Columns) -> sa.ColumnElement[bool]:
    """Return the condition that the visit is a hardship or festival visit."""
    return visits.kind.in_(("hardship", "festival"))


def worker_family(visits: Columns) -> sa.ColumnElement[bool]:
    """Return the condition that the household is a worker's."""
    return visits.family == "worker"


def laid_off_family(visits: Columns) -> sa.ColumnElement[bool]:
    """Return the condition that the head of the household is laid off."""
    return visits.identity == "laid_off"


def paired_family(visits: Columns) -> sa.ColumnElement[bool]:
    """Return the condition that it is a pairing visit to a paired rural family."""
    return sa.and_(visits.kind == "pairing", visits.family == "rural_paired")


def of_kind(name: str) -> Condition:
    """Return the condition that the visit is of this kind."""
    return lambda visits: visits.kind == name


def visit_rows(*conditions: Condition) -> Callable[[SharedRows], FigureRows]:
    """Return the rows of a figure: one per visit."""

    def rows(shared: SharedRows) -> FigureRows:
        visits = shared.cte(visits_in_scope).c
        columns = (visits.id, visits.reference, visits.on, visits.unit)
        all_visits = sa.select(*columns, NO_AMOUNT.label("amount"), NO_PART.label("part"))
        return all_visits.where(*(condition(visits) for condition in conditions))

    return rows


def visited_households(*conditions: Condition) -> Callable[[SharedRows], FigureRows]:
    """Return the rows of a figure: one per distinct household, with the day of its first visit in the period."""

    def rows(shared: SharedRows) -> FigureRows:
        visits = shared.cte(visits_in_scope).c
        return (
            sa.select(visits.household_id.label("id"), visits.file_no.label("reference"))
            .add_columns(sa.func.min(visits.on).label("on"), visits.household_unit.label("unit"))
            .add_columns(NO_AMOUNT.label("amount"), NO_PART.label("part"))
            .where(visits.household_id.is_not(None), *(condition(visits) for condition in conditions))
            .group_by(visits.household_id, visits.file_no, visits.household_unit)
        )

    return rows
