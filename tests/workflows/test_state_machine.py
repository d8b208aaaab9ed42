"""take() and open_to(): the shared machine, what a move says, the order of reasons, and what may be asked beforehand."""

from dataclasses import replace
from datetime import date

import pytest

from tests.workflows.happy import HAPPY, UNSIGNED, Happy
from tests.workflows.rule_input_builders import CALENDAR, ENDED, FUND, PEOPLE, POSTED, ask, filled
from tests.workflows.sample_policy import SAMPLE
from workflows import state_machine
from workflows.facts import RuleInput
from workflows.programme import Programme
from workflows.programmes import PROGRAMMES
from workflows.programmes.hardship import HARDSHIP
from workflows.state_machine import AvailableAction, available_actions, decide, due, start
from workflows.vocabulary import Fen, Grant, InvalidForm, Phase, Reason, Refused, Role
from workflows.workdays import Calendar

every_programme = pytest.mark.parametrize("programme", PROGRAMMES.values(), ids=lambda programme: programme.key)
ROWS = [(PROGRAMMES[key], row) for key, rows in HAPPY.items() for row in rows]


def choice(with_form: RuleInput, action: str, programme: Programme = HARDSHIP) -> AvailableAction:
    return next(each for each in available_actions(programme, with_form) if each.action == action)


def codes(reasons: tuple[Reason, ...]) -> list[str]:
    return [reason.code for reason in reasons]


@every_programme
def test_one_machine_serves_every_case_and_keeps_none(programme: Programme) -> None:
    shared = state_machine._machine(programme)
    for row in HAPPY[programme.key]:
        decide(programme, row.action, filled(row.action, row.ask(programme)))
    assert state_machine._machine(programme) is shared
    assert shared.models == []


@every_programme
def test_nothing_leads_around_the_table(programme: Programme) -> None:
    shared = state_machine._machine(programme)
    assert {name for name in shared.events if name.startswith("to_")} == set()
    drawn = {(name, each.source, each.dest) for name in shared.events for each in shared.get_transitions(name)}
    rows = {(step.action, source, step.goes_to(source)) for step in programme.steps for source in step.sources}
    assert drawn == rows
    assert not any(
        each.conditions or each.before or each.after for name in shared.events for each in shared.get_transitions(name)
    )


def test_the_table_that_is_given_is_the_table_that_is_followed() -> None:
    shortened = replace(
        HARDSHIP, key="shortened", steps=tuple(each for each in HARDSHIP.steps if each.action != "endorse")
    )
    assert decide(shortened, "submit", ask("draft")).target == "survey"


@every_programme
def test_reasons_stand_as_person_hold_and_then_the_rows_own_order(programme: Programme) -> None:
    everything_wrong = ask(
        "approval",
        "reviewer",
        programme=programme,
        grants=(Grant(Role.APPROVER, tier=1),),
        family=("reviewer",),
        held=True,
        notice=replace(ENDED, ended_on=None, open_objections=1, upheld_objections=1),
        content="edited",
        policy=replace(SAMPLE, tiers=(Fen(100_000), Fen(200_000), None), collective_from_fen=Fen(100_000)),
        fund=replace(FUND, expires_on=date(2025, 10, 1), available=Fen(0)),
    )
    with pytest.raises(Refused) as no:
        decide(programme, "approve", everything_wrong)
    assert no.value.codes == [
        "incompatible_duty",
        "own_family",
        "tier_too_low",
        "case_suspended",
        "notice_missing",
        "objection_open",
        "objection_upheld",
        "content_changed",
        "signatures_void",
        "higher_tier_needed",
        "minutes_missing",
        "fund_closed",
        "fund_short",
    ]


def test_a_reason_carries_the_parameter_and_what_was_compared() -> None:
    with pytest.raises(Refused) as no:
        decide(HARDSHIP, "end_notice", ask("notice", today=date(2025, 10, 13)))
    assert no.value.reasons == (Reason.of("notice_running", ends_on="2025-10-13", param="notice_days", value=5),)


def test_a_move_says_all_there_is_to_write_and_changes_nothing() -> None:
    context = filled("approve", ask("approval", answers={"minutes": " 会纪〔2025〕1号 "}))
    before = repr(context)
    move = decide(HARDSHIP, "approve", context)
    assert repr(context) == before
    assert (move.phase, move.ends, move.grant.role) == (Phase.DISBURSEMENT, False, Role.APPROVER)
    assert move.answers == {"minutes": "会纪〔2025〕1号"}
    assert decide(HARDSHIP, "close", ask("follow_up")).ends


