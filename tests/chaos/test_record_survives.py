"""Tests that every acknowledged step survives kills of PostgreSQL and the web process."""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.chaos.conftest import RecordFigure
from tests.chaos.fixtures import Fixture, create_fixture
from tests.chaos.load import Load
from tests.chaos.reconcile import reconcile
from tests.chaos.retrying_client import RetryingClient
from tests.chaos.system import START_TIMEOUT, System
from tests.worker.processes import wait_until

STEPS_BETWEEN = 25
"""Steps that must be acknowledged between two kills."""

EventCounts = Counter[tuple[UUID, int, str]]
"""The number of events by case, sequence number and action."""


@dataclass(frozen=True)
class Size:
    """The number of kills of each process, and of clients and cases."""

    postgres: int
    web: int
    clients: int
    cases: int


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(Size(postgres=1, web=1, clients=8, cases=12), id="quick"),
        pytest.param(
            Size(postgres=3, web=5, clients=24, cases=100),
            id="full",
            marks=[pytest.mark.chaos, pytest.mark.timeout(900)],
        ),
    ],
)
@pytest.mark.timeout(300)
def test_acknowledged_step_survives_kills(folder: Path, size: Size, seed: int, record_figure: RecordFigure) -> None:
    with System(folder) as system, system.engine() as engine:
        system.start_web()
        fixture = create_fixture(engine)
        for _ in range(3):
            fixture.add_fund(500_000)
        fixture.track_many(["draft", "review", "approval", "payment"] * (size.cases // 4))
        before = count_events(fixture)
        load = Load(
            fixture, RetryingClient(system.port, fixture.organisation.tokens), seed, size.clients, days_a_second=2
        )
        load.start()
        kill_repeatedly(system, load, size, seed)
        load.finish()
        after, reconciliation = count_events(fixture), reconcile(engine)
    record_figures(record_figure, load, size)
    record_figure(
        "recounted",
        f"{reconciliation.events} events, {reconciliation.entries} entries, {reconciliation.notifications} notifications, {reconciliation.answers} answers",
    )
    acknowledged = Counter((each.case_id, each.version, each.action) for each in load.acknowledged)
    assert load.faults == []
    assert load.client.faults == []
    assert load.client.lost + load.client.unavailable > 0
    assert acknowledged == after - before
    assert reconciliation.faults == ()


def count_events(fixture: Fixture) -> EventCounts:
    with fixture.engine.connect() as conn:
        rows = conn.execute(sa.text("SELECT subject_id, seq, action FROM event WHERE subject = 'case'"))
        return Counter((row.subject_id, row.seq, row.action) for row in rows)


def kill_repeatedly(system: System, load: Load, size: Size, seed: int) -> None:
    """Kill each process in random order while clients work, and restart it after a moment."""
    chance = random.Random(seed)
    deaths: list[tuple[Callable[[], None], Callable[[], None]]] = [
        *[(system.kill_postgres, system.start_postgres)] * size.postgres,
        *[(lambda: system.kill("web"), system.start_web)] * size.web,
    ]
    chance.shuffle(deaths)
    for kill, start in deaths:
        wait_for_steps(load)
        time.sleep(chance.random())  # at any moment of the work
        kill()
        time.sleep(chance.random())  # clients send requests while the process is down
        start()
    wait_for_steps(load)


def wait_for_steps(load: Load) -> None:
    steps_before = load.steps
    assert wait_until(lambda: load.steps >= steps_before + STEPS_BETWEEN, START_TIMEOUT), load.statuses


def record_figures(record_figure: RecordFigure, load: Load, size: Size) -> None:
    record_figure("killed (-9)", f"PostgreSQL {size.postgres} times, the web {size.web} times")
    record_figure("requests by status", dict(sorted(load.statuses.items())))
    record_figure("steps acknowledged", load.steps)
    record_figure("connections lost, 503 with Retry-After", f"{load.client.lost}, {load.client.unavailable}")
    record_figure("replayed answers", load.client.replayed)
    record_figure("p50, p95, p99 seconds", [round(load.slowest(share), 3) for share in (0.5, 0.95, 0.99)])
