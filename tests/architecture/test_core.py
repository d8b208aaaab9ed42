"""Tests of the layers: the clock, floats, transactions and frameworks."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.source import FLOORS, Page, name_of, pages

CLOCKS = re.compile(
    r"\b(datetime\.now|date\.today|datetime\.today|utcnow|time\.time|monotonic|perf_counter|localtime|gmtime)$"
)
OUTSIDE = frozenset(
    {
        "io",
        "logging",
        "os",
        "pathlib",
        "random",
        "secrets",
        "socket",
        "subprocess",
        "sys",
        "tempfile",
        "threading",
        "time",
        "urllib",
    }
)
COMMITTERS = re.compile(
    r"service/http/(transaction|health)\.py|service/db/migrate\.py|service/cli(\.py|/.*)|service/(api|web)/.*|worker/.*|migrations/env\.py"
)
"""The entry points; migrate.py runs migrations for the command line and env.py belongs to Alembic."""
BEGUN = re.compile(r"service/db/(engine|prepared)\.py:\d+ conn\.begin")
"""prepared.py begins a transaction in SQLAlchemy for a prepared first statement, and ends none."""
CLOCK_READERS = re.compile(
    r"service/clock\.py|service/http/(context|access_log|auth|health|rate_limit|served_record)\.py|service/observability/logs\.py|service/cli(\.py|/.*)|service/file_maker\.py|service/local_servers/.*|worker/.*"
)
"""Entry points, and modules that observe the machine and need its clock on any simulated day."""
MONEY_PACKAGES = (
    "service/tables",
    "service/queries",
    "service/actions",
    "service/schemas",
    "service/api",
    "service/imports",
    "service/report",
    "service/integrity",
)


@pytest.mark.parametrize("package", FLOORS)
def test_clock_is_read_only_by_entry_points(package: str) -> None:
    """Why: tests and the demo run weeks of a case in seconds, and a replay must give the same days."""
    clock_calls = [
        f"{page.at(call)} {name_of(call)}"
        for page in pages(package)
        for call in page.calls()
        if CLOCKS.search(name_of(call))
    ]
    assert [call for call in clock_calls if not CLOCK_READERS.match(call)] == []


def test_clock_now_is_imported_only_by_entry_points() -> None:
    """Why: clock.now() is the only clock; all other code receives the day and the instant as arguments."""
    importers = [
        page.path
        for page in pages("service")
        for node in page.imports()
        if isinstance(node, ast.ImportFrom)
        and node.module == "service.clock"
        and any(each.name == "now" for each in node.names)
    ]
    assert [importer for importer in importers if not CLOCK_READERS.match(importer)] == []


def test_rules_use_no_input_output_and_no_randomness() -> None:
    """Why: the rules take facts and return what to record. (diagram.py is a tool that prints the tables.)"""
    outside_uses = [
        f"{page.at(node)} {name.name}"
        for page in pages("workflows")
        if page.path != "workflows/diagram.py"
        for node in page.imports()
        for name in node.names
        if (node.module if isinstance(node, ast.ImportFrom) else name.name) in OUTSIDE
    ]
    outside_uses += [
        page.at(call)
        for page in pages("workflows")
        for call in page.calls()
        if name_of(call) in {"open", "print", "uuid4", "uuid.uuid4"}
    ]
    assert not outside_uses


def test_money_is_no_float() -> None:
    """Why: 0.1 + 0.2 is not 0.3. Fen are integers; a share is a Fraction until a rule rounds it once."""
    core = [found for page in pages("workflows") for found in _floats(page, core=True)]
    packages = [found for page in pages(*MONEY_PACKAGES) for found in _floats(page, core=False)]
    assert core + packages == []


def _floats(page: Page, *, core: bool) -> Iterator[str]:
    """Yield floats; outside the rules only those that come from parsing, division or rounding."""
    for node in page.nodes:
        if core and isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield f"{page.at(node)} {node.value}"
        if isinstance(node, ast.Call) and name_of(node) in {"float", "round"}:
            yield f"{page.at(node)} {name_of(node)}()"
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and _loses_precision(node, every_division=core):
            yield f"{page.at(node)} {ast.unparse(node)}"


def _loses_precision(node: ast.BinOp, *, every_division: bool) -> bool:
    """Return whether a division may lose precision: `Fraction(a) / 100` is exact, `folder / "name"` is a path."""
    sides = (node.left, node.right)
    if any(ast.unparse(side).startswith("Fraction(") for side in sides):
        return False
    number = any(isinstance(side, ast.Constant) and isinstance(side.value, int) for side in sides)
    return every_division or number


def test_transaction_is_closed_only_by_entry_points() -> None:
    """Why: an action that commits cannot be part of a transaction with another action."""
    closers = [found for page in pages(*FLOORS, "migrations") for found in _closings(page)]
    assert [closer for closer in closers if not COMMITTERS.match(closer) and not BEGUN.fullmatch(closer)] == []


def _closings(page: Page) -> Iterator[str]:
    """Yield calls of .commit() and .begin(), except on a savepoint."""
    assignments = (
        node for node in page.nodes if isinstance(node, ast.Assign) and "begin_nested" in ast.unparse(node.value)
    )
    savepoints = {ast.unparse(target) for node in assignments for target in node.targets}
    for call in page.calls():
        closes = isinstance(call.func, ast.Attribute) and call.func.attr in {"commit", "begin"}
        if closes and name_of(call).rpartition(".")[0] not in savepoints:
            yield f"{page.at(call)} {name_of(call)}"


def test_tables_are_not_mapped_to_objects() -> None:
    """Why: lazy loading hides queries in loops; a read is one function and one SELECT."""
    banned = {"relationship", "sessionmaker", "declarative_base", "DeclarativeBase", "registry"}
    found = [
        page.at(node)
        for page in pages("service", "worker")
        for node in page.imports()
        if (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy.orm"))
        or any(name.name in banned for name in node.names)
    ]
    assert not found
