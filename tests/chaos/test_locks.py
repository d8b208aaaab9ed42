"""Tests that locks are taken in one order: case, household, person, fund."""

from collections.abc import Callable
from threading import Thread
from uuid import UUID

import pytest
import sqlalchemy as sa

from service.actions import cases, notifications, personal_data_access, persons
from service.db.columns import new_id
from service.queries.case_loading import load
from service.queries.case_loading.plan import EVERYTHING
from service.tables.events import idempotency
from service.tables.notifications import notification
from tests.chaos.fixtures import NOTICED, Fixture, form
from tests.factories import instant
from tests.worker.processes import wait_until

WAITING = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")


def is_waiting(fixture: Fixture) -> bool:
    with fixture.engine.connect() as conn:
        return bool(conn.scalar(WAITING))


PersonAccess = Callable[[Fixture, sa.Connection, UUID], object]


def reveal(fixture: Fixture, conn: sa.Connection, person_id: UUID) -> object:
    return personal_data_access.reveal_personal_data(
        conn, person_id, "follow_up", fixture.organisation.context(conn, "registrar", NOTICED)
    )


def correct(fixture: Fixture, conn: sa.Connection, person_id: UUID) -> object:
    context = fixture.organisation.context(conn, "registrar", NOTICED)
    return persons.edit_person(conn, person_id, {"student_stage": "bachelor"}, context)  # type: ignore[func-returns-value]


@pytest.mark.parametrize("access_person", [reveal, correct])
def test_person_access_and_step_that_notifies_the_person_do_not_deadlock(
    fixture: Fixture, access_person: PersonAccess
) -> None:
    fixture.add_fund(300_000)
    tracked = fixture.track_case("review")
    faults: list[BaseException] = []

    def access_meanwhile() -> None:
        try:
            with fixture.engine.begin() as other:
                access_person(fixture, other, tracked.head_id)
        except sa.exc.DBAPIError as fault:
            faults.append(fault)

    with fixture.engine.begin() as conn:
        context = fixture.organisation.context(conn, "reviewer", NOTICED)
        assert load.load_locked(conn, tracked.case_id, context.caller, NOTICED, EVERYTHING, None) is not None
        other = Thread(target=access_meanwhile)
        other.start()
        assert wait_until(lambda: is_waiting(fixture))
        answers = form(fixture.organisation, "pass_review", NOTICED, award="100.00", fund=fixture.funds[0])
        cases.take_action(conn, tracked.case_id, "pass_review", answers, context)
    other.join()
    assert faults == []


def test_registrar_resends_two_notifications_at_once_without_deadlock(fixture: Fixture) -> None:
    fixture.add_fund(300_000)
    tracked = fixture.track_case("notice")
    registrar = fixture.organisation.people["registrar"]
    with fixture.engine.begin() as conn:
        conn.execute(
            notification.update().where(notification.c.case_id == tracked.case_id).values(state="technical_failure")
        )
        failed_ids = list(
            conn.scalars(sa.select(notification.c.id).where(notification.c.case_id == tracked.case_id).limit(2))
        )
    assert len(failed_ids) == 2
    with fixture.engine.begin() as one, fixture.engine.begin() as two:
        for conn in (one, two):
            conn.execute(sa.text("SET LOCAL lock_timeout = '5s'"))
            key_row = {
                "account_id": registrar,
                "key": new_id().hex,
                "fingerprint": b"x",
                "created_at": instant(NOTICED),
            }
            conn.execute(idempotency.insert().values(**key_row, status=200, body_sealed=b"x"))
        notifications.resend(one, failed_ids[0], fixture.organisation.context(one, "registrar", NOTICED))
        one.commit()
        notifications.resend(two, failed_ids[1], fixture.organisation.context(two, "registrar", NOTICED))
        two.commit()
