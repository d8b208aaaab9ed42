"""How long a file and a function may be, and what nothing may be called."""

import ast
import re
from collections.abc import Iterator

from tests.architecture.source import FLOORS, Function, Page, pages

MEASURED = (*FLOORS, "samples", "benchmarks")
LINES_OF_A_FILE = 300
LINES_OF_A_FUNCTION = 30
SAY_NOTHING = frozenset({"util", "helper", "manager", "handler", "base", "common", "info"})
NAMED_BY_OTHERS = frozenset({"_register_error_handlers"})
"""Methods that a library calls by this name (flask-smorest)."""


def test_a_file_can_be_read_in_one_sitting() -> None:
    """Why: a file that passes 300 lines holds two nouns; it is split by noun, never by layer."""
    lines = {page.path: len(page.text.splitlines()) for page in pages(*MEASURED)}
    assert {path: count for path, count in lines.items() if count > LINES_OF_A_FILE} == {}


def test_a_function_can_be_seen_at_once() -> None:
    """Why: what does not fit on a screen is not checked by the eye that reviews it."""
    too_long = [
        f"{page.at(function)} {function.name}: {length}"
        for page in pages(*MEASURED)
        for function in page.functions()
        if (length := _length(function)) > LINES_OF_A_FUNCTION
    ]
    assert not too_long


def _length(function: Function) -> int:
    """From `def` to the last line; decorators say who may call, and are not counted."""
    return (function.end_lineno or 0) - function.lineno + 1


def test_names_say_what_a_thing_is() -> None:
    """Why: a drawer called util is where the next thing without a place is put, and the one after it."""
    empty = [
        f"{where} {name}"
        for page in pages(*FLOORS, "migrations", "samples", "benchmarks")
        for where, name in _names(page)
        if name not in NAMED_BY_OTHERS and _says_nothing(name)
    ]
    assert not empty


def _names(page: Page) -> Iterator[tuple[str, str]]:
    yield from ((page.path, part) for part in page.module.split("."))
    for node in page.nodes:
        if isinstance(node, Function | ast.ClassDef):
            yield page.at(node), node.name


def _says_nothing(name: str) -> bool:
    words = {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}
    return bool(words & (SAY_NOTHING | {f"{word}s" for word in SAY_NOTHING}))
