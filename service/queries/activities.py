"""The union's activities: the list of the API, the list of the pages with its sum, and one activity."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries.page import COUNTED, CountedSum, Page, newest_page, newest_with_total
from service.queries.scope import Caller, visible_to
from service.queries.units import in_unit
from service.tables.accounts import account
from service.tables.activities import activity
from service.tables.units import unit

FILTERS: Mapping[str, Callable[[Any], sa.ColumnElement[bool]]] = {
    "kind": lambda value: activity.c.kind == value,
    "record_state": lambda value: (
        activity.c.voided_on.is_not(None) if value == "voided" else activity.c.voided_on.is_(None)
    ),
    "from": lambda value: activity.c.on >= value,
    "to": lambda value: activity.c.on <= value,
    "title": lambda value: activity.c.title.contains(value, autoescape=True),
}
"""The condition of each filter besides the unit."""


def page(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any], after: list[str] | None, size: int) -> Page:
    """Return activities of the caller's units, newest entry first, voided ones included."""
    rows = sa.select(activity).where(visible_to(caller, activity.c.unit_path))
    return newest_page(
        conn, rows, activity.c.id, {activity.c[name]: value for name, value in filters.items()}, after, size
    )


def page_with_total(
    conn: sa.Connection,
    caller: Caller,
    filters: Mapping[str, Any],
    after: list[str] | None,
    size: int,
    most: int | None = COUNTED,
) -> tuple[Page, CountedSum]:
    """Return one page of activities with unit and recorder, newest entry first, and the count and sum of all.

    Voided activities are among them; the sum (fen) is of those that are not void.
    """
    live_fen = sa.case((activity.c.voided_on.is_(None), activity.c.fen)).label("fen")
    rows = sa.select(activity.c.id, live_fen).where(visible_to(caller, activity.c.unit_path))
    if "unit_id" in filters:
        rows = rows.where(in_unit(conn, activity.c.unit_path, filters["unit_id"]))
    rows = rows.where(*(FILTERS[name](value) for name, value in filters.items() if name in FILTERS))
    return newest_with_total(conn, rows, activity.c.id, _named, after, size, most)


def _named(ids: sa.ColumnElement[UUID]) -> sa.Select[Any]:
    return (
        sa.select(activity, unit.c.name.label("unit_name"), account.c.display_name.label("recorder"))
        .join_from(ids.table, activity, activity.c.id == ids)
        .join(unit, unit.c.id == activity.c.unit_id)
        .join(account, account.c.id == activity.c.recorded_by)
    )


def one(conn: sa.Connection, activity_id: UUID, caller: Caller) -> dict[str, Any] | None:
    """Return an activity, and which one corrects it (`corrected_by`), or None when the caller may not see it."""
    ids = (
        sa.select(activity.c.id)
        .where(activity.c.id == activity_id, visible_to(caller, activity.c.unit_path))
        .subquery("few")
    )
    later = activity.alias("later")
    correction = sa.select(later.c.id).where(
        later.c.corrects_id == activity.c.id, later.c.unit_path == activity.c.unit_path
    )
    of_void = sa.case((activity.c.voided_on.is_not(None), correction.limit(1).scalar_subquery()))
    row = conn.execute(_named(ids.c.id).add_columns(of_void.label("corrected_by"))).mappings().one_or_none()
    return dict(row) if row is not None else None