def test_a_due_date_is_provisional_while_the_calendar_of_its_year_is_unknown() -> None:
    late = ask("payment", today=date(2025, 12, 25))
    move = decide(HARDSHIP, "pay", filled("pay", late))
    assert (move.due_on, move.due_is_provisional) == (date(2026, 1, 10), True)
    in_time = decide(HARDSHIP, "pay", filled("pay", ask("payment", today=date(2025, 12, 17))))
    assert (in_time.due_on, in_time.due_is_provisional) == (date(2025, 12, 31), False)


def test_calendar_days_need_no_calendar() -> None:
    unknown = replace(ask("receipt"), calendar=Calendar())
    assert due(HARDSHIP.state("follow_up"), unknown) == (date(2026, 1, 20), False)
    assert due(HARDSHIP.state("closed"), unknown) == (None, False)


@every_programme
def test_a_case_that_opens_has_a_due_date(programme: Programme) -> None:
    assert start(programme, ask("draft", programme=programme)) == (date(2025, 9, 28), False)


def test_the_grant_that_fits_best_is_used() -> None:
    high_for_another = Grant(Role.APPROVER, tier=3, principal=PEOPLE["someone_else"])
    low, high = Grant(Role.APPROVER, tier=1), Grant(Role.APPROVER, tier=2)
    used = [
        decide(HARDSHIP, "approve", ask("approval", grants=grants)).grant
        for grants in [(low, high), (high_for_another, high), (low, high_for_another)]
    ]
    assert used == [high, high, high_for_another]


@pytest.mark.parametrize(
    ("programme", "row"), ROWS, ids=lambda each: getattr(each, "key", None) or f"{each.action}-{each.source}"
)
def test_what_can_be_taken_is_shown_open(programme: Programme, row: Happy) -> None:
    shown = choice(row.ask(programme), row.action, programme)
    assert (codes(shown.reasons), shown.target) == ([], row.target)
    assert shown.label


def test_choices_stand_in_the_tables_order_with_the_reasons_against_each() -> None:
    shown = available_actions(HARDSHIP, ask("notice", by="reviewer", held=True))
    assert [each.action for each in shown] == [
        "object",
        "answer_objection",
        "end_notice",
        "return_to_review",
        "withdraw",
        "suspend",
        "resume",
    ]
    assert codes(shown[0].reasons) == ["role_missing", "case_suspended"]
    assert codes(shown[1].reasons) == ["case_suspended", "no_objection"]
    assert codes(shown[-1].reasons) == []


def test_a_look_says_nothing_about_answers_not_yet_given() -> None:
    assert codes(choice(ask("approval", award=Fen(500_000)), "approve").reasons) == []
    assert codes(choice(ask("survey", "someone_else", grants=(Grant(Role.VISITOR),)), "record_visit").reasons) == []
    assert codes(choice(ask("review", answers={"award": "99999.00"}), "pass_review").reasons) == []
    assert codes(choice(ask("payment"), "pay").reasons) == []


def test_a_look_at_a_first_review_minds_no_fund_before_one_is_named() -> None:
    assert codes(choice(ask("review", fund=None), "pass_review").reasons) == []


def test_a_look_at_a_second_review_minds_neither_the_former_award_nor_its_fund() -> None:
    spent = replace(FUND, available=Fen(0), expires_on=date(2025, 9, 1))
    again = ask("review", award=Fen(1_500_000), requested=Fen(1_300_000), fund=spent)
    assert codes(choice(again, "pass_review").reasons) == []


def test_a_look_at_a_payment_does_not_rule_out_cash() -> None:
    cash = ask("payment", payee_in_family=None, answers={"method": "cash", "cash_reason": "no_account"})
    assert decide(HARDSHIP, "pay", filled("pay", cash)).target == "receipt"
    assert codes(choice(cash, "pay").reasons) == []


def test_a_look_still_minds_what_is_known() -> None:
    assert codes(choice(ask("approval", fund=replace(FUND, available=Fen(1))), "approve").reasons) == ["fund_short"]
    assert codes(choice(ask("approval", fund=None), "approve").reasons) == ["fund_missing"]
    assert codes(choice(ask("notice", notice=POSTED, today=date(2025, 10, 13)), "end_notice").reasons) == [
        "notice_running"
    ]
    assert codes(choice(ask("approval", "approver", **UNSIGNED), "approve").reasons) == ["higher_tier_needed"]
    assert CALENDAR.years == {2025}


@pytest.mark.parametrize("minutes", ["会纪〔2025〕1号 13812345678", "11010519491231002X 的会议"])
def test_a_plain_name_holds_nothing_that_identifies_a_person(minutes: str) -> None:
    with pytest.raises(InvalidForm) as bad:
        decide(HARDSHIP, "approve", replace(ask("approval"), answers={"minutes": minutes}))
    assert [(each.code, each.values["field"]) for each in bad.value.problems] == [("looks_personal", "minutes")]
