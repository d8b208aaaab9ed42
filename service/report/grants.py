"""Money paid to families of workers on file: live payments by day of payment, never one that came back."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from service.queries.scope import below
from service.report.measure import FLOOR, NO_PART, OTHER, Rows, Scope, within
from service.tables.cases import case
from service.tables.funds import fund, payment
from service.tables.households import household
from service.tables.units import unit

Condition = sa.ColumnElement[bool]

RELIEF_OR_TUITION = case.c.item.in_(("LIV", "EDU"))
TUITION = case.c.item == "EDU"


def _answered(key: str) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.cast(case.c.answers[key].astext, sa.BigInteger()), 0)


FEE, LIVING = _answered("tuition_part"), _answered("living_part")
SPLIT = payment.c.fen == FEE + LIVING
"""The parts named in the application make up exactly what was paid; otherwise the grant is not split."""


def _payments(*columns: sa.ColumnElement[Any]) -> Rows:
    return (
        sa.select(*columns)
        .select_from(payment)
        .join(case, case.c.id == payment.c.case_id)
        .join(household, household.c.id == case.c.household_id)
    )


def _live(scope: Scope) -> tuple[Condition, ...]:
    """A payment that was returned by the bank or recalled does not count."""
    return (
        below(payment.c.unit_path, scope.unit_path),
        household.c.kind == "worker",
        payment.c.state == "live",
        within(payment.c.paid_on, scope),
    )


def _paid(scope: Scope, amount: sa.ColumnElement[int], part: sa.ColumnElement[Any], *conditions: Condition) -> Rows:
    return (
        _payments(payment.c.id, case.c.case_no.label("reference"), payment.c.paid_on.label("on"))
        .add_columns(unit.c.name.label("unit"), amount.label("amount"), part.label("part"))
        .join(unit, unit.c.id == case.c.unit_id)
        .join(fund, fund.c.id == payment.c.fund_id)
        .where(*_live(scope), *conditions)
    )


def paid(*conditions: Condition) -> Callable[[Scope], Rows]:
    """One row per payment, with its fen."""
    return lambda scope: _paid(scope, payment.c.fen, NO_PART, *conditions)


def fee_part(scope: Scope) -> Rows:
    """The part of each tuition grant that was for fees."""
    return _paid(scope, FEE, NO_PART, TUITION, SPLIT, FEE > 0)


def living_part(scope: Scope) -> Rows:
    """The part of each tuition grant that was for living."""
    return _paid(scope, LIVING, NO_PART, TUITION, SPLIT, LIVING > 0)


def unsplit(scope: Scope) -> Rows:
    """Tuition grants whose application names no parts, or parts that do not make up what was paid."""
    return _paid(scope, payment.c.fen, NO_PART, TUITION, sa.not_(SPLIT))


def _item(scope: Scope) -> sa.ColumnElement[str]:
    """The item, or OTHER for every item that reached fewer than FLOOR households: it is merged, not named."""
    common = (
        _payments(case.c.item)
        .where(*_live(scope))
        .group_by(case.c.item)
        .having(sa.func.count(sa.distinct(household.c.id)) >= FLOOR)
    )
    return sa.case((case.c.item.in_(common), case.c.item), else_=OTHER)


def paid_by_item(scope: Scope) -> Rows:
    """One row per payment, told by item."""
    return _paid(scope, payment.c.fen, _item(scope))


def paid_by_source(scope: Scope) -> Rows:
    """One row per payment, told by the source of the fund line it was paid from (domain/4 §4.1)."""
    return _paid(scope, payment.c.fen, fund.c.source)


def _reached(scope: Scope, part: sa.ColumnElement[Any], *conditions: Condition) -> Rows:
    return (
        _payments(household.c.id, household.c.file_no.label("reference"), sa.func.min(payment.c.paid_on).label("on"))
        .add_columns(unit.c.name.label("unit"), sa.cast(sa.func.sum(payment.c.fen), sa.BigInteger()).label("amount"))
        .add_columns(part.label("part"))
        .join(unit, unit.c.id == household.c.unit_id)
        .where(*_live(scope), *conditions)
        .group_by(household.c.id, unit.c.name, "part")
    )


def households(*conditions: Condition) -> Callable[[Scope], Rows]:
    """One row per distinct household paid, with the sum it received."""
    return lambda scope: _reached(scope, NO_PART, *conditions)


def households_by_item(scope: Scope) -> Rows:
    """One row per distinct household and item."""
    return _reached(scope, _item(scope))


def students(scope: Scope) -> Rows:
    """One row per distinct student whose tuition grant was paid, under the number of the family's file."""
    return (
        _payments(case.c.beneficiary_id.label("id"), household.c.file_no.label("reference"))
        .add_columns(sa.func.min(payment.c.paid_on).label("on"), unit.c.name.label("unit"))
        .add_columns(sa.cast(sa.func.sum(payment.c.fen), sa.BigInteger()).label("amount"), NO_PART.label("part"))
        .join(unit, unit.c.id == household.c.unit_id)
        .where(*_live(scope), TUITION)
        .group_by(case.c.beneficiary_id, household.c.file_no, unit.c.name)
    )


def tuition_months(scope: Scope) -> Rows:
    """The calendar months in which tuition was paid to at least FLOOR households: a batch each (column `month`)."""
    month = sa.cast(sa.func.date_trunc("month", payment.c.paid_on), sa.Date()).label("month")
    return (
        _payments(month)
        .where(*_live(scope), TUITION)
        .group_by(month)
        .having(sa.func.count(sa.distinct(household.c.id)) >= FLOOR)
        .order_by(month)
    )
