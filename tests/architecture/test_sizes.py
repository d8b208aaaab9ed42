"""Tests of the length of files and functions, and of names without meaning."""

import ast
import re
from collections.abc import Iterator

from tests.architecture.source import FLOORS, Function, Page, pages

MEASURED = (*FLOORS, "samples", "benchmarks")
LINES_OF_A_FILE = 300
LINES_OF_A_FUNCTION = 30
MEANINGLESS = frozenset({"util", "helper", "manager", "handler", "base", "common", "info"})
NAMED_BY_LIBRARIES = frozenset({"_register_error_handlers"})
"""Methods whose name a library requires (flask-smorest)."""


def test_file_has_at_most_300_lines() -> None:
    """Why: a longer file usually contains two nouns, and is split by noun."""
    lines = {page.path: len(page.text.splitlines()) for page in pages(*MEASURED)}
    assert {path: count for path, count in lines.items() if count > LINES_OF_A_FILE} == {}


def test_function_has_at_most_30_lines() -> None:
    """Why: a reviewer must see a function on one screen."""
    too_long = [
        f"{page.at(function)} {function.name}: {length}"
        for page in pages(*MEASURED)
        for function in page.functions()
        if (length := _length(function)) > LINES_OF_A_FUNCTION
    ]
    assert not too_long


def _length(function: Function) -> int:
    """Return the lines from `def` to the end, without decorators."""
    return (function.end_lineno or 0) - function.lineno + 1


def test_name_contains_no_meaningless_word() -> None:
    """Why: a module called util collects everything that has no other module."""
    meaningless = [
        f"{position} {name}"
        for page in pages(*FLOORS, "migrations", "samples", "benchmarks")
        for position, name in _names(page)
        if name not in NAMED_BY_LIBRARIES and _is_meaningless(name)
    ]
    assert not meaningless


def _names(page: Page) -> Iterator[tuple[str, str]]:
    yield from ((page.path, part) for part in page.module.split("."))
    for node in page.nodes:
        if isinstance(node, Function | ast.ClassDef):
            yield page.at(node), node.name


def _is_meaningless(name: str) -> bool:
    words = {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}
    return bool(words & (MEANINGLESS | {f"{word}s" for word in MEANINGLESS}))
