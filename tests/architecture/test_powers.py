"""Every write of the product is in the table of powers, and docs/powers.md is printed from it."""

import ast
from collections.abc import Iterator
from functools import cache

from flask import Flask

from service.imports.proposed_import import ALL_WRITES
from service.imports.workbooks import WORKBOOKS
from tests.architecture.powers_page import ALONE, CASE_ROUTES, COMMANDS, JOBS, ROUTES, SHEETS, page
from tests.architecture.source import FLOORS, ROOT, Page, pages
from tests.architecture.test_routes import flask_app
from workflows.powers import POWERS

__all__ = ["flask_app"]

NAMED_ELSEWHERE = {"void_visit", "void_donation", "void_activity", "decide_category", "undo_category", "match_number"}
"""Actions whose name is no literal at the call: `void_{kind.subject}` and constants."""


@cache
def written_acts() -> frozenset[tuple[str, str]]:
    """Return the subject and action of each append_event call of the source; those of cases are in the programmes."""
    return frozenset(act for each in pages(*FLOORS) for act in _acts_of(each))


def _acts_of(source: Page) -> Iterator[tuple[str, str]]:
    for call in source.calls():
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if name == "append_event" and len(call.args) > 3:
            subject, action = call.args[1], call.args[3]
            if isinstance(subject, ast.Constant) and isinstance(action, ast.Constant):
                yield str(subject.value), str(action.value)


def test_every_write_is_in_the_table_of_powers() -> None:
    """Why: a write that nobody classed may let one person move money."""
    assert written_acts() - POWERS.keys() == set()
    unnamed = {action for subject, action in POWERS if (subject, action) not in written_acts()}
    assert unnamed >= NAMED_ELSEWHERE


def test_write_that_touches_money_power_or_rules_needs_a_second_person_or_says_why_not() -> None:
    """Why: an empty cell would read as "nobody thought of it"."""
    assert [act for act, power in POWERS.items() if not power.confirms and power.alone not in ALONE] == []
    assert [act for act, power in POWERS.items() if power.confirms and power.alone] == []


def test_every_route_of_a_write_is_in_the_page(flask_app: Flask) -> None:
    """Why: a way in that the page does not name is a way nobody reviews."""
    writing = {
        rule.endpoint for rule in flask_app.url_map.iter_rules() if (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}
    }
    assert writing == ROUTES.keys() | CASE_ROUTES
    named = {act for ways in (ROUTES, SHEETS, COMMANDS, JOBS) for acts in ways.values() for act in acts}
    assert named - POWERS.keys() == set()


def test_every_sheet_that_is_written_is_in_the_page() -> None:
    """Why: a sheet is a way in like a route."""
    titles = {sheet.title for book in WORKBOOKS if book.write is not None for sheet in book.sheets}
    assert titles == {title for title in SHEETS if "*" not in title}


def test_proposed_write_is_a_row_with_a_second_person() -> None:
    """Why: a proposal without a confirmer could never be done."""
    assert [act for act, write in ALL_WRITES.items() if not POWERS[write.power].confirms] == []
    proposed = {write.power for write in ALL_WRITES.values()}
    assert {act for act, power in POWERS.items() if power.confirms} - proposed == set()


def test_page_of_powers_is_printed_from_the_tables() -> None:
    """Why: an outdated page is believed. After a change: python -m tests.architecture.powers_page > docs/powers.md"""
    assert (ROOT / "docs" / "powers.md").read_text(encoding="utf-8") == page()
