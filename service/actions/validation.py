"""Checks of form fields, shared by the pages, the API and the imports."""

import re
from collections.abc import Collection, Iterable, Iterator
from datetime import date

from service.actions import names
from workflows.disclosure import looks_personal
from workflows.vocabulary import InvalidForm, Plain, Reason

MAX_TEXT = 120
MAX_STORY = 2000
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-/]{0,63}", re.ASCII)
DIVISION = re.compile(r"[0-9]{6}([0-9]{3}){0,2}", re.ASCII)
FILE_NO = re.compile(r"(?![._\-/#])[A-Za-z0-9\u3007\u3400-\u9fff〔〕【】\[\]()_.\-/·#]{1,64}")
"""A file number as unions write it: LL-0001, 0007, 困〔2026〕12号."""
LOGIN = re.compile(r"[a-z][a-z0-9._-]{1,31}", re.ASCII)
EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}"
    r"@(?=.{4,253}\Z)[A-Za-z0-9\u3400-\u9fff][A-Za-z0-9\u3400-\u9fff-]{0,62}(\.[A-Za-z0-9\u3400-\u9fff-]{1,63})+"
)
"""A mail address: ASCII, or a domain with Chinese labels (IDN), which is sent as its ASCII form."""
PHONE = re.compile(r"1[3-9]\d{9}|0\d{2,3}-?\d{7,8}", re.ASCII)
CARD = re.compile(r"[0-9]{12,30}", re.ASCII)


NUMBER_KINDS = ("id_number", "phone", "card")


def no_personal_numbers(field: str, value: str, kinds: Collection[str] = NUMBER_KINDS) -> Iterator[Reason]:
    """Refuse a person's number in text that stays readable for good (docs/domain/privacy.md).

    The reason names the kind of number and never the number.
    """
    found_kinds: list[Plain] = [kind for kind in looks_personal(value) if kind in kinds]
    if found_kinds:
        yield Reason.of("looks_personal", field=field, kinds=found_kinds)


def document_number(
    field: str, value: str | None, *, longest: int = MAX_TEXT, required: bool = True
) -> Iterator[Reason]:
    """Check the number of a document or receipt: it may look like a card number, but not like an identity number."""
    yield from text(field, value, longest=longest, required=required, sealed=True)
    yield from no_personal_numbers(field, value or "", ("id_number",))


def text(
    field: str, value: str | None, *, longest: int = MAX_TEXT, required: bool = True, sealed: bool = False
) -> Iterator[Reason]:
    """Check that text can be seen, is not too long and has no invisible letters; a story may have several lines.

    Unless it is stored `sealed`, it must not contain a person's number either.
    """
    is_story = longest == MAX_STORY
    if value is None or not (value.strip() if is_story else names.is_visible(value)):
        if required or value is not None:
            yield Reason.of("not_text", field=field)
    elif len(value) > longest:
        yield Reason.of("too_long", field=field, limit=longest)
    elif names.has_control(value) if is_story else names.has_invisible(value):
        yield Reason.of("control_characters", field=field)
    elif not sealed:
        yield from no_personal_numbers(field, value)


def shaped(
    field: str, value: str | None, shape: re.Pattern[str], code: str, *, required: bool = True
) -> Iterator[Reason]:
    """Check text against a pattern; the reason never repeats the value, which may be personal."""
    if value is None:
        if required:
            yield Reason.of("answer_missing", field=field)
    elif not shape.fullmatch(value):
        yield Reason.of(code, field=field)


def choice(field: str, value: str | None, choices: Iterable[str], *, required: bool = True) -> Iterator[Reason]:
    """Check that a value is one of `choices`."""
    if value is None and not required:
        return
    allowed: list[Plain] = [str(word) for word in choices]
    if value not in allowed:
        yield Reason.of("not_a_choice", field=field, choices=allowed)


def choices(field: str, values: Collection[str], known: Iterable[str]) -> Iterator[Reason]:
    """Check that every value is one of `known`."""
    for value in values:
        yield from choice(field, value, known)


def not_in_future(field: str, day: date | None, today: date) -> Iterator[Reason]:
    """Check that a day is not in the future."""
    if day is not None and day > today:
        yield Reason.of("in_the_future", field=field, given=day.isoformat(), today=today.isoformat())


def dates_in_order(field: str, first: date, last: date) -> Iterator[Reason]:
    """Check that a period does not end before it begins."""
    if last < first:
        yield Reason.of("dates_reversed", field=field, first=first.isoformat(), last=last.isoformat())


def whole_number(field: str, value: int | None, lowest: int = 1, highest: int = 10**6) -> Iterator[Reason]:
    """Check a count of people, goods or days, unless it is None."""
    if value is not None and not lowest <= value <= highest:
        yield Reason.of("not_a_number", field=field, lowest=lowest, highest=highest)


def amount(field: str, fen: int | None, *, lowest: int = 1) -> Iterator[Reason]:
    """Check money in fen: from `lowest` to less than ten thousand million yuan."""
    if fen is not None and not lowest <= fen < 10**12:
        yield Reason.of("not_money", field=field)


def refuse_invalid(*problems: Iterable[Reason]) -> None:
    """Raise InvalidForm with every problem, if there is one."""
    reasons = [problem for group in problems for problem in group]
    if reasons:
        raise InvalidForm(*reasons)
