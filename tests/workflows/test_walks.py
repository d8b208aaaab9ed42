"""Random walks over every programme, and one invented here, keep every invariant."""

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations
from random import Random
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.workflows.family_money import given_fen, moved_fen
from tests.workflows.in_memory_model import Model
from tests.workflows.sample_policy import CALENDAR
from tests.workflows.walks import BYTES, STEPS, Turn, walk
from workflows import workdays
from workflows.policy import PolicySet
from workflows.programme import SAME, Programme, State, Step
from workflows.programmes import PROGRAMMES
from workflows.programmes.forms import ADVICE, AWARD, PAYMENT, SIGNATURE, WHY
from workflows.programmes.step_groups import ARRIVED, CONFIRMERS, PAYABLE, arrive, commit, release, send
from workflows.rules.approval import final_tier, higher_tier_follows, signatures_cover_this
from workflows.rules.means_test import award_positive, not_repeated, within_requested
from workflows.rules.payment import cash_explained, fund_allows, fund_can_bear
from workflows.rules.tuition import student_not_repeated
from workflows.state_machine import AvailableAction, decide
from workflows.vocabulary import INCOMPATIBLE_DUTIES, LEGAL_MOVES, Duty, Phase, Pot, Record, Refused, Role, Sum

SIGNABLE = (signatures_cover_this, fund_allows, fund_can_bear)
# fmt: off
SMALL = Programme(
    key="small", title="小额", start="requested", items=("TMP",), answers=(),
    states=(
        State("requested", Phase.SURVEY, "待审", "审核中", "draft_days"),
        State("signing", Phase.APPROVAL, "待批", "审批中", "approval_days"),
        State("paying", Phase.DISBURSEMENT, "待发", "待发放", "payment_days"),
        State("sent", Phase.DISBURSEMENT, "在途", "发放中", "transit_days"),
        State("paid", Phase.ENDED, "已发", "已发放"),
        State("dropped", Phase.ENDED, "不办", "未获批准"),
    ),
    steps=(
        Step("propose", "requested",   "signing", Role.REVIEWER, (within_requested, award_positive, fund_allows, fund_can_bear, cash_explained), duty=Duty.REVIEWER, record=Record.AWARD, form=AWARD),
        Step("endorse", "signing", SAME,      Role.APPROVER, (*SIGNABLE, higher_tier_follows), duty=Duty.APPROVER, record=Record.APPROVAL, form=SIGNATURE),
        Step("approve", "signing", "paying",  Role.APPROVER, (*SIGNABLE, final_tier), commit, duty=Duty.APPROVER, record=Record.APPROVAL, form=SIGNATURE),
        Step("undo",    "signing", "requested",   Role.APPROVER, record=Record.VOID_APPROVALS, form=(WHY,)),
        Step("undo",    "paying",  "requested",   Role.APPROVER, money=release, record=Record.VOID_APPROVALS, form=(WHY,)),
        Step("pay",     "paying",  "sent",    Role.CASHIER,  PAYABLE, send, duty=Duty.PAYER, record=Record.PAYMENT, form=PAYMENT),
        Step("arrive",  "sent",    "paid",    CONFIRMERS,    ARRIVED, arrive, duty=Duty.PAYMENT_CONFIRMER, record=Record.PAYMENT_CONFIRMED, form=ADVICE, second_of="pay"),
        Step("drop",    ("requested", "signing"), "dropped", Role.REGISTRAR, record=Record.VOID_APPROVALS),
    ),
)
# fmt: on
ALL = (*PROGRAMMES.values(), SMALL)
pytestmark = pytest.mark.timeout(600)
every_programme = pytest.mark.parametrize("programme", ALL, ids=lambda programme: programme.key)
WALKS = int(os.environ.get("WALKS", "500"))
"""Walks over each programme; `make walks` takes 5,000 of 100 steps."""

