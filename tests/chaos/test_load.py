"""Everybody at once at everything: no deadlock, no 5xx, and every pot is the sum of its entries."""

import time
from collections import Counter
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from tests.chaos.conftest import Tell
from tests.chaos.fixtures import Fixture
from tests.chaos.load import Load
from tests.chaos.reconcile import reconcile
from tests.chaos.retrying_client import RetryingClient
from tests.worker.processes import wait_until

DEADLOCKS = sa.text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")


@dataclass(frozen=True)
class Size:
    """How many work how long, and how fast the calendar runs meanwhile; `least` steps are waited for."""

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
def test_many_clients_at_random(ground: Fixture, wire: RetryingClient, size: Size, seed: int, tell: Tell) -> None:
    for _ in range(size.funds):
        ground.line(500_000)
    states = ("draft", "draft", "review", "approval", "payment")
    ground.seat_many([states[number % len(states)] for number in range(size.cases)], lambda n: ground.funds[n % 5])
    before = deadlocks(ground)
    load = Load(ground, wire, seed, size.clients, size.days_a_second)
    began = time.monotonic()
    load.start()
    time.sleep(size.seconds)
    enough = wait_until(lambda: load.steps >= size.least, 60)
    load.finish()
    found = reconcile(ground.engine)
    told(tell, load, time.monotonic() - began)
    tell("deadlocks", deadlocks(ground) - before)
    tell(
        "recounted",
        f"{found.events} events, {found.entries} entries, {found.notifications} notifications, {found.answers} answers",
    )
    assert enough, load.statuses
    assert load.faults == []
    assert wire.faults == []
    assert wire.lost == wire.away == 0
    assert deadlocks(ground) == before
    assert found.faults == ()


def told(tell: Tell, load: Load, seconds: float) -> None:
    """What the load came to."""
    tell("clients, cases, seconds", f"{load.clients}, {len(load.ground.seats)}, {seconds:.0f}")
    tell("requests by status", dict(sorted(load.statuses.items())))
    tell("steps taken", load.steps)
    tell("steps by action", dict(Counter(each.action for each in load.told).most_common()))
    tell("requests a second", round(sum(load.statuses.values()) / seconds, 1))
    tell("p50, p95, p99 seconds", [round(load.slowest(share), 3) for share in (0.5, 0.95, 0.99)])


def deadlocks(ground: Fixture) -> int:
    with ground.engine.connect() as conn:
        conn.execute(sa.text("SELECT pg_stat_clear_snapshot()"))
        return conn.scalar(DEADLOCKS) or 0
