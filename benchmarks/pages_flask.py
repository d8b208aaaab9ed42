"""The two compared pages in the thinnest Flask: psycopg, hand-written SQL and a Jinja template.

It is served with the service's gunicorn settings: `gunicorn benchmarks.pages_flask:create_app()`.
"""

import os
import secrets
import threading
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Any
from uuid import UUID

from flask import Flask, abort, render_template, request

from benchmarks import pages_decision, pages_list, pages_sql
from benchmarks.check_input import Clerk
from benchmarks.pages_decision import Reading
from benchmarks.pages_record import ShownNotice, Words, hidden_fields
from benchmarks.pages_waiting_sql import waiting
from benchmarks.pages_words import known
from benchmarks.psycopg_two_statements import connect
from service.crypto.encryption import Keyring, decrypt_field, read_keyring
from service.db.columns import new_id
from workflows.disclosure import Profile, shown
from workflows.policy import PolicySet
from workflows.policy_parser import read_policy
from workflows.workdays import Calendar

IDLE, TOUCHED_EVERY = timedelta(minutes=30), timedelta(minutes=1)


class ThreadReader(threading.local):
    """A connection for each thread, with the policy sets and calendars that it has read."""

    def __init__(self) -> None:
        self.db = connect(os.environ["DATABASE_URL"])
        self.db.autocommit = True
        self.policies: dict[UUID, PolicySet] = {}
        self.calendars: dict[tuple[int, ...], Calendar] = {}

    def rows(self, sql: str, **values: object) -> list[Any]:
        """Return the rows of a prepared statement."""
        return self.db.execute(sql, values).fetchall()

    def policy(self, policy_id: UUID) -> PolicySet:
        """Return a policy set, which never changes."""
        if policy_id not in self.policies:
            self.policies[policy_id] = read_policy(self.rows(pages_sql.POLICY, policy=policy_id)[0].source)
        return self.policies[policy_id]

    def calendar(self, years: list[int]) -> Calendar:
        """Return the calendar of these years, which never changes."""
        key = tuple(years)
        if key not in self.calendars:
            days = {row.on: row.working for row in self.rows(pages_sql.CALENDAR, years=years)}
            self.calendars[key] = Calendar(days, frozenset(years))
        return self.calendars[key]


class Office:
    """What a web process holds: its keys, its threads' connections and its longest statement."""

    def __init__(self) -> None:
        self.keyring: Keyring = read_keyring(os.environ["KEYRING"])
        self.waiting = waiting(known()["steps"])

    @cached_property
    def reader(self) -> ThreadReader:
        """The reader, created at the first request: a connection opened before the fork would be shared."""
        return ThreadReader()

    def masked(self, field: str, row_id: UUID, sealed: bytes | None, profile_field: str) -> str:
        """Return a decrypted field as lists show it; an empty text where there is none."""
        if sealed is None:
            return ""
        return shown(profile_field, decrypt_field(self.keyring, field, row_id, sealed), Profile.LIST) or ""


@dataclass(frozen=True)
class Reader:
    """The signed-in person of a request."""

    clerk: Clerk
    name: str
    csrf: str
    proof: str


def create_app() -> Flask:
    """Return the app, each thread of which has a connection."""
    app, office = Flask("pages", root_path=os.path.dirname(__file__), template_folder="page_templates"), Office()  # noqa: PTH120
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    def show(case: UUID) -> str:
        return show_case(office, case)

    def listed() -> str:
        return list_cases(office)

    app.add_url_rule("/cases/<uuid:case>", view_func=show)
    app.add_url_rule("/cases", view_func=listed)
    return app


def show_case(office: Office, case: UUID) -> str:
    """Show a case in approval. 401 without a session, 404 for a case that the person may not see."""
    today, reader = _today(), office.reader
    person = _person(office, today)
    rows = reader.rows(pages_sql.DECISION, case=case, today=today, paths=person.clerk.paths)
    if not rows:
        abort(404)
    reading = _reading(office, rows[0], person.clerk, today)
    page = pages_decision.page(reading, person.clerk, today, reader.policy(rows[0].policy_set_id), person.proof)
    page["key"] = str(new_id())
    for form in page["forms"]:
        form["key"] = str(new_id())
    return render_template("case.html", **page, name=person.name, csrf=_masked(person.csrf), path=request.path)


def _reading(office: Office, row: Any, clerk: Clerk, today: date) -> Reading:
    reader = office.reader
    people = reader.rows(pages_sql.MEMBERS, household=row.household_id)
    events, staff = reader.rows(pages_sql.EVENTS, case=row.id), dict[tuple[str, UUID], list[Any]]()
    for each in reader.rows(pages_sql.STAFF, above=pages_sql.above(row.unit_path), today=today):
        staff.setdefault((each.display_name, each.id), []).append(
            (each.role, each.tier, each.path, each.for_account_id)
        )
    return Reading(
        row=row,
        events=events,
        letters=reader.rows(pages_sql.LETTERS, case=row.id),
        members=[_member(office, each) for each in people],
        payee=_payee(office, people[0]),
        signed_content=_signed_content(office, row),
        words=_words(office, events, hidden_fields(clerk, row.unit_path)),
        notices=[_notice(office, each) for each in reader.rows(pages_sql.NOTICES, case=row.id)],
        documents=reader.rows(pages_sql.DOCUMENTS, case=row.id, household=row.household_id),
        staff=[(name, Clerk(account, tuple(grants), [])) for (name, account), grants in staff.items()],
    )


