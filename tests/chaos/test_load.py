"""Tests of random concurrent load: no deadlock, no 5xx, and consistent pots."""

import time
from collections import Counter
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from tests.chaos.conftest import RecordFigure
from tests.chaos.fixtures import Fixture
from tests.chaos.load import Load
from tests.chaos.reconcile import reconcile
from tests.chaos.retrying_client import RetryingClient
from tests.worker.processes import wait_until

DEADLOCKS = sa.text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")


@dataclass(frozen=True)
class Size:
    """The number of clients, cases and funds, the duration, and the speed of the calendar.

    The load runs on until `least` steps are acknowledged.
    """

    clients: int
    cases: int
    funds: int
    seconds: float
    days_a_second: float
    least: int


QUICK = Size(clients=24, cases=40, funds=5, seconds=10, days_a_second=4, least=150)
FULL = Size(clients=64, cases=200, funds=5, seconds=180, days_a_second=2, least=2000)


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(QUICK, id="quick"),
        pytest.param(FULL, id="full", marks=[pytest.mark.chaos, pytest.mark.timeout(900)]),
    ],
)
def test_random_load_causes_no_deadlock_and_no_fault(
    fixture: Fixture, client: RetryingClient, size: Size, seed: int, record_figure: RecordFigure
) -> None:
    for _ in range(size.funds):
        fixture.add_fund(500_000)
    states = ("draft", "draft", "review", "approval", "payment")
    fixture.track_many([states[number % len(states)] for number in range(size.cases)], lambda n: fixture.funds[n % 5])
    before = deadlocks(fixture)
    load = Load(fixture, client, seed, size.clients, size.days_a_second)
    began = time.monotonic()
    load.start()
    time.sleep(size.seconds)
    enough = wait_until(lambda: load.steps >= size.least, 60)
    load.finish()
    reconciliation = reconcile(fixture.engine)
    record_load(record_figure, load, time.monotonic() - began)
    record_figure("deadlocks", deadlocks(fixture) - before)
    record_figure(
        "recounted",
        f"{reconciliation.events} events, {reconciliation.entries} entries, {reconciliation.notifications} notifications, {reconciliation.answers} answers",
    )
    assert enough, load.statuses
    assert load.faults == []
    assert client.faults == []
    assert client.lost == client.unavailable == 0
    assert deadlocks(fixture) == before
    assert reconciliation.faults == ()


def record_load(record_figure: RecordFigure, load: Load, seconds: float) -> None:
    """Record the figures of the load."""
    record_figure("clients, cases, seconds", f"{load.clients}, {len(load.fixture.tracked_cases)}, {seconds:.0f}")
    record_figure("requests by status", dict(sorted(load.statuses.items())))
    record_figure("steps taken", load.steps)
    record_figure("steps by action", dict(Counter(each.action for each in load.acknowledged).most_common()))
    record_figure("requests a second", round(sum(load.statuses.values()) / seconds, 1))
    record_figure("p50, p95, p99 seconds", [round(load.slowest(share), 3) for share in (0.5, 0.95, 0.99)])


def deadlocks(fixture: Fixture) -> int:
    with fixture.engine.connect() as conn:
        conn.execute(sa.text("SELECT pg_stat_clear_snapshot()"))
        return conn.scalar(DEADLOCKS) or 0
