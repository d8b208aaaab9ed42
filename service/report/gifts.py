"""Figure rows of gifts, donations and activities, which do not count as aid."""

from collections.abc import Callable

import sqlalchemy as sa

from service.queries.scope import below
from service.report.figure_definition import (
    GOODS_UNIT_SEPARATOR,
    NO_AMOUNT,
    NO_PART,
    ColumnExpression,
    Columns,
    Condition,
    FigureRows,
    SharedRows,
    no_part,
    within,
)
from service.tables.activities import activity
from service.tables.donations import donation
from service.tables.funds import fund
from service.tables.gifts import gift
from service.tables.households import household
from service.tables.units import unit


def gifts_in_scope(shared: SharedRows) -> FigureRows:
    """Select one row per gift of money or goods to a household."""
    household_unit = unit.alias("household_unit")
    return (
        sa.select(gift.c.id, household.c.file_no.label("reference"), gift.c.on, unit.c.name.label("unit"))
        .add_columns(
            gift.c.visit_id,
            gift.c.counts_as_aid,
            gift.c.fen,
            gift.c.goods,
            gift.c.goods_unit,
            gift.c.quantity,
            gift.c.item,
            fund.c.source,
        )
        .add_columns(household.c.kind.label("family"), household.c.id.label("household_id"), household.c.file_no)
        .add_columns(household_unit.c.name.label("household_unit"))
        .select_from(gift)
        .join(household, household.c.id == gift.c.household_id)
        .join(household_unit, household_unit.c.id == household.c.unit_id)
        .join(unit, unit.c.id == gift.c.unit_id)
        .outerjoin(fund, fund.c.id == gift.c.fund_id)
        .where(
            below(gift.c.unit_path, shared.scope.unit_path), within(gift.c.on, shared.scope), gift.c.voided_on.is_(None)
        )
    )


def to_paired(gifts: Columns) -> sa.ColumnElement[bool]:
    """Return the condition that the household is a rural family paired with the union."""
    return gifts.family == "rural_paired"


def to_worker(gifts: Columns) -> sa.ColumnElement[bool]:
    """Return the condition that the household is a worker's."""
    return gifts.family == "worker"


def of_item(code: str) -> Condition:
    """Return the condition that the gift is under this item of aid."""
    return lambda gifts: gifts.item == code


def _goods_part(gifts: Columns) -> sa.ColumnElement[str]:
    # The part is in the path of a URL, so a slash in it becomes "／".
    part: sa.ColumnElement[str] = sa.func.translate(gifts.goods, "/", "／") + GOODS_UNIT_SEPARATOR + gifts.goods_unit
    return part


def _gift_rows(
    shared: SharedRows, amount: ColumnExpression, part: ColumnExpression, *conditions: Condition
) -> FigureRows:
    gifts = shared.cte(gifts_in_scope).c
    cast = sa.cast(amount(gifts), sa.BigInteger()).label("amount")
    rows = sa.select(gifts.id, gifts.reference, gifts.on, gifts.unit, cast, part(gifts).label("part"))
    # What a paired family receives is published by agreement with it, so its number hides nothing.
    family = sa.case((to_worker(gifts), gifts.household_id), else_=sa.null()).label("family")
    return rows.add_columns(family).where(*(condition(gifts) for condition in conditions))


def is_money(gifts: Columns) -> sa.ColumnElement[bool]:
    """Return the condition that the gift is money."""
    # What the policy counts as aid is in the figures of aid (payments.py).
    return sa.and_(gifts.fen.is_not(None), sa.not_(gifts.counts_as_aid))


def is_goods(gifts: Columns) -> sa.ColumnElement[bool]:
    """Return the condition that the gift is goods."""
    return gifts.goods.is_not(None)


def without_visit(*conditions: Condition) -> Callable[[SharedRows], FigureRows]:
    """Return the rows of a figure: one per gift that is not recorded with a visit."""
    return lambda shared: _gift_rows(
        shared, lambda _gifts: NO_AMOUNT, no_part, lambda gifts: gifts.visit_id.is_(None), *conditions
    )


def given_households(*conditions: Condition) -> Callable[[SharedRows], FigureRows]:
    """Return the rows of a figure: one per distinct household with a gift, with the day of its first gift."""

    def rows(shared: SharedRows) -> FigureRows:
        gifts = shared.cte(gifts_in_scope).c
        return (
            sa.select(gifts.household_id.label("id"), gifts.file_no.label("reference"))
            .add_columns(sa.func.min(gifts.on).label("on"), gifts.household_unit.label("unit"))
            .add_columns(NO_AMOUNT.label("amount"), NO_PART.label("part"))
            .where(*(condition(gifts) for condition in conditions))
            .group_by(gifts.household_id, gifts.file_no, gifts.household_unit)
        )

    return rows


def money(*conditions: Condition) -> Callable[[SharedRows], FigureRows]:
    """Return the rows of a figure: one per gift of money, with its fen."""
    return lambda shared: _gift_rows(shared, lambda gifts: gifts.fen, no_part, is_money, *conditions)


def money_by_source(shared: SharedRows) -> FigureRows:
    """Select one row per gift of money, with the source of its fund line as part."""
    return _gift_rows(shared, lambda gifts: gifts.fen, lambda gifts: gifts.source, is_money)


def goods(*conditions: Condition) -> Callable[[SharedRows], FigureRows]:
    """Return the rows of a figure: one per gift of goods; the amount is NULL for several without a count."""
    return lambda shared: _gift_rows(shared, lambda gifts: gifts.quantity, _goods_part, is_goods, *conditions)


def donations_in_scope(shared: SharedRows) -> FigureRows:
    """Select one row per donation, by receipt number, without donors and organisers."""
    reference = sa.func.coalesce(donation.c.receipt_no, sa.cast(donation.c.id, sa.Text()))
    return (
        sa.select(donation.c.id, reference.label("reference"), donation.c.on, unit.c.name.label("unit"))
        .add_columns(donation.c.fen, donation.c.direction)
        .select_from(donation)
        .join(unit, unit.c.id == donation.c.unit_id)
        .where(below(donation.c.unit_path, shared.scope.unit_path), within(donation.c.on, shared.scope))
        .where(donation.c.voided_on.is_(None))
    )


def donations(direction: str) -> Callable[[SharedRows], FigureRows]:
    """Return the rows of a figure: one per donation received or passed on."""

    def rows(shared: SharedRows) -> FigureRows:
        donations = shared.cte(donations_in_scope).c
        columns = (donations.id, donations.reference, donations.on, donations.unit, donations.fen.label("amount"))
        return sa.select(*columns, NO_PART.label("part")).where(donations.direction == direction)

    return rows


def activities_in_scope(shared: SharedRows) -> FigureRows:
    """Select one row per activity, with its cost under account 501 (0 when none was booked)."""
    return (
        sa.select(activity.c.id, sa.cast(activity.c.id, sa.Text()).label("reference"), activity.c.on)
        .add_columns(unit.c.name.label("unit"), activity.c.fen.label("amount"), NO_PART.label("part"))
        .select_from(activity)
        .join(unit, unit.c.id == activity.c.unit_id)
        .where(below(activity.c.unit_path, shared.scope.unit_path), within(activity.c.on, shared.scope))
        .where(activity.c.voided_on.is_(None))
    )


def activities(shared: SharedRows) -> FigureRows:
    """Return the rows of a figure: one per activity, with its cost."""
    return sa.select(*shared.cte(activities_in_scope).c)
