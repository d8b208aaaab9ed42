"""Searches persons, families and cases, and records who looked for a person (docs/decisions/0036)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log
from service.actions.context import ActionContext
from service.actions.search_text import recognise
from service.queries import household_list, masking
from service.queries import search as read
from service.queries.page import COUNTED, Page
from service.queries.scope import CASE_READERS
from service.queries.search import Sought
from service.tables.events import event
from workflows.vocabulary import Reason, Refused

MOST = 50
"""Persons, and families, that one search shows."""

MAX_SEARCHES_PER_DAY = 500
"""Searches for persons that one account may make in 24 hours: many for a day's work, a twentieth of the four-digit tails."""


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """A person, masked, with the family and its unit."""

    person_id: UUID
    household_id: UUID
    name: str
    id_no: str | None
    phone: str | None
    relation: str
    is_member: bool
    """Not of a former member."""

    file_no: str
    unit_id: UUID
    unit: str
    exited_on: date | None
    """The day on which the family's file ended."""


@dataclass(frozen=True, slots=True)
class FoundHousehold:
    """A family found by its file number; `head` is the head's masked name, None when the file has ended."""

    household_id: UUID
    file_no: str
    head: str | None
    unit_id: UUID
    unit: str
    exited_on: date | None


@dataclass(frozen=True, slots=True)
class SearchResults:
    """What a search found: at most MOST persons and families; `has_more` when there are more."""

    by: tuple[str, ...] = ()
    """What the text was compared with."""

    persons: tuple[FoundPerson, ...] = ()
    households: tuple[FoundHousehold, ...] = ()
    cases: tuple[Mapping[str, Any], ...] = ()
    has_more: bool = False


def search(conn: sa.Connection, text: str, context: ActionContext) -> SearchResults:
    """Return the persons, families and cases of the caller's units that a text may mean; record a search for persons.

    Raises Refused (too_many_searches).
    """
    sought = recognise(text, context.keyring)
    if not context.caller.roles & CASE_READERS:
        return SearchResults(by=sought.by)
    _refuse_too_many(conn, sought, context)
    person_rows = read.persons(conn, sought, context.caller, MOST + 1) if sought.of_persons else []
    household_rows = read.households(conn, sought, context.caller, MOST + 1) if sought.file_no else []
    persons = sorted((_found_person(row, context) for row in person_rows[:MOST]), key=_order)
    _record(conn, sought, (each.person_id for each in persons), context)
    return SearchResults(
        by=sought.by,
        persons=tuple(persons),
        households=tuple(_found_household(row, context) for row in household_rows[:MOST]),
        cases=tuple(read.cases(conn, sought, context.caller)),
        has_more=max(len(person_rows), len(household_rows)) > MOST,
    )


def list_households(
    conn: sa.Connection,
    filters: Mapping[str, Any],
    after: list[str] | None,
    size: int,
    context: ActionContext,
    *,
    most: int | None = COUNTED,
) -> Page:
    """Return a page of the list of families (queries/household_list.py); a text in `filters["q"]` searches, and is recorded.

    Raises Refused (too_many_searches).
    """
    sought = recognise(str(filters.get("q", "")), context.keyring)
    _refuse_too_many(conn, sought, context)
    chosen = {name: value for name, value in filters.items() if name != "q"}
    if "q" in filters:
        chosen["sought"] = sought
    page = household_list.page(conn, context.caller, chosen, context.today, after, size, most=most)
    _record(conn, sought, (), context, households=(row["id"] for row in page.rows))
    return page


def _refuse_too_many(conn: sa.Connection, sought: Sought, context: ActionContext) -> None:
    if sought.of_persons and _searches_of_day(conn, context) >= MAX_SEARCHES_PER_DAY:
        raise Refused(Reason.of("too_many_searches", limit=MAX_SEARCHES_PER_DAY))


def _searches_of_day(conn: sa.Connection, context: ActionContext) -> int:
    """Return how many searches the account made in 24 hours, at most the limit: the chain is read from its end."""
    own = sa.and_(event.c.subject_id == context.caller.account, event.c.action == "search")
    last = sa.select(event.c.at).where(own).order_by(event.c.seq.desc()).limit(MAX_SEARCHES_PER_DAY).subquery()
    recent = sa.select(sa.func.count()).where(last.c.at > context.at - timedelta(days=1))
    return conn.scalar(recent) or 0


def _record(
    conn: sa.Connection,
    sought: Sought,
    persons: Iterable[UUID],
    context: ActionContext,
    households: Iterable[UUID] = (),
) -> None:
    """Record a search for persons on the chain of the account: by what, and whom it found; never what was typed."""
    if not sought.of_persons:
        return
    found = {"persons": ",".join(map(str, persons)), "households": ",".join(map(str, households))}
    facts = {"by": ",".join(sought.by), **{key: ids for key, ids in found.items() if ids}}
    event_log.append_event(conn, "account", context.caller.account, "search", facts, context)


def _found_person(row: Mapping[str, Any], context: ActionContext) -> FoundPerson:
    shown = masking.member(context.keyring, row)
    masked = {name: shown[name] for name in ("name", "id_no", "phone")}
    family = {name: row[name] for name in ("household_id", "relation", "file_no", "unit_id", "unit", "exited_on")}
    return FoundPerson(person_id=row["id"], is_member=row["active"], **masked, **family)


def _order(found: FoundPerson) -> tuple[Any, ...]:
    """Members before former members, then by file."""
    return not found.is_member, found.file_no, found.household_id, found.relation != "head", found.person_id


def _found_household(row: Mapping[str, Any], context: ActionContext) -> FoundHousehold:
    head = {"id": row["head_id"], "name_sealed": row["name_sealed"]}
    family = {name: row[name] for name in ("file_no", "unit_id", "unit", "exited_on")}
    return FoundHousehold(
        household_id=row["id"], head=masking.name(context.keyring, head) if row["head_id"] else None, **family
    )
