"""What always holds, whatever people do: random walks over every programme, and over one made up here."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations
from random import Random
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.workflows.in_memory_model import Model
from tests.workflows.sample_policy import CALENDAR
from tests.workflows.walks import BYTES, STEPS, Turn, walk
from workflows import workdays
from workflows.programme import SAME, Programme, State, Step
from workflows.programmes import PROGRAMMES
from workflows.programmes.forms import AWARD, PAYMENT, SIGNATURE, WHY
from workflows.programmes.step_groups import PAYABLE, commit, pay, release
from workflows.rules.approval import final_tier, higher_tier_follows, signatures_cover_this
from workflows.rules.means_test import award_positive, within_requested
from workflows.rules.payment import fund_allows, fund_can_bear
from workflows.state_machine import AvailableAction, decide
from workflows.vocabulary import INCOMPATIBLE_DUTIES, Duty, Phase, Pot, Record, Refused, Role, Sum

SIGNABLE = (signatures_cover_this, fund_allows, fund_can_bear)
# fmt: off
SMALL = Programme(
    key="small", title="小额", start="requested", items=("TMP",), answers=(),
    states=(
        State("requested", Phase.SURVEY, "待审", "审核中", "draft_days"),
        State("signing", Phase.APPROVAL, "待批", "审批中", "approval_days"),
        State("paying", Phase.DISBURSEMENT, "待发", "待发放", "payment_days"),
        State("paid", Phase.ENDED, "已发", "已发放"),
        State("dropped", Phase.ENDED, "不办", "未获批准"),
    ),
    steps=(
        Step("propose", "requested",   "signing", Role.REVIEWER, (within_requested, award_positive, fund_allows, fund_can_bear), duty=Duty.REVIEWER, record=Record.AWARD, form=AWARD),
        Step("endorse", "signing", SAME,      Role.APPROVER, (*SIGNABLE, higher_tier_follows), duty=Duty.APPROVER, record=Record.APPROVAL, form=SIGNATURE),
        Step("approve", "signing", "paying",  Role.APPROVER, (*SIGNABLE, final_tier), commit, duty=Duty.APPROVER, record=Record.APPROVAL, form=SIGNATURE),
        Step("undo",    "signing", "requested",   Role.APPROVER, record=Record.VOID_APPROVALS, form=(WHY,)),
        Step("undo",    "paying",  "requested",   Role.APPROVER, money=release, record=Record.VOID_APPROVALS, form=(WHY,)),
        Step("pay",     "paying",  "paid",    Role.CASHIER,  PAYABLE, pay, duty=Duty.PAYER, record=Record.PAYMENT, form=PAYMENT),
        Step("drop",    ("requested", "signing"), "dropped", Role.REGISTRAR, record=Record.VOID_APPROVALS),
    ),
)
# fmt: on
ALL = (*PROGRAMMES.values(), SMALL)
every_programme = pytest.mark.parametrize("programme", ALL, ids=lambda programme: programme.key)
walks = given(thrown=st.binary(min_size=BYTES, max_size=BYTES))
long = settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
short = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def forbidden_pairs(duties: Iterable[tuple[Duty, UUID]]) -> list[tuple[Duty, Duty]]:
    pairs = combinations(sorted(duties, key=str), 2)
    return [(one, other) for (one, a), (other, b) in pairs if a == b and frozenset((one, other)) in INCOMPATIBLE_DUTIES]


@every_programme
@short
@walks
def test_no_case_ends_with_a_forbidden_pair_of_duties(programme: Programme, thrown: bytes) -> None:
    for turn in walk(programme, thrown):
        assert forbidden_pairs(turn.world.facts.duties) == []


@every_programme
@long
@walks
def test_what_always_holds(programme: Programme, thrown: bytes) -> None:
    for turn in walk(programme, thrown):
        world = turn.world
        nobody_was_stuck(turn)
        no_fen_is_made_or_lost(world)
        assert world.payments.count("live") <= 1
        assert forbidden_pairs(world.facts.duties) == []
        if turn.shown is not None:
            what_was_shown_was_so(turn, turn.shown)
        if turn.move is None:
            assert (world.facts, dict(turn.requested.answers)) == (turn.before, turn.given)
        elif turn.step is not None and turn.step.money == commit:
            approved_in_order(turn)
        elif turn.step is not None and turn.step.kind.pays_into is Pot.PAID:
            paid_in_order(turn)


def nobody_was_stuck(turn: Turn) -> None:
    """Every open case has a due date, and a step onward that a newcomer with the right role could take or prepare."""
    world, state = turn.world, turn.before.state
    if world.phase is Phase.ENDED:
        assert not world.facts.held
    else:
        assert world.due_on is not None
    if world.programme.state(state).phase is not Phase.ENDED:
        open_ = [each for each in turn.to_newcomer if not each.reasons and has_money_to_move(turn, each)]
        assert any(each.target != state or each.action == "resume" for each in open_), state


def has_money_to_move(turn: Turn, choice: AvailableAction) -> bool:
    step = turn.world.programme.step(choice.action, turn.before.state)
    assert step is not None
    return step.money is None or step.money.amount is not Sum.REST or turn.before.outstanding > 0


def no_fen_is_made_or_lost(world: Model) -> None:
    for line in world.lines.values():
        assert sum(line.pots.values()) == 0
        assert all(fen >= 0 for pot, fen in line.pots.items() if pot is not Pot.OUTSIDE)
    out = {pot: world.pots[pot] for pot in (Pot.COMMITTED, Pot.PAID, Pot.RECOVERING)}
    assert min(out.values()) >= 0
    assert sum(out.values()) == world.facts.outstanding
    assert (out[Pot.PAID] > 0) == ("live" in world.payments)


def what_was_shown_was_so(turn: Turn, choices: tuple[AvailableAction, ...]) -> None:
    """open_to() and take() agree: nothing refused beforehand is taken, and what needs no form and looks open, is."""
    shown = {each.action: each for each in choices}
    assert list(shown) == [step.action for step in turn.world.programme.steps_from(turn.before.state)]
    if turn.move is not None:
        assert shown[turn.action].reasons == ()
    formless = [each for each in choices if not each.reasons and not each.form]
    looked = replace(turn.requested, answers={})
    for each in formless:
        try:
            assert decide(turn.world.programme, each.action, looked).target == each.target
        except Refused as no:
            pytest.fail(f"{each.action} was shown open and refused: {no}")


def approved_in_order(turn: Turn) -> None:
    """A notice that hung its days and met no objection; a signature of each tier, by different people, on this content."""
    context, facts = turn.requested, turn.world.facts
    if any(step.record is Record.NOTICE_END for step in turn.world.programme.steps):
        notice = turn.before.notice
        assert notice is not None
        assert notice.ended_on is not None
        assert workdays.after(notice.posted_on, context.policy.notice_days, CALENDAR) < notice.ended_on <= context.today
        assert (notice.open_objections, notice.upheld_objections) == (0, 0)
        assert notice.content == context.facts.content
    signed_enough(turn)
    assert len({approval.by for approval in facts.approvals}) == len(facts.approvals)
    assert context.facts.fund is not None
    assert context.facts.fund.opens_on <= context.today <= context.facts.fund.expires_on


def paid_in_order(turn: Turn) -> None:
    signed_enough(turn)
    assert turn.world.pots[Pot.PAID] == turn.world.facts.award == turn.world.facts.outstanding


def signed_enough(turn: Turn) -> None:
    facts, policy = turn.world.facts, turn.requested.policy
    assert facts.award is not None
    needed = 1 + sum(facts.award > limit for limit in policy.tiers if limit is not None)
    assert [approval.tier for approval in facts.approvals] == list(range(1, needed + 1))
    assert {approval.content for approval in facts.approvals} == {turn.requested.facts.content}


@every_programme
def test_the_walks_come_by_every_row_of_every_table(programme: Programme) -> None:
    """Else the invariants would hold for want of anything happening."""
    wanted = {(step.action, source) for step in programme.steps for source in step.sources}
    random, taken = Random(2025), Counter[tuple[str, str]]()
    for _ in range(600):
        if wanted <= set(taken):
            break
        for turn in walk(programme, random.randbytes(BYTES)):
            if turn.move is not None:
                taken[turn.action, turn.move.source] += 1
    assert wanted - set(taken) == set()


def test_the_walks_are_as_long_as_was_promised() -> None:
    assert sum(1 for _ in walk(SMALL, Random(1).randbytes(BYTES))) == STEPS >= 50
    assert long.max_examples >= 500


def test_an_invariant_can_fail() -> None:
    """A walk whose money is tampered with, or whose duties are, is noticed."""
    world = next(walk(SMALL, bytes(BYTES))).world
    no_fen_is_made_or_lost(world)
    line = next(iter(world.lines.values()))
    line.pots[Pot.PAID] += 1
    with pytest.raises(AssertionError):
        no_fen_is_made_or_lost(world)
    one = UUID(int=1)
    assert forbidden_pairs({(Duty.REGISTRAR, one), (Duty.PAYER, one)}) == [(Duty.PAYER, Duty.REGISTRAR)]
