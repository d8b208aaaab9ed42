"""Help outside cases: gifts of money and goods, donations passed on, activities; kept apart from aid."""

from collections.abc import Callable

import sqlalchemy as sa

from service.queries.scope import below
from service.report.figure_definition import NO_PART, PIECE, Columns, Condition, Rows, SharedRows, Value, none, within
from service.tables.activities import activity
from service.tables.donations import donation
from service.tables.funds import fund
from service.tables.gifts import gift
from service.tables.households import household
from service.tables.units import unit


def given(ground: SharedRows) -> Rows:
    """One row per gift of money or goods to a family."""
    return (
        sa.select(gift.c.id, household.c.file_no.label("reference"), gift.c.on, unit.c.name.label("unit"))
        .add_columns(gift.c.fen, gift.c.goods, gift.c.goods_unit, gift.c.quantity, gift.c.item, fund.c.source)
        .add_columns(household.c.kind.label("family"))
        .select_from(gift)
        .join(household, household.c.id == gift.c.household_id)
        .join(unit, unit.c.id == gift.c.unit_id)
        .outerjoin(fund, fund.c.id == gift.c.fund_id)
        .where(below(gift.c.unit_path, ground.scope.unit_path), within(gift.c.on, ground.scope))
    )


def to_paired(gifts: Columns) -> sa.ColumnElement[bool]:
    """To rural families paired with the union."""
    return gifts.family == "rural_paired"


def to_worker(gifts: Columns) -> sa.ColumnElement[bool]:
    """To families of workers."""
    return gifts.family == "worker"


def item(code: str) -> Condition:
    """Gifts under one item of aid."""
    return lambda gifts: gifts.item == code


def _of_money(gifts: Columns) -> sa.ColumnElement[bool]:
    return gifts.fen.is_not(None)


def _of_goods(gifts: Columns) -> sa.ColumnElement[bool]:
    return gifts.goods.is_not(None)


def _things(gifts: Columns) -> sa.ColumnElement[str]:
    """What was given and how it is counted; the part of a figure stands in an address, so it holds no slash."""
    named: sa.ColumnElement[str] = sa.func.translate(gifts.goods, "/", "／") + PIECE + gifts.goods_unit
    return named


def _told(ground: SharedRows, amount: Value, part: Value, *conditions: Condition) -> Rows:
    gifts = ground.of(given).c
    cast = sa.cast(amount(gifts), sa.BigInteger()).label("amount")
    told = sa.select(gifts.id, gifts.reference, gifts.on, gifts.unit, cast, part(gifts).label("part"))
    return told.where(*(condition(gifts) for condition in conditions))


def money(*conditions: Condition) -> Callable[[SharedRows], Rows]:
    """One row per gift of money, with its fen."""
    return lambda ground: _told(ground, lambda gifts: gifts.fen, none, _of_money, *conditions)


def money_by_source(ground: SharedRows) -> Rows:
    """One row per gift of money, to whomever, told by the source of its fund line."""
    return _told(ground, lambda gifts: gifts.fen, lambda gifts: gifts.source, _of_money)


def goods(*conditions: Condition) -> Callable[[SharedRows], Rows]:
    """One row per gift of goods, told by what it was; the amount is NULL when it was more than one, uncounted."""
    return lambda ground: _told(ground, lambda gifts: gifts.quantity, _things, _of_goods, *conditions)


def donated(ground: SharedRows) -> Rows:
    """One row per donation, by its receipt; neither donors nor organisers are told."""
    reference = sa.func.coalesce(donation.c.receipt_no, sa.cast(donation.c.id, sa.Text()))
    return (
        sa.select(donation.c.id, reference.label("reference"), donation.c.on, unit.c.name.label("unit"))
        .add_columns(donation.c.fen, donation.c.direction)
        .select_from(donation)
        .join(unit, unit.c.id == donation.c.unit_id)
        .where(below(donation.c.unit_path, ground.scope.unit_path), within(donation.c.on, ground.scope))
    )


def donations(direction: str) -> Callable[[SharedRows], Rows]:
    """One row per donation received or passed on."""

    def rows(ground: SharedRows) -> Rows:
        given = ground.of(donated).c
        told = sa.select(given.id, given.reference, given.on, given.unit, given.fen.label("amount"))
        return told.add_columns(NO_PART.label("part")).where(given.direction == direction)

    return rows


def held(ground: SharedRows) -> Rows:
    """One row per activity, with its cost under account 501 (nothing, when none was booked)."""
    return (
        sa.select(activity.c.id, sa.cast(activity.c.id, sa.Text()).label("reference"), activity.c.on)
        .add_columns(unit.c.name.label("unit"), activity.c.fen.label("amount"), NO_PART.label("part"))
        .select_from(activity)
        .join(unit, unit.c.id == activity.c.unit_id)
        .where(below(activity.c.unit_path, ground.scope.unit_path), within(activity.c.on, ground.scope))
    )


def activities(ground: SharedRows) -> Rows:
    """One row per activity, with its cost."""
    return sa.select(*ground.of(held).c)
