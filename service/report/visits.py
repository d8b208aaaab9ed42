"""Who was visited, and how often: the rows behind the figures of visits."""

from collections.abc import Callable

import sqlalchemy as sa

from service.queries.scope import below
from service.report.measure import NO_AMOUNT, NO_PART, Rows, Scope, within
from service.tables.cases import visit
from service.tables.households import household
from service.tables.units import unit

WARM = visit.c.kind.in_(("hardship", "festival"))
WORKER = household.c.kind == "worker"
LAID_OFF = household.c.identity == "laid_off"
PAIRED = sa.and_(visit.c.kind == "pairing", household.c.kind == "rural_paired")


def kind(name: str) -> sa.ColumnElement[bool]:
    """Visits of one kind."""
    return visit.c.kind == name


def each(*conditions: sa.ColumnElement[bool]) -> Callable[[Scope], Rows]:
    """One row per visit made by a unit in scope; a visit without a file goes by its own id."""

    def rows(scope: Scope) -> Rows:
        reference = sa.func.coalesce(household.c.file_no, sa.cast(visit.c.id, sa.Text()))
        return (
            sa.select(visit.c.id, reference.label("reference"), visit.c.on, unit.c.name.label("unit"))
            .add_columns(NO_AMOUNT.label("amount"), NO_PART.label("part"))
            .select_from(visit)
            .outerjoin(household, household.c.id == visit.c.household_id)
            .join(unit, unit.c.id == visit.c.unit_id)
            .where(below(visit.c.unit_path, scope.unit_path), within(visit.c.on, scope), *conditions)
        )

    return rows


def households(*conditions: sa.ColumnElement[bool]) -> Callable[[Scope], Rows]:
    """One row per distinct household visited by a unit in scope, dated by its first visit of the period."""

    def rows(scope: Scope) -> Rows:
        return (
            sa.select(household.c.id, household.c.file_no.label("reference"), sa.func.min(visit.c.on).label("on"))
            .add_columns(unit.c.name.label("unit"), NO_AMOUNT.label("amount"), NO_PART.label("part"))
            .select_from(visit)
            .join(household, household.c.id == visit.c.household_id)
            .join(unit, unit.c.id == household.c.unit_id)
            .where(below(visit.c.unit_path, scope.unit_path), within(visit.c.on, scope), *conditions)
            .group_by(household.c.id, unit.c.name)
        )

    return rows
