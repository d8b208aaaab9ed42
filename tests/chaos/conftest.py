"""A system of their own for the races, a seed for what is left to chance, and a table of figures in the end."""

import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.chaos.fixtures import Fixture, create_fixture
from tests.chaos.retrying_client import RetryingClient
from tests.chaos.system import System

Tell = Callable[[str, object], None]
"""Puts a figure into the table."""

_FIGURES = pytest.StashKey[list[tuple[str, str, str]]]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here keeps a machine busy: it runs in one worker, one after another."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("fire"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The table, where figures were told in this process."""
    rows = config.stash.get(_FIGURES, [])
    if rows:
        terminalreporter.section("figures of the fire")
    widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
    for test, what, figure in rows:
        terminalreporter.write_line(f"{test:<{widths[0]}}  {what:<{widths[1]}}  {figure}")


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Tell:
    """Tells a figure of this test."""

    def told(what: str, figure: object) -> None:
        request.config.stash.setdefault(_FIGURES, []).append((request.node.name, what, str(figure)))
        sys.stdout.write(f"{what}: {figure}\n")

    return told


@pytest.fixture
def seed(tell: Tell) -> int:
    """Where chance begins; SONGNUAN_CHAOS_SEED begins it there again."""
    drawn = int(os.environ.get("SONGNUAN_CHAOS_SEED") or secrets.randbelow(10**6))
    tell("seed", drawn)
    return drawn


@pytest.fixture
def folder(servers_folder: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A folder that PostgreSQL's account can reach, gone with the test."""
    made = servers_folder / f"fire-{secrets.token_hex(4)}"
    made.mkdir(mode=0o711)
    yield made
    _show_logs(made, request)
    shutil.rmtree((made / "postgres").resolve(), ignore_errors=True)
    shutil.rmtree(made, ignore_errors=True)


def _show_logs(folder: Path, request: pytest.FixtureRequest) -> None:
    """What the processes said last, for whoever reads a failure."""
    for log in sorted(folder.glob("*.log")) if request.session.testsfailed else []:
        sys.stdout.write(f"\n--- {log.name}\n{log.read_text('utf-8', 'replace')[-20000:]}\n")


@pytest.fixture(scope="session")
def races(servers_folder: Path) -> Iterator[System]:
    """PostgreSQL and three web processes that nobody kills."""
    folder = servers_folder / f"races-{secrets.token_hex(4)}"
    with System(folder, durable=False) as system:
        system.start_web()
        yield system
    shutil.rmtree((folder / "postgres").resolve(), ignore_errors=True)


@pytest.fixture
def ground(races: System) -> Iterator[Fixture]:
    """An office of its own on that system."""
    with races.engine(pool=60) as engine:
        yield create_fixture(engine)


@pytest.fixture
def wire(races: System, ground: Fixture) -> RetryingClient:
    """The way to its web processes."""
    return RetryingClient(races.port, ground.office.tokens)
