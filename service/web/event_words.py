"""Events in words: what was done, about what, and where the record it is about is shown."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from service.http.errors import language
from service.i18n.catalogue import catalogue
from service.web.formatting import day_in, joined
from service.web.forms import action_words
from workflows.money_format import in_yuan_with_thousands

PLACES: Mapping[str, str] = {
    "case": "cases",
    "household": "households",
    "fund": "funds",
    "gift": "gifts",
    "donation": "donations",
    "activity": "activities",
    "visit": "visits",
    "confirmation": "confirmations",
    "document": "documents",
    "import": "imports/past",
}
"""The pages of subjects that have one of their own."""


def event_words(subject: str, action: str) -> str:
    """Return what an event says was done; an action of a case has the words of its step."""
    if subject == "case":
        return action_words(action)
    return catalogue(language()).get(f"terms.event_action.{action}", action)


def address_of(subject: str, subject_id: UUID) -> str | None:
    """Return the address of the record that an event is about; None where it has no page."""
    return f"/{PLACES[subject]}/{subject_id}" if subject in PLACES else None


def gist(facts: Mapping[str, Any]) -> str:
    """Return what tells an event from others of its kind: what was proposed, or which role was given."""
    act, role, tier = (facts.get(name) for name in ("act", "role", "tier"))
    words = _value("act", act, {}) if act else _value("role", role, {}) if role else ""
    return f"{words} {tier}" if role and tier else words


def with_ids_apart(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return facts in which ids that were written in one text are a list: those of the people that a search found."""
    parts = {name: str(value).split(",") for name, value in facts.items()}
    return {name: parts[name] if all(map(is_id, parts[name])) else value for name, value in facts.items()}


SUMS = ("amount", "award", "requested", "self_paid")
"""Answers that are sums of money, besides those that end in `fen`."""


def fact_lines(facts: Mapping[str, Any], action: str, names: Mapping[UUID, str]) -> list[tuple[str, str]]:
    """Return what an event says that has a word, each with its label; `names` are those of rows. Its text has the rest."""
    labelled = ((_label(name, action), name, value) for name, value in facts.items())
    given = ((label, name, value) for label, name, value in labelled if label and value not in (None, "", [], {}))
    return [(label, _value(name, value, names)) for label, name, value in given]


def _label(name: str, action: str) -> str | None:
    known = catalogue(language())
    keys = (f"forms.field.{action}.{name}", f"forms.content.{name}", f"forms.field.{name}")
    return next((known[key] for key in keys if key in known), None)


def _value(name: str, value: Any, names: Mapping[UUID, str]) -> str:
    known = catalogue(language())
    if isinstance(value, list):
        return joined(_value(name, each, names) for each in value)
    if isinstance(value, bool):
        return known["pages.yes" if value else "pages.no"]
    if isinstance(value, int) and (name.endswith("fen") or name in SUMS):
        return in_yuan_with_thousands(value)
    found = names.get(UUID(value)) if is_id(value) else None
    keys = (f"forms.choice.{name}.{value}", f"terms.{name}.{value}", f"terms.role.{value}")
    word = next((known[key] for key in keys if key in known), None)
    return found or word or day_in(name, str(value)) or str(value)


def is_id(value: Any) -> bool:
    """Return whether a value is the id of a row."""
    try:
        return isinstance(value, str) and bool(UUID(value))
    except ValueError:
        return False
