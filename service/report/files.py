"""Families on file, cases that came and ended, and money that came back."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from service.queries.scope import below
from service.report.measure import NO_AMOUNT, NO_PART, Rows, Scope, within
from service.tables.cases import case
from service.tables.funds import entry, payment
from service.tables.households import household
from service.tables.units import unit

UNJUDGED = "unjudged"
"""The category of a family nobody has judged yet."""


def _files(scope: Scope, on: sa.ColumnElement[Any], part: sa.ColumnElement[Any], *conditions: Any) -> Rows:
    return (
        sa.select(household.c.id, household.c.file_no.label("reference"), on.label("on"), unit.c.name.label("unit"))
        .add_columns(NO_AMOUNT.label("amount"), part.label("part"))
        .select_from(household)
        .join(unit, unit.c.id == household.c.unit_id)
        .where(below(household.c.unit_path, scope.unit_path), household.c.kind == "worker", *conditions)
    )


def _at_end(scope: Scope) -> sa.ColumnElement[bool]:
    still = sa.or_(household.c.exited_on.is_(None), household.c.exited_on > scope.end)
    return sa.and_(household.c.filed_on <= scope.end, still)


def on_file(scope: Scope) -> Rows:
    """Families of workers on file on the last day of the period."""
    return _files(scope, household.c.filed_on, NO_PART, _at_end(scope))


def on_file_by_category(scope: Scope) -> Rows:
    """The same, told by the category that holds as of the report."""
    return _files(scope, household.c.filed_on, sa.func.coalesce(household.c.category, UNJUDGED), _at_end(scope))


def filed(scope: Scope) -> Rows:
    """Files opened in the period."""
    return _files(scope, household.c.filed_on, NO_PART, within(household.c.filed_on, scope))


def exited(scope: Scope) -> Rows:
    """Files closed in the period."""
    return _files(scope, household.c.exited_on, NO_PART, within(household.c.exited_on, scope))


def _cases(scope: Scope, on: sa.ColumnElement[Any], *conditions: sa.ColumnElement[bool]) -> Rows:
    return (
        sa.select(case.c.id, case.c.case_no.label("reference"), on.label("on"), unit.c.name.label("unit"))
        .add_columns(NO_AMOUNT.label("amount"), NO_PART.label("part"))
        .select_from(case)
        .join(unit, unit.c.id == case.c.unit_id)
        .where(below(case.c.unit_path, scope.unit_path), within(on, scope), *conditions)
    )


def opened(scope: Scope) -> Rows:
    """Requests taken in during the period."""
    return _cases(scope, case.c.opened_on)


def ended(state: str) -> Callable[[Scope], Rows]:
    """Cases that reached this end in the period and stand there still."""
    return lambda scope: _cases(scope, case.c.entered_on, case.c.state == state)


def came_back(state: str, on: sa.ColumnElement[Any]) -> Callable[[Scope], Rows]:
    """Payments that the bank returned, or that were recalled, dated by that."""

    def rows(scope: Scope) -> Rows:
        return (
            sa.select(payment.c.id, case.c.case_no.label("reference"), on.label("on"), unit.c.name.label("unit"))
            .add_columns(payment.c.fen.label("amount"), NO_PART.label("part"))
            .select_from(payment)
            .join(case, case.c.id == payment.c.case_id)
            .join(unit, unit.c.id == case.c.unit_id)
            .where(below(payment.c.unit_path, scope.unit_path), payment.c.state == state, within(on, scope))
            .where(payment.c.state != "live")
        )

    return rows


def out_of_recovery(target_pot: str) -> Callable[[Scope], Rows]:
    """Entries that took recalled money back into the fund, or wrote it off."""

    def rows(scope: Scope) -> Rows:
        return (
            sa.select(entry.c.id, case.c.case_no.label("reference"), entry.c.on, unit.c.name.label("unit"))
            .add_columns(entry.c.fen.label("amount"), NO_PART.label("part"))
            .select_from(entry)
            .join(case, case.c.id == entry.c.case_id)
            .join(unit, unit.c.id == case.c.unit_id)
            .where(below(case.c.unit_path, scope.unit_path), within(entry.c.on, scope))
            .where(entry.c.source_pot == "recovering", entry.c.target_pot == target_pot)
        )

    return rows
