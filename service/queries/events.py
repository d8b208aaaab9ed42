"""Events for auditors: by subject, person, day and kind, and the ready lists."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries.page import Page, counted, cut
from service.queries.scope import Caller, visible_to
from service.tables.accounts import account
from service.tables.activities import activity
from service.tables.cases import case
from service.tables.confirmations import confirmation
from service.tables.documents import document
from service.tables.donations import donation
from service.tables.events import event
from service.tables.funds import fund
from service.tables.gifts import gift
from service.tables.households import household
from service.tables.persons import person
from service.tables.units import unit
from service.tables.visits import visit
from service.tables.workbook_imports import workbook_import
from workflows.vocabulary import Role

AUDITORS = frozenset({Role.AUDITOR})
_actor, _principal = account.alias("actor"), account.alias("principal")
_FACTS = sa.cast(event.c.body, sa.dialects.postgresql.JSONB)["facts"]
_ANSWERS = sa.cast(event.c.body, sa.dialects.postgresql.JSONB)["answers"]


def _actions(subject: str, *names: str) -> sa.ColumnElement[bool]:
    return sa.and_(event.c.subject == subject, event.c.action.in_(names))


SIGN_INS = (
    *("sign_in", "sign_in_failed", "sign_out", "end_session", "set_password", "set_up_with_password", "set_totp"),
    *("make_recovery_codes", "add_passkey", "remove_passkey", "link_provider", "unlink_provider"),
)
"""What people do with their own keys: each day has dozens, among which nobody finds a power that was given."""

TAKEN = ("export", "make_bundle")
OTHERS = ("anchor", "search", "match_number", "resend_notification", "make_token", "revoke_token")
"""Events of accounts that are in other lists or give no power."""


@dataclass(frozen=True, slots=True)
class ReadyList:
    """One list that auditors get without asking (docs/domain/audit-rules.md §5.4)."""

    key: str
    rows: sa.ColumnElement[bool]


LISTS: Mapping[str, ReadyList] = {
    each.key: each
    for each in (
        ReadyList("cash", sa.and_(_actions("case", "pay"), _ANSWERS["method"].astext == "cash")),
        ReadyList("stand_ins", sa.or_(event.c.principal_id.is_not(None), _FACTS["for"].astext.is_not(None))),
        ReadyList(
            "for_others",
            sa.and_(
                event.c.subject != "case", sa.or_(_FACTS["principal"].astext.is_not(None), _FACTS["files"].is_not(None))
            ),
        ),
        ReadyList("returns", _actions("case", "payment_failed", "payment_returned", "confirm_return", "reject_return")),
        ReadyList(
            "recalls",
            _actions("case", "recall", "recover", "recover_part", "confirm_recovery", "reject_recovery", "write_off"),
        ),
        ReadyList("voids", sa.or_(event.c.action.startswith("void_"), event.c.action.startswith("correct_"))),
        ReadyList("second_person", sa.or_(event.c.confirmation_id.is_not(None), event.c.subject == "confirmation")),
        ReadyList(
            "powers",
            sa.and_(event.c.subject.in_(("account", "unit")), event.c.action.not_in((*SIGN_INS, *TAKEN, *OTHERS))),
        ),
        ReadyList("sign_ins", _actions("account", *SIGN_INS)),
        ReadyList("taken", _actions("account", *TAKEN)),
        ReadyList("tokens", _actions("account", "make_token", "revoke_token", "invite", "accept_invitation")),
        ReadyList("rules", event.c.subject == "policy"),
        ReadyList("imports", event.c.subject == "import"),
        ReadyList("kinship", _actions("household", "declare_kinship", "confirm_kinship", "end_kinship")),
        ReadyList(
            "looks",
            sa.or_(
                _actions("person", "reveal", "match_number"),
                _actions("account", "search", "match_number"),
                _actions("document", "open_document"),
            ),
        ),
    )
}
"""By their names in the address."""


def seen_by(caller: Caller) -> sa.ColumnElement[bool]:
    """Return the condition for events about the units over which the caller is an auditor; rules concern every unit."""
    in_unit = []
    for table in (case, household, fund, visit, gift, donation, activity, confirmation):
        row = sa.select(table.c.id).where(table.c.id == event.c.subject_id, _over(caller, table.c.unit_path))
        in_unit.append(sa.and_(event.c.subject == table.name, row.exists()))
    members = sa.select(person.c.id).join(household, household.c.id == person.c.household_id)
    of_member = members.where(person.c.id == event.c.subject_id, _over(caller, household.c.unit_path))
    staff = sa.select(account.c.id).join(unit, unit.c.id == account.c.unit_id)
    of_staff = staff.where(account.c.id == event.c.subject_id, _over(caller, unit.c.path))
    of_unit = sa.select(unit.c.id).where(unit.c.id == event.c.subject_id, _over(caller, unit.c.path))
    scans = sa.select(document.c.id).join(household, household.c.id == document.c.household_id)
    of_scan = scans.where(document.c.id == event.c.subject_id, _over(caller, household.c.unit_path))
    imports = sa.select(workbook_import.c.id)
    of_import = imports.where(workbook_import.c.id == event.c.subject_id, _over(caller, workbook_import.c.unit_path))
    others = (
        ("import", of_import),
        ("person", of_member),
        ("document", of_scan),
        ("account", of_staff),
        ("unit", of_unit),
    )
    in_unit += [sa.and_(event.c.subject == subject, row.exists()) for subject, row in others]
    return sa.or_(event.c.subject == "policy", *in_unit)


def sees_every_unit(conn: sa.Connection, caller: Caller) -> bool:
    """Return whether the caller is an auditor over every unit."""
    others = sa.select(unit.c.id).where(sa.not_(_over(caller, unit.c.path)))
    return conn.scalar(others.limit(1)) is None


def subjects_seen(conn: sa.Connection, ids: Collection[UUID], caller: Caller) -> set[UUID]:
    """Return those of the subjects whose events the caller sees."""
    seen = sa.select(event.c.subject_id).distinct().where(event.c.subject_id.in_(ids), seen_by(caller))
    return set(conn.scalars(seen)) if ids else set()


def _over(caller: Caller, path: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    return visible_to(caller, path, AUDITORS)


def page(
    conn: sa.Connection,
    caller: Caller,
    filters: Mapping[str, Any],
    after: list[str] | None,
    size: int,
    *,
    most: int | None = None,
) -> Page:
    """Return one page of events, newest first; `filters` are those of EventFilterIn.

    The count is of the page's filter: exact, or at most `most`.
    """
    chosen = sa.and_(seen_by(caller), *_conditions(filters))
    rows = _select().where(chosen)
    if after is not None:
        rows = rows.where(event.c.no < int(after[0]))
    newest = conn.execute(rows.order_by(event.c.no.desc()).limit(size + 1)).mappings()
    found = _with_principals(conn, [_shown(dict(row)) for row in newest])
    total = counted(conn, sa.select(event.c.no).where(chosen), most)
    page_rows, last = cut(found, size)
    return Page(page_rows, total.value, [str(last["no"])] if last else None, total.is_capped)


def one(conn: sa.Connection, number: int, caller: Caller) -> dict[str, Any] | None:
    """Return an event with its body as it was hashed, or None when the caller may not see it."""
    row = conn.execute(_select().where(event.c.no == number, seen_by(caller))).mappings().one_or_none()
    if row is None:
        return None
    [found] = _with_principals(conn, [_shown(dict(row))])
    return {**found, "body": row["body"], **_hashes(dict(row))}


def _hashes(row: Mapping[str, Any]) -> dict[str, str]:
    return {name: row[name].hex() for name in ("prev", "hash")}


def newest(conn: sa.Connection) -> int:
    """Return the number of the newest event; 0 without one."""
    return conn.scalar(sa.select(sa.func.max(event.c.no))) or 0


def actors(conn: sa.Connection, caller: Caller) -> dict[UUID, str]:
    """Return the names of the accounts of the units over which the caller is an auditor, by their ids, in their order."""
    rows = sa.select(account.c.id, account.c.display_name).join(unit, unit.c.id == account.c.unit_id)
    found = conn.execute(rows.where(_over(caller, unit.c.path)).order_by(account.c.display_name, account.c.id))
    return {row.id: row.display_name for row in found}


def _select() -> sa.Select[Any]:
    names = (_actor.c.login.label("actor"), _principal.c.login.label("principal"))
    return (
        sa.select(event, *names)
        .join(_actor, _actor.c.id == event.c.actor_id)
        .outerjoin(_principal, _principal.c.id == event.c.principal_id)
    )


def _conditions(filters: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of a filter; an unknown list is no filter of ours, so the schema refuses it before."""
    equal = {"subject": event.c.subject, "subject_id": event.c.subject_id, "action": event.c.action}
    equal |= {"actor_id": event.c.actor_id}
    conditions = [column == filters[name] for name, column in equal.items() if filters.get(name) is not None]
    first, last = filters.get("first"), filters.get("last")
    conditions += [event.c.on >= first] if isinstance(first, date) else []
    conditions += [event.c.on <= last] if isinstance(last, date) else []
    conditions += [_of_family(filters["family"])] if filters.get("family") else []
    return conditions + ([LISTS[filters["list"]].rows] if filters.get("list") else [])


