"""Tests that every notification arrives while workers, broker and connections fail."""

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
from tests.chaos.conftest import RecordFigure
from tests.chaos.fixtures import create_fixture
from tests.chaos.flaky_smtp import FlakySmtp
from tests.chaos.reconcile import reconcile
from tests.chaos.system import START_TIMEOUT, System
from tests.worker.notification_fixtures import owe, states
from tests.worker.processes import wait_until

CHILDREN = 2
"""Processes of one worker, each of which sends at most one notification at a time."""


@dataclass(frozen=True)
class Size:
    """The number of notifications due, and of kills, flushes and dropped connections meanwhile."""

    notifications: int
    workers: int
    flushes: int
    brokers: int
    cuts: int


@dataclass
class Deaths:
    """The time spans in which a process that was sending notifications was killed."""

    spans: list[tuple[float, float]] = field(default_factory=list)

    @contextmanager
    def span(self) -> Iterator[None]:
        began = time.time()
        yield
        self.spans.append((began, time.time()))

    def between(self, first: float, last: float) -> bool:
        """Return whether any span lies between a notification's first and last arrival."""
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
def test_notification_arrives_despite_failures(
    folder: Path, tmp_path: Path, size: Size, seed: int, record_figure: RecordFigure
) -> None:
    deaths = Deaths()
    with (
        FlakySmtp(tmp_path / "mail", cuts=size.cuts) as mailbox,
        System(folder, smtp_url=mailbox.url, demo_clock=False) as system,
        system.engine() as engine,
    ):
        fixture = create_fixture(engine)
        system.start_worker()
        system.start_relay()
        due = {str(each) for each in owe(engine, fixture.organisation, size.notifications)}
        disturb(system, mailbox, size, seed, deaths)
        all_delivered = wait_until(lambda: states(engine) == {"delivered": size.notifications}, 3 * START_TIMEOUT)
        final_states, reconciliation = states(engine), reconcile(engine)
    arrived = Counter(notification for notification, _ in mailbox.arrivals())
    twice = {notification for notification, times in arrived.items() if times > 1}
    record_figure("notifications due, arrivals", f"{len(due)}, {arrived.total()}")
    record_figure(
        "killed (-9)", f"worker {size.workers} times, broker {size.brokers} times, flushed {size.flushes} times"
    )
    record_figure("twice: the connection was dropped", len(twice & mailbox.cut))
    record_figure("twice: killed between acceptance and commit", len(twice - mailbox.cut))
    assert all_delivered, final_states
    assert set(arrived) == due
    assert len(mailbox.cut) == size.cuts
    for notification in twice - mailbox.cut:
        assert deaths.between(*mailbox.first_and_last(notification)), notification
    assert arrived.total() - len(due) <= size.cuts + size.workers * CHILDREN
    assert reconciliation.faults == ()


def disturb(system: System, mailbox: FlakySmtp, size: Size, seed: int, deaths: Deaths) -> None:
    """Cause the failures in random order, each after some more notifications have arrived."""

    def lose_worker() -> None:
        with deaths.span():
            system.kill("worker")
        system.start_worker()

    def lose_broker() -> None:
        system.kill_broker()
        time.sleep(chance.random())
        system.start_broker()

    chance = random.Random(seed)
    failures: list[Callable[[], None]] = [
        *[lose_worker] * size.workers,
        *[system.flush_broker] * size.flushes,
        *[lose_broker] * size.brokers,
    ]
    chance.shuffle(failures)
    interval = size.notifications // (len(failures) + 1)
    for number, failure in enumerate(failures, start=1):
        assert arrive(mailbox, number * interval), len(mailbox.files())
        failure()


def arrive(mailbox: FlakySmtp, count: int) -> bool:
    """Return whether `count` notifications arrive in time."""
    return wait_until(lambda: len(mailbox.files()) >= count, 2 * START_TIMEOUT)


