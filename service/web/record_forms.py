"""Forms of records: drawn from rows of fields, and read into the body that the JSON API's schema loads."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flask import request
from marshmallow import Schema, ValidationError
from werkzeug.datastructures import MultiDict

from service.http.errors import flat
from service.web import forms
from service.web.forms import EMPTY, FormInput, Options, PostedForm
from service.web.layout import text
from service.web.proofs import proof_label
from service.web.refusals import Problems, problems_of
from workflows.form_fields import FormField
from workflows.vocabulary import InvalidForm, Reason

ADD = "_add"
"""The button that asks for one more row; its value is the prefix of the section."""


@dataclass(frozen=True, slots=True)
class Section:
    """Some fields of a form: of the record itself, of a part of it, or of the rows of a list."""

    prefix: str
    fields: tuple[FormField, ...]
    is_list: bool = False
    most: int = 1
    is_needed: bool = False
    """Whether the body has the part even where nothing was typed."""

    shown: int = 1
    """How many rows an empty form shows."""

    def name_of_row(self, number: int) -> str:
        """Return what precedes the names of a row's inputs: `members.2.`."""
        return f"{self.prefix}.{number}." if self.is_list else f"{self.prefix}." if self.prefix else ""

    def words_of(self, form: "RecordForm") -> str:
        """Return the form whose labels the section has: `finances.lines` has those of lines."""
        return self.prefix.rpartition(".")[2] or form.labels or form.key


@dataclass(frozen=True, slots=True)
class RecordForm:
    """A form: its key in the catalogue, its sections, and the schema that reads what they post."""

    key: str
    schema: type[Schema]
    sections: tuple[Section, ...]
    labels: str = ""
    """The form whose labels it has, as a correction has those of the record; empty: its own."""


@dataclass(frozen=True, slots=True)
class DrawnRow:
    """The inputs of one row."""

    number: int
    inputs: tuple[FormInput, ...]


@dataclass(frozen=True, slots=True)
class DrawnSection:
    """A section as a page shows it."""

    prefix: str
    title: str
    rows: tuple[DrawnRow, ...]
    is_list: bool
    may_grow: bool

    @property
    def name(self) -> str:
        """Return the last part of the prefix: `finances.lines` → `lines`."""
        return self.prefix.rpartition(".")[2]


def one(key: str, schema: type[Schema], *fields: FormField, labels: str = "") -> RecordForm:
    """Return a form of one section."""
    return RecordForm(key, schema, (Section("", fields),), labels)


def row_numbers(section: Section, typed: MultiDict[str, str]) -> list[int]:
    """Return the numbers of the rows that were posted, in order."""
    if not section.is_list:
        return [1]
    found = re.compile(re.escape(section.prefix) + r"\.([1-9][0-9]{0,2})\.", re.ASCII)
    numbers = {int(match[1]) for name in typed if (match := found.match(name))}
    return sorted(number for number in numbers if number <= section.most)


def draw(form: RecordForm, options: Options, posted: PostedForm = EMPTY) -> tuple[DrawnSection, ...]:
    """Return the sections of a form with what was typed, and one more row where the button asked for it."""
    return tuple(_drawn(form, each, options, posted) for each in form.sections)


def _drawn(form: RecordForm, section: Section, options: Options, posted: PostedForm) -> DrawnSection:
    numbers = row_numbers(section, posted.typed) or list(range(1, section.shown + 1))
    if posted.typed.get(ADD) == section.prefix and section.is_list and numbers[-1] < section.most:
        numbers.append(numbers[-1] + 1)
    rows = (DrawnRow(number, tuple(map(_short, _inputs(form, section, options, posted, number)))) for number in numbers)
    is_part = section.prefix not in {"", form.key}
    title = text(f"part.{section.prefix}") if is_part else ""
    return DrawnSection(section.prefix, title, tuple(rows), section.is_list, numbers[-1] < section.most)


def _inputs(
    form: RecordForm, section: Section, options: Options, posted: PostedForm, number: int
) -> tuple[FormInput, ...]:
    return forms.draw(section.words_of(form), section.fields, options, posted, section.name_of_row(number))


MOST_RADIOS = 3
"""More choices than these are a list to select from: a file has many, and its rows repeat them."""


def _short(drawn: FormInput) -> FormInput:
    is_long = drawn.control == "radios" and len(drawn.options) > MOST_RADIOS
    return replace(drawn, control="select") if is_long else drawn


def load(form: RecordForm, **more: Any) -> dict[str, Any]:
    """Return the posted form, and what else the body has, as its schema reads it. Raises InvalidForm with every wrong field."""
    try:
        loaded: dict[str, Any] = form.schema().load(body_of(form, request.form) | more)
    except ValidationError as error:
        raise InvalidForm(*(_reason(name, str(fault)) for name, fault in flat(error.messages))) from None
    return loaded


