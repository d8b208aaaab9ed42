"""What the core may not know, and who alone may close a transaction."""

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
    r"service/http/context\.py|service/db/migrate\.py|service/cli(\.py|/.*)|service/(api|web)/.*|worker/.*|migrations/env\.py"
)
"""The entry points; migrate.py runs migrations for the command line and env.py belongs to Alembic."""
BEGUN = re.compile(r"service/db/(engine|prepared)\.py:\d+ conn\.begin")
"""prepared.py tells SQLAlchemy that a transaction runs when a prepared statement is its first; it ends none."""
FACES = re.compile(
    r"service/clock\.py|service/http/(context|access_log|auth|health|rate_limit)\.py|service/observability/logs\.py|service/cli(\.py|/.*)|service/local_servers/.*|worker/.*"
)
"""Besides: what watches the machine looks at the machine's clock, whatever day a demo's request names."""
MONEY_ROOMS = (
    "service/tables",
    "service/queries",
    "service/actions",
    "service/schemas",
    "service/api",
    "service/imports",
    "service/report",
    "service/integrity",
)


@pytest.mark.parametrize("floor", FLOORS)
def test_only_a_face_looks_at_the_clock(floor: str) -> None:
    """Why: a case must live through its weeks in seconds in a test and in the demo, and be replayed to the day."""
    looks = [
        f"{page.at(call)} {name_of(call)}"
        for page in pages(floor)
        for call in page.calls()
        if CLOCKS.search(name_of(call))
    ]
    assert [look for look in looks if not FACES.match(look)] == []


def test_the_present_instant_is_asked_for_by_faces_alone() -> None:
    """Why: clock.now() is the one clock; whoever is not a face is given the day and the instant as arguments."""
    askers = [
        page.path
        for page in pages("service")
        for node in page.imports()
        if isinstance(node, ast.ImportFrom)
        and node.module == "service.clock"
        and any(each.name == "now" for each in node.names)
    ]
    assert [asker for asker in askers if not FACES.match(asker)] == []


def test_the_core_touches_nothing_outside_itself() -> None:
    """Why: it takes facts and returns what to write down. (diagram.py is a tool that prints the tables.)"""
    touching = [
        f"{page.at(node)} {name.name}"
        for page in pages("workflows")
        if page.path != "workflows/diagram.py"
        for node in page.imports()
        for name in node.names
        if (node.module if isinstance(node, ast.ImportFrom) else name.name) in OUTSIDE
    ]
    touching += [
        page.at(call)
        for page in pages("workflows")
        for call in page.calls()
        if name_of(call) in {"open", "print", "uuid4", "uuid.uuid4"}
    ]
    assert not touching


def test_money_is_never_a_float() -> None:
    """Why: 0.1 + 0.2. Fen are whole; a share or a line is a Fraction until it is rounded, once, by a rule that says how."""
    core = [found for page in pages("workflows") for found in _floats(page, core=True)]
    rooms = [found for page in pages(*MONEY_ROOMS) for found in _floats(page, core=False)]
    assert core + rooms == []


def _floats(page: Page, *, core: bool) -> Iterator[str]:
    """In the record a float may be a width or a second, never what comes of reading, dividing or rounding a number."""
    for node in page.nodes:
        if core and isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield f"{page.at(node)} {node.value}"
        if isinstance(node, ast.Call) and name_of(node) in {"float", "round"}:
            yield f"{page.at(node)} {name_of(node)}()"
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and _loses(node, every_division=core):
            yield f"{page.at(node)} {ast.unparse(node)}"


def _loses(node: ast.BinOp, *, every_division: bool) -> bool:
    """`Fraction(a) / 100` is exact; `folder / "name"` is a path, known by its text."""
    sides = (node.left, node.right)
    if any(ast.unparse(side).startswith("Fraction(") for side in sides):
        return False
    number = any(isinstance(side, ast.Constant) and isinstance(side.value, int) for side in sides)
    return every_division or number


def test_only_faces_close_a_transaction() -> None:
    """Why: an action that commits cannot be one of two that must both happen, or neither."""
    closers = [found for page in pages(*FLOORS, "migrations") for found in _closings(page)]
    assert [closer for closer in closers if not COMMITTERS.match(closer) and not BEGUN.fullmatch(closer)] == []


def _closings(page: Page) -> Iterator[str]:
    """Calls of .commit() and .begin(); a savepoint, which only its own part may undo, is not a transaction."""
    made = (node for node in page.nodes if isinstance(node, ast.Assign) and "begin_nested" in ast.unparse(node.value))
    savepoints = {ast.unparse(target) for node in made for target in node.targets}
    for call in page.calls():
        closes = isinstance(call.func, ast.Attribute) and call.func.attr in {"commit", "begin"}
        if closes and name_of(call).rpartition(".")[0] not in savepoints:
            yield f"{page.at(call)} {name_of(call)}"


def test_no_table_becomes_an_object() -> None:
    """Why: lazy loading is a query nobody wrote, in a loop nobody sees; a read is one function and one SELECT."""
    banned = {"relationship", "sessionmaker", "declarative_base", "DeclarativeBase", "registry"}
    found = [
        page.at(node)
        for page in pages("service", "worker")
        for node in page.imports()
        if (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy.orm"))
        or any(name.name in banned for name in node.names)
    ]
    assert not found
