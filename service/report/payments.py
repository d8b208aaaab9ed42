"""Money paid to families of workers on file: live payments by day of payment, never one that came back."""

from collections.abc import Callable

import sqlalchemy as sa

from service.queries.scope import below
from service.report.figure_definition import (
    OTHER,
    SMALL_CELL_THRESHOLD,
    Columns,
    Condition,
    Rows,
    SharedRows,
    Value,
    none,
    within,
)
from service.tables.cases import case
from service.tables.funds import fund
from service.tables.households import household
from service.tables.payments import payment
from service.tables.units import unit


def payments(ground: SharedRows) -> Rows:
    """One row per payment; one that was returned by the bank or recalled does not count."""
    home = unit.alias("home")
    answered = (_answered(key).label(name) for key, name in (("tuition_part", "fee"), ("living_part", "living")))
    return (
        sa.select(payment.c.id, case.c.case_no.label("reference"), payment.c.paid_on.label("on"), payment.c.fen)
        .add_columns(unit.c.name.label("unit"), case.c.item, fund.c.source, case.c.beneficiary_id, *answered)
        .add_columns(household.c.id.label("household_id"), household.c.file_no, home.c.name.label("home"))
        .select_from(payment)
        .join(case, case.c.id == payment.c.case_id)
        .join(household, household.c.id == case.c.household_id)
        .join(fund, fund.c.id == payment.c.fund_id)
        .join(unit, unit.c.id == case.c.unit_id)
        .join(home, home.c.id == household.c.unit_id)
        .where(below(payment.c.unit_path, ground.scope.unit_path), household.c.kind == "worker")
        .where(payment.c.state == "live", within(payment.c.paid_on, ground.scope))
    )


def _answered(key: str) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.cast(case.c.answers[key].astext, sa.BigInteger()), 0)


def relief_or_tuition(aid: Columns) -> sa.ColumnElement[bool]:
    """Living relief and tuition."""
    return aid.item.in_(("LIV", "EDU"))


def tuition(aid: Columns) -> sa.ColumnElement[bool]:
    """Tuition."""
    return aid.item == "EDU"


def _split(aid: Columns) -> sa.ColumnElement[bool]:
    """The parts named in the application make up exactly what was paid; otherwise the grant is not split."""
    return aid.fen == aid.fee + aid.living


def _fen(aid: Columns) -> sa.ColumnElement[int]:
    return aid.fen


def _paid(ground: SharedRows, amount: Value, part: Value, *conditions: Condition) -> Rows:
    aid = ground.of(payments).c
    told = sa.select(aid.id, aid.reference, aid.on, aid.unit, amount(aid).label("amount"), part(aid).label("part"))
    return told.add_columns(*ground.month(aid.on)).where(*(condition(aid) for condition in conditions))


def paid(*conditions: Condition) -> Callable[[SharedRows], Rows]:
    """One row per payment, with its fen."""
    return lambda ground: _paid(ground, _fen, none, *conditions)


def fee_part(ground: SharedRows) -> Rows:
    """The part of each tuition grant that was for fees."""
    return _paid(ground, lambda aid: aid.fee, none, tuition, _split, lambda aid: aid.fee > 0)


def living_part(ground: SharedRows) -> Rows:
    """The part of each tuition grant that was for living."""
    return _paid(ground, lambda aid: aid.living, none, tuition, _split, lambda aid: aid.living > 0)


def unsplit(ground: SharedRows) -> Rows:
    """Tuition grants whose application names no parts, or parts that do not make up what was paid."""
    return _paid(ground, _fen, none, tuition, lambda aid: sa.not_(_split(aid)))


def named_items(ground: SharedRows) -> Rows:
    """The items that reached at least FLOOR households: these are told by name."""
    aid = ground.of(payments).c
    reached = sa.func.count(sa.distinct(aid.household_id))
    return sa.select(aid.item).group_by(aid.item).having(reached >= SMALL_CELL_THRESHOLD)


def _item(ground: SharedRows) -> Value:
    """The item, or OTHER for every item that reached fewer than FLOOR households: it is merged, not named."""
    named = sa.select(ground.of(named_items).c.item)
    return lambda aid: sa.case((aid.item.in_(named), aid.item), else_=OTHER)


def paid_by_item(ground: SharedRows) -> Rows:
    """One row per payment, told by item."""
    return _paid(ground, _fen, _item(ground))


def paid_by_source(ground: SharedRows) -> Rows:
    """One row per payment, told by the source of the fund line it was paid from (domain/4 §4.1)."""
    return _paid(ground, _fen, lambda aid: aid.source)


def _reached(ground: SharedRows, part: Value, *conditions: Condition) -> Rows:
    aid = ground.of(payments).c
    return (
        sa.select(aid.household_id.label("id"), aid.file_no.label("reference"), sa.func.min(aid.on).label("on"))
        .add_columns(aid.home.label("unit"), sa.cast(sa.func.sum(aid.fen), sa.BigInteger()).label("amount"))
        .add_columns(part(aid).label("part"), *ground.month(aid.on))
        .where(*(condition(aid) for condition in conditions))
        .group_by(aid.household_id, aid.file_no, aid.home, "part", *ground.month(aid.on))
    )


def households(*conditions: Condition) -> Callable[[SharedRows], Rows]:
    """One row per distinct household paid, with the sum it received."""
    return lambda ground: _reached(ground, none, *conditions)


def households_by_item(ground: SharedRows) -> Rows:
    """One row per distinct household and item."""
    return _reached(ground, _item(ground))


def students(ground: SharedRows) -> Rows:
    """One row per distinct student whose tuition grant was paid, under the number of the family's file."""
    aid = ground.of(payments).c
    return (
        sa.select(aid.beneficiary_id.label("id"), aid.file_no.label("reference"), sa.func.min(aid.on).label("on"))
        .add_columns(aid.home.label("unit"), sa.cast(sa.func.sum(aid.fen), sa.BigInteger()).label("amount"))
        .add_columns(none(aid).label("part"), *ground.month(aid.on))
        .where(tuition(aid))
        .group_by(aid.beneficiary_id, aid.file_no, aid.home, *ground.month(aid.on))
    )
