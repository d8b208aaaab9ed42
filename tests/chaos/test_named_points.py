"""A kill at a point with a name: the request stands at a lock the test holds, dies there, and is sent again with its key."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.chaos.conftest import Tell
from tests.chaos.fixtures import DECIDED, CaseSeat, Fixture, create_fixture
from tests.chaos.reconcile import reconcile
from tests.chaos.retrying_client import RetryingClient
from tests.chaos.system import PATIENCE, System
from tests.worker.processes import wait_until

LONG = {"SONGNUAN_LOCK_WAIT": "60", "SONGNUAN_STATEMENT_TIME": "120"}
"""A request may stand at the lock until it is killed."""

COMMIT_WAITS = """
CREATE FUNCTION wait_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER wait_at_commit AFTER INSERT ON event
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait_at_commit();
"""
"""Everything is written, COMMIT is on its way, and whoever asked for it can die."""

POINTS = {
    "the case": 'SELECT id FROM "case" WHERE id = :case_id FOR NO KEY UPDATE',
    "the fund": "SELECT id FROM fund WHERE id = :fund_id FOR NO KEY UPDATE",
    "the commit": "SELECT pg_advisory_xact_lock(7)",
}
"""What the test holds, so that an approval stands there."""

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
def test_a_kill_at_each_named_point(folder: Path, kills: tuple[tuple[str, str], ...], tell: Tell) -> None:
    with System(folder, more=LONG) as system, system.engine() as engine:
        system.start_web()
        ground = create_fixture(engine)
        ground.line(500_000)
        with engine.begin() as conn:
            conn.execute(sa.text(COMMIT_WAITS))
        deaths: dict[str, tuple[Callable[[], None], Callable[[], None]]] = {
            "web": (lambda: system.kill("web"), system.start_web),
            "postgres": (system.kill_postgres, system.start_postgres),
        }
        for victim, point in kills:
            wire, seat = RetryingClient(system.port, ground.office.tokens), ground.seat("approval")
            done_before_death = victim == "web" and point == "the commit"
            with ThreadPoolExecutor(1) as client:
                with held(ground, seat, point):
                    answer = client.submit(
                        wire.surely, "approver_1", f"/cases/{seat.case_id}/actions/approve", DECIDED, {"answers": {}}
                    )
                    assert wait_until(lambda: stands(ground), PATIENCE), point
                    kill, start = deaths[victim]
                    kill()
                start()
                assert answer.result().status == 200, answer.result().text
            tell(f"{victim} killed at {point}", f"lines lost {wire.lost}, 503 {wire.away}, found done {wire.replayed}")
            assert wire.faults == []
            assert wire.replayed == done_before_death
            assert approvals(ground, seat) == 1
        assert reconcile(engine).faults == ()


@contextmanager
def held(ground: Fixture, seat: CaseSeat, point: str) -> Iterator[None]:
    """Hold the lock of a point; PostgreSQL may die meanwhile, and the lock with it."""
    connection = ground.engine.connect()
    names = {"case_id": seat.case_id, "fund_id": ground.funds[0]}
    connection.execute(
        sa.text(POINTS[point]), {name: row for name, row in names.items() if f":{name}" in POINTS[point]}
    )
    try:
        yield
    finally:
        connection.invalidate()
        connection.close()


def stands(ground: Fixture) -> bool:
    """Whether somebody waits for a lock."""
    with ground.engine.connect() as conn:
        return bool(conn.scalar(sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


def approvals(ground: Fixture, seat: CaseSeat) -> int:
    with ground.engine.connect() as conn:
        rows = sa.text("SELECT count(*) FROM approval WHERE case_id = :case_id")
        return conn.scalar(rows, {"case_id": seat.case_id}) or 0
