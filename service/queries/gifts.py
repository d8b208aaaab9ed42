"""Gifts outside cases: the list of the API, the list of the pages with its sum, and one gift."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries import households
from service.queries.page import COUNTED, CountedSum, Page, newest_page, newest_with_total
from service.queries.scope import Caller, visible_to
from service.queries.units import in_unit
from service.tables.accounts import account
from service.tables.funds import fund
from service.tables.gifts import gift
from service.tables.households import household
from service.tables.persons import person
from service.tables.policies import policy_set
from service.tables.units import unit
from service.tables.visits import visit

FILTERS: Mapping[str, Callable[[Any], sa.ColumnElement[bool]]] = {
    "item": lambda value: gift.c.item == value,
    "given": lambda value: gift.c.fen.is_not(None) if value == "money" else gift.c.goods.is_not(None),
    "signed": lambda value: gift.c.signed_by_family == sa.literal(value == "yes"),
    "record_state": lambda value: gift.c.voided_on.is_not(None) if value == "voided" else gift.c.voided_on.is_(None),
    "from": lambda value: gift.c.on >= value,
    "to": lambda value: gift.c.on <= value,
    "purpose": lambda value: gift.c.purpose.contains(value, autoescape=True),
    "visit_id": lambda value: gift.c.visit_id == value,
}
"""The condition of each filter besides the unit and the number of the family's file."""

_hander, _approver = account.alias("hander"), account.alias("approver")


def page(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any], after: list[str] | None, size: int) -> Page:
    """Return gifts outside cases of the caller's units, newest entry first, voided ones included."""
    rows = sa.select(gift).where(visible_to(caller, gift.c.unit_path))
    return newest_page(conn, rows, gift.c.id, {gift.c[name]: value for name, value in filters.items()}, after, size)


def page_with_total(
    conn: sa.Connection,
    caller: Caller,
    filters: Mapping[str, Any],
    after: list[str] | None,
    size: int,
    most: int | None = COUNTED,
) -> tuple[Page, CountedSum]:
    """Return one page of gifts with the names around them, newest entry first, and the count and sum of all.

    Voided gifts are among them; the sum (fen) is of those that are not void.
    """
    live_fen = sa.case((gift.c.voided_on.is_(None), gift.c.fen)).label("fen")
    rows = sa.select(gift.c.id, live_fen).where(visible_to(caller, gift.c.unit_path))
    if "unit_id" in filters:
        rows = rows.where(in_unit(conn, gift.c.unit_path, filters["unit_id"]))
    if "file_no" in filters:
        rows = rows.where(gift.c.household_id.in_(households.numbered(caller, filters["file_no"])))
    rows = rows.where(*(FILTERS[name](value) for name, value in filters.items() if name in FILTERS))
    return newest_with_total(conn, rows, gift.c.id, lambda ids: _named(ids, caller), after, size, most)


def _named(ids: sa.ColumnElement[UUID], caller: Caller) -> sa.Select[Any]:
    """Select gifts with these ids: also their unit, people, fund line, and the recipient's name, still encrypted.

    The family (`file_no`, `name_sealed`) is null where the caller does not see its file: it has moved to another unit.
    """
    sees_family = visible_to(caller, household.c.unit_path)
    recipient = sa.func.coalesce(gift.c.person_id, households.head_of(household.c.id))
    return (
        sa.select(*(column for column in gift.c if column.name != "household_id"), unit.c.name.label("unit_name"))
        .add_columns(sa.case((sees_family, household.c.id)).label("household_id"))
        .add_columns(sa.case((sees_family, household.c.file_no)).label("file_no"))
        .add_columns(
            person.c.id.label("recipient_id"), sa.case((sees_family, person.c.name_sealed)).label("name_sealed")
        )
        .add_columns(_hander.c.display_name.label("hander"), _approver.c.display_name.label("approver"))
        .add_columns(fund.c.code.label("fund_code"), fund.c.title.label("fund_title"))
        .add_columns(visible_to(caller, fund.c.unit_path).label("fund_seen"))
        .join_from(ids.table, gift, gift.c.id == ids)
        .join(unit, unit.c.id == gift.c.unit_id)
        .join(household, household.c.id == gift.c.household_id)
        .join(_hander, _hander.c.id == gift.c.handed_by)
        .outerjoin(person, person.c.id == recipient)
        .outerjoin(_approver, _approver.c.id == gift.c.approved_by)
        .outerjoin(fund, fund.c.id == gift.c.fund_id)
    )


def one(conn: sa.Connection, gift_id: UUID, caller: Caller) -> dict[str, Any] | None:
    """Return a gift with the names around it, or None when the caller may not see it.

    Also the policy set it was given under, the day of its visit, and the gift that corrects it (`corrected_by`).
    """
    ids = sa.select(gift.c.id).where(gift.c.id == gift_id, visible_to(caller, gift.c.unit_path)).subquery("few")
    later = gift.alias("later")
    correction = sa.select(later.c.id).where(later.c.corrects_id == gift.c.id, later.c.unit_path == gift.c.unit_path)
    rows = (
        _named(ids.c.id, caller)
        .add_columns(policy_set.c.title.label("policy_title"), visit.c.on.label("visit_on"))
        .add_columns(visible_to(caller, visit.c.unit_path).label("visit_seen"))
        .add_columns(
            sa.case((gift.c.voided_on.is_not(None), correction.limit(1).scalar_subquery())).label("corrected_by")
        )
        .outerjoin(policy_set, policy_set.c.id == gift.c.policy_set_id)
        .outerjoin(visit, visit.c.id == gift.c.visit_id)
    )
    row = conn.execute(rows).mappings().one_or_none()
    return dict(row) if row is not None else None
