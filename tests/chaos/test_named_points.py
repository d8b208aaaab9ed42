"""Tests that kill a process while a request waits for a lock held by the test."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.chaos.conftest import RecordFigure
from tests.chaos.fixtures import DECIDED, Fixture, TrackedCase, create_fixture
from tests.chaos.reconcile import reconcile
from tests.chaos.retrying_client import RetryingClient
from tests.chaos.system import START_TIMEOUT, System
from tests.worker.processes import wait_until

LONG = {"SONGNUAN_LOCK_WAIT": "60", "SONGNUAN_STATEMENT_TIME": "120"}
"""Timeouts that let a request wait for the lock until the kill."""

COMMIT_WAITS = """
CREATE FUNCTION wait_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER wait_at_commit AFTER INSERT ON event
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait_at_commit();
"""
"""A trigger that waits at COMMIT, after every row is written."""

POINTS = {
    "the case": 'SELECT id FROM "case" WHERE id = :case_id FOR NO KEY UPDATE',
    "the fund": "SELECT id FROM fund WHERE id = :fund_id FOR NO KEY UPDATE",
    "the commit": "SELECT pg_advisory_xact_lock(7)",
}
"""The lock the test holds at each point, so that an approval waits there."""

QUICK = (("web", "the commit"), ("postgres", "the fund"))
FULL = tuple((victim, point) for victim in ("web", "postgres") for point in POINTS)


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(QUICK, id="quick"),
        pytest.param(FULL, id="full", marks=[pytest.mark.chaos, pytest.mark.timeout(600)]),
    ],
)
@pytest.mark.timeout(300)
def test_approval_is_recorded_once_after_a_kill_at_a_named_point(
    folder: Path, kills: tuple[tuple[str, str], ...], record_figure: RecordFigure
) -> None:
    with System(folder, more=LONG) as system, system.engine() as engine:
        system.start_web()
        fixture = create_fixture(engine)
        fixture.add_fund(500_000)
        with engine.begin() as conn:
            conn.execute(sa.text(COMMIT_WAITS))
        deaths: dict[str, tuple[Callable[[], None], Callable[[], None]]] = {
            "web": (lambda: system.kill("web"), system.start_web),
            "postgres": (system.kill_postgres, system.start_postgres),
        }
        for victim, point in kills:
            client, tracked = RetryingClient(system.port, fixture.organisation.tokens), fixture.track_case("approval")
            done_before_death = victim == "web" and point == "the commit"
            with ThreadPoolExecutor(1) as executor:
                with hold_lock(fixture, tracked, point):
                    answer = executor.submit(
                        client.post_until_answered,
                        "approver_1",
                        f"/cases/{tracked.case_id}/actions/approve",
                        DECIDED,
                        {"answers": {}},
                    )
                    assert wait_until(lambda: is_waiting(fixture), START_TIMEOUT), point
                    kill, start = deaths[victim]
                    kill()
                start()
                assert answer.result().status == 200, answer.result().text
            record_figure(
                f"{victim} killed at {point}",
                f"connections lost {client.lost}, 503 {client.unavailable}, replayed {client.replayed}",
            )
            assert client.faults == []
            assert client.replayed == done_before_death
            assert count_approvals(fixture, tracked) == 1
        assert reconcile(engine).faults == ()


@contextmanager
def hold_lock(fixture: Fixture, tracked: TrackedCase, point: str) -> Iterator[None]:
    """Hold the lock of a point; a kill of PostgreSQL releases it."""
    connection = fixture.engine.connect()
    parameters = {"case_id": tracked.case_id, "fund_id": fixture.funds[0]}
    connection.execute(
        sa.text(POINTS[point]), {name: row_id for name, row_id in parameters.items() if f":{name}" in POINTS[point]}
    )
    try:
        yield
    finally:
        connection.invalidate()
        connection.close()


def is_waiting(fixture: Fixture) -> bool:
    """Return whether a transaction waits for a lock."""
    with fixture.engine.connect() as conn:
        return bool(conn.scalar(sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


def count_approvals(fixture: Fixture, tracked: TrackedCase) -> int:
    with fixture.engine.connect() as conn:
        rows = sa.text("SELECT count(*) FROM approval WHERE case_id = :case_id")
        return conn.scalar(rows, {"case_id": tracked.case_id}) or 0