def _of_family(household_id: UUID) -> sa.ColumnElement[bool]:
    """Return the condition for events about a household, its members of any time, its cases and its documents."""
    members = sa.select(person.c.id).where(person.c.household_id == household_id)
    cases = sa.select(case.c.id).where(case.c.household_id == household_id)
    scans = sa.select(document.c.id).where(document.c.household_id == household_id)
    of_any = sa.or_(
        event.c.subject_id == household_id, *(event.c.subject_id.in_(rows) for rows in (members, cases, scans))
    )
    return sa.and_(event.c.subject.in_(("household", "person", "case", "document")), of_any)


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event as a list shows it: actor, time, action, subject, confirmers, and what it says."""
    body = json.loads(row["body"])
    columns = (
        "no",
        "on",
        "at",
        "subject",
        "subject_id",
        "seq",
        "action",
        "from_state",
        "to_state",
        "actor_id",
        "actor",
    )
    said = {"principal_id": row["principal_id"] or _principal_of(body), "principal": row["principal"]}
    said |= {"confirmation_id": row["confirmation_id"]}
    said |= {"confirmed_by": [UUID(each) for each in body.get("confirmed_by", [])], "console": body.get("console")}
    return {name: row[name] for name in columns} | said | {"facts": body.get("facts") or body.get("answers") or {}}


def _principal_of(body: Mapping[str, Any]) -> UUID | None:
    """Return the person an import recorded a row for: an event of an import says it among its facts, not in a column."""
    facts = body.get("facts")
    principal = facts.get("principal") if isinstance(facts, dict) else None
    return UUID(principal) if principal else None


def _with_principals(conn: sa.Connection, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return events with the login of each person in whose name they were done."""
    ids = {row["principal_id"] for row in rows if row["principal_id"] and not row["principal"]}
    if not ids:
        return rows
    logins = {
        row.id: row.login for row in conn.execute(sa.select(account.c.id, account.c.login).where(account.c.id.in_(ids)))
    }
    return [{**row, "principal": row["principal"] or logins.get(row["principal_id"])} for row in rows]
