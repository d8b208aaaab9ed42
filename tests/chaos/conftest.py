"""Fixtures of the chaos tests: a running system, a random seed and a table of figures."""

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

RecordFigure = Callable[[str, object], None]
"""Add a figure, under its name, to the table printed at the end."""

_FIGURES = pytest.StashKey[list[tuple[str, str, str]]]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run all chaos tests in one xdist worker, because each keeps the machine busy."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("fire"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the figures recorded in this process."""
    rows = config.stash.get(_FIGURES, [])
    if rows:
        terminalreporter.section("figures of the chaos tests")
    widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
    for test, name, figure in rows:
        terminalreporter.write_line(f"{test:<{widths[0]}}  {name:<{widths[1]}}  {figure}")


@pytest.fixture
def record_figure(request: pytest.FixtureRequest) -> RecordFigure:
    """Return a function that records a figure of this test."""

    def record(name: str, figure: object) -> None:
        request.config.stash.setdefault(_FIGURES, []).append((request.node.name, name, str(figure)))
        sys.stdout.write(f"{name}: {figure}\n")

    return record


@pytest.fixture
def seed(record_figure: RecordFigure) -> int:
    """Return the random seed; SONGNUAN_CHAOS_SEED repeats a run."""
    drawn = int(os.environ.get("SONGNUAN_CHAOS_SEED") or secrets.randbelow(10**6))
    record_figure("seed", drawn)
    return drawn


@pytest.fixture
def folder(servers_folder: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """Yield a folder that PostgreSQL's account can read, and delete it after the test."""
    test_folder = servers_folder / f"chaos-{secrets.token_hex(4)}"
    test_folder.mkdir(mode=0o711)
    yield test_folder
    _show_logs(test_folder, request)
    shutil.rmtree((test_folder / "postgres").resolve(), ignore_errors=True)
    shutil.rmtree(test_folder, ignore_errors=True)


def _show_logs(folder: Path, request: pytest.FixtureRequest) -> None:
    """Print the end of each process log when a test failed."""
    for log in sorted(folder.glob("*.log")) if request.session.testsfailed else []:
        sys.stdout.write(f"\n--- {log.name}\n{log.read_text('utf-8', 'replace')[-20000:]}\n")


@pytest.fixture(scope="session")
def races(servers_folder: Path) -> Iterator[System]:
    """Yield a system of PostgreSQL and three web processes that no test kills."""
    folder = servers_folder / f"races-{secrets.token_hex(4)}"
    with System(folder, durable=False) as system:
        system.start_web()
        yield system
    shutil.rmtree((folder / "postgres").resolve(), ignore_errors=True)


@pytest.fixture
def fixture(races: System) -> Iterator[Fixture]:
    """Yield a new organisation on that system."""
    with races.engine(pool=60) as engine:
        yield create_fixture(engine)


@pytest.fixture
def client(races: System, fixture: Fixture) -> RetryingClient:
    """Return a client of its web processes."""
    return RetryingClient(races.port, fixture.organisation.tokens)
