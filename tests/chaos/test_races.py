"""Many at once on a real PostgreSQL: one wins, nobody pays twice, and no fund gives what it has not."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from threading import Barrier, Thread
from typing import TypeVar
from uuid import uuid4

import sqlalchemy as sa

from service.actions import cases
from service.tables.cases import case
from service.tables.events import event
from service.tables.funds import fund
from service.tables.payments import payment
from tests.chaos.fixtures import DECIDED, OPENED, Fixture
from tests.chaos.reconcile import reconcile
from tests.chaos.retrying_client import Answer, RetryingClient
from workflows.vocabulary import Refused

Outcome = TypeVar("Outcome")


def at_once(work: Sequence[Callable[[], Outcome]]) -> list[Outcome]:
    """Do all of it at the same moment, each in a thread of its own; what came of each, in order."""
    gate, found = Barrier(len(work)), dict[int, Outcome]()

    def run(place: int, each: Callable[[], Outcome]) -> None:
        gate.wait()
        found[place] = each()

    threads = [Thread(target=run, args=numbered) for numbered in enumerate(work)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(work), "a thread broke: its fault is printed above"
    return [found[place] for place in range(len(work))]


def taking(ground: Fixture, who: str, case_id: object, action: str, **answers: object) -> Callable[[], tuple[str, ...]]:
    """One step in a transaction of its own; the codes against it."""

    def take() -> tuple[str, ...]:
        try:
            with ground.engine.begin() as conn:
                context = ground.office.context(conn, who, DECIDED)
                cases.take_action(conn, case_id, action, answers, context)  # type: ignore[arg-type]
            return ()
        except Refused as refused:
            return tuple(refused.codes)

    return take


def posting(wire: RetryingClient, who: str, path: str, day: date, body: object, **headers: str) -> Callable[[], Answer]:
    """One request."""
    return lambda: wire.post(who, path, day, body, **headers)


def pots(ground: Fixture, fund_id: object) -> tuple[int, int, int]:
    with ground.engine.connect() as conn:
        seen = sa.select(fund.c.available_fen, fund.c.committed_fen, fund.c.paid_fen).where(fund.c.id == fund_id)
        available, committed, paid = conn.execute(seen).one()
        return available, committed, paid


def steps(ground: Fixture, case_id: object, action: str) -> int:
    with ground.engine.connect() as conn:
        taken = sa.select(sa.func.count()).where(event.c.subject_id == case_id, event.c.action == action)
        return conn.scalar(taken) or 0


def test_fifty_approvals_of_100_yuan_from_3000(ground: Fixture) -> None:
    line = ground.line(300_000)
    seats = ground.seat_many(["approval"] * 50)
    outcomes = Counter(at_once([taking(ground, "approver_1", seat.case_id, "approve") for seat in seats]))
    assert outcomes == {(): 30, ("fund_short",): 20}
    assert pots(ground, line) == (0, 300_000, 0)
    assert reconcile(ground.engine).faults == ()


def test_forty_people_sign_one_case_and_one_wins(ground: Fixture, wire: RetryingClient) -> None:
    ground.line(300_000)
    approvers = ground.crowd("approver", 40, tier=1)
    seat = ground.seat("approval")
    path = f"/cases/{seat.case_id}/actions/approve"
    answers = at_once([posting(wire, who, path, DECIDED, {"answers": {}}) for who in approvers])
    lost = [answer for answer in answers if answer.status != 200]
    assert len(lost) == 39
    assert {(answer.status, *answer.codes) for answer in lost} == {(409, "wrong_state")}
    assert steps(ground, seat.case_id, "approve") == 1
    assert reconcile(ground.engine).faults == ()


def test_forty_people_who_read_one_version_and_one_wins(ground: Fixture, wire: RetryingClient) -> None:
    ground.line(300_000)
    reviewers = ground.crowd("reviewer", 40)
    seat = ground.seat("review")
    path = f"/cases/{seat.case_id}/actions/suspend"
    hold = {"answers": {"until": "2025-09-10", "ground": "query", "reason": "有疑点"}}
    with ground.engine.connect() as conn:
        seen = conn.scalar(sa.select(case.c.version).where(case.c.id == seat.case_id))
    tag = {"If-Match": f'"{seen}"'}
    answers = at_once([posting(wire, who, path, OPENED, hold, **tag) for who in reviewers])
    assert Counter((answer.status, *answer.codes) for answer in answers) == {(200,): 1, (412, "stale"): 39}
    assert steps(ground, seat.case_id, "suspend") == 1


def test_one_key_sent_fifty_times_at_once_and_once_with_another_body(ground: Fixture, wire: RetryingClient) -> None:
    line = ground.line(300_000)
    seat, key = ground.seat("approval"), uuid4().hex
    path = f"/cases/{seat.case_id}/actions/approve"

    def send() -> Answer:
        return wire.post("approver_1", path, DECIDED, {"answers": {}}, key)

    answers = at_once([send] * 50)
    assert {(answer.status, answer.headers["ETag"], answer.text) for answer in answers} == {
        (200, answers[0].headers["ETag"], answers[0].text)
    }
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 49
    assert steps(ground, seat.case_id, "approve") == 1
    assert pots(ground, line) == (290_000, 10_000, 0)
    other = wire.post("approver_1", path, DECIDED, {"answers": {"opinion": "同意"}}, key)
    assert (other.status, other.codes) == (422, ["idempotency_key_reused"])
    assert reconcile(ground.engine).faults == ()


def test_one_key_opens_one_case(ground: Fixture, wire: RetryingClient) -> None:
    ground.line(300_000)
    seat, key = ground.seat("draft"), uuid4().hex
    whose = {"household_id": str(seat.household_id), "beneficiary_id": str(seat.head_id)}
    body = {"programme": "hardship", **whose, "item": "MED", "requested": "100.00", "answers": {}}
    answers = at_once([lambda: wire.post("registrar", "/cases", OPENED, body, key)] * 50)
    assert {(answer.status, answer.text) for answer in answers} == {(201, answers[0].text)}
    with ground.engine.connect() as conn:
        opened = sa.select(sa.func.count()).where(case.c.household_id == seat.household_id, case.c.item == "MED")
        assert conn.scalar(opened) == 1


def test_two_hundred_attempts_to_pay_one_case(ground: Fixture) -> None:
    line = ground.line(300_000)
    cashiers = ground.crowd("cashier", 40)
    seat = ground.seat("payment")

    def attempts(who: str) -> Callable[[], list[tuple[str, ...]]]:
        return lambda: [
            taking(ground, who, seat.case_id, "pay", method="bank", voucher=f"V-{number}")() for number in range(5)
        ]

    outcomes = Counter(code for found in at_once([attempts(who) for who in cashiers]) for code in found)
    assert outcomes == {(): 1, ("wrong_state",): 199}
    with ground.engine.connect() as conn:
        paid = sa.select(payment.c.fen, payment.c.state).where(payment.c.case_id == seat.case_id)
        assert [tuple(row) for row in conn.execute(paid)] == [(10_000, "live")]
    assert pots(ground, line) == (290_000, 0, 10_000)
    assert reconcile(ground.engine).faults == ()
