"""Readers turn the values of a policy file into exact types.

A problem has a path, a code and a hint. Money is never a float.
"""

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
    """One problem of the file: its path (`category[2].multiplier`), a code, and values that help to correct it."""

    path: str
    code: str
    values: Mapping[str, Plain] = field(default_factory=dict)


class InvalidPolicy(Exception):
    """A file that is not a valid policy set; `problems` has all its problems."""

    def __init__(self, *problems: PolicyProblem) -> None:
        super().__init__("; ".join(f"{problem.path}: {problem.code}" for problem in problems))
        self.problems = problems


Reader = Callable[[object], Any]
_REQUIRED = object()


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: its name in the policy set, its path in the file, its reader, and its default."""

    name: str
    path: str
    read: Reader
    default: object = _REQUIRED


def wrong(code: str, **values: Plain) -> InvalidPolicy:
    """Return the error for one value, without a path: the reader of the surrounding table adds it."""
    return InvalidPolicy(PolicyProblem("", code, values))


def _with_prefix(path: str, error: InvalidPolicy) -> list[PolicyProblem]:
    """Return the problems of a part with `path` put before their own paths."""
    return [
        PolicyProblem(path + ("" if not each.path or each.path[0] == "[" else ".") + each.path, each.code, each.values)
        for each in error.problems
    ]


def words(value: object) -> str:
    """Read free text of the issuer: a title, a document number."""
    if not isinstance(value, str) or not value.strip():
        raise wrong("not_text")
    return value.strip()


def _matching(pattern: re.Pattern[str], code: str, example: str) -> Reader:
    def read(value: object) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise wrong(code, found=str(value), example=example)
        return value

    return read


def one_of(*choices: str) -> Reader:
    """Read one of a closed list of codes; for a near miss the problem suggests the closest code."""

    def read(value: object) -> str:
        if value not in choices:
            raise wrong("not_a_choice", found=str(value), choices=list(choices), meant=_closest(value, choices))
        return str(value)

    return read


def _closest(value: object, known: tuple[str, ...]) -> str | None:
    return next(iter(difflib.get_close_matches(str(value), known, n=1)), None)


def whole(lowest: int, highest: int) -> Reader:
    """Read a whole number between two bounds, both included."""

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
    """Read yuan with at most two decimals, in quotes: `"3000.00"` → 300000 fen."""
    # A bare number is refused, because TOML reads 3000.00 as a float.
    match = _MONEY.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise wrong("not_money", found=str(value), example='"3000.00"')
    return Fen(int(match[1]) * 100 + int((match[2] or "").ljust(2, "0")))


def ratio(value: object) -> Fraction:
    """Read an exact ratio: a whole number, or "1.5", "2/3" or "80%" in quotes."""
    match = _RATIO.fullmatch(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else None
    if match is None:
        raise wrong("not_a_ratio", found=str(value), example='"1.5", "2/3", "80%"')
    return Fraction(match[1]) / 100 if match[1] else Fraction(match[0])


def listed(read_one: Reader, *, least: int = 0) -> Reader:
    """Read a list of at least `least` values; each problem has the position of its value, counted from 1."""

    def read(value: object) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) < least:
            raise wrong("not_a_list", least=least)
        items, problems = [], []
        for index, each in enumerate(value, start=1):
            try:
                items.append(read_one(each))
            except InvalidPolicy as error:
                problems += _with_prefix(f"[{index}]", error)
        if problems:
            raise InvalidPolicy(*problems)
        return tuple(items)

    return read


def named(read_one: Reader, *required: str) -> Reader:
    """Read a table whose keys the issuer chooses; the keys in `required` must be present."""

    def read(value: object) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise wrong("not_a_table")
        keys = tuple(value)
        missing = [
            PolicyProblem(name, "missing", {"meant": _closest(name, keys)}) for name in required if name not in value
        ]
        values, problems = {}, missing
        for key, each in value.items():
            try:
                values[code(key)] = read_one(each)
            except InvalidPolicy as error:
                problems += _with_prefix(key, error)
        if problems:
            raise InvalidPolicy(*problems)
        return MappingProxyType(values)

    return read


code = _matching(_CODE, "not_a_code", "medical_fee")
codes = listed(code)
division = _matching(_DIVISION, "not_a_division", "3710")


def rows(parameters: tuple[Parameter, ...], row: Callable[..., object]) -> Reader:
    """Read a list of one or more tables with the same parameters; `row` builds the object of each."""

    def read_one(value: object) -> object:
        if not isinstance(value, dict):
            raise wrong("not_a_table")
        values, problems = read_parameters(parameters, value)
        if problems:
            raise InvalidPolicy(*problems)
        return row(**values)

    return listed(read_one, least=1)


def read_parameters(
    parameters: tuple[Parameter, ...], table: Mapping[str, object]
) -> tuple[dict[str, Any], list[PolicyProblem]]:
    """Return the parameters that can be read, and a problem for every other one and every unknown key."""
    problems = list(_unknown_keys(tuple(parameter.path for parameter in parameters), table))
    values: dict[str, Any] = {}
    for parameter in parameters:
        value = _value_at(table, parameter.path)
        if value is None and parameter.default is _REQUIRED:
            problems.append(PolicyProblem(parameter.path, "missing"))
        elif value is None:
            values[parameter.name] = parameter.default
        else:
            try:
                values[parameter.name] = parameter.read(value)
            except InvalidPolicy as error:
                problems += _with_prefix(parameter.path, error)
    return values, problems


def _value_at(table: Mapping[str, object], path: str) -> object:
    value: object = table
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _unknown_keys(paths: tuple[str, ...], table: Mapping[str, object], above: str = "") -> Iterator[PolicyProblem]:
    known = tuple(dict.fromkeys(path.removeprefix(above).split(".")[0] for path in paths if path.startswith(above)))
    for key, value in table.items():
        if key not in known:
            yield PolicyProblem(above + key, "unknown_key", {"meant": _closest(key, known), "known": list(known)})
        elif above + key not in paths and isinstance(value, Mapping):
            yield from _unknown_keys(paths, value, f"{above}{key}.")
        elif above + key not in paths:
            yield PolicyProblem(above + key, "not_a_table")
