"""What a field of a form must be, whoever fills it in: a page, the API or a spreadsheet."""

import re
from collections.abc import Collection, Iterable, Iterator
from datetime import date

from workflows.disclosure import looks_personal
from workflows.vocabulary import InvalidForm, Plain, Reason

MAX_TEXT = 120
MAX_STORY = 2000
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-/]{0,63}", re.ASCII)
DIVISION = re.compile(r"[0-9]{6}([0-9]{3}){0,2}", re.ASCII)
LOGIN = re.compile(r"[a-z][a-z0-9._-]{1,31}", re.ASCII)
EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII)
PHONE = re.compile(r"1[3-9]\d{9}|0\d{2,3}-?\d{7,8}", re.ASCII)
CARD = re.compile(r"[0-9]{12,30}", re.ASCII)


EVERY_KIND = ("id_number", "phone", "card")


def impersonal(field: str, value: str, kinds: Collection[str] = EVERY_KIND) -> Iterator[Reason]:
    """Words that stay readable for good name no number of a person (domain/7); which one is not repeated."""
    found: list[Plain] = [kind for kind in looks_personal(value) if kind in kinds]
    if found:
        yield Reason.of("looks_personal", field=field, kinds=found)


def number(field: str, value: str | None, *, longest: int = MAX_TEXT, required: bool = True) -> Iterator[Reason]:
    """The number of a document or receipt: as long as a card's, perhaps, but nobody's identity number."""
    yield from text(field, value, longest=longest, required=required, sealed=True)
    yield from impersonal(field, value or "", ("id_number",))


def text(
    field: str, value: str | None, *, longest: int = MAX_TEXT, required: bool = True, sealed: bool = False
) -> Iterator[Reason]:
    """Words that are there, not too long, without control characters, and, unless they are kept `sealed`, impersonal."""
    if value is None or not value.strip():
        if required or value is not None:
            yield Reason.of("not_text", field=field)
    elif len(value) > longest:
        yield Reason.of("too_long", field=field, limit=longest)
    elif any(ord(notification) < 32 and notification not in "\n\t" for notification in value):
        yield Reason.of("control_characters", field=field)
    elif not sealed:
        yield from impersonal(field, value)


def shaped(
    field: str, value: str | None, shape: re.Pattern[str], code: str, *, required: bool = True
) -> Iterator[Reason]:
    """A text that has a shape; the value itself is not repeated, it may be somebody's."""
    if value is None:
        if required:
            yield Reason.of("answer_missing", field=field)
    elif not shape.fullmatch(value):
        yield Reason.of(code, field=field)


def choice(field: str, value: str | None, choices: Iterable[str], *, required: bool = True) -> Iterator[Reason]:
    """One of the words of a list."""
    if value is None and not required:
        return
    known: list[Plain] = [str(each) for each in choices]
    if value not in known:
        yield Reason.of("not_a_choice", field=field, choices=known)


def choices(field: str, values: Collection[str], known: Iterable[str]) -> Iterator[Reason]:
    """Any number of words of a list."""
    for value in values:
        yield from choice(field, value, known)


def not_ahead(field: str, day: date | None, today: date) -> Iterator[Reason]:
    """What is recorded has happened."""
    if day is not None and day > today:
        yield Reason.of("in_the_future", field=field, given=day.isoformat(), today=today.isoformat())


def in_order(field: str, first: date, last: date) -> Iterator[Reason]:
    """A period runs forward."""
    if last < first:
        yield Reason.of("dates_reversed", field=field, first=first.isoformat(), last=last.isoformat())


def whole(field: str, value: int | None, lowest: int = 1, highest: int = 10**6) -> Iterator[Reason]:
    """A count of people, goods or days, when it is known."""
    if value is not None and not lowest <= value <= highest:
        yield Reason.of("not_a_number", field=field, lowest=lowest, highest=highest)


def amount(field: str, fen: int | None, *, lowest: int = 1) -> Iterator[Reason]:
    """Money in fen, under ten thousand million yuan."""
    if fen is not None and not lowest <= fen < 10**12:
        yield Reason.of("not_money", field=field)


def refuse_invalid(*problems: Iterable[Reason]) -> None:
    """Raise BadAnswers with every problem there is."""
    found = [problem for each in problems for problem in each]
    if found:
        raise InvalidForm(*found)
