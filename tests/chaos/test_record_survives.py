"""PostgreSQL and the web die again and again while people work: what was acknowledged is there, and nothing by halves."""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.chaos.conftest import Tell
from tests.chaos.fixtures import Fixture, create_fixture
from tests.chaos.load import Load
from tests.chaos.reconcile import reconcile
from tests.chaos.retrying_client import RetryingClient
from tests.chaos.system import PATIENCE, System
from tests.worker.processes import wait_until

STEPS_BETWEEN = 25
"""How many steps must have been acknowledged after a kill before the next."""

Trail = Counter[tuple[UUID, int, str]]
"""The events of the cases: whose, which number, which action; how often."""


@dataclass(frozen=True)
class Size:
    """How often each dies, and who works meanwhile."""

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
def test_what_was_acknowledged_is_there(folder: Path, size: Size, seed: int, tell: Tell) -> None:
    with System(folder) as system, system.engine() as engine:
        system.start_web()
        ground = create_fixture(engine)
        for _ in range(3):
            ground.line(500_000)
        ground.seat_many(["draft", "review", "approval", "payment"] * (size.cases // 4))
        before = trail(ground)
        load = Load(ground, RetryingClient(system.port, ground.office.tokens), seed, size.clients, days_a_second=2)
        load.start()
        kill_now_and_then(system, load, size, seed)
        load.finish()
        after, found = trail(ground), reconcile(engine)
    figures(tell, load, size)
    tell(
        "recounted",
        f"{found.events} events, {found.entries} entries, {found.notifications} notifications, {found.answers} answers",
    )
    acknowledged = Counter((each.case_id, each.version, each.action) for each in load.told)
    assert load.faults == []
    assert load.wire.faults == []
    assert load.wire.lost + load.wire.away > 0
    assert acknowledged == after - before
    assert found.faults == ()


def trail(ground: Fixture) -> Trail:
    with ground.engine.connect() as conn:
        rows = conn.execute(sa.text("SELECT subject_id, seq, action FROM event WHERE subject = 'case'"))
        return Counter((row.subject_id, row.seq, row.action) for row in rows)


def kill_now_and_then(system: System, load: Load, size: Size, seed: int) -> None:
    """-9, in an order left to chance, each when the work is going on again; down for a moment, then started again."""
    chance = random.Random(seed)
    deaths: list[tuple[Callable[[], None], Callable[[], None]]] = [
        *[(system.kill_postgres, system.start_postgres)] * size.postgres,
        *[(lambda: system.kill("web"), system.start_web)] * size.web,
    ]
    chance.shuffle(deaths)
    for kill, start in deaths:
        going_on(load)
        time.sleep(chance.random())  # anywhere in the work
        kill()
        time.sleep(chance.random())  # people meet the closed door
        start()
    going_on(load)


def going_on(load: Load) -> None:
    seen = load.steps
    assert wait_until(lambda: load.steps >= seen + STEPS_BETWEEN, PATIENCE), load.statuses


def figures(tell: Tell, load: Load, size: Size) -> None:
    tell("killed (-9)", f"PostgreSQL {size.postgres} times, the web {size.web} times")
    tell("requests by status", dict(sorted(load.statuses.items())))
    tell("steps acknowledged", load.steps)
    tell("lines lost, 503 with Retry-After", f"{load.wire.lost}, {load.wire.away}")
    tell("repetitions that found the thing done", load.wire.replayed)
    tell("p50, p95, p99 seconds", [round(load.slowest(share), 3) for share in (0.5, 0.95, 0.99)])
