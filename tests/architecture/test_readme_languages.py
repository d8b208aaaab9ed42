"""README.md and README.en.md, and docs/ and docs/en/, say the same in two languages."""

import re
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

PAIRS = [
    (ROOT / "README.md", ROOT / "README.en.md"),
    *((ROOT / "docs" / page.name, page) for page in sorted((ROOT / "docs" / "en").glob("*.md"))),
]
both_languages = pytest.mark.parametrize(
    ("chinese", "english"),
    [pytest.param(chinese, english, id=chinese.relative_to(ROOT).as_posix()) for chinese, english in PAIRS],
)
BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def _text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def _prose(page: Path) -> str:
    return BLOCK.sub("", _text(page))


def _headings(page: Path) -> list[int]:
    return [len(marks) for marks in re.findall(r"^(#+) ", _prose(page), re.MULTILINE)]


def _code_blocks(page: Path) -> list[list[str]]:
    """The lines of each block without their comments and without what stands in <…>, which are translated."""
    blocks = BLOCK.findall(_text(page))
    lines = [[re.sub(r"(?:^|\s+)# .*$", " #", line) for line in block.splitlines()] for block in blocks]
    return [[re.sub(r"<[^>]*>", "<>", line) for line in block] for block in lines]


def _links(page: Path) -> list[Path]:
    """Where each link leads, in order; the link to the same page in the other language aside."""
    other_language = {each.resolve() for pair in PAIRS if page in pair for each in pair}
    targets = re.findall(r"\]\(([^)#\s]+)", _prose(page))
    led = [(page.parent / target).resolve() for target in targets if "://" not in target]
    return [target for target in led if target not in other_language]


def _tables(page: Path) -> list[int]:
    """The number of rows of each table."""
    return [len(table.strip().splitlines()) for table in re.findall(r"(?:^\|.*\n?)+", _prose(page), re.MULTILINE)]


def _code_words(page: Path) -> set[str]:
    """Names in backticks: paths, settings, commands, actions."""
    return {word for word in re.findall(r"`([^`\n]+)`", _prose(page)) if word.isascii()}


def test_there_are_pages_in_both_languages() -> None:
    """Why: a loop over nothing proves nothing."""
    assert {chinese.name for chinese, _ in PAIRS} >= {"README.md", "operator.md", "auditor.md"}
    assert all(chinese.is_file() for chinese, _ in PAIRS)


@both_languages
def test_headings_have_the_same_number_and_levels(chinese: Path, english: Path) -> None:
    """Why: a section that one language lacks is a section nobody translated."""
    assert _headings(chinese)
    assert _headings(chinese) == _headings(english)


@both_languages
def test_code_blocks_are_the_same(chinese: Path, english: Path) -> None:
    """Why: both readers must type the same commands."""
    assert _code_blocks(chinese) == _code_blocks(english)


@both_languages
def test_links_are_the_same(chinese: Path, english: Path) -> None:
    """Why: a link added in one language is missing in the other."""
    assert _links(chinese) == _links(english)


@both_languages
def test_tables_have_the_same_number_of_rows(chinese: Path, english: Path) -> None:
    """Why: a row added in one language is missing in the other."""
    assert _tables(chinese) == _tables(english)


@both_languages
def test_names_in_backticks_are_the_same(chinese: Path, english: Path) -> None:
    """Why: a setting or file that was renamed must be renamed in both."""
    assert _code_words(chinese) == _code_words(english)
