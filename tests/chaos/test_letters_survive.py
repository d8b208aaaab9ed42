"""Workers, broker and lines die while notifications are owed: every notification arrives, and twice only where nobody could know."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.cli import processes
from service.local_servers.smtp import Mailbox, Mood
from tests.chaos.conftest import Tell
from tests.chaos.fixtures import create_fixture
from tests.chaos.flaky_smtp import FlakySmtp
from tests.chaos.reconcile import reconcile
from tests.chaos.system import PATIENCE, System
from tests.worker.notification_fixtures import owe, states
from tests.worker.processes import wait_until

CHILDREN = 2
"""Processes of one worker, each with one notification in its hand at most."""


@dataclass(frozen=True)
class Size:
    """How many notifications are owed, and what dies how often meanwhile."""

    notifications: int
    workers: int
    flushes: int
    brokers: int
    cuts: int


@dataclass
class Deaths:
    """When a process with notifications in its hands was killed: from when to when."""

    spans: list[tuple[float, float]] = field(default_factory=list)

    @contextmanager
    def span(self) -> Iterator[None]:
        began = time.time()
        yield
        self.spans.append((began, time.time()))

    def between(self, first: float, last: float) -> bool:
        """Whether any lay between a notification's two arrivals."""
        return any(first <= end and begin <= last for begin, end in self.spans)


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(Size(notifications=60, workers=1, flushes=1, brokers=1, cuts=4), id="quick"),
        pytest.param(
            Size(notifications=300, workers=5, flushes=3, brokers=3, cuts=15),
            id="full",
            marks=[pytest.mark.chaos, pytest.mark.timeout(900)],
        ),
    ],
)
@pytest.mark.timeout(300)
def test_every_notification_arrives(folder: Path, tmp_path: Path, size: Size, seed: int, tell: Tell) -> None:
    deaths = Deaths()
    with (
        FlakySmtp(tmp_path / "mail", cuts=size.cuts) as postbox,
        System(folder, smtp_url=postbox.url, demo_clock=False) as system,
        system.engine() as engine,
    ):
        ground = create_fixture(engine)
        system.start_worker()
        system.start_relay()
        owed = {str(each) for each in owe(engine, ground.office, size.notifications)}
        disturb(system, postbox, size, seed, deaths)
        everything = wait_until(lambda: states(engine) == {"delivered": size.notifications}, 3 * PATIENCE)
        left, found = states(engine), reconcile(engine)
    arrived = Counter(notification for notification, _ in postbox.arrivals())
    twice = {notification for notification, times in arrived.items() if times > 1}
    tell("notifications owed, arrivals", f"{len(owed)}, {arrived.total()}")
    tell("killed (-9)", f"worker {size.workers} times, broker {size.brokers} times, flushed {size.flushes} times")
    tell("twice: the line was dropped", len(twice & postbox.cut))
    tell("twice: killed between acceptance and commit", len(twice - postbox.cut))
    assert everything, left
    assert set(arrived) == owed
    assert len(postbox.cut) == size.cuts
    for notification in twice - postbox.cut:
        assert deaths.between(*postbox.first_and_last(notification)), notification
    assert arrived.total() - len(owed) <= size.cuts + size.workers * CHILDREN
    assert found.faults == ()


def disturb(system: System, postbox: FlakySmtp, size: Size, seed: int, deaths: Deaths) -> None:
    """What is to die dies in an order left to chance, each after some more notifications have come."""

    def lose_worker() -> None:
        with deaths.span():
            system.kill("worker")
        system.start_worker()

    def lose_broker() -> None:
        system.kill_broker()
        time.sleep(chance.random())
        system.start_broker()

    chance = random.Random(seed)
    blows: list[Callable[[], None]] = [
        *[lose_worker] * size.workers,
        *[system.flush_broker] * size.flushes,
        *[lose_broker] * size.brokers,
    ]
    chance.shuffle(blows)
    apart = size.notifications // (len(blows) + 1)
    for number, blow in enumerate(blows, start=1):
        assert come(postbox, number * apart), len(postbox.files())
        blow()


