"""The list of payments: filters by state, day, method, fund line, source and unit; newest first."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries.page import COUNTED, CountedSum, Page, page_by_id, total
from service.queries.scope import Caller, below, visible_to
from service.tables.accounts import account
from service.tables.cases import case
from service.tables.funds import fund
from service.tables.households import household
from service.tables.payments import payment
from service.tables.units import unit

NOT_OUT = ("failed", "returned")
"""States of payments whose money came back whole."""


def _again(_value: object) -> sa.ColumnElement[bool]:
    """Return the condition for payments of which the family had another one for the same item in the same year."""
    own, other_case, other = case.alias("own_case"), case.alias("other_case"), payment.alias("other_payment")
    same = sa.and_(other_case.c.household_id == own.c.household_id, other_case.c.item == own.c.item)
    year = sa.func.date_part("year", other.c.paid_on) == sa.func.date_part("year", payment.c.paid_on)
    of_case = sa.and_(own.c.id == payment.c.case_id, other.c.case_id == other_case.c.id)
    is_other = sa.and_(other.c.id != payment.c.id, other.c.state.not_in(NOT_OUT))
    return sa.and_(payment.c.state.not_in(NOT_OUT), sa.exists().where(of_case, is_other, same, year))


FILTERS: Mapping[str, Callable[[Any], sa.ColumnElement[bool]]] = {
    "state": lambda value: payment.c.state == value,
    "method": lambda value: payment.c.method == value,
    "paid_from": lambda value: payment.c.paid_on >= value,
    "paid_to": lambda value: payment.c.paid_on <= value,
    "fund_id": lambda value: payment.c.fund_id == value,
    "source": lambda value: payment.c.fund_id.in_(sa.select(fund.c.id).where(fund.c.source == value)),
    "again": _again,
    "no_receipt": lambda _value: sa.and_(payment.c.state == "live", payment.c.receipt_on.is_(None)),
}
"""The condition of each filter besides the unit."""

_payer, _confirmer = account.alias("payer"), account.alias("confirmer")


def listed(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any]) -> sa.Select[Any]:
    """Select `id` and `fen` of the payments that the list shows under filters: its rows, count and sum begin so."""
    rows = sa.select(payment.c.id, payment.c.fen).where(visible_to(caller, payment.c.unit_path))
    if "unit_id" in filters:
        path = conn.scalar(sa.select(unit.c.path).where(unit.c.id == filters["unit_id"]))
        rows = rows.where(below(payment.c.unit_path, path) if path else sa.false())
    return rows.where(*(FILTERS[name](value) for name, value in filters.items() if name in FILTERS))


def page(
    conn: sa.Connection,
    caller: Caller,
    filters: Mapping[str, Any],
    after: list[str] | None,
    size: int,
    most: int | None = COUNTED,
) -> tuple[Page, CountedSum]:
    """Return `size` payments that the caller may see, the one made last first, and the count and sum of all of them.

    They are counted and summed up to `most`, or all with None.
    """
    rows = listed(conn, caller, filters)
    counted_sum = total(conn, rows, most)
    following = rows.where(payment.c.id < UUID(after[0])) if after is not None else rows
    found = conn.execute(_shown(caller, following).order_by(payment.c.id.desc()).limit(size + 1)).mappings()
    return page_by_id([dict(row) for row in found], size, counted_sum.count), counted_sum


def _shown(caller: Caller, rows: sa.Select[Any]) -> sa.Select[Any]:
    """Select what the list shows of those payments, with the names around them."""
    columns = ("id", "case_id", "seq", "fen", "method", "voucher", "paid_on", "state", "advice_no", "advised_on")
    more = ("returned_on", "returned_code", "recalled_fen", "recalled_on", "receipt_on", "cash_reason", "fund_id")
    return (
        rows.with_only_columns(*(payment.c[name] for name in (*columns, *more)))
        .add_columns(
            case.c.case_no,
            case.c.item,
            fund.c.code.label("fund_code"),
            visible_to(caller, fund.c.unit_path).label("fund_seen"),
            household.c.id.label("household_id"),
            household.c.file_no,
        )
        .add_columns(_payer.c.display_name.label("payer"), _confirmer.c.display_name.label("confirmer"))
        .join(case, case.c.id == payment.c.case_id)
        .outerjoin(household, sa.and_(household.c.id == case.c.household_id, visible_to(caller, household.c.unit_path)))
        .join(fund, fund.c.id == payment.c.fund_id)
        .join(_payer, _payer.c.id == payment.c.paid_by)
        .outerjoin(_confirmer, _confirmer.c.id == payment.c.confirmed_by)
    )


def totals_by_month_and_source(
    conn: sa.Connection, caller: Caller, filters: Mapping[str, Any]
) -> dict[tuple[int | None, str | None], CountedSum]:
    """Return the count and sum of the list's payments by (month, source), by one SELECT; None stands for all of them.

    Filters leave the payments of one year.
    """
    month = sa.cast(sa.func.date_part("month", payment.c.paid_on), sa.Integer).label("month")
    number, fen = sa.func.count().label("rows"), sa.cast(sa.func.sum(payment.c.fen), sa.BigInteger).label("fen")
    rows = listed(conn, caller, filters).join(fund, fund.c.id == payment.c.fund_id)
    grouped = rows.with_only_columns(month, fund.c.source, number, fen).group_by(sa.func.cube(month, fund.c.source))
    return {(row.month, row.source): CountedSum.of(row.rows, row.fen, COUNTED) for row in conn.execute(grouped)}
