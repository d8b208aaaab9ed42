"""Filters of a list as rows: how each is read from the address, drawn in its form, and named while it is in force."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask import request

from service.http.context import caller
from service.web.case_filters import unit_names
from service.web.family_options import Pairs, worded
from service.web.formatting import day, term
from service.web.forms import choice_label
from service.web.layout import text

MAX_TEXT = 64


@dataclass(frozen=True, slots=True)
class ListFilter:
    """One filter: its name in the address, the key of its label in pages.po, and how it is drawn, read and named."""

    name: str
    label: str
    control: str
    """What the form shows: select, date, text, or hidden for a filter that only links set."""

    read: Callable[[str], Any]
    """Returns the value of what was asked for; raises ValueError where it cannot be read."""

    words: Callable[[Any], str]
    choices: Callable[[], Pairs] = list
    is_free: bool = False
    """Whether people type its words: they are not kept in the event of an export."""


@dataclass(frozen=True, slots=True)
class FilterInput:
    """A filter as its form shows it."""

    name: str
    label: str
    control: str
    value: str
    choices: Pairs


Filters = tuple[ListFilter, ...]


def _known(codes: Iterable[str]) -> Callable[[str], str]:
    known = {str(code) for code in codes}

    def read(asked: str) -> str:
        if asked not in known:
            raise ValueError(asked)
        return asked

    return read


def of_unit(name: str = "unit_id", label: str = "case.unit") -> ListFilter:
    """Return a filter by a unit, where the caller sees several; `unit_id` is that of the rows, with the units below it."""

    def choices() -> Pairs:
        names = unit_names(caller())
        return [(str(unit_id), name) for unit_id, name in names.items()] if len(names) > 1 else []

    def name_of(unit_id: UUID) -> str:
        return unit_names(caller()).get(unit_id, "—")

    return ListFilter(name, label, "select", UUID, name_of, choices)


def of_code(name: str, label: str, codes: Iterable[str], group: str) -> ListFilter:
    """Return a filter by a code, in the words that a group of terms has for it."""
    known = tuple(str(code) for code in codes)
    return ListFilter(
        name, label, "select", _known(known), lambda code: term(code, group), lambda: worded(known, group)
    )


def of_choice(name: str, label: str, codes: Iterable[str]) -> ListFilter:
    """Return a filter by a choice of the form field of the same name."""
    known = tuple(codes)

    def choices() -> Pairs:
        return [(code, choice_label(name, code)) for code in known]

    return ListFilter(name, label, "select", _known(known), lambda code: choice_label(name, code), choices)


def of_answer(name: str, label: str, answers: Mapping[str, str]) -> ListFilter:
    """Return a filter by one of a few answers, each with the key of its words."""

    def choices() -> Pairs:
        return [(value, text(key)) for value, key in answers.items()]

    return ListFilter(name, label, "select", _known(answers), lambda value: text(answers[value]), choices)


def of_state() -> ListFilter:
    """Return the filter by whether a record is void."""
    return of_answer("record_state", "case.state", {"live": "records.live", "voided": "family.voided"})


def of_days() -> Filters:
    """Return the filters by the first and the last day."""
    return (
        ListFilter("from", "filter.from", "date", date.fromisoformat, lambda on: text("filter.from_on", on=day(on))),
        ListFilter("to", "filter.to", "date", date.fromisoformat, lambda on: text("filter.to_on", on=day(on))),
    )


def of_text(name: str, label: str, *, is_free: bool = False) -> ListFilter:
    """Return a filter by words that are typed: a number, or with `is_free` any words."""

    def read(asked: str) -> str:
        if not asked.strip() or "\x00" in asked:
            raise ValueError(name)
        return asked.strip()[:MAX_TEXT]

    return ListFilter(name, label, "text", read, str, is_free=is_free)


def of_link(name: str, label: str) -> ListFilter:
    """Return a filter by the id of a row, which links set and the form keeps; its words are its label."""
    return ListFilter(name, label, "hidden", UUID, lambda _value: text(label))


def names_of(filters: Filters) -> tuple[str, ...]:
    """Return the names that the address may have."""
    return tuple(each.name for each in filters)


def read_filters(filters: Filters, asked: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the filters of the address, or of another one; one that cannot be read filters nothing."""
    asked, values = request.args if asked is None else asked, dict[str, Any]()
    for each in filters:
        try:
            values[each.name] = each.read(asked.get(each.name, ""))
        except ValueError:
            continue
    return values


def labels_of(filters: Filters, values: Mapping[str, Any]) -> dict[str, str]:
    """Return the words of the filters in force, by their names."""
    return {each.name: each.words(values[each.name]) for each in filters if each.name in values}


def inputs_of(filters: Filters, values: Mapping[str, Any]) -> tuple[FilterInput, ...]:
    """Return the filters as their form shows them; a choice among nothing is left out."""
    drawn = ((each, each.choices()) for each in filters)
    return tuple(
        FilterInput(each.name, text(each.label), each.control, str(values.get(each.name, "")), choices)
        for each, choices in drawn
        if choices or each.control in {"date", "text"} or each.name in values
    )
