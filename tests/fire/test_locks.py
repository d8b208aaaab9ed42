"""Locks that once met crosswise: who waits for whom is one order, case, household, person, fund, and a key is no lock."""

from collections.abc import Callable
from threading import Thread

import pytest
import sqlalchemy as sa

from service.actions import cases, letters, looks, persons
from service.db import new_id
from service.queries import case_facts
from service.queries.case_needs import EVERYTHING, Reads
from service.tables.events import idempotency
from service.tables.letters import letter
from tests.fire.ground import NOTICED, Ground, form
from tests.office import instant
from tests.worker.processes import wait_until

WAITING = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")


def waits(ground: Ground) -> bool:
    with ground.engine.connect() as tx:
        return bool(tx.scalar(WAITING))


Look = Callable[[Ground, sa.Connection, object], object]


def reveal(ground: Ground, tx: sa.Connection, person_id: object) -> object:
    return looks.reveal(tx, person_id, "follow_up", ground.office.asked(tx, "registrar", NOTICED))  # type: ignore[arg-type]


def correct(ground: Ground, tx: sa.Connection, person_id: object) -> object:
    asked = ground.office.asked(tx, "registrar", NOTICED)
    return persons.edit_person(tx, person_id, {"student_stage": "bachelor"}, asked)  # type: ignore[arg-type,func-returns-value]


@pytest.mark.parametrize("look", [reveal, correct])
def test_whoever_looks_at_a_person_and_a_step_that_writes_to_him_do_not_meet_crosswise(
    ground: Ground, look: Look
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

    with ground.engine.begin() as tx:
        asked = ground.office.asked(tx, "reviewer", NOTICED)
        assert case_facts.locked(tx, seat.case_id, asked.caller, NOTICED, Reads(EVERYTHING), None) is not None
        other = Thread(target=looks_meanwhile)
        other.start()
        assert wait_until(lambda: waits(ground))
        answers = form(ground.office, "pass_review", NOTICED, award="100.00", fund=ground.funds[0])
        cases.take(tx, seat.case_id, "pass_review", answers, asked)
    other.join()
    assert faults == []


def test_two_letters_sent_again_by_one_person_at_once(ground: Ground) -> None:
    ground.line(300_000)
    seat = ground.seat("notice")
    registrar = ground.office.people["registrar"]
    with ground.engine.begin() as tx:
        tx.execute(letter.update().where(letter.c.case_id == seat.case_id).values(state="technical_failure"))
        dead = list(tx.scalars(sa.select(letter.c.id).where(letter.c.case_id == seat.case_id).limit(2)))
    assert len(dead) == 2
    with ground.engine.begin() as one, ground.engine.begin() as two:
        for tx in (one, two):
            tx.execute(sa.text("SET LOCAL lock_timeout = '5s'"))
            claimed = {
                "account_id": registrar,
                "key": new_id().hex,
                "fingerprint": b"x",
                "created_at": instant(NOTICED),
            }
            tx.execute(idempotency.insert().values(**claimed, status=200, body_sealed=b"x"))
        letters.resend(one, dead[0], ground.office.asked(one, "registrar", NOTICED))
        one.commit()
        letters.resend(two, dead[1], ground.office.asked(two, "registrar", NOTICED))
        two.commit()
