"""Events in words: what was done, about what, and where the record it is about is shown."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from service.http.errors import language
from service.i18n.catalogue import catalogue
from service.web.forms import action_words

PLACES: Mapping[str, str] = {
    "case": "cases",
    "household": "households",
    "fund": "funds",
    "confirmation": "confirmations",
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


def fact_label(name: str) -> str:
    """Return the label of a fact of an event; its own name where it has none."""
    return catalogue(language()).get(f"forms.content.{name}", name)


def fact_lines(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the facts of an event, each with its label and its value as the event holds it."""
    return [(fact_label(name), _plain(value)) for name, value in facts.items() if value not in (None, "", [], {})]


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return "、".join(map(_plain, value))
    if isinstance(value, dict):
        return "；".join(f"{name}={_plain(each)}" for name, each in value.items())
    return str(value)
