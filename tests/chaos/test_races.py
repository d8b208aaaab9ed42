"""Tests of concurrent requests on PostgreSQL: one succeeds and no money is paid twice."""

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


def run_at_once(work: Sequence[Callable[[], Outcome]]) -> list[Outcome]:
    """Run the functions at the same moment in a thread each, and return their results in order."""
    barrier, outcomes = Barrier(len(work)), dict[int, Outcome]()

    def run(index: int, function: Callable[[], Outcome]) -> None:
        barrier.wait()
        outcomes[index] = function()

    threads = [Thread(target=run, args=numbered) for numbered in enumerate(work)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == len(work), "a thread failed: its exception is printed above"
    return [outcomes[index] for index in range(len(work))]


def step_by(
    fixture: Fixture, account: str, case_id: object, action: str, **answers: object
) -> Callable[[], tuple[str, ...]]:
    """Return a function that takes one step in its own transaction and returns the refusal codes."""

    def take() -> tuple[str, ...]:
        try:
            with fixture.engine.begin() as conn:
                context = fixture.organisation.context(conn, account, DECIDED)
                cases.take_action(conn, case_id, action, answers, context)  # type: ignore[arg-type]
            return ()
        except Refused as refused:
            return tuple(refused.codes)

    return take


def post_by(
    client: RetryingClient, account: str, path: str, day: date, body: object, **headers: str
) -> Callable[[], Answer]:
    """Return a function that sends one POST."""
    return lambda: client.post(account, path, day, body, **headers)


def pots(fixture: Fixture, fund_id: object) -> tuple[int, int, int]:
    with fixture.engine.connect() as conn:
        pot_columns = sa.select(fund.c.available_fen, fund.c.committed_fen, fund.c.in_transit_fen).where(
            fund.c.id == fund_id
        )
        available, committed, in_transit = conn.execute(pot_columns).one()
        return available, committed, in_transit


def count_steps(fixture: Fixture, case_id: object, action: str) -> int:
    with fixture.engine.connect() as conn:
        step_count = sa.select(sa.func.count()).where(event.c.subject_id == case_id, event.c.action == action)
        return conn.scalar(step_count) or 0


def test_fund_of_3000_yuan_bears_thirty_of_fifty_approvals_of_100(fixture: Fixture) -> None:
    fund_id = fixture.add_fund(300_000)
    tracked_cases = fixture.track_many(["approval"] * 50)
    outcomes = Counter(
        run_at_once([step_by(fixture, "approver_1", tracked.case_id, "approve") for tracked in tracked_cases])
    )
    assert outcomes == {(): 30, ("fund_short",): 20}
    assert pots(fixture, fund_id) == (0, 300_000, 0)
    assert reconcile(fixture.engine).faults == ()


def test_case_approved_by_forty_accounts_at_once_is_approved_once(fixture: Fixture, client: RetryingClient) -> None:
    fixture.add_fund(300_000)
    approvers = fixture.add_accounts("approver", 40, tier=1)
    tracked = fixture.track_case("approval")
    path = f"/cases/{tracked.case_id}/actions/approve"
    answers = run_at_once([post_by(client, account, path, DECIDED, {"answers": {}}) for account in approvers])
    refused = [answer for answer in answers if answer.status != 200]
    assert len(refused) == 39
    assert {(answer.status, *answer.codes) for answer in refused} == {(409, "wrong_state")}
    assert count_steps(fixture, tracked.case_id, "approve") == 1
    assert reconcile(fixture.engine).faults == ()


def test_version_used_by_forty_accounts_at_once_is_accepted_once(fixture: Fixture, client: RetryingClient) -> None:
    fixture.add_fund(300_000)
    reviewers = fixture.add_accounts("reviewer", 40)
    tracked = fixture.track_case("review")
    path = f"/cases/{tracked.case_id}/actions/suspend"
    hold = {"answers": {"until": "2025-09-10", "ground": "query", "reason": "有疑点"}}
    with fixture.engine.connect() as conn:
        version = conn.scalar(sa.select(case.c.version).where(case.c.id == tracked.case_id))
    tag = {"If-Match": f'"{version}"'}
    answers = run_at_once([post_by(client, account, path, OPENED, hold, **tag) for account in reviewers])
    assert Counter((answer.status, *answer.codes) for answer in answers) == {(200,): 1, (412, "stale"): 39}
    assert count_steps(fixture, tracked.case_id, "suspend") == 1


def test_idempotency_key_sent_fifty_times_at_once_takes_one_step(fixture: Fixture, client: RetryingClient) -> None:
    fund_id = fixture.add_fund(300_000)
    tracked, key = fixture.track_case("approval"), uuid4().hex
    path = f"/cases/{tracked.case_id}/actions/approve"

    def send() -> Answer:
        return client.post("approver_1", path, DECIDED, {"answers": {}}, key)

    answers = run_at_once([send] * 50)
    assert {(answer.status, answer.headers["ETag"], answer.text) for answer in answers} == {
        (200, answers[0].headers["ETag"], answers[0].text)
    }
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 49
    assert count_steps(fixture, tracked.case_id, "approve") == 1
    assert pots(fixture, fund_id) == (290_000, 10_000, 0)
    other_body = client.post("approver_1", path, DECIDED, {"answers": {"opinion": "同意"}}, key)
    assert (other_body.status, other_body.codes) == (422, ["idempotency_key_reused"])
    assert reconcile(fixture.engine).faults == ()


def test_idempotency_key_sent_fifty_times_at_once_opens_one_case(fixture: Fixture, client: RetryingClient) -> None:
    fixture.add_fund(300_000)
    tracked, key = fixture.track_case("draft"), uuid4().hex
    family = {"household_id": str(tracked.household_id), "beneficiary_id": str(tracked.head_id)}
    body = {"programme": "hardship", **family, "item": "MED", "requested": "100.00", "answers": {}}
    answers = run_at_once([lambda: client.post("registrar", "/cases", OPENED, body, key)] * 50)
    assert {(answer.status, answer.text) for answer in answers} == {(201, answers[0].text)}
    with fixture.engine.connect() as conn:
        opened = sa.select(sa.func.count()).where(case.c.household_id == tracked.household_id, case.c.item == "MED")
        assert conn.scalar(opened) == 1


def test_case_with_two_hundred_payment_attempts_is_paid_once(fixture: Fixture) -> None:
    fund_id = fixture.add_fund(300_000)
    cashiers = fixture.add_accounts("cashier", 40)
    tracked = fixture.track_case("payment")

    def attempts(account: str) -> Callable[[], list[tuple[str, ...]]]:
        return lambda: [
            step_by(fixture, account, tracked.case_id, "pay", method="bank", voucher=f"V-{number}")()
            for number in range(5)
        ]

    outcomes = Counter(code for codes in run_at_once([attempts(account) for account in cashiers]) for code in codes)
    assert outcomes == {(): 1, ("wrong_state",): 199}
    with fixture.engine.connect() as conn:
        paid = sa.select(payment.c.fen, payment.c.state).where(payment.c.case_id == tracked.case_id)
        assert [tuple(row) for row in conn.execute(paid)] == [(10_000, "sent")]
    assert pots(fixture, fund_id) == (290_000, 0, 10_000)
    assert reconcile(fixture.engine).faults == ()
