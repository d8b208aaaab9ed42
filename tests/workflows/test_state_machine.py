"""Tests of decide() and available_actions(): transitions, reasons, and previews."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from tests.workflows.happy import HAPPY, UNSIGNED, Happy
from tests.workflows.rule_input_builders import CALENDAR, ENDED, FUND, PEOPLE, POSTED, filled, rule_input
from tests.workflows.sample_policy import SAMPLE
from workflows import state_machine
from workflows.facts import RuleInput
from workflows.form_fields import FormField, Kind
from workflows.programme import Programme
from workflows.programmes import PROGRAMMES
from workflows.programmes.hardship import HARDSHIP
from workflows.state_machine import AvailableAction, available_actions, decide, due, read_form, start
from workflows.vocabulary import Fen, Grant, InvalidForm, Phase, Reason, Refused, Role
from workflows.workdays import Calendar

every_programme = pytest.mark.parametrize("programme", PROGRAMMES.values(), ids=lambda programme: programme.key)
ROWS = [(PROGRAMMES[key], row) for key, rows in HAPPY.items() for row in rows]


def available_action(case: RuleInput, action: str, programme: Programme = HARDSHIP) -> AvailableAction:
    return next(each for each in available_actions(programme, case) if each.action == action)


def codes(reasons: tuple[Reason, ...]) -> list[str]:
    return [reason.code for reason in reasons]


@every_programme
def test_shared_machine_keeps_no_case(programme: Programme) -> None:
    shared = state_machine._machine(programme)
    for row in HAPPY[programme.key]:
        decide(programme, row.action, filled(row.action, row.rule_input(programme)))
    assert state_machine._machine(programme) is shared
    assert shared.models == []


@every_programme
def test_machine_has_only_the_transitions_of_the_table(programme: Programme) -> None:
    shared = state_machine._machine(programme)
    assert {name for name in shared.events if name.startswith("to_")} == set()
    machine_rows = {(name, each.source, each.dest) for name in shared.events for each in shared.get_transitions(name)}
    rows = {(step.action, source, step.goes_to(source)) for step in programme.steps for source in step.sources}
    assert machine_rows == rows
    assert not any(
        each.conditions or each.before or each.after for name in shared.events for each in shared.get_transitions(name)
    )


def test_changed_programme_gets_a_machine_of_its_own() -> None:
    shortened = replace(
        HARDSHIP, key="shortened", steps=tuple(each for each in HARDSHIP.steps if each.action != "endorse")
    )
    assert decide(shortened, "submit", rule_input("draft")).target == "survey"


@every_programme
def test_reasons_are_ordered_by_person_then_hold_then_row(programme: Programme) -> None:
    case = rule_input(
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
    with pytest.raises(Refused) as refusal:
        decide(programme, "approve", case)
    assert refusal.value.codes == [
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


def test_reason_has_the_parameter_and_the_compared_values() -> None:
    with pytest.raises(Refused) as refusal:
        decide(HARDSHIP, "end_notice", rule_input("notice", today=date(2025, 10, 13)))
    assert refusal.value.reasons == (Reason.of("notice_running", ends_on="2025-10-13", param="notice_days", value=5),)


def test_decide_returns_transition_and_changes_nothing() -> None:
    case = filled("approve", rule_input("approval", answers={"minutes": " 会纪〔2025〕1号 "}))
    before = repr(case)
    transition = decide(HARDSHIP, "approve", case)
    assert repr(case) == before
    assert (transition.phase, transition.ends, transition.grant.role) == (Phase.DISBURSEMENT, False, Role.APPROVER)
    assert transition.answers == {"minutes": "会纪〔2025〕1号"}
    assert decide(HARDSHIP, "close", rule_input("follow_up")).ends


def test_due_date_without_calendar_is_provisional() -> None:
    late = rule_input("transit", today=date(2025, 12, 25))
    transition = decide(HARDSHIP, "confirm_payment", filled("confirm_payment", late))
    assert (transition.due_on, transition.due_is_provisional) == (date(2026, 1, 10), True)
    arrived = filled("confirm_payment", rule_input("transit", today=date(2025, 12, 17)))
    in_time = decide(HARDSHIP, "confirm_payment", arrived)
    assert (in_time.due_on, in_time.due_is_provisional) == (date(2025, 12, 31), False)


def test_due_date_in_calendar_days_needs_no_calendar() -> None:
    unknown = replace(rule_input("receipt"), calendar=Calendar())
    assert due(HARDSHIP.state("follow_up"), unknown) == (date(2026, 1, 20), False)
    assert due(HARDSHIP.state("closed"), unknown) == (None, False)


@every_programme
def test_opened_case_has_a_due_date(programme: Programme) -> None:
    assert start(programme, rule_input("draft", programme=programme)) == (date(2025, 9, 28), False)


def test_grant_with_fewest_reasons_is_used() -> None:
    high_for_another = Grant(Role.APPROVER, tier=3, principal=PEOPLE["someone_else"])
    low, high = Grant(Role.APPROVER, tier=1), Grant(Role.APPROVER, tier=2)
    grants_used = [
        decide(HARDSHIP, "approve", rule_input("approval", grants=grants)).grant
        for grants in [(low, high), (high_for_another, high), (low, high_for_another)]
    ]
    assert grants_used == [high, high, high_for_another]


@pytest.mark.parametrize(
    ("programme", "row"), ROWS, ids=lambda each: getattr(each, "key", None) or f"{each.action}-{each.source}"
)
def test_possible_action_is_listed_as_available(programme: Programme, row: Happy) -> None:
    available = available_action(row.rule_input(programme), row.action, programme)
    assert (codes(available.reasons), available.target) == ([], row.target)
    assert available.label


def test_actions_are_listed_in_table_order_with_reasons() -> None:
    available = available_actions(HARDSHIP, rule_input("notice", by="reviewer", held=True))
    assert [each.action for each in available] == [
        "object",
        "answer_objection",
        "end_notice",
        "return_to_review",
        "withdraw",
        "suspend",
        "resume",
    ]
    assert codes(available[0].reasons) == ["role_missing", "case_suspended"]
    assert codes(available[1].reasons) == ["case_suspended", "no_objection"]
    assert codes(available[-1].reasons) == []


def test_preview_ignores_rules_about_the_form() -> None:
    assert codes(available_action(rule_input("approval", award=Fen(500_000)), "approve").reasons) == []
    assert (
        codes(
            available_action(
                rule_input("survey", "someone_else", grants=(Grant(Role.VISITOR),)), "record_visit"
            ).reasons
        )
        == []
    )
    assert codes(available_action(rule_input("review", answers={"award": "99999.00"}), "pass_review").reasons) == []
    assert codes(available_action(rule_input("payment"), "pay").reasons) == []


def test_preview_of_first_review_needs_no_fund() -> None:
    assert codes(available_action(rule_input("review", fund=None), "pass_review").reasons) == []


def test_preview_of_second_review_ignores_earlier_award_and_fund() -> None:
    spent_fund = replace(FUND, available=Fen(0), expires_on=date(2025, 9, 1))
    second_review = rule_input("review", award=Fen(1_500_000), requested=Fen(1_300_000), fund=spent_fund)
    assert codes(available_action(second_review, "pass_review").reasons) == []


def test_preview_of_payment_allows_cash() -> None:
    signed: dict[str, Any] = {"method": "cash", "cash_reason": "no_account"}
    cash = rule_input("payment", payee_in_family=None, answers={"method": "cash"}, **signed)
    assert decide(HARDSHIP, "pay", filled("pay", cash)).target == "transit"
    assert codes(available_action(cash, "pay").reasons) == []


def test_preview_applies_rules_about_known_facts() -> None:
    assert codes(available_action(rule_input("approval", fund=replace(FUND, available=Fen(1))), "approve").reasons) == [
        "fund_short"
    ]
    assert codes(available_action(rule_input("approval", fund=None), "approve").reasons) == ["fund_missing"]
    assert codes(
        available_action(rule_input("notice", notice=POSTED, today=date(2025, 10, 13)), "end_notice").reasons
    ) == ["notice_running"]
    assert codes(available_action(rule_input("approval", "approver", **UNSIGNED), "approve").reasons) == [
        "higher_tier_needed"
    ]
    assert CALENDAR.years == {2025}


@pytest.mark.parametrize("minutes", ["会纪〔2025〕1号 13812345678", "11010519491231002X 的会议"])
def test_plain_name_with_personal_number_is_refused(minutes: str) -> None:
    with pytest.raises(InvalidForm) as error:
        decide(HARDSHIP, "approve", replace(rule_input("approval"), answers={"minutes": minutes}))
    assert [(each.code, each.values["field"]) for each in error.value.problems] == [("looks_personal", "minutes")]


@pytest.mark.parametrize(
    ("kind", "answer", "refused"),
    [
        (Kind.CODE, "371099197001019001", True),
        (Kind.CODE, "13800138000", False),
        (Kind.CODES, ["371099197001019001"], True),
        (Kind.NAME, "13800138000", True),
    ],
)
def test_personal_number_in_a_plain_field_is_refused(kind: Kind, answer: object, refused: bool) -> None:
    """A long code may look like a phone number; an identity number is refused in codes too."""
    field = FormField("voucher", "凭证号", kind)
    if refused:
        with pytest.raises(InvalidForm) as error:
            read_form((field,), {"voucher": answer})
        assert [problem.code for problem in error.value.problems] == ["looks_personal"]
    else:
        assert read_form((field,), {"voucher": answer}) == {"voucher": answer}


def test_input_under_one_grant_differs_in_the_actor_alone() -> None:
    """Why: a new field that is left out there would be lost for stand-ins."""
    given = replace(rule_input("review"), first_decision_on=date(2025, 9, 30), is_preview=True, answers={"award": 1})
    grant = Grant(Role.REVIEWER)
    assert given.under(grant) == replace(given, actor=replace(given.actor, grants=(grant,)))
