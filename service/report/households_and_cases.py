"""Families on file, cases that came and ended, and money that came back."""

from collections.abc import Callable

import sqlalchemy as sa

from service.queries.scope import below
from service.report.figure_definition import (
    NO_AMOUNT,
    NO_PART,
    Columns,
    Condition,
    Rows,
    Scope,
    SharedRows,
    Value,
    none,
    within,
)
from service.tables.cases import case
from service.tables.households import household
from service.tables.ledger import ledger_entry
from service.tables.payments import payment
from service.tables.units import unit
from workflows.vocabulary import Phase

UNJUDGED = "unjudged"
"""The category of a family nobody has judged yet."""


def families(ground: SharedRows) -> Rows:
    """One row per family of a worker, whenever it was filed."""
    return (
        sa.select(household.c.id, household.c.file_no.label("reference"), unit.c.name.label("unit"))
        .add_columns(household.c.filed_on, household.c.exited_on, household.c.category)
        .select_from(household)
        .join(unit, unit.c.id == household.c.unit_id)
        .where(below(household.c.unit_path, ground.scope.unit_path), household.c.kind == "worker")
    )


def _files(ground: SharedRows, on: Value, part: Value, condition: Condition) -> Rows:
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


def on_file(ground: SharedRows) -> Rows:
    """Families of workers on file on the last day of the period."""
    return _files(ground, lambda files: files.filed_on, none, _at_end(ground.scope))


def on_file_by_category(ground: SharedRows) -> Rows:
    """The same, told by the category that holds as of the report."""
    return _files(ground, lambda files: files.filed_on, _category, _at_end(ground.scope))


def filed(ground: SharedRows) -> Rows:
    """Files opened in the period."""
    return _files(ground, lambda files: files.filed_on, none, lambda files: within(files.filed_on, ground.scope))


def exited(ground: SharedRows) -> Rows:
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


def opened(ground: SharedRows) -> Rows:
    """Requests taken in during the period."""
    return _cases(ground.scope, case.c.opened_on)


def over(ground: SharedRows) -> Rows:
    """One row per case that ended in the period, with the end it came to."""
    return _cases(ground.scope, case.c.entered_on).add_columns(case.c.state).where(case.c.phase == Phase.ENDED.value)


def ended(state: str) -> Callable[[SharedRows], Rows]:
    """Cases that reached this end in the period and stand there still."""

    def rows(ground: SharedRows) -> Rows:
        ends = ground.of(over).c
        return sa.select(*(column for column in ends if column.name != "state")).where(ends.state == state)

    return rows


def back(ground: SharedRows) -> Rows:
    """One row per payment that the bank returned, or that was recalled, whenever that was."""
    return (
        sa.select(payment.c.id, case.c.case_no.label("reference"), unit.c.name.label("unit"), payment.c.state)
        .add_columns(payment.c.fen, payment.c.returned_on, payment.c.recalled_on)
        .select_from(payment)
        .join(case, case.c.id == payment.c.case_id)
        .join(unit, unit.c.id == case.c.unit_id)
        .where(below(payment.c.unit_path, ground.scope.unit_path), payment.c.state != "live")
    )


def came_back(state: str) -> Callable[[SharedRows], Rows]:
    """Payments that are `returned` or `recalled`, dated by that."""

    def rows(ground: SharedRows) -> Rows:
        paid = ground.of(back).c
        on = paid[f"{state}_on"]
        told = sa.select(paid.id, paid.reference, on.label("on"), paid.unit, paid.fen.label("amount"))
        return told.add_columns(NO_PART.label("part")).where(paid.state == state, within(on, ground.scope))

    return rows


def recovery(ground: SharedRows) -> Rows:
    """One row per entry out of the pot of money that is being recovered."""
    return (
        sa.select(ledger_entry.c.id, case.c.case_no.label("reference"), ledger_entry.c.on, unit.c.name.label("unit"))
        .add_columns(ledger_entry.c.fen.label("amount"), NO_PART.label("part"), ledger_entry.c.target_pot)
        .select_from(ledger_entry)
        .join(case, case.c.id == ledger_entry.c.case_id)
        .join(unit, unit.c.id == case.c.unit_id)
        .where(below(case.c.unit_path, ground.scope.unit_path), within(ledger_entry.c.on, ground.scope))
        .where(ledger_entry.c.source_pot == "recovering")
    )


def out_of_recovery(target_pot: str) -> Callable[[SharedRows], Rows]:
    """Entries that took recalled money back into the fund, or wrote it off."""

    def rows(ground: SharedRows) -> Rows:
        out = ground.of(recovery).c
        return sa.select(*(each for each in out if each.name != "target_pot")).where(out.target_pot == target_pot)

    return rows
