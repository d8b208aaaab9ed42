"""Form fields are rows that the API, the pages and the import share."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from workflows.vocabulary import InvalidForm, Plain, Reason

MAX_TEXT = 2000
MAX_NAME = 120
MAX_NUMBER = 64
MAX_CHOICES = 50
MONEY_SHAPE = r"(0|[1-9][0-9]{0,9})(\.[0-9]{1,2})?"
"""Yuan in JSON: no sign, no spaces, at most two decimals."""
_MONEY = re.compile(MONEY_SHAPE)
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-/]{0,63}", re.ASCII)
_SCHOOL_YEAR = re.compile(r"(20[0-9]{2})年?(?:-{1,2}(20[0-9]{2})年?)?(?:学年度?)?")
_BETWEEN_YEARS = frozenset("−/~至到ー")
"""Signs that people write between two years, besides the dashes of Unicode (category Pd)."""


class Kind(StrEnum):
    """The kind of a field: what its value looks like in JSON, and what it becomes."""

    TEXT = "text"
    """Free text of a person: sealed beside the event, never inside it."""
    CODE = "code"
    CODES = "codes"
    NAME = "name"
    """A short plain phrase that names no private person: an authority, a document number."""
    NUMBER_TEXT = "number_text"
    """The number of a document as people write it: 银付-12号, 鲁核〔2025〕31号."""
    NUMBER = "number"
    MONEY = "money"
    """Yuan with at most two decimals, as a string; becomes fen."""
    DATE = "date"
    SCHOOL_YEAR = "school_year"
    """`2025-2026`; other common spellings (`2025`, `2025/2026`, `2025—2026学年`) become this one."""
    YES_NO = "yes_no"
    ID = "id"
    ACCOUNTS = "accounts"
    DOCUMENTS = "documents"
    """Documents of the family or the case, by their ids."""


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of a form: its key, the office's label for it, its kind and its choices."""

    key: str
    label: str
    kind: Kind
    required: bool = True
    choices: tuple[str, ...] = ()
    least: int = 0
    """How many letters, digits or characters a text has at least, so that 无 is no answer."""


class _Wrong(Exception):
    def __init__(self, code: str, **values: Plain) -> None:
        super().__init__(code)
        self.reason = Reason(code, values)


class NotMoney(_Wrong):
    """A text that is not an amount of money."""

    def __init__(self) -> None:
        super().__init__("not_money")


def split_free_words(
    fields: Iterable[FormField], answers: Mapping[str, Plain]
) -> tuple[dict[str, str], dict[str, Plain]]:
    """Return the free text of a form, which is stored sealed, and the rest of its answers."""
    kinds = {field.key: field.kind for field in fields}
    words = {key: str(value) for key, value in answers.items() if kinds[key] is Kind.TEXT}
    return words, {key: value for key, value in answers.items() if key not in words}


def money(value: object) -> int:
    """Read `"3000.00"` as 300000 fen, without rounding. Raises NotMoney for a third decimal, a float or a sign."""
    if not isinstance(value, str) or not _MONEY.fullmatch(value):
        raise NotMoney
    yuan, _, rest = value.partition(".")
    return int(yuan) * 100 + int(rest.ljust(2, "0"))


class NotSchoolYear(_Wrong):
    """A text that is not a school year."""

    def __init__(self) -> None:
        super().__init__("not_school_year")


def school_year(value: object) -> str:
    """Read a school year as `2025-2026`: `"２０２５—２０２６学年"` → `"2025-2026"`, `"2025"` → `"2025-2026"`.

    Raises NotSchoolYear for another form, and for years that do not follow each other.
    """
    if not isinstance(value, str) or len(value) > MAX_NAME:
        raise NotSchoolYear
    plain = "".join(unicodedata.normalize("NFKC", value).split())
    dashed = "".join("-" if _is_between_years(character) else character for character in plain)
    found = _SCHOOL_YEAR.fullmatch(dashed)
    if found is None:
        raise NotSchoolYear
    first = int(found[1])
    if found[2] is not None and int(found[2]) != first + 1:
        raise NotSchoolYear
    return f"{first}-{first + 1}"


def _is_between_years(character: str) -> bool:
    return character in _BETWEEN_YEARS or unicodedata.category(character) == "Pd"


def normal_number(text: str) -> str:
    """Return a document's number half-width, without spaces, with one kind of dash: `" 银付 － １２号" → "银付-12号"`."""
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    return "".join("-" if unicodedata.category(character) == "Pd" else character for character in plain)


class NotNumberText(_Wrong):
    """A text that is not the number of a document."""


