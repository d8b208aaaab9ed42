"""A batch takes one action on many cases: each is judged alone, and all are written together."""

from collections.abc import Callable, Iterator
from datetime import date
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from service.actions import policies
from service.actions.case_application import CaseApplication
from service.actions.case_opening import open_case
from service.actions.cases import Outcome, take_action, take_action_on_many
from service.actions.errors import NotFound
from service.actions.step_result import StepResult
from service.db.engine import make_engine
from service.integrity.verify import verify
from service.tables.cases import case
from service.tables.funds import fund
from tests.chaos.fixtures import DECIDED, NOTICED, OPENED, STEPS_TO_RECEIPT, Fixture, create_fixture, form
from tests.factories import create_family
from tests.service.policy_fixtures import TWICE_A_YEAR, own_policy
from workflows.vocabulary import Fen, Refused


@pytest.fixture(scope="module")
def fixture(migrated_database: Callable[[], str]) -> Iterator[Fixture]:
    """A database of its own, so that the event log can be verified whole."""
    engine = make_engine(migrated_database())
    made = create_fixture(engine)
    made.add_fund(100_000)
    yield made
    engine.dispose()


def opened(fixture: Fixture, count: int) -> list[UUID]:
    """Open cases, each of a family of its own."""
    with fixture.engine.begin() as conn:
        context = fixture.organisation.context(conn, "registrar", OPENED)
        families = [create_family(conn, fixture.organisation, email="family@example.org") for _ in range(count)]
        return [
            open_case(conn, CaseApplication("hardship", each.household_id, each.head_id, "LIV", Fen(300_000), {}), context).case_id
            for each in families
        ]  # fmt: skip


def act(fixture: Fixture, case_ids: list[UUID], who: str, day: date, action: str, line: int = 0) -> list[Outcome]:
    """Take one action on the cases together, and commit."""
    with fixture.engine.begin() as conn:
        answers = form(fixture.organisation, action, day, award="100.00", fund=fixture.funds[line])
        return take_action_on_many(conn, case_ids, action, answers, fixture.organisation.context(conn, who, day))


def bring_to(fixture: Fixture, case_ids: list[UUID], state: str, line: int = 0) -> None:
    """Take every usual step on the cases together until they reach `state`."""
    for who, day, action, reached in STEPS_TO_RECEIPT:
        # A voucher and an advice are of one case each.
        batches = [[each] for each in case_ids] if action in {"pay", "confirm_payment"} else [case_ids]
        outcomes = [outcome for batch in batches for outcome in act(fixture, batch, who, day, action, line)]
        assert [each for each in outcomes if not isinstance(each, StepResult)] == []
        if reached == state:
            return


def codes(outcome: Outcome) -> list[str]:
    return outcome.codes if isinstance(outcome, Refused) else [type(outcome).__name__]


def states(fixture: Fixture, case_ids: list[UUID]) -> list[str]:
    with fixture.engine.connect() as conn:
        rows = conn.execute(sa.select(case.c.id, case.c.state).where(case.c.id.in_(case_ids)))
        by_id = {row.id: row.state for row in rows}
    return [by_id[each] for each in case_ids]


def balance(fixture: Fixture, line: int = 0) -> int:
    with fixture.engine.connect() as conn:
        fen: int = conn.scalars(sa.select(fund.c.available_fen).where(fund.c.id == fixture.funds[line])).one()
    return fen


def test_cases_of_a_batch_go_their_whole_way_and_the_event_log_verifies(fixture: Fixture) -> None:
    case_ids = opened(fixture, 5)
    bring_to(fixture, case_ids, "receipt")
    assert states(fixture, case_ids) == ["receipt"] * 5
    with fixture.engine.connect() as conn:
        assert verify(conn).faults == []


def test_refused_case_leaves_the_others_done_and_itself_unchanged(fixture: Fixture) -> None:
    before = balance(fixture)
    ready, early, unseen = opened(fixture, 3), opened(fixture, 2), uuid4()
    bring_to(fixture, ready, "approval")
    outcomes = act(
        fixture, [ready[0], early[0], ready[1], unseen, early[1], ready[2]], "approver_1", DECIDED, "approve"
    )
    assert [codes(each) for each in outcomes] == [
        ["StepResult"], ["wrong_state"], ["StepResult"], ["NotFound"], ["wrong_state"], ["StepResult"],
    ]  # fmt: skip
    assert states(fixture, [*ready, *early]) == ["payment"] * 3 + ["draft"] * 2
    assert balance(fixture) == before - 3 * 10_000
    with fixture.engine.connect() as conn:
        assert verify(conn).faults == []


