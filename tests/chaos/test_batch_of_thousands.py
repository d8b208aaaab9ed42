"""A batch of 2,000 approvals of which 17 must be refused, timed beside the same steps one by one."""

import time

import pytest
import sqlalchemy as sa

from service.actions.cases import take_action
from service.actions.step_result import StepResult
from service.integrity.verify import verify
from service.tables.cases import case
from tests.chaos.conftest import RecordFigure
from tests.chaos.fixtures import DECIDED, Fixture
from tests.service.test_batches import act, bring_to, fixture, opened
from workflows.vocabulary import Refused

__all__ = ["fixture"]

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(1200)]
CASES, REFUSED, SINGLE = 2000, 17, 200


def test_seventeen_of_two_thousand_are_refused(fixture: Fixture, record_figure: RecordFigure) -> None:
    fixture.add_fund(50_000_000)
    fixture.funds.reverse()
    ready, early, single = opened(fixture, CASES - REFUSED), opened(fixture, REFUSED), opened(fixture, SINGLE)
    bring_to(fixture, ready, "approval")
    bring_to(fixture, single, "approval")
    with fixture.engine.connect() as conn:
        rows = conn.execute(sa.select(case.c.id, case.c.version).where(case.c.id.in_(early)).order_by(case.c.id)).all()
    began = time.monotonic()
    outcomes = act(fixture, [*early, *ready], "approver_1", DECIDED, "approve")
    seconds = time.monotonic() - began
    refused = [each.codes for each in outcomes if isinstance(each, Refused)]
    record_figure("cases in the batch", CASES)
    record_figure("done, refused", (sum(isinstance(each, StepResult) for each in outcomes), len(refused)))
    record_figure("seconds for the batch", round(seconds, 2))
    began = time.monotonic()
    for case_id in single:
        with fixture.engine.begin() as conn:
            take_action(conn, case_id, "approve", {}, fixture.organisation.context(conn, "approver_1", DECIDED))
    each = (time.monotonic() - began) / SINGLE
    record_figure("milliseconds a case: batch, one by one", (round(1000 * seconds / CASES, 2), round(1000 * each, 2)))
    record_figure("seconds one by one (projected)", round(each * CASES, 1))
    assert refused == [["wrong_state"]] * REFUSED
    assert len(outcomes) == CASES
    with fixture.engine.connect() as conn:
        assert (
            conn.execute(sa.select(case.c.id, case.c.version).where(case.c.id.in_(early)).order_by(case.c.id)).all()
            == rows
        )
        assert verify(conn).faults == []