def body_of(form: RecordForm, typed: MultiDict[str, str]) -> dict[str, Any]:
    """Return the body that the JSON API would receive; an empty row is left out."""
    body: dict[str, Any] = {}
    for section in form.sections:
        rows = [_row(section, number, typed) for number in row_numbers(section, typed)]
        given: Any = [row for row in rows if row] if section.is_list else rows[0]
        *parents, name = section.prefix.split(".")
        target = body
        for parent in parents:
            if parent not in target and not given:
                break
            target = target.setdefault(parent, {})
        else:
            if not name:
                body.update(given)
            elif given or section.is_needed or parents:
                target[name] = given
    return body


def _row(section: Section, number: int, typed: MultiDict[str, str]) -> dict[str, Any]:
    answers = forms.read(section.fields, typed, section.name_of_row(number))
    return _with_line_kind(answers)


def _with_line_kind(answers: dict[str, Any]) -> dict[str, Any]:
    """Return the answers with `what`, such as income.wage, as the side and the kind of a finance line."""
    what = answers.pop("what", None)
    if isinstance(what, str):
        answers["side"], _, answers["kind"] = what.partition(".")
    return answers


FAULTS: Mapping[str, str] = {
    "Missing data for required field.": "answer_missing",
    "Field may not be null.": "answer_missing",
    "Not a valid UUID.": "answer_missing",
    "Not a valid date.": "not_a_date",
    "Not a valid integer.": "not_a_number",
}
"""What a schema says of a field, as the code of the reason that people read; our own checks say the code itself."""

OWN_FAULTS = frozenset({"not_money", "not_code", "not_text", "not_a_division", "control_characters"})

_LIMIT = re.compile(r"(?:Longer than maximum length|Length must be between [0-9]+ and) ([0-9]+)\.")
_RANGE = re.compile(r"Must be greater than or equal to ([0-9]+) and less than or equal to ([0-9]+)\.")


def _reason(name: str, fault: str) -> Reason:
    if limit := _LIMIT.match(fault):
        return Reason.of("too_long", field=name, limit=int(limit[1]))
    if between := _RANGE.match(fault):
        return Reason.of("not_a_number", field=name, lowest=int(between[1]), highest=int(between[2]))
    code = fault if fault in OWN_FAULTS else FAULTS.get(fault)
    if code is None:
        return Reason.of("field_wrong", field=name, fault=fault)
    return Reason(code, {"field": name, "lowest": 0, "highest": 10**6} if code == "not_a_number" else {"field": name})


RENAMED: Mapping[str, str] = {"fen": "amount", "person_id": "person", "side": "what", "kind": "what"}
"""Names that actions give to fields of rows and of a payee, where the form has another."""


def problems(form: RecordForm, refusal: Exception, labels: Mapping[str, str] | None = None) -> Problems:
    """Return a refusal as problems of this form, after undoing what the request wrote."""
    named = dict(_labels(form, request.form)) | proof_label() | dict(labels or {})
    return problems_of(refusal, named, lambda name: _input_of(form, name, named))


def _labels(form: RecordForm, typed: MultiDict[str, str]) -> Iterator[tuple[str, str]]:
    for section in form.sections:
        numbers = row_numbers(section, typed) or [1]
        for number in numbers:
            for each in section.fields:
                label = forms.label_of(section.words_of(form), each.key)
                yield section.name_of_row(number) + each.key, f"{number} · {label}" if section.is_list else label


def _input_of(form: RecordForm, name: str, labels: Mapping[str, str]) -> str:
    """Return the input for a field's path: `members[2].id_no` and `members.1.id_no` → `members.2.id_no`."""
    for section in form.sections:
        if section.is_list and name.startswith(section.prefix):
            name = _numbered(section, name)
    start, dot, last = name.rpartition(".")
    names = [name, start + dot + RENAMED.get(last, last), *(f"{each.prefix}.{name}" for each in form.sections)]
    return next((each for each in names if each in labels), name)


def _numbered(section: Section, name: str) -> str:
    match = re.match(r"(?:\[([0-9]{1,3})\]|\.([0-9]{1,3}))\.", name[len(section.prefix) :])
    if match is None:
        return name
    place = int(match[1]) - 1 if match[1] else int(match[2])
    numbers = [each for each in row_numbers(section, request.form) if _row(section, each, request.form)]
    number = numbers[place] if 0 <= place < len(numbers) else place + 1
    return section.name_of_row(number) + name[len(section.prefix) + match.end() :]


@dataclass(slots=True)
class Filled:
    """Values of a record as a form shows them before anything is typed."""

    values: MultiDict[str, str] = field(default_factory=MultiDict)

    def add(self, prefix: str, row: Mapping[str, Any]) -> None:
        """Add the values of a row; lists are several values of one name, None is none."""
        for name, value in row.items():
            for each in value if isinstance(value, list | tuple) else [value]:
                if each is not None:
                    self.values.add(prefix + name, str(each))

    def posted(self) -> PostedForm:
        """Return the values as a form that was posted without problems."""
        return PostedForm(self.values)
