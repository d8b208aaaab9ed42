"""Forms: drawn from the fields of a step, and read into what the JSON API receives, so that one reader judges both."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from flask import request
from werkzeug.datastructures import MultiDict

from service.http.errors import language
from service.i18n.catalogue import LANGUAGES, catalogue, translate
from service.web.refusals import NO_PROBLEMS, Problems
from service.web.refusals import choice_label as choice_label  # noqa: PLC0414 - other pages find it here
from workflows.form_fields import FormField, Kind
from workflows.money_format import in_yuan_with_thousands
from workflows.programmes import PROGRAMMES

MAX_RADIOS = 7
YES, NO = "yes", "no"
SEPARATORS = re.compile(r"[\s,，、;；]+")
_INT = re.compile(r"[0-9]{1,10}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a field: what the form sends, and what people read."""

    value: str
    label: str
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class FormInput:
    """One field as a page draws it."""

    name: str
    label: str
    control: str
    """text, name, money, number, date, radios, select, checkboxes, codes: the macro that draws it."""

    value: str = ""
    options: tuple[Option, ...] = ()
    is_required: bool = True
    problems: tuple[str, ...] = ()
    hint: str = ""

    def id_in(self, form: str) -> str:
        """Return the id of the control in a form of this name."""
        return f"{form}-{self.name}"


Options = Mapping[str, Iterable[tuple[str, str]]]
"""Choices that the record gives: by field, each with value and label."""

CONTROLS: Mapping[Kind, str] = {
    Kind.TEXT: "text",
    Kind.NAME: "name",
    Kind.CODE: "name",
    Kind.CODES: "codes",
    Kind.NUMBER_TEXT: "name",
    Kind.NUMBER: "number",
    Kind.MONEY: "money",
    Kind.DATE: "date",
    Kind.SCHOOL_YEAR: "name",
    Kind.YES_NO: "radios",
    Kind.ID: "select",
    Kind.ACCOUNTS: "checkboxes",
    Kind.DOCUMENTS: "checkboxes",
}

SEVERAL = frozenset({Kind.CODES, Kind.ACCOUNTS, Kind.DOCUMENTS})
"""Kinds whose answer is a list."""


def label_of(fields_of: str, key: str) -> str:
    """Return the label of a field in a form: `record_visit`, `on` → 走访日期."""
    known = catalogue(language())
    own = f"forms.field.{fields_of}.{key}"
    return known.get(own) or known.get(f"forms.field.{key}") or key


def labels_of(form: str, fields: Iterable[FormField]) -> dict[str, str]:
    """Return the labels of a form's fields by their keys."""
    return {each.key: label_of(form, each.key) for each in fields}


@dataclass(frozen=True, slots=True)
class PostedForm:
    """A form as it was posted: what was typed, and the problems it had."""

    typed: MultiDict[str, str] = field(default_factory=MultiDict)
    problems: Problems = NO_PROBLEMS


EMPTY = PostedForm()


def draw(
    form: str, fields: Iterable[FormField], options: Options, posted: PostedForm = EMPTY, prefix: str = ""
) -> tuple[FormInput, ...]:
    """Return a form's fields as inputs, with what was typed and what was wrong with it.

    `prefix` precedes the names of the inputs: `members.2.` for the second row of members. A field of documents is left
    out where there is none to choose.
    """
    drawn = ((each, _drawn(form, each, options, posted, prefix)) for each in fields)
    return tuple(each for row, each in drawn if row.kind is not Kind.DOCUMENTS or each.options)


def _drawn(form: str, row: FormField, options: Options, posted: PostedForm, prefix: str) -> FormInput:
    chosen = posted.typed.getlist(prefix + row.key)
    choices = _choices(row, options, chosen)
    return FormInput(
        prefix + row.key,
        label_of(form, row.key),
        _control(row, choices),
        chosen[0] if chosen else "",
        choices,
        row.required,
        tuple(posted.problems.of_fields.get(prefix + row.key, ())),
    )


