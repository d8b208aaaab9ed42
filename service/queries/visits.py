"""Visits: the list of the API, the list of the pages with its count, and one visit."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from service.queries import households
from service.queries.page import COUNTED, CountedSum, Page, newest_page, newest_with_total
from service.queries.scope import Caller, visible_to
from service.queries.units import in_unit
from service.tables.accounts import account
from service.tables.cases import case
from service.tables.gifts import gift
from service.tables.households import household
from service.tables.persons import person
from service.tables.units import unit
from service.tables.visits import visit, visit_confirmation, visit_photo, visit_visitor
from workflows.code_lists import VisitKind


def page(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any], after: list[str] | None, size: int) -> Page:
    """Return visits of the caller's units, newest entry first, each with its visitors and the ids of its photos."""
    visitor_ids = sa.select(sa.func.array_agg(visit_visitor.c.account_id)).where(visit_visitor.c.visit_id == visit.c.id)
    photo_ids = sa.select(sa.func.array_agg(visit_photo.c.document_id)).where(visit_photo.c.visit_id == visit.c.id)
    photos = sa.func.coalesce(photo_ids.scalar_subquery(), sa.cast([], sa.ARRAY(sa.Uuid()))).label("photos")
    rows = sa.select(visit, visitor_ids.scalar_subquery().label("visitors"), photos)
    rows = rows.where(visible_to(caller, visit.c.unit_path))
    return newest_page(conn, rows, visit.c.id, {visit.c[name]: value for name, value in filters.items()}, after, size)


def _has_visitor(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.exists().where(visit_visitor.c.visit_id == visit.c.id, *conditions)


def _waits() -> sa.ColumnElement[bool]:
    """Return the condition for surveys that name a visitor who has not confirmed; older ones were not asked."""
    confirmation = visit_confirmation.c
    own = sa.exists().where(
        confirmation.visit_id == visit_visitor.c.visit_id, confirmation.account_id == visit_visitor.c.account_id
    )
    return sa.and_(visit.c.kind == VisitKind.SURVEY.value, visit.c.seen.is_not(None), _has_visitor(~own))


FILTERS: Mapping[str, Callable[[Any], sa.ColumnElement[bool]]] = {
    "kind": lambda value: visit.c.kind == value,
    "visitor": lambda value: _has_visitor(visit_visitor.c.account_id == value),
    "confirmed": lambda value: (
        _waits() if value == "no" else sa.and_(visit.c.kind == VisitKind.SURVEY.value, sa.not_(_waits()))
    ),
    "record_state": lambda value: visit.c.voided_on.is_not(None) if value == "voided" else visit.c.voided_on.is_(None),
    "from": lambda value: visit.c.on >= value,
    "to": lambda value: visit.c.on <= value,
    "case_id": lambda value: visit.c.case_id == value,
}
"""The condition of each filter besides the unit and the number of the family's file."""


def page_with_total(
    conn: sa.Connection,
    caller: Caller,
    filters: Mapping[str, Any],
    after: list[str] | None,
    size: int,
    most: int | None = COUNTED,
) -> tuple[Page, CountedSum]:
    """Return one page of visits with the names around them, newest entry first, and the count of all; voided ones included."""
    rows = listed(conn, caller, filters)
    return newest_with_total(conn, rows, visit.c.id, lambda ids: _named(ids, caller), after, size, most)


def listed(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any]) -> sa.Select[Any]:
    """Select the ids of the visits that the list shows under filters."""
    rows = sa.select(visit.c.id).where(visible_to(caller, visit.c.unit_path))
    if "unit_id" in filters:
        rows = rows.where(in_unit(conn, visit.c.unit_path, filters["unit_id"]))
    if "file_no" in filters:
        rows = rows.where(visit.c.household_id.in_(households.numbered(caller, filters["file_no"])))
    return rows.where(*(FILTERS[name](value) for name, value in filters.items() if name in FILTERS))


def _people_of(of_visit: Any) -> sa.ScalarSelect[Any]:
    names = sa.func.array_agg(aggregate_order_by(account.c.display_name, account.c.display_name))
    rows = sa.select(names).join(of_visit, of_visit.c.account_id == account.c.id)
    return rows.where(of_visit.c.visit_id == visit.c.id).correlate(visit).scalar_subquery()


def _named(ids: sa.ColumnElement[UUID], caller: Caller) -> sa.Select[Any]:
    """Select visits with these ids: also unit, visitors, who of them has confirmed, family and case.

    Family and case are null where the caller does not see them; the name is that of the head, still encrypted.
    """
    sees_family, sees_case = visible_to(caller, household.c.unit_path), visible_to(caller, case.c.unit_path)
    shown = (column for column in visit.c if column.name not in {"household_id", "case_id", "seen"})
    return (
        sa.select(
            *shown,
            unit.c.name.label("unit_name"),
            visit.c.case_id.is_not(None).label("is_of_case"),
            _waits().label("waits"),
        )
        .add_columns(_people_of(visit_visitor).label("visitors"), _people_of(visit_confirmation).label("confirmed"))
        .add_columns(sa.case((sees_family, household.c.id)).label("household_id"))
        .add_columns(sa.case((sees_family, household.c.file_no)).label("file_no"))
        .add_columns(person.c.id.label("head_id"), sa.case((sees_family, person.c.name_sealed)).label("name_sealed"))
        .add_columns(
            sa.case((sees_case, case.c.id)).label("case_id"), sa.case((sees_case, case.c.case_no)).label("case_no")
        )
        .join_from(ids.table, visit, visit.c.id == ids)
        .join(unit, unit.c.id == visit.c.unit_id)
        .outerjoin(household, household.c.id == visit.c.household_id)
        .outerjoin(case, case.c.id == visit.c.case_id)
        .outerjoin(person, person.c.id == households.head_of(household.c.id))
    )


def one(conn: sa.Connection, visit_id: UUID, caller: Caller) -> dict[str, Any] | None:
    """Return a visit with the names around it, or None when the caller may not see it.

    Also the ids of its visitors, the number of gifts given on it, and the visit that corrects it (`corrected_by`).
    """
    ids = sa.select(visit.c.id).where(visit.c.id == visit_id, visible_to(caller, visit.c.unit_path)).subquery("few")
    later = visit.alias("later")
    correction = sa.select(later.c.id).where(later.c.corrects_id == visit.c.id, later.c.unit_path == visit.c.unit_path)
    of_void = sa.case((visit.c.voided_on.is_not(None), correction.limit(1).scalar_subquery()))
    live = sa.and_(gift.c.visit_id == visit.c.id, gift.c.voided_on.is_(None))
    given = sa.select(sa.func.count()).select_from(gift).where(live, visible_to(caller, gift.c.unit_path))
    visitor_ids = sa.select(sa.func.array_agg(visit_visitor.c.account_id)).where(visit_visitor.c.visit_id == visit.c.id)
    rows = (
        _named(ids.c.id, caller)
        .add_columns(of_void.label("corrected_by"), given.correlate(visit).scalar_subquery().label("gifts"))
        .add_columns(visitor_ids.correlate(visit).scalar_subquery().label("visitor_ids"))
    )
    row = conn.execute(rows).mappings().one_or_none()
    return dict(row) if row is not None else None
