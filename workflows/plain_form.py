"""The plain form of a value is what an event or a digest stores of it."""

from collections.abc import Mapping
from dataclasses import Field, fields, is_dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Any

from workflows.vocabulary import Plain

LATER: Mapping[str, bool] = {"later": True}
"""Marks a field that older files and records do not have: while it has its default, the plain form leaves it out."""


def as_plain(value: object) -> Plain:
    """Return a policy set, or a part of one, as an event stores it: fractions and dates as text. Raises TypeError."""
    if value is None or isinstance(value, str | int):
        return value.value if isinstance(value, StrEnum) else value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, tuple | list):
        return [as_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {str(key): as_plain(each) for key, each in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return row_of(value)
    raise TypeError(f"no plain form for {type(value).__name__}")


def row_of(row: Any) -> dict[str, Plain]:
    """Return one dataclass as an object by field name, each value as `as_plain` returns it."""
    return {each.name: as_plain(getattr(row, each.name)) for each in fields(row) if each.init and _is_said(row, each)}


def _is_said(row: Any, each: Field[Any]) -> bool:
    return not each.metadata.get("later") or getattr(row, each.name) != each.default
