"""How each kind of value in a policy file is read: a problem has a place, a code and a hint; money is never a float."""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from workflows.vocabulary import Fen, Plain

_MONEY = re.compile(r"(0|[1-9][0-9]{0,9})(?:\.([0-9]{1,2}))?")
_RATIO = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,4})?)%|[0-9]{1,6}(?:\.[0-9]{1,4}|/[1-9][0-9]{0,5})?")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")
_DIVISION = re.compile(r"[0-9]{0,12}")


@dataclass(frozen=True, slots=True)
class PolicyProblem:
    """Where in the file (`category[2].multiplier`), what is wrong, and the values that help to mend it."""

    path: str
    code: str
    values: Mapping[str, Plain] = field(default_factory=dict)


class InvalidPolicy(Exception):
    """The file is no policy set; `problems` holds all of them."""

    def __init__(self, *problems: PolicyProblem) -> None:
        super().__init__("; ".join(f"{problem.path}: {problem.code}" for problem in problems))
        self.problems = problems


Read = Callable[[object], Any]
_REQUIRED = object()


@dataclass(frozen=True, slots=True)
class Line:
    """One parameter: its name in the policy set, its place in the file, how it is read, what holds without it."""

    name: str
    path: str
    read: Read
    default: object = _REQUIRED


def wrong(code: str, **values: Plain) -> InvalidPolicy:
    """Say what is wrong with one value; its place is added on the way out."""
    return InvalidPolicy(PolicyProblem("", code, values))


def _below(path: str, bad: InvalidPolicy) -> list[PolicyProblem]:
    """Put the problems of a part in their place in the whole."""
    return [
        PolicyProblem(path + ("" if not each.path or each.path[0] == "[" else ".") + each.path, each.code, each.values)
        for each in bad.problems
    ]


def words(value: object) -> str:
    """Read free words of the issuer: a title, a document number."""
    if not isinstance(value, str) or not value.strip():
        raise wrong("not_text")
    return value.strip()


def _matching(pattern: re.Pattern[str], code: str, example: str) -> Read:
    def read(value: object) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise wrong(code, found=str(value), example=example)
        return value

    return read


def one_of(*choices: str) -> Read:
    """Read one of a closed list of codes; a near miss is told what it may have meant."""

    def read(value: object) -> str:
        if value not in choices:
            raise wrong("not_a_choice", found=str(value), choices=list(choices), meant=_meant(value, choices))
        return str(value)

    return read


def _meant(value: object, known: tuple[str, ...]) -> str | None:
    return next(iter(difflib.get_close_matches(str(value), known, n=1)), None)


def whole(lowest: int, highest: int) -> Read:
    """Read a whole number between two bounds, both allowed."""

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            raise wrong("not_a_whole_number", found=str(value), lowest=lowest, highest=highest)
        return value

    return read


def yes_no(value: object) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise wrong("not_true_or_false", found=str(value))
    return value


def day(value: object) -> date:
    """Read a TOML date; a date with a time is refused."""
    if not isinstance(value, date) or isinstance(value, datetime):
        raise wrong("not_a_date", found=str(value), example="2025-01-01")
    return value


def money(value: object) -> Fen:
    """Read yuan with at most two decimals, in quotes; a bare number is refused, for TOML would make it a float."""
    found = _MONEY.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise wrong("not_money", found=str(value), example='"3000.00"')
    return Fen(int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")))


def ratio(value: object) -> Fraction:
    """Read an exact ratio: a whole number, or "1.5", "2/3" or "80%" in quotes."""
    found = _RATIO.fullmatch(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else None
    if found is None:
        raise wrong("not_a_ratio", found=str(value), example='"1.5", "2/3", "80%"')
    return Fraction(found[1]) / 100 if found[1] else Fraction(found[0])


def listed(read_one: Read, *, least: int = 0) -> Read:
    """Read a list of at least `least` values; every bad one is told by its place, counted from 1."""

    def read(value: object) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) < least:
            raise wrong("not_a_list", least=least)
        items, problems = [], []
        for index, each in enumerate(value, start=1):
            try:
                items.append(read_one(each))
            except InvalidPolicy as bad:
                problems += _below(f"[{index}]", bad)
        if problems:
            raise InvalidPolicy(*problems)
        return tuple(items)

    return read


def named(read_one: Read, *required: str) -> Read:
    """Read a table of values under names of the issuer's own, `required` among them."""

    def read(value: object) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise wrong("not_a_table")
        given = tuple(value)
        missing = [
            PolicyProblem(name, "missing", {"meant": _meant(name, given)}) for name in required if name not in value
        ]
        named, problems = {}, missing
        for key, each in value.items():
            try:
                named[code(key)] = read_one(each)
            except InvalidPolicy as bad:
                problems += _below(key, bad)
        if problems:
            raise InvalidPolicy(*problems)
        return MappingProxyType(named)

    return read


code = _matching(_CODE, "not_a_code", "medical_fee")
codes = listed(code)
division = _matching(_DIVISION, "not_a_division", "3710")


def rows(lines: tuple[Line, ...], row: Callable[..., object]) -> Read:
    """Read a list of tables, each with the same lines, at least one."""

    def read_one(value: object) -> object:
        if not isinstance(value, dict):
            raise wrong("not_a_table")
        given, problems = read_lines(lines, value)
        if problems:
            raise InvalidPolicy(*problems)
        return row(**given)

    return listed(read_one, least=1)


def read_lines(lines: tuple[Line, ...], table: Mapping[str, object]) -> tuple[dict[str, Any], list[PolicyProblem]]:
    """Read what can be read; the rest, and every key nobody knows, is a problem."""
    problems = list(_unknown(tuple(line.path for line in lines), table))
    given: dict[str, Any] = {}
    for line in lines:
        value = _at(table, line.path)
        if value is None and line.default is _REQUIRED:
            problems.append(PolicyProblem(line.path, "missing"))
        elif value is None:
            given[line.name] = line.default
        else:
            try:
                given[line.name] = line.read(value)
            except InvalidPolicy as bad:
                problems += _below(line.path, bad)
    return given, problems


def _at(table: Mapping[str, object], path: str) -> object:
    value: object = table
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _unknown(paths: tuple[str, ...], table: Mapping[str, object], above: str = "") -> Iterator[PolicyProblem]:
    known = tuple(dict.fromkeys(path.removeprefix(above).split(".")[0] for path in paths if path.startswith(above)))
    for key, value in table.items():
        if key not in known:
            yield PolicyProblem(above + key, "unknown_key", {"meant": _meant(key, known), "known": list(known)})
        elif above + key not in paths and isinstance(value, Mapping):
            yield from _unknown(paths, value, f"{above}{key}.")
        elif above + key not in paths:
            yield PolicyProblem(above + key, "not_a_table")
