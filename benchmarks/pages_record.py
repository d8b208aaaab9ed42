"""The record of a case on the compared decision page: its application, documents, notices, and what people wrote."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from benchmarks.check_input import Clerk
from benchmarks.pages_words import action, choice, day, document_kind, field_label, joined, term, word, yuan
from workflows import disclosure
from workflows.disclosure import Profile
from workflows.form_fields import FormField, Kind
from workflows.powers import PAPER_KEEPERS
from workflows.programmes.hardship import HARDSHIP
from workflows.vocabulary import Role

OBJECTION_FIELDS = frozenset({"objection", "answer", "objection_met"})
OBJECTION_READERS = (Role.REGISTRAR, Role.REVIEWER, Role.APPROVER, Role.AUDITOR)
WORD_READERS = (*OBJECTION_READERS, Role.VISITOR, Role.VERIFIER, Role.CASHIER)
PAYEE_REVEALERS = (Role.REGISTRAR, Role.CASHIER)
PURPOSES = ("survey", "verification", "payment", "follow_up")

Words = Mapping[int, Mapping[str, str]]
"""What people wrote, by the number of its event and by field, as far as the reader may read it."""


@dataclass(frozen=True)
class ShownNotice:
    """A public notice: `shown` is the decrypted JSON of its lines, `objections` are dicts, the oldest first."""

    id: UUID
    posted_on: date
    ends_on: date
    ended_on: date | None
    places: list[str]
    posted_by: str
    shown: str
    objections: list[Mapping[str, Any]]


def holds(clerk: Clerk, roles: Iterable[Role], unit_path: str) -> bool:
    """Return whether a clerk holds one of the roles over the unit at this path."""
    names = {role.value for role in roles}
    return any(role in names and unit_path.startswith(path) for role, _, path, _ in clerk.grants)


def hidden_fields(clerk: Clerk, unit_path: str) -> Collection[str] | None:
    """Return the fields whose words a clerk may not read about a case of this unit; None where they may read none."""
    if not holds(clerk, WORD_READERS, unit_path):
        return None
    return frozenset() if holds(clerk, OBJECTION_READERS, unit_path) else OBJECTION_FIELDS


def rights(row: Any, clerk: Clerk) -> dict[str, bool]:
    """Return what the page offers the clerk besides the actions."""
    deciding = (role for step in HARDSHIP.steps_from(row.state) if step.kind.stores_assessment for role in step.roles)
    return {
        "decides": holds(clerk, deciding, row.unit_path),
        "may_add_documents": holds(clerk, PAPER_KEEPERS, row.unit_path),
        "may_reveal_payee": holds(clerk, PAYEE_REVEALERS, row.unit_path),
        "is_auditor": any(role == Role.AUDITOR.value for role, *_ in clerk.grants),
    }


def purposes() -> list[tuple[str, str]]:
    """Return the purposes for which an account is shown in full, with their words."""
    return [(code, word(f"reveal.purpose_{code}")) for code in PURPOSES]


def application(row: Any, words: Words) -> list[tuple[str, str]]:
    """Return label and words of what was asked for: the item, the cause, and each answer that was given."""
    given = {**row.answers, **{field: text for seq in sorted(words) for field, text in words[seq].items()}}
    answers = [
        (field_label("answers", field.key), _worded(field, given[field.key]))
        for field in HARDSHIP.answers
        if given.get(field.key) is not None
    ]
    return [(word("case.item"), term("item", row.item)), (word("family.cause"), term("cause", row.cause)), *answers]


def _worded(field: FormField, value: Any) -> str:
    match field.kind:
        case Kind.MONEY:
            return f"{yuan(value)} {word('yuan')}"
        case Kind.YES_NO:
            return word("yes" if value else "no")
        case Kind.CODES:
            return joined(choice(field.key, str(each)) for each in value)
        case Kind.CODE:
            return choice(field.key, str(value))
    return str(value)


def method(row: Any) -> str:
    """Return the words of the method that is signed; an empty text before it is chosen."""
    if not row.method:
        return ""
    reason = f" · {choice('cash_reason', row.cash_reason)}" if row.cash_reason else ""
    return choice("method", row.method) + reason


def documents(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """Return the documents of the case and its family with their pages."""
    return [_document(each) for each in rows]


def _document(each: Any) -> dict[str, Any]:
    kind, received_on = document_kind(each.kind), day(each.received_on)
    url, pages = f"/documents/{each.id}", range(each.pages)
    return {
        "url": url,
        "kind": kind,
        "pages": word("documents.pages", number=each.pages) if each.pages > 1 else "",
        "received": f"{received_on} · {each.recorder}",
        "is_named": each.is_named,
        "ended": word("documents.ended_on", on=day(each.ended_on)) if each.ended_on else "",
        "look": word("documents.look_here", kind=kind, number=each.pages, on=received_on),
        "pictures": [
            (f"{url}/pages/{n}", word("documents.page_alt", kind=kind, number=n + 1, pages=each.pages)) for n in pages
        ],
    }


def notices(rows: Iterable[ShownNotice], words: Words, today: date) -> list[dict[str, Any]]:
    """Return the notices as the page shows them; each answer is to the oldest open objection, in their order."""
    rows = list(rows)
    said = {name: [words[seq][name] for seq in sorted(words) if name in words[seq]] for name in ("objection", "answer")}
    ids = sorted(str(each["id"]) for row in rows for each in row.objections)
    texts = {row_id: {name: _at(said[name], number) for name in said} for number, row_id in enumerate(ids)}
    return [
        {
            "id": row.id,
            "dates": word("case.notice_from", on=day(row.posted_on), until=day(row.ends_on)),
            "ended": word("case.notice_ended", on=day(row.ended_on)) if row.ended_on else "",
            "places": joined(term("notice_place", place) for place in row.places),
            "posted_by": row.posted_by,
            "lines": list(_lines(row, today)),
            "objections": [_objection(each) | texts[str(each["id"])] for each in row.objections],
        }
        for row in rows
    ]


def _lines(row: ShownNotice, today: date) -> Iterator[tuple[str, str]]:
    """Yield label and words of what a notice showed; the name is masked once the notice has ended."""
    lines = json.loads(row.shown)
    is_over = row.ended_on is not None or row.ends_on < today
    name = disclosure.shown("name", lines["name"], Profile.LIST) if is_over else lines["name"]
    yield word("notice_line.name"), name or ""
    yield word("notice_line.unit"), lines["unit"]
    yield word("notice_line.item"), term("item", lines["item"])
    if lines["category"]:
        yield word("notice_line.category"), term("category", lines["category"])
    yield word("notice_line.award"), f"{yuan(lines['award'])} {word('yuan')}"


def _at(texts: list[str], number: int) -> str:
    return texts[number] if number < len(texts) else ""


def _objection(each: Mapping[str, Any]) -> dict[str, str]:
    answered = f"{word('objection.' + each['outcome'])} {day(each['answered_on'])}" if each["outcome"] else ""
    source = word("case.objection_by", source=choice("source", each["source"]))
    return {"raised": f"{day(each['raised_on'])} · {source}", "answered": answered}


def timeline(events: list[Any], words: Words) -> Iterator[dict[str, Any]]:
    """Yield the events, the newest first, each with the days since the one before it and what was written."""
    for number in range(len(events) - 1, -1, -1):
        each, before = events[number], events[max(0, number - 1)]
        principal = word("case.for_principal", name=each.principal) if each.principal else ""
        yield {
            "action": action(each.action),
            "actor": f"{each.actor}{principal}",
            "on": each.on.isoformat(),
            "day": day(each.on),
            "days": word("case.days", days=(each.on - before.on).days),
            "words": [(field_label(each.action, field), text) for field, text in words.get(each.seq, {}).items()],
        }