def _choices(row: FormField, options: Options, chosen: list[str]) -> tuple[Option, ...]:
    if row.kind is Kind.YES_NO:
        pairs: Iterable[tuple[str, str]] = ((word, translate(f"pages.{word}", language())) for word in (YES, NO))
    elif row.key in options:
        pairs = options[row.key]
    else:
        pairs = ((str(code), choice_label(row.key, str(code))) for code in row.choices)
    return tuple(Option(value, label, value in chosen) for value, label in pairs)


def action_label(action: str, label: str) -> str:
    """Return the words of an action: the office's own in Chinese, those of forms.po in English.

    The label tells steps of one action apart: `decline` is 不予救助 at the review and 不予批准 at the approval.
    """
    if language() == LANGUAGES[0]:
        return label
    return _known(*(f"forms.action.{each}" for each in (*_steps_labelled(action, label), action))) or label


def action_words(action: str) -> str:
    """Return the words for the action of an event; `decline.approval` is one whose words its state decides."""
    return _known(f"forms.action.{action}", f"forms.action.{action.partition('.')[0]}") or action


def _known(*keys: str) -> str | None:
    known = catalogue(language())
    return next((known[key] for key in keys if key in known), None)


@cache
def _steps_labelled(action: str, label: str) -> tuple[str, ...]:
    steps = (step for programme in PROGRAMMES.values() for step in programme.steps)
    sources = (step.sources for step in steps if (step.action, step.label) == (action, label))
    return tuple(f"{action}.{state}" for states in sources for state in states)


def terms_of(group: str) -> list[tuple[str, str]]:
    """Return the codes of a group of terms with their words."""
    prefix = f"terms.{group}."
    return [(key.removeprefix(prefix), words) for key, words in catalogue(language()).items() if key.startswith(prefix)]


def fund_label(line: Mapping[str, Any]) -> str:
    """Return a fund line as a choice: code, title, and what is available."""
    return f"{line['code']} {line['year']} {line['title']} · {in_yuan_with_thousands(line['available_fen'])}"


def _control(row: FormField, choices: tuple[Option, ...]) -> str:
    if row.kind in SEVERAL and choices:
        return "checkboxes"
    if row.kind is Kind.CODE and choices:
        return "radios" if len(choices) <= MAX_RADIOS else "select"
    return CONTROLS[row.kind]


def read(fields: Iterable[FormField], posted: MultiDict[str, str] | None = None, prefix: str = "") -> dict[str, object]:
    """Return what the JSON API would receive: an empty field is absent, money a string of yuan, a yes or no a boolean."""
    typed = request.form if posted is None else posted
    answers = {each.key: _answer(each, typed.getlist(prefix + each.key)) for each in fields}
    return {key: value for key, value in answers.items() if value is not None}


def _answer(row: FormField, values: list[str]) -> object:
    given = [value.strip() for value in values if value.strip()]
    if not given:
        return None
    if row.kind in SEVERAL:
        return [part for value in given for part in SEPARATORS.split(value) if part]
    return _plain(row, given[0])


def _plain(row: FormField, text: str) -> object:
    match row.kind:
        case Kind.MONEY:
            return money_typed(text)
        case Kind.NUMBER:
            return int(text) if _INT.fullmatch(text) else text
        case Kind.YES_NO:
            return {YES: True, NO: False}.get(text, text)
    return text


def money_typed(text: str) -> str:
    """Return an amount as the JSON API takes it: `"¥1,500 元"` → `"1500"`. What is no amount is left for its reader."""
    plain = text.replace(",", "").replace("，", "").replace("¥", "").replace("￥", "").replace("元", "").strip()
    return plain.translate(_HALF_WIDTH)


_HALF_WIDTH = {ord(full): half for full, half in zip("０１２３４５６７８９．", "0123456789.", strict=True)}