def test_batch_never_draws_more_than_the_fund_line_holds(fixture: Fixture) -> None:
    """Each case alone could be paid from the line; together they could not."""
    fixture.add_fund(25_000)
    case_ids = opened(fixture, 4)
    bring_to(fixture, case_ids, "approval", line=-1)
    outcomes = act(fixture, case_ids, "approver_1", DECIDED, "approve")
    assert [codes(each) for each in outcomes] == [["StepResult"]] * 2 + [["fund_short"]] * 2
    assert balance(fixture, line=-1) == 5_000


def test_case_named_twice_is_taken_once(fixture: Fixture) -> None:
    case_ids = opened(fixture, 1)
    outcomes = act(fixture, case_ids * 2, "registrar", OPENED, "submit")
    assert [codes(each) for each in outcomes] == [["StepResult"]]


def test_two_cases_of_one_household_are_judged_one_after_the_other(fixture: Fixture) -> None:
    """The second knows what the first was awarded: 100.00 of the year's cap of 150.00."""
    division, text = own_policy(TWICE_A_YEAR, ("months_of_line = 12", 'fixed = "150.00"'))
    with fixture.engine.begin() as conn:
        administrator = fixture.organisation.seconded(conn, "admin", OPENED)
        policies.load_policy(conn, text, administrator, urgent="示例")
        context = fixture.organisation.context(conn, "registrar", OPENED)
        family = create_family(conn, fixture.organisation, email="family@example.org", division=division)
        first, second = (
            open_case(
                conn, CaseApplication("hardship", family.household_id, person, "LIV", Fen(300_000), {}), context
            ).case_id
            for person in (family.head_id, family.child_id)
        )
    bring_to(fixture, [first, second], "approval")
    outcomes = act(fixture, [first, second], "approver_1", DECIDED, "approve")
    assert [codes(each) for each in outcomes] == [["StepResult"], ["over_cap"]]


def test_batch_of_one_does_what_a_single_step_does(fixture: Fixture) -> None:
    alone, together = opened(fixture, 2)
    with fixture.engine.begin() as conn:
        single = take_action(conn, alone, "submit", {}, fixture.organisation.context(conn, "registrar", OPENED))
    (batched,) = act(fixture, [together], "registrar", OPENED, "submit")
    assert isinstance(batched, StepResult)
    assert (single.state, single.version, single.due_on) == (batched.state, batched.version, batched.due_on)


def test_caller_without_a_grant_finds_no_case_of_the_batch(fixture: Fixture) -> None:
    case_ids = opened(fixture, 2)
    with fixture.engine.begin() as conn:
        other = create_fixture(fixture.engine).organisation
        context = other.context(conn, "registrar", NOTICED)
        assert all(isinstance(each, NotFound) for each in take_action_on_many(conn, case_ids, "submit", {}, context))


def test_case_refused_by_the_database_leaves_the_others_done(fixture: Fixture) -> None:
    """Two requests that pass the same rule at once meet at a constraint: the rest of the batch is still taken."""
    case_ids = opened(fixture, 3)
    with fixture.engine.connect() as conn:
        refused = sa.text(
            f"ALTER TABLE \"case\" ADD CONSTRAINT one CHECK (id <> '{case_ids[1]}' OR version < 2) NOT VALID"
        )
        conn.execute(refused)
        outcomes = take_action_on_many(
            conn, case_ids, "submit", {}, fixture.organisation.context(conn, "registrar", OPENED)
        )
        rows = conn.execute(sa.select(case.c.id, case.c.version).where(case.c.id.in_(case_ids)))
        versions = {row.id: row.version for row in rows}
        conn.rollback()
    assert [codes(each) for each in outcomes] == [["StepResult"], ["conflicts_with_records"], ["StepResult"]]
    assert [versions[each] for each in case_ids] == [2, 1, 2]


def test_year_without_a_calendar_refuses_each_award_by_itself(fixture: Fixture) -> None:
    """The end of the notice cannot be counted: no award is written, and the batch ends in order."""
    case_ids = opened(fixture, 2)
    bring_to(fixture, case_ids, "review")
    with fixture.engine.connect() as conn:
        conn.execute(sa.text("DELETE FROM calendar_day"))
        conn.execute(sa.text("DELETE FROM calendar_year"))
        answers = form(fixture.organisation, "pass_review", NOTICED, award="100.00", fund=fixture.funds[0])
        context = fixture.organisation.context(conn, "reviewer", NOTICED)
        outcomes = take_action_on_many(conn, case_ids, "pass_review", answers, context)
        conn.rollback()
    assert [codes(each) for each in outcomes] == [["calendar_unknown"]] * 2
