"""The list of letters about cases, and one letter: its kind, its reader, and how its delivery went."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries.notifications import FAILED
from service.queries.page import COUNTED, CountedSum, Page, newest_with_total
from service.queries.scope import Caller, visible_to
from service.queries.units import in_unit
from service.tables.accounts import account
from service.tables.cases import case
from service.tables.notifications import notification
from service.tables.persons import person
from service.tables.units import unit
from workflows.vocabulary import Role

FAMILY, STAFF = "family", "staff"
"""Who reads a letter."""

FILTERS: Mapping[str, Callable[[Any], sa.ColumnElement[bool]]] = {
    "letter_state": lambda value: notification.c.state == value,
    "letter_kind": lambda value: notification.c.kind == value,
    "channel": lambda value: notification.c.channel == value,
    "reader": lambda value: (notification.c.person_id if value == FAMILY else notification.c.account_id).is_not(None),
    "from": lambda value: notification.c.on >= value,
    "to": lambda value: notification.c.on <= value,
    "case_no": lambda value: case.c.case_no == value,
}
"""The condition of each filter besides the unit."""


def _seen(caller: Caller) -> sa.ColumnElement[bool]:
    """Return the condition for letters about the caller's cases; an administrator sees those that failed, to send them again."""
    failed = sa.and_(notification.c.state.in_(FAILED), visible_to(caller, case.c.unit_path, frozenset({Role.ADMIN})))
    return sa.or_(visible_to(caller, case.c.unit_path), failed)


def page_with_total(
    conn: sa.Connection,
    caller: Caller,
    filters: Mapping[str, Any],
    after: list[str] | None,
    size: int,
    most: int | None = COUNTED,
) -> tuple[Page, CountedSum]:
    """Return one page of letters with case and reader, the newest first, and the count of all."""
    rows = listed(conn, caller, filters)
    return newest_with_total(conn, rows, notification.c.id, lambda ids: _named(ids, caller), after, size, most)


def listed(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any]) -> sa.Select[Any]:
    """Select the ids of the letters that the list shows under filters."""
    rows = sa.select(notification.c.id).join(case, case.c.id == notification.c.case_id).where(_seen(caller))
    if "unit_id" in filters:
        rows = rows.where(in_unit(conn, case.c.unit_path, filters["unit_id"]))
    return rows.where(*(FILTERS[name](value) for name, value in filters.items() if name in FILTERS))


def _named(ids: sa.ColumnElement[UUID], caller: Caller) -> sa.Select[Any]:
    """Select letters with these ids: also the case, its unit, and the reader, a member of a family still encrypted.

    The case's page (`case_seen`) and the family's name are for those who read the case.
    """
    names = (
        "id",
        "kind",
        "channel",
        "state",
        "on",
        "created_at",
        "delivered_at",
        "attempts",
        "last_error",
        "person_id",
    )
    sees_case = visible_to(caller, case.c.unit_path)
    return (
        sa.select(*(notification.c[name] for name in names), case.c.id.label("case_id"), case.c.case_no)
        .add_columns(case.c.unit_path, unit.c.name.label("unit_name"), sees_case.label("case_seen"))
        .add_columns(account.c.display_name.label("staff"), account.c.email.label("staff_email"))
        .add_columns(sa.case((sees_case, person.c.name_sealed)).label("name_sealed"))
        .add_columns(sa.case((sees_case, person.c.email_sealed)).label("email_sealed"))
        .join_from(ids.table, notification, notification.c.id == ids)
        .join(case, case.c.id == notification.c.case_id)
        .join(unit, unit.c.id == case.c.unit_id)
        .outerjoin(account, account.c.id == notification.c.account_id)
        .outerjoin(person, person.c.id == notification.c.person_id)
    )


def one(conn: sa.Connection, notification_id: UUID, caller: Caller) -> dict[str, Any] | None:
    """Return a letter about a case, or None when the caller may not see it."""
    rows = sa.select(notification.c.id).join(case, case.c.id == notification.c.case_id)
    few = rows.where(notification.c.id == notification_id, _seen(caller)).subquery("few")
    row = conn.execute(_named(few.c.id, caller)).mappings().one_or_none()
    return dict(row) if row is not None else None
