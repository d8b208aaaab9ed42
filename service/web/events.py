"""/audit and /events: the auditor's room: the ready lists, the events by subject, person, day and kind, one event as it was hashed."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, render_template

from service.actions.errors import NotFound
from service.clock import UNION_TIME
from service.crypto.hash_chain import event_hash
from service.http.auth import requires_role
from service.http.context import app_state, at, caller, today
from service.http.errors import language
from service.http.known_names import takes_query
from service.http.transaction import connection
from service.i18n.catalogue import translate
from service.integrity.faults import Fault
from service.integrity.owed import owed_faults
from service.integrity.schema_objects import schema_faults
from service.integrity.verify import verify
from service.queries import anchors, named_rows
from service.queries import events as read
from service.queries.page import COUNTED
from service.report.figures import snapshot
from service.tables.events import SUBJECTS
from service.web import lists
from service.web.event_filters import FILTERS, event_filters, event_labels
from service.web.event_words import address_of, event_words, fact_lines, gist, with_ids_apart
from service.web.formatting import instant, joined
from service.web.past_lists import past_list
from service.web.proposed_content import ids_in
from workflows.vocabulary import Role

blueprint = Blueprint("events", __name__)
_ID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}")
MOST_EVENTS = 200_000
"""Events that are verified while a person waits; beyond, the page names the command."""


@blueprint.get("/audit")
@requires_role(Role.AUDITOR)
def show_room() -> str:
    """Show the ready lists, the newest checkpoint, and what no checkpoint covers yet."""
    conn = connection()
    return render_template("audit/show.html", lists=tuple(read.LISTS), **_log_state(conn))


def _log_state(conn: Any) -> dict[str, Any]:
    last, free = anchors.last(conn), anchors.oldest_free(conn)
    return {
        "anchor": last,
        "anchor_age": (today() - last.on).days if last else None,
        "free_since": free,
        "newest": (newest := read.newest(conn)),
        "is_small": newest <= MOST_EVENTS,
    }


@blueprint.get("/audit/verification")
@requires_role(Role.AUDITOR)
def verify_log() -> str:
    """Verify the event log now, with its rows, balances, checkpoints and decisions, and show what was found."""
    conn = connection()
    state = _log_state(conn)
    if not state["is_small"]:
        return render_template("audit/show.html", lists=tuple(read.LISTS), **state)
    with snapshot(app_state().engine) as seen:
        found = verify(seen)
        found.faults += [*schema_faults(seen), *owed_faults(seen, at())]
    own = _own_faults(found.faults)
    faults = [translate(f"cli.fault.{each.code}", language(), **each.values()) for each in own]
    count, elsewhere = len(found.faults), len(found.faults) - len(own)
    return render_template(
        "audit/verification.html", found=found, faults=faults, count=count, elsewhere=elsewhere, **state
    )


def _own_faults(faults: Sequence[Fault]) -> list[Fault]:
    """Return the faults that name nothing outside the auditor's units: an id of another unit's record is not shown."""
    if read.sees_every_unit(connection(), caller()):
        return list(faults)
    named = [(each, {UUID(found) for found in _ID.findall(each.key)}) for each in faults]
    seen = read.subjects_seen(connection(), set[UUID]().union(*(ids for _, ids in named)), caller())
    return [each for each, ids in named if ids <= seen]


@blueprint.get("/events")
@requires_role(Role.AUDITOR)
@past_list
@takes_query("after", *FILTERS)
def list_events() -> str:
    """List the events of the auditor's units, newest first: by subject, person, kind and day, or a ready list."""
    conn, filters = connection(), event_filters()
    key, staff = lists.cursor_key(filters), read.actors(conn, caller())
    page = read.page(conn, caller(), filters, key, lists.PAGE_SIZE, most=COUNTED)
    names = _names(page.rows)
    return render_template(
        "audit/events.html",
        rows=[_worded(row, names) for row in page.rows],
        count=page.count,
        is_capped=page.count_is_capped,
        next_url=lists.next_url(page.last, filters),
        chosen=lists.chosen_filters(event_labels(filters, staff)),
        filters=filters,
        lists=tuple(read.LISTS),
        subjects=SUBJECTS,
        staff=staff,
    )


def _names(rows: Sequence[dict[str, Any]], *more: UUID) -> dict[UUID, str]:
    """Return the names of what events are about, of the people in them, and of more rows."""
    of_rows = (
        id_ for row in rows for id_ in (row["subject_id"], row["actor_id"], row["principal_id"], *row["confirmed_by"])
    )
    return named_rows.names_of(connection(), {*filter(None, of_rows), *more}, caller())


def _worded(row: dict[str, Any], names: Mapping[UUID, str]) -> dict[str, Any]:
    at_once = row["at"].astimezone(UNION_TIME).date() == row["on"]
    return {
        **row,
        "words": event_words(row["subject"], row["action"]),
        "gist": gist(row["facts"]),
        "written": row["at"].astimezone(UNION_TIME).strftime("%H:%M") if at_once else instant(row["at"]),
        "principal": names.get(row["principal_id"], row["principal"]),
        "confirmers": joined(names[each] for each in row["confirmed_by"] if each in names),
        "about": names.get(row["subject_id"]) or str(row["subject_id"])[-8:],
        "address": address_of(row["subject"], row["subject_id"]),
    }


@blueprint.get("/events/<int:number>")
@requires_role(Role.AUDITOR)
def show_event(number: int) -> str:
    """Show one event in words and as it was hashed, and whether its hash is that of its bytes."""
    conn = connection()
    row = read.one(conn, number, caller())
    if row is None:
        raise NotFound
    body = json.loads(row["body"])
    said = with_ids_apart({**(body.get("facts") or {}), **(body.get("answers") or {})})
    names = _names([row], *ids_in(said.values()))
    return render_template(
        "audit/event.html",
        row=_worded(row, names),
        facts=fact_lines(said, row["action"], names),
        actor=names.get(row["actor_id"], row["actor"]),
        is_whole=row["hash"] == event_hash(bytes.fromhex(row["prev"]), row["body"]).hex(),
    )
