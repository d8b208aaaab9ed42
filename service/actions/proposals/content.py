"""The content of a proposal as JSON: what a write was asked to do, and nothing else."""

from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, NewType, TypeVar, get_args, get_origin, get_type_hints
from uuid import UUID

from workflows.plain_form import as_plain
from workflows.vocabulary import Plain

Content = TypeVar("Content")


def to_plain(content: Any) -> dict[str, Plain]:
    """Return the fields of a dataclass as JSON: ids, dates and lists as text and lists. Raises TypeError."""
    return {each.name: _plain(getattr(content, each.name)) for each in fields(content)}


def _plain(value: Any) -> Plain:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        return dict(to_plain(value))
    return as_plain(value)


def from_plain(kind: type[Content], plain: dict[str, Any]) -> Content:
    """Return the dataclass that `to_plain` wrote. Raises TypeError for a field that `kind` does not have."""
    hints = get_type_hints(kind)
    return kind(**{name: _value(hints.get(name, NoneType), value) for name, value in plain.items()})


def _value(hint: Any, plain: Any) -> Any:
    if plain is None:
        return None
    if isinstance(hint, UnionType):
        hint = next(each for each in get_args(hint) if each is not NoneType)
    if isinstance(hint, NewType):
        hint = hint.__supertype__
    if get_origin(hint) is tuple:
        return tuple(_value(get_args(hint)[0], each) for each in plain)
    return _scalar(hint, plain)


def _scalar(hint: Any, plain: Any) -> Any:
    if is_dataclass(hint) and isinstance(hint, type):
        return from_plain(hint, plain)
    if hint is UUID:
        return UUID(plain)
    if hint in {date, datetime}:
        return hint.fromisoformat(plain)
    return hint(plain) if isinstance(hint, type) and issubclass(hint, StrEnum) else plain
