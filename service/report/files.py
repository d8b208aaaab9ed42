"""Families on file, cases that came and ended, and money that came back."""

from collections.abc import Callable

import sqlalchemy as sa

from service.queries.scope import below
from service.report.measure import NO_AMOUNT, NO_PART, Columns, Condition, Ground, Rows, Scope, Value, none, within
from service.tables.cases import case
from service.tables.funds import entry, payment
from service.tables.households import household
from service.tables.units import unit
from workflows.terms import Phase

UNJUDGED = "unjudged"
"""The category of a family nobody has judged yet."""


def families(ground: Ground) -> Rows:
    """One row per family of a worker, whenever it was filed."""
    return (
        sa.select(household.c.id, household.c.file_no.label("reference"), unit.c.name.label("unit"))
        .add_columns(household.c.filed_on, household.c.exited_on, household.c.category)
        .select_from(household)
        .join(unit, unit.c.id == household.c.unit_id)
        .where(below(household.c.unit_path, ground.scope.unit_path), household.c.kind == "worker")
    )


def _files(ground: Ground, on: Value, part: Value, condition: Condition) -> Rows:
    files = ground.of(families).c
    told = sa.select(files.id, files.reference, on(files).label("on"), files.unit, NO_AMOUNT.label("amount"))
    return told.add_columns(part(files).label("part")).where(condition(files))


def _at_end(scope: Scope) -> Condition:
    def still(files: Columns) -> sa.ColumnElement[bool]:
        here = sa.or_(files.exited_on.is_(None), files.exited_on > scope.end)
        return sa.and_(files.filed_on <= scope.end, here)

    return still


def _category(files: Columns) -> sa.ColumnElement[str]:
    return sa.func.coalesce(files.category, UNJUDGED)


def on_file(ground: Ground) -> Rows:
    """Families of workers on file on the last day of the period."""
    return _files(ground, lambda files: files.filed_on, none, _at_end(ground.scope))


def on_file_by_category(ground: Ground) -> Rows:
    """The same, told by the category that holds as of the report."""
    return _files(ground, lambda files: files.filed_on, _category, _at_end(ground.scope))


def filed(ground: Ground) -> Rows:
    """Files opened in the period."""
    return _files(ground, lambda files: files.filed_on, none, lambda files: within(files.filed_on, ground.scope))


def exited(ground: Ground) -> Rows:
    """Files closed in the period."""
    return _files(ground, lambda files: files.exited_on, none, lambda files: within(files.exited_on, ground.scope))


def _cases(scope: Scope, on: sa.ColumnElement[object]) -> Rows:
    return (
        sa.select(case.c.id, case.c.case_no.label("reference"), on.label("on"), unit.c.name.label("unit"))
        .add_columns(NO_AMOUNT.label("amount"), NO_PART.label("part"))
        .select_from(case)
        .join(unit, unit.c.id == case.c.unit_id)
        .where(below(case.c.unit_path, scope.unit_path), on.between(scope.start, scope.end))
    )


def opened(ground: Ground) -> Rows:
    """Requests taken in during the period."""
    return _cases(ground.scope, case.c.opened_on)


def over(ground: Ground) -> Rows:
    """One row per case that ended in the period, with the end it came to."""
    return _cases(ground.scope, case.c.entered_on).add_columns(case.c.state).where(case.c.phase == Phase.ENDED.value)


def ended(state: str) -> Callable[[Ground], Rows]:
    """Cases that reached this end in the period and stand there still."""

    def rows(ground: Ground) -> Rows:
        ends = ground.of(over).c
        return sa.select(*(column for column in ends if column.name != "state")).where(ends.state == state)

    return rows


def back(ground: Ground) -> Rows:
    """One row per payment that the bank returned, or that was recalled, whenever that was."""
    return (
        sa.select(payment.c.id, case.c.case_no.label("reference"), unit.c.name.label("unit"), payment.c.state)
        .add_columns(payment.c.fen, payment.c.returned_on, payment.c.recalled_on)
        .select_from(payment)
        .join(case, case.c.id == payment.c.case_id)
        .join(unit, unit.c.id == case.c.unit_id)
        .where(below(payment.c.unit_path, ground.scope.unit_path), payment.c.state != "live")
    )


def came_back(state: str) -> Callable[[Ground], Rows]:
    """Payments that are `returned` or `recalled`, dated by that."""

    def rows(ground: Ground) -> Rows:
        paid = ground.of(back).c
        on = paid[f"{state}_on"]
        told = sa.select(paid.id, paid.reference, on.label("on"), paid.unit, paid.fen.label("amount"))
        return told.add_columns(NO_PART.label("part")).where(paid.state == state, within(on, ground.scope))

    return rows


def recovery(ground: Ground) -> Rows:
    """One row per entry out of the pot of money that is being recovered."""
    return (
        sa.select(entry.c.id, case.c.case_no.label("reference"), entry.c.on, unit.c.name.label("unit"))
        .add_columns(entry.c.fen.label("amount"), NO_PART.label("part"), entry.c.target_pot)
        .select_from(entry)
        .join(case, case.c.id == entry.c.case_id)
        .join(unit, unit.c.id == case.c.unit_id)
        .where(below(case.c.unit_path, ground.scope.unit_path), within(entry.c.on, ground.scope))
        .where(entry.c.source_pot == "recovering")
    )


def out_of_recovery(target_pot: str) -> Callable[[Ground], Rows]:
    """Entries that took recalled money back into the fund, or wrote it off."""

    def rows(ground: Ground) -> Rows:
        out = ground.of(recovery).c
        return sa.select(*(each for each in out if each.name != "target_pot")).where(out.target_pot == target_pot)

    return rows
