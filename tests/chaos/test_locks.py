"""Locks that once met crosswise: who waits for whom is one order, case, household, person, fund, and a key is no lock."""

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


def waits(ground: Fixture) -> bool:
    with ground.engine.connect() as conn:
        return bool(conn.scalar(WAITING))


Look = Callable[[Fixture, sa.Connection, UUID], object]


def reveal(ground: Fixture, conn: sa.Connection, person_id: UUID) -> object:
    return personal_data_access.reveal_personal_data(
        conn, person_id, "follow_up", ground.office.context(conn, "registrar", NOTICED)
    )


def correct(ground: Fixture, conn: sa.Connection, person_id: UUID) -> object:
    context = ground.office.context(conn, "registrar", NOTICED)
    return persons.edit_person(conn, person_id, {"student_stage": "bachelor"}, context)  # type: ignore[func-returns-value]


@pytest.mark.parametrize("look", [reveal, correct])
def test_whoever_looks_at_a_person_and_a_step_that_writes_to_him_do_not_meet_crosswise(
    ground: Fixture, look: Look
) -> None:
    ground.line(300_000)
    seat = ground.seat("review")
    faults: list[BaseException] = []

    def looks_meanwhile() -> None:
        try:
            with ground.engine.begin() as other:
                look(ground, other, seat.head_id)
        except sa.exc.DBAPIError as fault:
            faults.append(fault)

    with ground.engine.begin() as conn:
        context = ground.office.context(conn, "reviewer", NOTICED)
        assert load.load_locked(conn, seat.case_id, context.caller, NOTICED, EVERYTHING, None) is not None
        other = Thread(target=looks_meanwhile)
        other.start()
        assert wait_until(lambda: waits(ground))
        answers = form(ground.office, "pass_review", NOTICED, award="100.00", fund=ground.funds[0])
        cases.take_action(conn, seat.case_id, "pass_review", answers, context)
    other.join()
    assert faults == []


def test_two_notifications_sent_again_by_one_person_at_once(ground: Fixture) -> None:
    ground.line(300_000)
    seat = ground.seat("notice")
    registrar = ground.office.people["registrar"]
    with ground.engine.begin() as conn:
        conn.execute(
            notification.update().where(notification.c.case_id == seat.case_id).values(state="technical_failure")
        )
        dead = list(conn.scalars(sa.select(notification.c.id).where(notification.c.case_id == seat.case_id).limit(2)))
    assert len(dead) == 2
    with ground.engine.begin() as one, ground.engine.begin() as two:
        for conn in (one, two):
            conn.execute(sa.text("SET LOCAL lock_timeout = '5s'"))
            claimed = {
                "account_id": registrar,
                "key": new_id().hex,
                "fingerprint": b"x",
                "created_at": instant(NOTICED),
            }
            conn.execute(idempotency.insert().values(**claimed, status=200, body_sealed=b"x"))
        notifications.resend(one, dead[0], ground.office.context(one, "registrar", NOTICED))
        one.commit()
        notifications.resend(two, dead[1], ground.office.context(two, "registrar", NOTICED))
        two.commit()