def _member(office: Office, each: Any) -> dict[str, Any]:
    return {
        "id": each.id,
        "relation": each.relation,
        "name": office.masked("person.name", each.id, each.name_sealed, "name"),
        "id_no": office.masked("person.id_no", each.id, each.id_no_sealed, "id_number"),
        "phone": office.masked("person.phone", each.id, each.phone_sealed, "phone"),
    }


def _payee(office: Office, first: Any) -> dict[str, Any] | None:
    if first.card_id is None:
        return None
    card = office.masked("bank_account.card", first.card_id, first.card_sealed, "card")
    return {"bank": first.bank, "card": card, "person_id": first.holder_id}


def _words(office: Office, events: list[Any], hidden: Collection[str] | None) -> Words:
    """Return the decrypted words of the events, without the hidden fields; none where `hidden` is None."""
    if hidden is None:
        return {}
    return {
        each.seq: {
            field: decrypt_field(office.keyring, "sealed_remark.text", UUID(remark), bytes.fromhex(sealed))
            for remark, field, sealed in each.remarks
            if field not in hidden
        }
        for each in events
        if each.remarks
    }


def _notice(office: Office, each: Any) -> ShownNotice:
    shown_text = decrypt_field(office.keyring, "notice.shown", each.id, each.shown_sealed)
    days, objections = (each.posted_on, each.ends_on, each.ended_on), each.objections or []
    return ShownNotice(each.id, *days, each.places, each.posted_by, shown_text, objections)


def _signed_content(office: Office, row: Any) -> str | None:
    if row.signature is None or row.signature[5] is None:
        return None
    return decrypt_field(office.keyring, "approval.content", UUID(row.signature[4]), bytes.fromhex(row.signature[5]))


@dataclass(frozen=True)
class _Listed:
    """A row of the list, with the masked name of its beneficiary."""

    row: Any
    beneficiary: str

    def __getattr__(self, name: str) -> Any:
        return getattr(self.row, name)


def list_cases(office: Office) -> str:
    """List the first page of the cases of the person's units. 401 without a session."""
    today, reader = _today(), office.reader
    person, sort = _person(office, today), request.args.get("sort", "newest")
    condition, bounds = pages_sql.scope(person.clerk.paths)
    counted = reader.rows(pages_sql.total(condition), **bounds)[0]
    sort = sort if sort in pages_list.SORTS else "newest"
    rows = reader.rows(pages_sql.listed(condition, sort, pages_list.SIZE + 1), **bounds)
    people: dict[UUID, list[tuple[str, str]]] = {}
    for each in reader.rows(office.waiting, cases=[row.id for row in rows[: pages_list.SIZE]], today=today):
        people.setdefault(each.case_id, []).append((each.display_name, each.role))
    seen = [_Listed(row, office.masked("person.name", row.beneficiary_id, row.name_sealed, "name")) for row in rows]
    calendar, key = reader.calendar(counted.years), office.keyring.index_key
    page = pages_list.page(seen, people, counted.total, counted.units or (), today, calendar, key)
    for export in page["exports"]:
        export["key"] = str(new_id())
    page["query"] = request.query_string.decode()
    return render_template(
        "list.html", **page, sort=sort, name=person.name, csrf=_masked(person.csrf), path=request.path
    )


def _today() -> date:
    return datetime.fromisoformat(request.headers["X-Songnuan-Date"]).date()


def _person(office: Office, today: date) -> Reader:
    """Return who the session cookie belongs to, and note once a minute that it was used. 401 without a live session."""
    at, cookie = datetime.now(UTC), request.cookies.get("songnuan", "")
    lookup = {"hash": sha256(cookie.encode()).digest(), "today": today, "at": at, "seen_after": at - IDLE}
    rows = office.reader.rows(pages_sql.SESSION, **lookup)
    if not rows:
        abort(401)
    first = rows[0]
    if at - first.last_seen_at >= TOUCHED_EVERY:
        office.reader.db.execute(pages_sql.TOUCH, {"at": at, "session": first.session_id})
    grants = tuple((row.role, row.tier, row.path, row.for_account_id) for row in rows if row.role)
    clerk = Clerk(first.id, grants, pages_decision.paths_of(grants))
    if not clerk.paths:
        abort(403)
    proof = "totp" if first.has_totp else "passkey" if first.has_passkey else "password"
    return Reader(clerk, first.display_name, first.csrf_token, proof)


def _masked(token: str) -> str:
    """Return the CSRF token as another text each time, as the service does."""
    plain = token.encode()
    pad = secrets.token_bytes(len(plain))
    return (pad + bytes(one ^ other for one, other in zip(pad, plain, strict=True))).hex()
