"""The verifier names forged events that agree with their rows, hashes and heads (insiders C1, C2, C3, C5, C6)."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from service.actions import anchors, bootstrap
from service.actions.context import ActionContext
from service.clock import union_day
from service.db.engine import make_engine
from service.integrity.event_times import EventTimes
from service.integrity.verify import verify
from service.queries.scope import Caller
from service.tables.events import event
from tests.factories import RING
from tests.forged_events import Forgery, forge
from tests.service.import_fixtures import COUNTY

FOUNDED = datetime(2025, 3, 3, 1, 30, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def migrated(migrated_database: Callable[[], str]) -> Iterator[sa.Engine]:
    """Yield the engine of a database without a record."""
    engine = make_engine(migrated_database())
    yield engine
    engine.dispose()


@pytest.fixture
def conn(migrated: sa.Engine) -> Iterator[sa.Connection]:
    """Yield a transaction with the record of an office that was founded and anchored, dated by the machine's clock."""
    with migrated.connect() as connection:
        admin = bootstrap.set_up_union(connection, COUNTY, FOUNDED, union_day(FOUNDED), RING).administrator
        for days in (1, 2):
            _anchor(connection, admin, FOUNDED + days * DAY)
        yield connection
        connection.rollback()


def _anchor(conn: sa.Connection, admin: Caller, at: datetime) -> None:
    up_to = conn.scalar(sa.select(sa.func.max(event.c.no)))
    assert up_to is not None
    anchors.add_anchor(conn, up_to, ActionContext(admin, at, union_day(at), RING))


@pytest.fixture
def admin_id(conn: sa.Connection) -> UUID:
    actor_id: UUID = conn.scalars(sa.select(event.c.actor_id).limit(1)).one()
    return actor_id


@pytest.fixture
def look(admin_id: UUID) -> Forgery:
    """A forged event on the chain of the administrator that writes no row, on the day after the last anchor."""
    return Forgery("account", admin_id, "make_token", admin_id, FOUNDED + 3 * DAY)


def codes(conn: sa.Connection) -> set[str]:
    return {fault.code for fault in verify(conn).faults}


def test_office_record_has_no_fault(conn: sa.Connection) -> None:
    verified = verify(conn)
    assert (verified.faults, verified.demo_events, verified.anchors) == ([], 0, 2)


def test_event_numbered_below_one_is_named(conn: sa.Connection, look: Forgery) -> None:
    seq = forge(conn, replace(look, no=-5))
    faults = [(each.code, each.key, each.seq) for each in verify(conn).faults if each.code == "event_number_below_one"]
    assert faults == [("event_number_below_one", str(look.subject_id), seq)]


def test_event_numbered_below_an_anchor_makes_it_differ(conn: sa.Connection, look: Forgery) -> None:
    conn.execute(sa.text("ALTER TABLE event DROP CONSTRAINT uq_event_no"))
    forge(conn, replace(look, no=2))
    assert "anchor_differs" in codes(conn)


def test_event_of_today_dated_last_march_is_named(conn: sa.Connection, look: Forgery) -> None:
    forge(conn, replace(look, at=FOUNDED - 365 * DAY))
    assert codes(conn) == {"event_back_in_time", "event_outside_its_anchors"}


def test_event_with_the_day_of_another_instant_is_named(conn: sa.Connection, look: Forgery) -> None:
    forge(conn, replace(look, said={"on": "2025-03-01"}))
    assert codes(conn) == {"event_columns_altered"}
    conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
    conn.execute(event.update().where(event.c.at == look.at).values(on=datetime(2025, 3, 1, tzinfo=UTC).date()))
    assert codes(conn) == {"event_day_differs"}


@pytest.mark.parametrize("clock", ["demo", None])
def test_event_of_an_office_that_names_another_clock_is_named(
    conn: sa.Connection, look: Forgery, clock: str | None
) -> None:
    forge(conn, replace(look, clock=clock))
    assert codes(conn) == {"event_of_another_clock"}


def test_event_without_a_clock_after_one_that_has_one_is_named(conn: sa.Connection) -> None:
    """Why: in a record that began before events named their clock, a forged event must not pass for an older one."""
    row = conn.execute(sa.select(event).order_by(event.c.no.desc()).limit(1)).one()
    times = EventTimes(None, [], [])
    assert list(times.faults(row, {})) == []
    assert list(times.order.faults()) == []
    first = conn.execute(sa.select(event).order_by(event.c.no).limit(1)).one()
    assert list(times.faults(first, {"clock": "system"})) == []
    assert [each.code for each in times.order.faults()] == ["event_of_another_clock"]


def test_row_fixed_anew_by_a_later_event_is_named(conn: sa.Connection, look: Forgery) -> None:
    """Why: the owner of the database changes a grant and lets a later event name its new content."""
    conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
    grant_id = conn.scalars(
        sa.text("UPDATE role_grant SET until_on = '2098-01-01' WHERE role = 'admin' RETURNING id")
    ).one()
    digest = next(each.columns for each in verify(conn).faults if each.key == str(grant_id))
    assert digest == "fixed"
    forge(conn, replace(look, rows={"role_grant": {str(grant_id): {"fixed": "0" * 64}}}))
    assert ("row_fixed_twice", str(grant_id)) in {(each.code, each.key) for each in verify(conn).faults}


def test_row_that_a_later_event_removes_is_named(conn: sa.Connection, look: Forgery) -> None:
    conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
    grant_id = conn.scalars(sa.text("DELETE FROM role_grant WHERE role = 'admin' RETURNING id")).one()
    forge(conn, replace(look, rows={"role_grant": {str(grant_id): None}}))
    faults = [(each.code, each.subject, each.key, each.columns) for each in verify(conn).faults]
    assert faults == [("row_removed", "role_grant", str(grant_id), f"account {look.subject_id}")]