WALKED = int(os.environ.get("WALK_STEPS", STEPS))
walks = given(random_bytes=st.binary(min_size=BYTES * WALKED // STEPS, max_size=BYTES * WALKED // STEPS))
long = settings(max_examples=WALKS, deadline=None, suppress_health_check=list(HealthCheck))


def forbidden_pairs(duties: Iterable[tuple[Duty, UUID]]) -> list[tuple[Duty, Duty]]:
    pairs = combinations(sorted(duties, key=str), 2)
    return [
        (person, other)
        for (person, a), (other, b) in pairs
        if a == b and frozenset((person, other)) in INCOMPATIBLE_DUTIES
    ]


@every_programme
@long
@walks
def test_random_walk_keeps_every_invariant(programme: Programme, random_bytes: bytes) -> None:
    for turn in walk(programme, random_bytes, WALKED):
        model = turn.model
        assert_case_can_continue(turn)
        assert_money_is_conserved(model)
        assert sum(each.is_out for each in model.payments) <= 1
        assert forbidden_pairs(model.facts.duties) == []
        if turn.actor_actions is not None:
            assert_preview_agrees(turn, turn.actor_actions)
        if turn.transition is None:
            assert (model.facts, dict(turn.case.answers)) == (turn.before, turn.answers)
        elif turn.step is not None and turn.step.money == commit:
            assert_approved_in_order(turn)
            if not_repeated in turn.step.must_hold or student_not_repeated in turn.step.must_hold:
                assert_not_given_too_often(turn)
        elif turn.step is not None and turn.step.record is Record.PAYMENT:
            assert_paid_in_order(turn)
        elif turn.step is not None and turn.step.second_of is not None:
            assert_confirmed_by_another(turn)


def assert_case_can_continue(turn: Turn) -> None:
    """Check that an open case has a due date, and a step onward that a newcomer with every role can take."""
    model, state = turn.model, turn.before.state
    if model.phase is Phase.ENDED:
        assert not model.facts.held
    else:
        assert model.due_on is not None
    if model.programme.state(state).phase is not Phase.ENDED:
        available = [each for each in turn.newcomer_actions if not each.reasons and has_money_to_move(turn, each)]
        assert any(each.target != state or each.action == "resume" for each in available), state


def has_money_to_move(turn: Turn, action: AvailableAction) -> bool:
    step = turn.model.programme.step(action.action, turn.before.state)
    assert step is not None
    return step.money is None or step.money.amount is not Sum.REST or turn.before.recovering > 0


def assert_money_is_conserved(model: Model) -> None:
    for fund_line in model.fund_lines.values():
        assert sum(fund_line.pots.values()) == 0
        assert all(fen >= 0 for pot, fen in fund_line.pots.items() if pot is not Pot.OUTSIDE)
    out = {pot: model.pots[pot] for pot in (Pot.COMMITTED, Pot.IN_TRANSIT, Pot.PAID, Pot.RECOVERING)}
    assert min(out.values()) >= 0
    assert sum(out.values()) == model.facts.outstanding
    states = [each.state for each in model.payments if each.is_out]
    assert (out[Pot.PAID] > 0) == ("live" in states)
    assert (out[Pot.IN_TRANSIT] > 0) == bool({"sent", "returning"} & set(states))
    assert (out[Pot.RECOVERING], model.pots[Pot.WRITTEN_OFF]) == (model.facts.recovering, model.facts.written_off)
    assert_paid_money_is_accounted_for(model)


def assert_paid_money_is_accounted_for(model: Model) -> None:
    """Check that what is kept, what is being recovered, what came back and what was written off is what was paid."""
    fen = moved_fen(model.moves)
    paid = fen[Pot.IN_TRANSIT, Pot.PAID] - fen[Pot.PAID, Pot.IN_TRANSIT]
    assert {*fen} <= set(LEGAL_MOVES)
    kept = model.facts.kept if paid else 0
    came_back, written_off = fen[Pot.RECOVERING, Pot.AVAILABLE], fen[Pot.RECOVERING, Pot.WRITTEN_OFF]
    assert kept + model.facts.recovering + came_back + written_off == paid
    assert min(kept, model.facts.recovering, model.facts.written_off) >= 0


def assert_not_given_too_often(turn: Turn) -> None:
    """Recount the family's grants of the item: what did not come back counts, whatever was recalled or written off."""
    facts, year = turn.before, turn.before.answers.get("school_year")
    given = [award for award, moves in turn.model.ended if given_fen(moves) and award.item == facts.item]
    if year:
        assert year not in [award.school_year for award in given]
    else:
        in_year = [award for award in given if award.on.year == turn.case.today.year]
        assert len(in_year) < turn.case.policy.same_item_per_year


def assert_preview_agrees(turn: Turn, actions: tuple[AvailableAction, ...]) -> None:
    """Check that available_actions() and decide() agree, on the action taken and on actions without a form."""
    actor_actions = {each.action: each for each in actions}
    assert list(actor_actions) == [step.action for step in turn.model.programme.steps_from(turn.before.state)]
    if turn.transition is not None:
        assert actor_actions[turn.action].reasons == ()
    formless = [each for each in actions if not each.reasons and not each.form]
    preview = replace(turn.case, answers={})
    for each in formless:
        try:
            assert decide(turn.model.programme, each.action, preview).target == each.target
        except Refused as refusal:
            pytest.fail(f"{each.action} was listed as available and refused: {refusal}")


def assert_approved_in_order(turn: Turn) -> None:
    """Check the notice (its days, no objection) and the signatures: one per tier, different people, this content."""
    case, facts = turn.case, turn.model.facts
    if any(step.record is Record.NOTICE_END for step in turn.model.programme.steps):
        notice = turn.before.notice
        assert notice is not None
        assert notice.ended_on is not None
        assert workdays.after(notice.posted_on, case.policy.notice_days, CALENDAR) < notice.ended_on <= case.today
        assert (notice.open_objections, notice.upheld_objections) == (0, 0)
        assert notice.content == case.facts.content
        assert case.facts.filed
        assert case.facts.beneficiary_in_family
    assert_fully_signed(turn)
    assert len({approval.by for approval in facts.approvals}) == len(facts.approvals)
    assert case.facts.fund is not None
    assert case.facts.fund.opens_on <= case.today <= case.facts.fund.expires_on


def assert_paid_in_order(turn: Turn) -> None:
    assert_fully_signed(turn)
    assert turn.case.facts.beneficiary_in_family
    assert turn.model.pots[Pot.IN_TRANSIT] == turn.model.facts.award == turn.model.facts.outstanding


def assert_confirmed_by_another(turn: Turn) -> None:
    """Check that nobody who paid, or worked on the case before, confirmed what became of the money."""
    people = {turn.case.actor.account}
    done = {duty for duty, person in turn.before.duties if person in people}
    assert done <= {Duty.PAYMENT_CONFIRMER}
    assert turn.model.payments[-1].payer not in people


def assert_fully_signed(turn: Turn) -> None:
    """Check one signature a tier, of as many tiers as the award needs with what was given in the days before."""
    facts, case = turn.model.facts, turn.case
    assert facts.award is not None
    decides = turn.step is not None and turn.step.money == commit
    recent = [each.fen for each in turn.before.others if 0 <= (case.today - each.on).days < case.policy.together_days]
    signed = [approval.tier for approval in facts.approvals]
    assert signed == list(range(1, len(signed) + 1))
    assert len(signed) >= tiers_of(case.policy, facts.award + decides * sum(recent))
    # A lower tier may have signed while more was recent than on the day of the last signature.
    assert len(signed) <= tiers_of(case.policy, facts.award + sum(each.fen for each in turn.before.others))
    assert {approval.content for approval in facts.approvals} == {case.facts.content}


def tiers_of(policy: PolicySet, fen: int) -> int:
    return 1 + sum(fen > limit for limit in policy.tiers if limit is not None)


@every_programme
def test_random_walks_take_every_row(programme: Programme) -> None:
    # Otherwise the invariants could be true only because no step was taken.
    expected = {(step.action, source) for step in programme.steps for source in step.sources}
    random, taken = Random(2025), Counter[tuple[str, str]]()
    # Long calm walks: a recall after a recovery is some thirty steps from the application.
    for _ in range(240):
        if expected <= set(taken):
            break
        for turn in walk(programme, random.randbytes(3 * BYTES), 3 * STEPS, calm=True):
            if turn.transition is not None:
                taken[turn.action, turn.transition.source] += 1
    assert expected - set(taken) == set()


def test_random_walk_has_at_least_60_steps() -> None:
    assert sum(1 for _ in walk(SMALL, Random(1).randbytes(BYTES))) == STEPS >= 60
    assert long.max_examples >= 500


def test_invariants_detect_tampering() -> None:
    """Check that tampering with money or duties fails an invariant."""
    model = next(walk(SMALL, bytes(BYTES))).model
    assert_money_is_conserved(model)
    fund_line = next(iter(model.fund_lines.values()))
    fund_line.pots[Pot.PAID] += 1
    with pytest.raises(AssertionError):
        assert_money_is_conserved(model)
    person = UUID(int=1)
    assert forbidden_pairs({(Duty.REGISTRAR, person), (Duty.PAYER, person)}) == [(Duty.PAYER, Duty.REGISTRAR)]
