"""Docstrings and comments cite only pages, sections and rules that are in the repository."""

import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.architecture.source import FLOORS, ROOT, Page, kept_files, listed, pages

FOLDERS = (*FLOORS, "migrations", "samples", "benchmarks", "tests")
CITED_PAGE = re.compile(r"docs/(?:[\w-]+/)*[\w-]+(?:\.\w+)*")
CITED_SECTION = re.compile(r"(docs/(?:[\w-]+/)*[\w-]+\.md) ((?:§\d+(?:\.\d+)*(?:[–-]\d+(?:\.\d+)*)?(?:, | and )?)+)")
CITED_DECISION = re.compile(r"(?:docs/decisions/|[Dd]ecisions? |, )(0\d{3})\b")
CITED_RULE = re.compile(r"\brules? (\d{1,2}(?:(?:[–-]|, | and )\d{1,2})*)")
GONE = re.compile(r"(?<!docs/)\bdomain/\d|\bchoices(?:\.md)? ?§|\(design[,)]|(?<!docs/)\bdesign\.md")
SHARED = re.compile(r"/shared/")


@cache
def _texts() -> tuple[tuple[str, int, str], ...]:
    """Path, line and text of every comment and string in the Python files, and of every other text file of the code."""
    python = ((page.path, line, text) for page in pages(*FOLDERS) for line, text in _words(page))
    others = (
        (path.relative_to(ROOT).as_posix(), number, line)
        for path in kept_files()
        if path.suffix in {".toml", ".yml", ".po", ".sql", ".mako"} or path.name in {"Makefile", "Dockerfile"}
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    )
    return (*python, *others)


def _words(page: Page) -> Iterator[tuple[int, str]]:
    """Each comment, a string of several lines as one text; this file names what is gone, and is left out."""
    if page.path != "tests/architecture/test_citations.py":
        for token in page.words:
            yield token.start[0], re.sub(r"\s*\n\s*", " ", token.string)


@cache
def _section_numbers(path: str) -> frozenset[str]:
    """The numbers that headings of a page begin with: `### 1.5 Public notice` → 1.5; one heading may hold two."""
    headings = re.findall(r"^#+ (.*)$", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
    return frozenset(number for each in headings for number in re.findall(r"(?:^|and )(\d+(?:\.\d+)*)\b", each))


def _exists(cited: str) -> bool:
    """Whether a page or folder is there; `docs/decisions/0012` stands for the page whose name begins so."""
    path = ROOT / cited
    return path.exists() or (path.parent.name == "decisions" and any(path.parent.glob(f"{path.name}-*.md")))


def test_cited_pages_exist() -> None:
    """Why: a reference that leads nowhere costs every reader a search."""
    found = {(f"{path}:{line}", page) for path, line, text in _texts() for page in CITED_PAGE.findall(text)}
    assert found
    broken = [f"{where}: {page}" for where, page in found if not _exists(page)]
    assert not broken, listed(broken)


def test_cited_sections_are_headings() -> None:
    """Why: sections are renumbered, and comments are forgotten."""
    broken = []
    for path, line, text in _texts():
        for page, sections in CITED_SECTION.findall(text):
            numbers = re.findall(r"\d+(?:\.\d+)*", sections)
            known = _section_numbers(page) if (ROOT / page).is_file() else frozenset()
            broken += [f"{path}:{line}: {page} §{number}" for number in numbers if number not in known]
    assert not broken, listed(broken)


def test_cited_decisions_exist() -> None:
    """Why: decisions are cited by number alone."""
    there = {path.name[:4] for path in (ROOT / "docs" / "decisions").glob("0*.md")}
    cited = {
        (f"{path}:{line}", number)
        for path, line, text in _texts()
        if "decision" in text
        for number in CITED_DECISION.findall(text)
    }
    assert cited
    unknown = [f"{where}: decision {number}" for where, number in cited if number not in there]
    assert not unknown, listed(unknown)


def test_cited_audit_rules_stand_in_the_list() -> None:
    """Why: an auditor looks the number up."""
    text = (ROOT / "docs" / "domain" / "audit-rules.md").read_text(encoding="utf-8")
    there = {int(number) for number in re.findall(r"^\| (\d\d) \|", text, re.MULTILINE)}
    assert len(there) > 90
    cited = {
        (f"{path}:{line}", int(number))
        for path, line, words in _texts()
        if "audit" in words
        for group in CITED_RULE.findall(words)
        for number in re.findall(r"\d+", group)
    }
    unknown = [f"{where}: rule {number}" for where, number in cited if number not in there]
    assert not unknown, listed(unknown)


def test_no_citation_names_a_page_outside_the_repository() -> None:
    """Why: `domain/1 §1.5` and `choices §2.7` named notes that readers do not have; cite docs/domain/procedure.md §1.5."""
    gone = {f"{path}:{line}: {text[:160]}" for path, line, text in _texts() if GONE.search(text) or SHARED.search(text)}
    assert not gone, listed(gone)


@pytest.mark.parametrize(
    ("text", "is_gone"),
    [
        ("(domain/1 §1.5)", True),
        ("(choices §6, 14)", True),
        ('(design, "What always holds" 4)', True),
        ("design.md says", True),
        ("docs/design.md, What always holds 4", False),
        ("docs/domain/procedure.md §1.5", False),
        ("choices are read", False),
    ],
)
def test_the_pattern_finds_old_citations_only(text: str, is_gone: bool) -> None:
    """Why: a pattern that finds nothing passes for ever."""
    assert bool(GONE.search(text)) is is_gone
