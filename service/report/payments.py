"""Figure rows of aid: payments not returned or recalled, and gifts that the policy counts as aid."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from service.queries.scope import below
from service.report.figure_definition import (
    OTHER,
    SMALL_CELL_THRESHOLD,
    ColumnExpression,
    Columns,
    Condition,
    FigureRows,
    SharedRows,
    no_part,
    within,
)
from service.report.person_key import person_key
from service.tables.cases import case
from service.tables.funds import fund
from service.tables.gifts import gift
from service.tables.households import household
from service.tables.payments import payment
from service.tables.units import unit

TUITION = "EDU"


def live_payments(shared: SharedRows) -> FigureRows:
    """Select one row per payment and per gift of money that the policy counts as aid (docs/decisions/0027)."""
    return sa.select(sa.union_all(_payments(shared), _gifts_counted_as_aid(shared)).subquery())


def _gifts_counted_as_aid(shared: SharedRows) -> FigureRows:
    household_unit = unit.alias("household_unit")
    no_parts = (sa.literal_column("0", sa.BigInteger()).label(name) for name in ("fee", "living"))
    return (
        sa.select(gift.c.id, household.c.file_no.label("reference"), gift.c.on, gift.c.fen, unit.c.name.label("unit"))
        .add_columns(gift.c.item, fund.c.source, gift.c.person_id.label("beneficiary_id"), *no_parts)
        .add_columns(
            household.c.id.label("household_id"), household.c.file_no, household_unit.c.name.label("household_unit")
        )
        .select_from(gift)
        .join(household, household.c.id == gift.c.household_id)
        .join(fund, fund.c.id == gift.c.fund_id)
        .join(unit, unit.c.id == gift.c.unit_id)
        .join(household_unit, household_unit.c.id == household.c.unit_id)
        .where(below(gift.c.unit_path, shared.scope.unit_path), within(gift.c.on, shared.scope))
        .where(gift.c.counts_as_aid, gift.c.voided_on.is_(None), household.c.kind == "worker")
    )


def _payments(shared: SharedRows) -> FigureRows:
    """Select one row per payment that was neither returned by the bank nor recalled whole; `fen` is what was not recalled."""
    household_unit = unit.alias("household_unit")
    parts = (_answer_fen(key).label(name) for key, name in (("tuition_part", "fee"), ("living_part", "living")))
    return (
        sa.select(payment.c.id, case.c.case_no.label("reference"), payment.c.paid_on.label("on"))
        .add_columns((payment.c.fen - payment.c.recalled_fen).label("fen"))
        .add_columns(unit.c.name.label("unit"), case.c.item, fund.c.source, case.c.beneficiary_id, *parts)
        .add_columns(
            household.c.id.label("household_id"), household.c.file_no, household_unit.c.name.label("household_unit")
        )
        .select_from(payment)
        .join(case, case.c.id == payment.c.case_id)
        .join(household, household.c.id == case.c.household_id)
        .join(fund, fund.c.id == payment.c.fund_id)
        .join(unit, unit.c.id == case.c.unit_id)
        .join(household_unit, household_unit.c.id == household.c.unit_id)
        .where(below(payment.c.unit_path, shared.scope.unit_path), household.c.kind == "worker")
        .where(payment.c.state == "live", within(payment.c.paid_on, shared.scope))
    )


def _answer_fen(key: str) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.cast(case.c.answers[key].astext, sa.BigInteger()), 0)


def is_relief_or_tuition(aid: Columns) -> sa.ColumnElement[bool]:
    """Return the condition that the item is living relief (LIV) or tuition (EDU)."""
    return aid.item.in_(("LIV", "EDU"))


def is_tuition(aid: Columns) -> sa.ColumnElement[bool]:
    """Return the condition that the item is tuition (EDU)."""
    return aid.item == TUITION


def _is_split(aid: Columns) -> sa.ColumnElement[bool]:
    """Return the condition that the parts in the application add up to the amount paid and not recalled."""
    return aid.fen == aid.fee + aid.living


def _fen(aid: Columns) -> sa.ColumnElement[int]:
    return aid.fen


def _payment_rows(
    shared: SharedRows, amount: ColumnExpression, part: ColumnExpression, *conditions: Condition
) -> FigureRows:
    aid = shared.cte(live_payments).c
    columns = (aid.id, aid.reference, aid.on, aid.unit, amount(aid).label("amount"), part(aid).label("part"))
    rows = sa.select(*columns).add_columns(aid.household_id.label("family"), *shared.month(aid.on))
    return rows.where(*(condition(aid) for condition in conditions))


def payment_rows(*conditions: Condition) -> Callable[[SharedRows], FigureRows]:
    """Return the rows of a figure: one per payment, with the fen that were not recalled."""
    return lambda shared: _payment_rows(shared, _fen, no_part, *conditions)


def fee_part(shared: SharedRows) -> FigureRows:
    """Select the fee part of each tuition grant that is split."""
    return _payment_rows(shared, lambda aid: aid.fee, no_part, is_tuition, _is_split, lambda aid: aid.fee > 0)


def living_part(shared: SharedRows) -> FigureRows:
    """Select the living part of each tuition grant that is split."""
    return _payment_rows(shared, lambda aid: aid.living, no_part, is_tuition, _is_split, lambda aid: aid.living > 0)


def unsplit_tuition(shared: SharedRows) -> FigureRows:
    """Select tuition grants without parts, or with parts that do not add up to the amount paid and not recalled."""
    return _payment_rows(shared, _fen, no_part, is_tuition, lambda aid: sa.not_(_is_split(aid)))


def families_of_item(shared: SharedRows) -> FigureRows:
    """Select the number of distinct households of each item."""
    aid = shared.cte(live_payments).c
    return sa.select(aid.item, sa.func.count(sa.distinct(aid.household_id)).label("families")).group_by(aid.item)


def items_shown(shared: SharedRows) -> FigureRows:
    """Select the items with at least SMALL_CELL_THRESHOLD households, but for one that must hide the others.

    Where the small items together have too few households, the total would reveal them, so that the next smallest item
    is merged with them; tuition last, because sentences of their own tell it.
    """
    items, aid = shared.cte(families_of_item).c, shared.cte(live_payments).c
    small = sa.select(items.item).where(items.families < SMALL_CELL_THRESHOLD)
    of_small = sa.select(sa.func.count(sa.distinct(aid.household_id))).where(aid.item.in_(small)).scalar_subquery()
    large = sa.select(items.item).where(items.families >= SMALL_CELL_THRESHOLD)
    next_smallest = large.order_by(items.item == TUITION, items.families, items.item).limit(1).scalar_subquery()
    revealed = of_small.between(1, SMALL_CELL_THRESHOLD - 1)
    return large.where(sa.not_(sa.and_(revealed, items.item == next_smallest)))


def _item(shared: SharedRows) -> ColumnExpression:
    """Return the item as part, or OTHER for items that are merged."""
    items = sa.select(shared.cte(items_shown).c.item)
    return lambda aid: sa.case((aid.item.in_(items), aid.item), else_=OTHER)


def payment_rows_by_item(shared: SharedRows) -> FigureRows:
    """Select one row per payment, with its item as part."""
    return _payment_rows(shared, _fen, _item(shared))


def payment_rows_by_source(shared: SharedRows) -> FigureRows:
    """Select one row per payment, with the source of its fund line as part (docs/domain/funds.md §4.1)."""
    return _payment_rows(shared, _fen, lambda aid: aid.source)


def _household_rows(shared: SharedRows, part: ColumnExpression, *conditions: Condition) -> FigureRows:
    aid = shared.cte(live_payments).c
    return (
        sa.select(aid.household_id.label("id"), aid.file_no.label("reference"), sa.func.min(aid.on).label("on"))
        .add_columns(aid.household_unit.label("unit"), sa.cast(sa.func.sum(aid.fen), sa.BigInteger()).label("amount"))
        .add_columns(part(aid).label("part"), *shared.month(aid.on))
        .where(*(condition(aid) for condition in conditions))
        .group_by(aid.household_id, aid.file_no, aid.household_unit, "part", *shared.month(aid.on))
    )


def paid_households(*conditions: Condition) -> Callable[[SharedRows], FigureRows]:
    """Return the rows of a figure: one per distinct household paid, with the sum it received."""
    return lambda shared: _household_rows(shared, no_part, *conditions)


def paid_households_by_item(shared: SharedRows) -> FigureRows:
    """Select one row per distinct household and item."""
    return _household_rows(shared, _item(shared))


def tuition_grants(shared: SharedRows) -> FigureRows:
    """Select one row per paid tuition grant, with the key of its student."""
    aid = shared.cte(live_payments).c
    columns = (aid.id, aid.on, aid.fen, aid.beneficiary_id, aid.file_no, aid.household_unit)
    return sa.select(*columns, person_key(aid.beneficiary_id).label("student")).where(is_tuition(aid))


def tuition_students(shared: SharedRows) -> FigureRows:
    """Select one row per distinct student with a paid tuition grant, under the file of the first grant.

    A student is one person, under however many files and rows (person_key).
    """
    grants = shared.cte(tuition_grants).c
    order = (grants.on, grants.id)
    return (
        sa.select(_first(grants.beneficiary_id, order).label("id"), _first(grants.file_no, order).label("reference"))
        .add_columns(sa.func.min(grants.on).label("on"), _first(grants.household_unit, order).label("unit"))
        .add_columns(sa.cast(sa.func.sum(grants.fen), sa.BigInteger()).label("amount"), no_part(grants).label("part"))
        .add_columns(*shared.month(grants.on))
        .group_by(grants.student, *shared.month(grants.on))
    )


def _first(column: sa.ColumnElement[Any], order: tuple[sa.ColumnElement[Any], ...]) -> sa.ColumnElement[Any]:
    """Return the value of the first row of a group."""
    return sa.func.array_agg(aggregate_order_by(column, *order), type_=sa.ARRAY(column.type))[1]