def come(postbox: FlakySmtp, count: int) -> bool:
    """Whether so many arrive in time."""
    return wait_until(lambda: len(postbox.files()) >= count, 2 * PATIENCE)


def test_a_broker_that_dies_while_a_worker_has_a_notification_in_its_hand_does_not_end_the_worker(
    folder: Path, tmp_path: Path
) -> None:
    """Celery once gave up there: closing the line, it tried to hand back what it held through the line that was gone."""
    with (
        Mailbox(tmp_path / "mail", mood=Mood.HANG) as mailbox,
        System(folder, smtp_url=mailbox.url, demo_clock=False) as system,
        system.engine() as engine,
    ):
        ground = create_fixture(engine)
        system.start_worker()
        system.start_relay()
        owe(engine, ground.office, 5)
        assert wait_until(lambda: in_hand(engine), PATIENCE)
        said = len(system.log("worker"))
        system.kill_broker()
        assert wait_until(lambda: len(system.log("worker")) > said, PATIENCE), "the worker has noticed"
        system.start_broker()
        mailbox.mood = Mood.ACCEPT
        for owed in (5, 10):
            assert delivered(engine, owed), states(engine)
            assert system.running["worker"].poll() is None, system.log("worker")[-4000:]
            owe(engine, ground.office, 5)


def delivered(engine: sa.Engine, count: int) -> bool:
    """Whether so many notifications, and no others, have gone in time."""
    return wait_until(lambda: states(engine) == {"delivered": count}, 2 * PATIENCE)


def in_hand(engine: sa.Engine) -> bool:
    """Whether some process has locked a notification and waits for the mail server."""
    idle = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()"
    with engine.connect() as conn:
        return bool(conn.scalar(sa.text(idle)))


def test_two_beats_at_once(folder: Path, tmp_path: Path, tell: Tell) -> None:
    """Two beats ring ten times as often as they ought, two workers and two relays hear them: nothing is done twice."""
    ended = sa.text("SELECT subject_id, count(*) FROM event WHERE action = 'end_notice' GROUP BY 1")
    rung = sa.text("SELECT at FROM job_run WHERE job = 'hardship.end_notice'")
    done = sa.text("SELECT job, sum(done) FROM job_run WHERE done > 0 GROUP BY 1")
    with (
        FlakySmtp(tmp_path / "mail") as postbox,
        System(folder, smtp_url=postbox.url, demo_clock=False) as system,
        system.engine() as engine,
    ):
        ground = create_fixture(engine)
        ground.line(500_000)
        ground.seat_many(["notice"] * 12 + ["approval"] * 4)
        ground.name_the_clock()
        for number in (1, 2):
            system.start_worker(f"worker-{number}")
            system.start_relay(f"relay-{number}")
            quick = [
                each.replace("worker.app", "tests.chaos.fast_beat")
                for each in processes.beat(folder / f"beat-{number}")
            ]
            system.start(f"beat-{number}", quick)
        rings: set[object] = set()

        def rung_often() -> bool:
            with engine.connect() as conn:
                rings.update(conn.scalars(rung))
                return len(rings) >= 10 and set(states(engine)) == {"delivered"}

        enough = wait_until(rung_often, 2 * PATIENCE)
        with engine.connect() as conn:
            times = Counter(row[1] for row in conn.execute(ended))
            jobs = {job: int(count) for job, count in conn.execute(done)}
            mailed = conn.scalar(sa.text("SELECT count(*) FROM notification WHERE channel = 'email'"))
            reminded = conn.scalar(
                sa.text("SELECT count(*) FROM notification WHERE kind IN ('overdue', 'follow_up_due')")
            )
        found = reconcile(engine)
    arrived = Counter(notification for notification, _ in postbox.arrivals())
    tell("ticks seen, notices ended, notifications mailed", f"{len(rings)}, {times.total()}, {arrived.total()}")
    assert enough, rings
    assert times == {1: 16}
    assert jobs == {"hardship.end_notice": 12, "anchor": 1, "overdue": reminded}
    assert (len(arrived), arrived.total()) == (mailed, mailed)
    clock = str(ground.office.people["clock"])  # name_the_clock() renamed it past the trail, which is noticed
    assert [each for each in found.faults if clock not in each] == []
