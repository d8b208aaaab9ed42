"""Public notices and the objections to them."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from service.db.prepared import PreparedStatement
from service.queries.page import COUNTED, CountedSum, Page, newest_with_total, page_by_id
from service.queries.scope import Caller, visible_to
from service.queries.units import in_unit
from service.tables.accounts import account
from service.tables.cases import case
from service.tables.events import event
from service.tables.notices import notice, objection
from service.tables.units import unit


def page(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any], after: list[str] | None, size: int) -> Page:
    """Return notices of the caller's units, newest first, with their objections.

    The shown content is still encrypted.
    """
    rows = _visible_notices(caller)
    if "case_id" in filters:
        rows = rows.where(notice.c.case_id == filters["case_id"])
    if "up" in filters:
        rows = rows.where(notice.c.ended_on.is_(None) == sa.literal(filters["up"]))
    count = conn.scalar(sa.select(sa.func.count()).select_from(rows.subquery())) or 0
    if after is not None:
        rows = rows.where(notice.c.id < UUID(after[0]))
    page_rows = [dict(row) for row in conn.execute(rows.order_by(notice.c.id.desc()).limit(size + 1)).mappings()]
    return page_by_id(page_rows, size, count)


def one(conn: sa.Connection, notice_id: UUID, caller: Caller) -> dict[str, Any] | None:
    """Return one notice, or None when the caller may not see its case."""
    row = conn.execute(_visible_notices(caller).where(notice.c.id == notice_id)).mappings().one_or_none()
    return dict(row) if row is not None else None


def _visible_notices(caller: Caller) -> sa.Select[Any]:
    objection_json = sa.func.json_build_object(
        *("id", objection.c.id, "source", objection.c.source, "raised_on", objection.c.raised_on),
        *("outcome", objection.c.outcome, "answered_on", objection.c.answered_on),
    )
    objections = (
        sa.select(sa.func.json_agg(objection_json)).where(objection.c.notice_id == notice.c.id).scalar_subquery()
    )
    return (
        sa.select(notice, case.c.case_no, unit.c.name.label("unit_name"), objections.label("objections"))
        .join(case, case.c.id == notice.c.case_id)
        .join(unit, unit.c.id == case.c.unit_id)
        .where(visible_to(caller, case.c.unit_path))
    )


def of_case(conn: sa.Connection, case_id: UUID) -> list[dict[str, Any]]:
    """Return the notices of a case, the newest first, each with its `objections`; what it showed is still encrypted.

    The objections are those of objections_of(), the oldest first, by the same SELECT.
    """
    return _OF_CASE.dicts(conn, {"case_id": case_id})


def _select_of_case() -> sa.Select[Any]:
    names = ("id", "source", "raised_on", "outcome", "answered_on")
    columns = (each for name in names for each in (sa.literal_column(f"'{name}'", sa.Text()), objection.c[name]))
    rows = sa.select(sa.func.json_agg(aggregate_order_by(sa.func.json_build_object(*columns), objection.c.id))).where(
        objection.c.notice_id == notice.c.id
    )
    posted = sa.and_(event.c.subject_id == notice.c.case_id, event.c.seq == notice.c.seq)
    return (
        sa.select(notice, account.c.display_name.label("posted_by"), rows.scalar_subquery().label("objections"))
        .join(event, posted)
        .join(account, account.c.id == event.c.actor_id)
        .where(notice.c.case_id == sa.bindparam("case_id", type_=sa.Uuid()))
        .order_by(notice.c.id.desc())
    )


_OF_CASE = PreparedStatement(_select_of_case())


def objections_of(conn: sa.Connection, case_id: UUID) -> list[dict[str, Any]]:
    """Return every objection to an award of a case, the oldest first, with the award and who had posted it."""
    columns = (objection.c.id, objection.c.notice_id, objection.c.source, objection.c.raised_on, objection.c.outcome)
    posted = sa.and_(event.c.subject_id == notice.c.case_id, event.c.seq == notice.c.seq)
    rows = (
        sa.select(*columns, objection.c.answered_on, notice.c.award_fen, account.c.display_name.label("posted_by"))
        .join(notice, notice.c.id == objection.c.notice_id)
        .join(event, posted)
        .join(account, account.c.id == event.c.actor_id)
        .where(objection.c.case_id == case_id)
        .order_by(objection.c.id)
    )
    return [dict(row) for row in conn.execute(rows).mappings()]


def _objected(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return sa.select(objection.c.id).where(objection.c.notice_id == notice.c.id, *conditions)


FILTERS: Mapping[str, Callable[[Any], sa.ColumnElement[bool]]] = {
    "posted": lambda value: notice.c.ended_on.is_(None) if value == "up" else notice.c.ended_on.is_not(None),
    "objected": lambda value: (
        _objected(objection.c.outcome.is_(None)).exists() if value == "open" else _objected().exists()
    ),
    "from": lambda value: notice.c.posted_on >= value,
    "to": lambda value: notice.c.posted_on <= value,
    "case_no": lambda value: case.c.case_no == value,
}
"""The condition of each filter of the list of notices besides the unit."""

OBJECTION_FILTERS: Mapping[str, Callable[[Any], sa.ColumnElement[bool]]] = {
    "answer": lambda value: objection.c.outcome.is_(None) if value == "open" else objection.c.outcome == value,
    "source": lambda value: objection.c.source == value,
    "from": lambda value: objection.c.raised_on >= value,
    "to": lambda value: objection.c.raised_on <= value,
    "case_no": lambda value: case.c.case_no == value,
}
"""The condition of each filter of the list of objections besides the unit."""


def page_with_total(
    conn: sa.Connection,
    caller: Caller,
    filters: Mapping[str, Any],
    after: list[str] | None,
    size: int,
    most: int | None = COUNTED,
) -> tuple[Page, CountedSum]:
    """Return one page of notices with case and unit, the newest first, and the count of all.

    What a notice shows is still encrypted; `objections` and `open_objections` are their numbers.
    """
    return newest_with_total(conn, listed(conn, caller, filters), notice.c.id, _named, after, size, most)


def listed(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any]) -> sa.Select[Any]:
    """Select the ids of the notices that the list shows under filters."""
    rows = sa.select(notice.c.id).join(case, case.c.id == notice.c.case_id).where(visible_to(caller, case.c.unit_path))
    if "unit_id" in filters:
        rows = rows.where(in_unit(conn, case.c.unit_path, filters["unit_id"]))
    return rows.where(*(FILTERS[name](value) for name, value in filters.items() if name in FILTERS))


def _named(ids: sa.ColumnElement[UUID]) -> sa.Select[Any]:
    every, unanswered = (
        sa.select(sa.func.count()).select_from(each.subquery()).scalar_subquery()
        for each in (_objected().correlate(notice), _objected(objection.c.outcome.is_(None)).correlate(notice))
    )
    return (
        sa.select(notice, case.c.case_no, unit.c.name.label("unit_name"))
        .add_columns(every.label("objections"), unanswered.label("open_objections"))
        .join_from(ids.table, notice, notice.c.id == ids)
        .join(case, case.c.id == notice.c.case_id)
        .join(unit, unit.c.id == case.c.unit_id)
    )


def objections_with_total(
    conn: sa.Connection,
    caller: Caller,
    filters: Mapping[str, Any],
    after: list[str] | None,
    size: int,
    most: int | None = COUNTED,
) -> tuple[Page, CountedSum]:
    """Return one page of objections with case, unit and award, the newest first, and the count of all."""
    rows = listed_objections(conn, caller, filters)
    return newest_with_total(conn, rows, objection.c.id, _named_objections, after, size, most)


def listed_objections(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any]) -> sa.Select[Any]:
    """Select the ids of the objections that their list shows under filters."""
    rows = sa.select(objection.c.id).join(case, case.c.id == objection.c.case_id)
    rows = rows.where(visible_to(caller, case.c.unit_path))
    if "unit_id" in filters:
        rows = rows.where(in_unit(conn, case.c.unit_path, filters["unit_id"]))
    known = ((OBJECTION_FILTERS[name], value) for name, value in filters.items() if name in OBJECTION_FILTERS)
    return rows.where(*(condition(value) for condition, value in known))


def _named_objections(ids: sa.ColumnElement[UUID]) -> sa.Select[Any]:
    names = ("id", "case_id", "notice_id", "source", "raised_on", "outcome", "answered_on")
    return (
        sa.select(*(objection.c[name] for name in names), case.c.case_no, unit.c.name.label("unit_name"))
        .add_columns(notice.c.posted_on, notice.c.award_fen)
        .join_from(ids.table, objection, objection.c.id == ids)
        .join(notice, notice.c.id == objection.c.notice_id)
        .join(case, case.c.id == objection.c.case_id)
        .join(unit, unit.c.id == case.c.unit_id)
    )
