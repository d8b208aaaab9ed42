"""Who was visited, and how often: the rows behind the figures of visits."""

from collections.abc import Callable

import sqlalchemy as sa

from service.queries.scope import below
from service.report.figure_definition import NO_AMOUNT, NO_PART, Columns, Condition, Rows, SharedRows, within
from service.tables.households import household
from service.tables.units import unit
from service.tables.visits import visit


def made(ground: SharedRows) -> Rows:
    """One row per visit made by a unit in scope; a visit without a file goes by its own id."""
    home = unit.alias("home")
    reference = sa.func.coalesce(household.c.file_no, sa.cast(visit.c.id, sa.Text()))
    return (
        sa.select(visit.c.id, reference.label("reference"), visit.c.on, unit.c.name.label("unit"), visit.c.kind)
        .add_columns(household.c.id.label("household_id"), household.c.file_no, home.c.name.label("home"))
        .add_columns(household.c.kind.label("family"), household.c.identity)
        .select_from(visit)
        .outerjoin(household, household.c.id == visit.c.household_id)
        .outerjoin(home, home.c.id == household.c.unit_id)
        .join(unit, unit.c.id == visit.c.unit_id)
        .where(below(visit.c.unit_path, ground.scope.unit_path), within(visit.c.on, ground.scope))
    )


def warm(visits: Columns) -> sa.ColumnElement[bool]:
    """Visits that bring warmth."""
    return visits.kind.in_(("hardship", "festival"))


def worker(visits: Columns) -> sa.ColumnElement[bool]:
    """Families of workers."""
    return visits.family == "worker"


def laid_off(visits: Columns) -> sa.ColumnElement[bool]:
    """Families of laid-off workers."""
    return visits.identity == "laid_off"


def paired(visits: Columns) -> sa.ColumnElement[bool]:
    """Visits to rural families paired with the union."""
    return sa.and_(visits.kind == "pairing", visits.family == "rural_paired")


def kind(name: str) -> Condition:
    """Visits of one kind."""
    return lambda visits: visits.kind == name


def each(*conditions: Condition) -> Callable[[SharedRows], Rows]:
    """One row per visit."""

    def rows(ground: SharedRows) -> Rows:
        visits = ground.of(made).c
        told = sa.select(visits.id, visits.reference, visits.on, visits.unit)
        told = told.add_columns(NO_AMOUNT.label("amount"), NO_PART.label("part"))
        return told.where(*(condition(visits) for condition in conditions))

    return rows


def households(*conditions: Condition) -> Callable[[SharedRows], Rows]:
    """One row per distinct household visited by a unit in scope, dated by its first visit of the period."""

    def rows(ground: SharedRows) -> Rows:
        visits = ground.of(made).c
        return (
            sa.select(visits.household_id.label("id"), visits.file_no.label("reference"))
            .add_columns(sa.func.min(visits.on).label("on"), visits.home.label("unit"))
            .add_columns(NO_AMOUNT.label("amount"), NO_PART.label("part"))
            .where(visits.household_id.is_not(None), *(condition(visits) for condition in conditions))
            .group_by(visits.household_id, visits.file_no, visits.home)
        )

    return rows
