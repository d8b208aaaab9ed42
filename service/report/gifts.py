"""Help outside cases: gifts of money and goods, donations passed on, activities; kept apart from aid."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from service.queries.scope import below
from service.report.measure import NO_PART, PIECE, Rows, Scope, within
from service.tables.funds import fund
from service.tables.gifts import activity, donation, gift
from service.tables.households import household
from service.tables.units import unit

Condition = sa.ColumnElement[bool]

TO_PAIRED = household.c.kind == "rural_paired"
TO_WORKER = household.c.kind == "worker"
OF_MONEY = gift.c.fen.is_not(None)
OF_GOODS = gift.c.goods.is_not(None)

GOODS = sa.func.translate(gift.c.goods, "/", "／") + PIECE + gift.c.goods_unit
"""What was given and how it is counted; the part of a figure stands in an address, so it holds no slash."""


def item(code: str) -> Condition:
    """Gifts under one item of aid."""
    return gift.c.item == code


def _given(scope: Scope, amount: sa.ColumnElement[Any], part: sa.ColumnElement[Any], *conditions: Condition) -> Rows:
    return (
        sa.select(gift.c.id, household.c.file_no.label("reference"), gift.c.on, unit.c.name.label("unit"))
        .add_columns(sa.cast(amount, sa.BigInteger()).label("amount"), part.label("part"))
        .select_from(gift)
        .join(household, household.c.id == gift.c.household_id)
        .join(unit, unit.c.id == gift.c.unit_id)
        .outerjoin(fund, fund.c.id == gift.c.fund_id)
        .where(below(gift.c.unit_path, scope.unit_path), within(gift.c.on, scope), *conditions)
    )


def money(*conditions: Condition) -> Callable[[Scope], Rows]:
    """One row per gift of money, with its fen."""
    return lambda scope: _given(scope, gift.c.fen, NO_PART, OF_MONEY, *conditions)


def money_by_source(scope: Scope) -> Rows:
    """One row per gift of money, to whomever, told by the source of its fund line."""
    return _given(scope, gift.c.fen, fund.c.source, OF_MONEY)


def goods(*conditions: Condition) -> Callable[[Scope], Rows]:
    """One row per gift of goods, told by what it was; the amount is NULL when it was more than one, uncounted."""
    return lambda scope: _given(scope, gift.c.quantity, GOODS, OF_GOODS, *conditions)


def donations(direction: str) -> Callable[[Scope], Rows]:
    """One row per donation, by its receipt; neither donors nor organisers are told."""

    def rows(scope: Scope) -> Rows:
        reference = sa.func.coalesce(donation.c.receipt_no, sa.cast(donation.c.id, sa.Text()))
        return (
            sa.select(donation.c.id, reference.label("reference"), donation.c.on, unit.c.name.label("unit"))
            .add_columns(donation.c.fen.label("amount"), NO_PART.label("part"))
            .select_from(donation)
            .join(unit, unit.c.id == donation.c.unit_id)
            .where(below(donation.c.unit_path, scope.unit_path), within(donation.c.on, scope))
            .where(donation.c.direction == direction)
        )

    return rows


def activities(scope: Scope) -> Rows:
    """One row per activity, with its cost under account 501 (nothing, when none was booked)."""
    return (
        sa.select(activity.c.id, sa.cast(activity.c.id, sa.Text()).label("reference"), activity.c.on)
        .add_columns(unit.c.name.label("unit"), activity.c.fen.label("amount"), NO_PART.label("part"))
        .select_from(activity)
        .join(unit, unit.c.id == activity.c.unit_id)
        .where(below(activity.c.unit_path, scope.unit_path), within(activity.c.on, scope))
    )