def test_worker_keeps_running_when_broker_dies_during_a_delivery(folder: Path, tmp_path: Path) -> None:
    """Why: Celery ended there, because it returned its unacknowledged messages over the closed connection."""
    with (
        Mailbox(tmp_path / "mail", mood=Mood.HANG) as mailbox,
        System(folder, smtp_url=mailbox.url, demo_clock=False) as system,
        system.engine() as engine,
    ):
        fixture = create_fixture(engine)
        system.start_worker()
        system.start_relay()
        owe(engine, fixture.organisation, 5)
        assert wait_until(lambda: is_sending(engine), START_TIMEOUT)
        log_length = len(system.log("worker"))
        system.kill_broker()
        assert wait_until(lambda: len(system.log("worker")) > log_length, START_TIMEOUT), "the worker has noticed"
        system.start_broker()
        mailbox.mood = Mood.ACCEPT
        for count in (5, 10):
            assert delivered(engine, count), states(engine)
            assert system.running["worker"].poll() is None, system.log("worker")[-4000:]
            owe(engine, fixture.organisation, 5)


def delivered(engine: sa.Engine, count: int) -> bool:
    """Return whether exactly `count` notifications are delivered in time."""
    return wait_until(lambda: states(engine) == {"delivered": count}, 2 * START_TIMEOUT)


def is_sending(engine: sa.Engine) -> bool:
    """Return whether a process has locked a notification and waits for the mail server."""
    idle = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()"
    with engine.connect() as conn:
        return bool(conn.scalar(sa.text(idle)))


def test_two_schedulers_at_once_run_each_job_once(folder: Path, tmp_path: Path, record_figure: RecordFigure) -> None:
    """Two schedulers at a multiple of their rate, two workers and two relays do nothing twice."""
    ended = sa.text("SELECT subject_id, count(*) FROM event WHERE action = 'end_notice' GROUP BY 1")
    tick_times = sa.text("SELECT at FROM job_run WHERE job = 'hardship.end_notice'")
    done = sa.text("SELECT job, sum(done) FROM job_run WHERE done > 0 GROUP BY 1")
    with (
        FlakySmtp(tmp_path / "mail") as mailbox,
        System(folder, smtp_url=mailbox.url, demo_clock=False) as system,
        system.engine() as engine,
    ):
        fixture = create_fixture(engine)
        fixture.add_fund(500_000)
        fixture.track_many(["notice"] * 12 + ["approval"] * 4)
        fixture.add_scheduler_account()
        for number in (1, 2):
            system.start_worker(f"worker-{number}")
            system.start_relay(f"relay-{number}")
            command = [
                argument.replace("worker.app", "tests.chaos.fast_beat")
                for argument in processes.beat(folder / f"beat-{number}")
            ]
            system.start(f"beat-{number}", command)
        ticks: set[object] = set()

        def ticked_often() -> bool:
            with engine.connect() as conn:
                ticks.update(conn.scalars(tick_times))
                return len(ticks) >= 10 and set(states(engine)) == {"delivered"}

        enough = wait_until(ticked_often, 2 * START_TIMEOUT)
        with engine.connect() as conn:
            times = Counter(row[1] for row in conn.execute(ended))
            jobs = {job: int(count) for job, count in conn.execute(done)}
            mailed = conn.scalar(sa.text("SELECT count(*) FROM notification WHERE channel = 'email'"))
            reminded = conn.scalar(
                sa.text("SELECT count(*) FROM notification WHERE kind IN ('overdue', 'follow_up_due')")
            )
        reconciliation = reconcile(engine)
    arrived = Counter(notification for notification, _ in mailbox.arrivals())
    record_figure(
        "ticks seen, notices ended, notifications mailed", f"{len(ticks)}, {times.total()}, {arrived.total()}"
    )
    assert enough, ticks
    assert times == {1: 16}
    assert jobs == {"hardship.end_notice": 12, "anchor": 1, "overdue": reminded}
    assert (len(arrived), arrived.total()) == (mailed, mailed)
    clock = str(fixture.organisation.people["clock"])  # add_scheduler_account() wrote it without an event
    assert [fault for fault in reconciliation.faults if clock not in fault] == []
