"""Tests that docstrings and comments avoid the project's former figurative words."""

import ast
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import FLOORS, Page, pages

SEARCHED = (*FLOORS, "migrations", "benchmarks", "tests")
MOST_IN_A_THOUSAND = 2.0
FIGURATIVE = re.compile(
    r"\b(?:houses?|doors?|drawers?|bells?|rings?|parcels?|hands?|desks?|mend(?:s|ed)?|told|tells?|stands?|stood|hangs?"
    r"|hung|anew|whoever|whom|nought|rooms?|grounds?)\b",
    re.IGNORECASE,
)
WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")
QUOTED = re.compile(r"`[^`]*`")
"""Identifiers, keys and commands in backticks are names, not prose."""
LITERAL = {
    r"hand(?:s|ed)? (?:it |them )?(?:over|out)": "to give goods or money to a person",
    r"keyrings?": "the keys of the encryption",
    r"rooms? (?:of|in) an address|room number": "a part of a postal address",
    r"by hand|hand-written": "without a tool or a library, as opposed to generated",
}
"""Expressions of the domain and of engineering that contain a counted word, each with its meaning."""
EXEMPT = {Path(__file__).name: "lists the words"}


def docstrings(page: Page) -> Iterator[str]:
    """Yield the docstrings, and the string expressions that document a constant or a field."""
    for node in page.nodes:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value


def comments(page: Page) -> Iterator[str]:
    """Return the `#` comments."""
    return (token.string for token in page.words if token.type == tokenize.COMMENT)


def prose(page: Page) -> str:
    """Return all prose of a file without quoted names and literal expressions."""
    text = " ".join([*docstrings(page), *comments(page)])
    for expression in (QUOTED.pattern, *LITERAL):
        text = re.sub(rf"{expression}", " ", text, flags=re.IGNORECASE)
    return text


def test_figurative_words_are_fewer_than_two_in_a_thousand() -> None:
    """Why: readers with English as a second language take "the house" or "told" literally and lose the meaning."""
    words, figurative = 0, Counter[str]()
    for page in pages(*SEARCHED):
        text = prose(page)
        if Path(page.path).name not in EXEMPT:
            words += len(WORD.findall(text))
            figurative[page.path] += len(FIGURATIVE.findall(text))
    rate = figurative.total() * 1000 / words
    worst = "\n".join(f"{count:>4} {path}" for path, count in figurative.most_common(10) if count)
    assert rate < MOST_IN_A_THOUSAND, f"{rate:.1f} figurative words in 1,000 ({words:,} words)\n{worst}"
