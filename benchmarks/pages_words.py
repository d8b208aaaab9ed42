"""The words, formats and awaited steps that the compared pages share.

They are read once from the JSON file that PAGES_FILE names; benchmarks/pages_data.py writes it from the service's
catalogue and workflows, so that a compared page needs neither.
"""

import json
import os
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from workflows.money_format import in_yuan_with_thousands

ENVIRONMENT = "PAGES_FILE"
"""The environment variable with the path of the JSON file."""


@cache
def known() -> dict[str, Any]:
    """Return `words` by key, and `steps`: the steps that cases wait for, as workflows.awaited_steps has them."""
    kept: dict[str, Any] = json.loads(Path(os.environ[ENVIRONMENT]).read_text())
    return kept


@cache
def _words() -> Mapping[str, str]:
    words: Mapping[str, str] = known()["words"]
    return words


def word(key: str, /, **values: object) -> str:
    """Return the Chinese text of a page with its `{name}` places filled in. Raises KeyError for an unknown key."""
    text = _words()[f"pages.{key}"]
    return text.format_map(values) if values else text


def term(group: str, code: object) -> str:
    """Return the word for a code; the code itself where it has none."""
    return _words().get(f"terms.{group}.{code}", str(code))


def choice(field: str, code: str) -> str:
    """Return the word for a choice of a field."""
    return _words().get(f"forms.choice.{field}.{code}") or term(field, code)


def joined(words: Iterable[str]) -> str:
    """Return words in a row: 生活救助、医疗救助."""
    return word("comma").join(words)


def document_kind(code: str) -> str:
    """Return the word for a kind of document: a paper that policies name, or what is none of them."""
    paper = term("paper", code)
    return paper if paper != code else term("document_kind", code)


def field_label(form: str, field: str) -> str:
    """Return the label of a field in a form."""
    return _words().get(f"forms.field.{form}.{field}") or _words().get(f"forms.field.{field}", field)


def action(name: str) -> str:
    """Return the words of an event's action."""
    return _words()[f"forms.action.{name}"]


def signed_label(name: str) -> str:
    """Return the label of a field that a signature covers."""
    return _words()[f"forms.signed.{name}"]


def programme(key: str) -> str:
    """Return the title of a programme."""
    return _words()[f"forms.programme.{key}"]


def reason(code: str) -> str:
    """Return the sentence of a reason, its places not filled in: the reasons of these pages have none."""
    return _words()[f"reasons.{code}"]


def yuan(fen: int | None) -> str:
    """Return fen as yuan with thousands; a dash for no amount."""
    return "—" if fen is None else in_yuan_with_thousands(int(fen))


def day(value: date | str) -> str:
    """Return a day as people read it: 2025年9月1日."""
    on = date.fromisoformat(value) if isinstance(value, str) else value
    return f"{on.year}年{on.month}月{on.day}日"