def number_text(value: object) -> str:
    """Read the number of a document as `normal_number` returns it, so that a number typed otherwise is the same number.

    Raises NotNumberText for a text without letter or digit, a longer one, and one with an invisible character.
    """
    text = value.strip() if isinstance(value, str) else ""
    if any(_is_hidden(character) for character in text):
        raise NotNumberText("control_characters")
    number = normal_number(text)
    if not any(map(str.isalnum, number)):
        raise NotNumberText("not_text")
    if len(number) > MAX_NUMBER:
        raise NotNumberText("too_long", limit=MAX_NUMBER)
    return number


_HANGUL_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")
"""Letters without a glyph: with one of them a number would look like another and differ from it."""


def _is_hidden(character: str) -> bool:
    category = unicodedata.category(character)
    return category in {"Cc", "Cf", "Cs", "Cn", "Mn", "Me", "Zl", "Zp"} or character in _HANGUL_FILLERS


_DIRECTION_CHARACTERS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that reverse the direction of the text after them, so that people see other text than is stored."""


def _is_forbidden(character: str, kind: Kind) -> bool:
    if character in "\n\t":
        return kind is Kind.NAME
    return character in _DIRECTION_CHARACTERS or unicodedata.category(character) in {"Cc", "Cs"}


def _text(value: object, field: FormField) -> Plain:
    limit = MAX_TEXT if field.kind is Kind.TEXT else MAX_NAME
    if not isinstance(value, str) or not value.strip():
        raise _Wrong("not_text")
    text = value.strip().replace("\r\n", "\n")
    if len(text) > limit:
        raise _Wrong("too_long", limit=limit)
    if sum(map(str.isalnum, text)) < field.least:
        raise _Wrong("words_missing", least=field.least)
    if any(_is_forbidden(character, field.kind) for character in text):
        raise _Wrong("control_characters")
    return text


def _code(value: object, field: FormField) -> Plain:
    if isinstance(value, str) and field.choices and value not in field.choices:
        raise _Wrong("not_a_choice", choices=list(field.choices))
    if not isinstance(value, str) or not _CODE.fullmatch(value):
        raise _Wrong("not_code")
    return value


def _listed(read_one: Callable[[object, FormField], Plain]) -> Callable[[object, FormField], Plain]:
    def read(value: object, field: FormField) -> Plain:
        if not isinstance(value, list) or not value or len(value) > MAX_CHOICES:
            raise _Wrong("not_a_list", limit=MAX_CHOICES)
        return list(dict.fromkeys(str(read_one(item, field)) for item in value))

    return read


def _number(value: object, _field: FormField) -> Plain:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10**9:
        raise _Wrong("not_a_number", lowest=0, highest=10**9)
    return value


def _money(value: object, _field: FormField) -> Plain:
    return money(value)


def _date(value: object, _field: FormField) -> Plain:
    try:
        return date.fromisoformat(value if isinstance(value, str) else "").isoformat()
    except ValueError:
        raise _Wrong("not_a_date") from None


def _school_year(value: object, _field: FormField) -> Plain:
    return school_year(value)


def _number_text(value: object, _field: FormField) -> Plain:
    return number_text(value)


def _yes_no(value: object, _field: FormField) -> Plain:
    if not isinstance(value, bool):
        raise _Wrong("not_yes_no")
    return value


def _id(value: object, _field: FormField) -> Plain:
    try:
        return str(UUID(value if isinstance(value, str) else ""))
    except ValueError:
        raise _Wrong("not_an_id") from None


FIELD_READERS: Mapping[Kind, Callable[[object, FormField], Plain]] = {
    Kind.TEXT: _text,
    Kind.NAME: _text,
    Kind.CODE: _code,
    Kind.CODES: _listed(_code),
    Kind.NUMBER_TEXT: _number_text,
    Kind.NUMBER: _number,
    Kind.MONEY: _money,
    Kind.DATE: _date,
    Kind.SCHOOL_YEAR: _school_year,
    Kind.YES_NO: _yes_no,
    Kind.ID: _id,
    Kind.ACCOUNTS: _listed(_id),
    Kind.DOCUMENTS: _listed(_id),
}


def read_fields(fields: tuple[FormField, ...], form: Mapping[str, object]) -> dict[str, Plain]:
    """Read a filled-in form. Raises InvalidForm with every problem; an unknown key is a problem too."""
    keys = [field.key for field in fields]
    problems = [Reason.of("answer_unknown", field=key, known=keys) for key in form if key not in keys]
    answers: dict[str, Plain] = {}
    for field in fields:
        value = form.get(field.key)
        if value is None:
            if field.required:
                problems.append(Reason.of("answer_missing", field=field.key, kind=field.kind.value))
            continue
        try:
            answers[field.key] = FIELD_READERS[field.kind](value, field)
        except _Wrong as wrong:
            problems.append(Reason(wrong.reason.code, {"field": field.key, **wrong.reason.values}))
    if problems:
        raise InvalidForm(*problems)
    return answers
