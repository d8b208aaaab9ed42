"""Tests of the first and the last value that a rule allows, beside the value that it refuses."""

from dataclasses import replace
from datetime import date
from functools import partial
from uuid import UUID

import pytest

from tests.workflows.refusals import SENT_BACK, SENT_BACK_FOR_PAPERS
from tests.workflows.rule_input_builders import (
    AWARD,
    CALENDAR,
    CALLED,
    FUND,
    OBJECTED,
    POSTED,
    SURVEY,
    filled,
    rule_input,
)
from tests.workflows.sample_policy import SAMPLE, TEXT
from workflows.assessment import recheck
from workflows.code_lists import CASE_VISIT_KINDS, OTHER_VISIT_KINDS, VisitKind
from workflows.disclosure import is_id_number, mask_card, mask_id_number, mask_phone
from workflows.eligibility import Finances
from workflows.facts import Facts, Returned, RuleInput
from workflows.form_fields import FormField, Kind, read_fields
from workflows.policy_parser import read_policy
from workflows.policy_values import InvalidPolicy
from workflows.programmes.hardship import HARDSHIP
from workflows.rules import approval, means_test, objections
from workflows.state_machine import decide
from workflows.vocabulary import Fen, Grant, InvalidForm, Reason, Refused, Role
from workflows.workdays import InvalidCalendar, after, due, read_calendar

verification = partial(rule_input, "verification", returned=SENT_BACK_FOR_PAPERS)


def codes(action: str, case: RuleInput) -> list[str]:
    """Return the codes of the refusal; none when the step is taken."""
    try:
        decide(HARDSHIP, action, filled(action, case))
    except Refused as refusal:
        return refusal.codes
    return []


@pytest.mark.parametrize(("replied_on", "refused"), [("2025-09-07", ["verification_not_repeated"]), ("2025-09-08", [])])
def test_check_of_the_day_of_the_return_is_a_new_one(replied_on: str, refused: list[str]) -> None:
    assert codes("record_check", verification(answers={"replied_on": replied_on})) == refused


def test_check_repeats_only_what_the_return_named() -> None:
    older = {"replied_on": "2025-09-07"}
    assert codes("record_check", verification(answers=older, returned=SENT_BACK)) == []
    assert codes("record_check", verification(answers=older, returned=None)) == []


@pytest.mark.parametrize(
    ("on", "refused"), [("2025-08-31", ["before_the_case"]), ("2025-09-01", []), ("2025-09-09", ["in_the_future"])]
)
def test_visit_of_the_day_of_the_application_counts(on: str, refused: list[str]) -> None:
    assert codes("record_visit", rule_input("survey", by="visitor", answers={"on": on})) == refused


@pytest.mark.parametrize(("seq", "refused"), [(2, ["survey_not_repeated"]), (3, ["survey_not_repeated"]), (4, [])])
def test_visit_counts_when_recorded_after_the_return(seq: int, refused: list[str]) -> None:
    """The return is event 3."""
    assert (
        codes("finish_survey", rule_input("survey", returned=SENT_BACK, visits=(replace(SURVEY, seq=seq),))) == refused
    )


def test_case_that_was_never_returned_counts_its_first_visit() -> None:
    assert codes("finish_survey", rule_input("survey", visits=(replace(SURVEY, seq=0),))) == []
    assert rule_input("survey", visits=(CALLED, SURVEY)).facts.surveys == (SURVEY,)


def test_papers_seen_since_the_return_are_seen_again() -> None:
    visits = (replace(SURVEY, seq=4),)
    returned = replace(SENT_BACK_FOR_PAPERS, papers_since=True)
    assert codes("finish_survey", rule_input("survey", returned=returned, visits=visits)) == []
    assert not Returned(3, date(2025, 9, 8)).papers_since


def test_latest_survey_decides_whether_the_need_is_confirmed() -> None:
    refuted = replace(SURVEY, conclusion="refuted")
    assert codes("finish_survey", rule_input("survey", visits=(refuted, SURVEY))) == []
    assert codes("finish_survey", rule_input("survey", visits=(SURVEY, refuted))) == ["survey_refuted"]


@pytest.mark.parametrize(("today", "refused"), [(date(2025, 10, 13), ["notice_running"]), (date(2025, 10, 14), [])])
def test_notice_runs_through_its_fifth_working_day(today: date, refused: list[str]) -> None:
    assert codes("end_notice", rule_input("notice", today=today)) == refused
    assert after(POSTED.posted_on, 5, CALENDAR) == date(2025, 10, 13)


@pytest.mark.parametrize(("tier", "refused"), [(1, ["tier_too_low"]), (2, []), (3, [])])
def test_tier_of_the_award_recalls_it(tier: int, refused: list[str]) -> None:
    case = rule_input("closed", by="someone_else", grants=(Grant(Role.APPROVER, tier=tier),))
    assert codes("recall", case) == refused


@pytest.mark.parametrize(
    ("day", "covers"), [("2025-10-01", True), ("2025-10-03", True), ("2025-10-04", False), ("2025-09-03", False)]
)
def test_calendar_covers_a_year_by_its_first_days_of_october(day: str, covers: bool) -> None:
    text = f"日期,类型,名称\n{day},休,\n"
    if covers:
        assert read_calendar(text).years == {2025}
    else:
        with pytest.raises(InvalidCalendar) as error:
            read_calendar(text)
        assert [(each.code, each.values["line"]) for each in error.value.problems] == [
            ("calendar_without_national_day", 1)
        ]


def test_term_of_no_days_ends_on_its_own_day_or_the_next_working_day() -> None:
    assert due(date(2025, 9, 30), 0, CALENDAR, working=False) == date(2025, 9, 30)
    assert due(date(2025, 10, 1), 0, CALENDAR, working=False) == date(2025, 10, 9)
    assert after(date(2025, 10, 1), 0, CALENDAR) == date(2025, 10, 1)


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [("", 1, ""), ("# 说明\n日期,种类\n", 2, "日期,种类"), ("\n\n日期，类型，名称\n", 3, "日期，类型，名称")],
)
def test_wrong_heading_is_named_with_its_line(text: str, line: int, found: str) -> None:
    with pytest.raises(InvalidCalendar) as error:
        read_calendar(text)
    values = error.value.problems[0].values
    assert (values["line"], values["found"], values["wanted"]) == (line, found, "日期,类型,名称")
    assert str(error.value) == f"line {line}: calendar_heading"


@pytest.mark.parametrize(("digits", "masked"), [("62220212345", "****"), ("622202123456", "****3456")])
def test_card_of_twelve_digits_shows_its_last_four(digits: str, masked: str) -> None:
    assert mask_card(digits) == masked


@pytest.mark.parametrize(
    ("number", "masked"),
    [("37012390010112", "************12"), ("370123900101123", "3701*******1123"), ("12", "**"), ("123", "*23")],
)
def test_number_of_fifteen_digits_is_an_identity_number(number: str, masked: str) -> None:
    assert mask_id_number(number) == masked


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("8613812341234", "138****1234"),
        ("861381234123", "********4123"),
        ("23812341234", "*******1234"),
        ("1234", "****"),
        ("12345", "*2345"),
    ],
)
def test_mobile_number_has_eleven_digits_and_begins_with_one(number: str, masked: str) -> None:
    assert mask_phone(number) == masked


@pytest.mark.parametrize("record", [{}, {"sums": 1}, {"on": "yesterday"}])
def test_record_without_its_input_fails_the_recheck(record: dict[str, object]) -> None:
    assert recheck(record) is False


def test_missing_check_is_refused_with_the_parameter_that_requires_it() -> None:
    with pytest.raises(Refused) as refusal:
        decide(HARDSHIP, "pass_review", filled("pass_review", rule_input("review", verification=None)))
    assert refusal.value.reasons == (Reason.of("verification_missing", param="verification_required", value=True),)


def test_facts_of_a_new_case_say_that_nothing_has_happened() -> None:
    day = date(2025, 9, 1)
    facts = Facts("draft", day, day, "LIV", Fen(1))
    assert (facts.award, facts.outstanding, facts.held, facts.next_tier) == (None, 0, False, 1)
    assert (facts.filed, facts.beneficiary_in_family, facts.payments, facts.finances) == (True, True, (), None)
    assert not any((facts.visits, facts.approvals, facts.others, facts.pending))
    assert (SURVEY.seq, POSTED.open_objections, POSTED.upheld_objections) == (0, 0, 0)
    assert not RuleInput(rule_input("draft").actor, facts, SAMPLE, CALENDAR, day).is_preview


@pytest.mark.parametrize(
    "text", ["11010519491331002X", "1101051949123100", "11010519491231002Y", "01010519491231002X", ""]
)
def test_text_that_is_no_identity_number_is_not_taken_for_one(text: str) -> None:
    """A thirteenth month, sixteen digits, a letter, a region that does not exist."""
    assert is_id_number(text) is False
    assert is_id_number("11010519491231002x") is True


def test_objection_that_names_the_notice_on_show_is_taken() -> None:
    shown = UUID(int=7)
    at_notice = partial(rule_input, "notice", by="registrar", answers={"notice": str(shown)})
    assert codes("object", at_notice(notice=replace(POSTED, id=shown))) == []
    assert codes("object", at_notice(notice=replace(POSTED, id=UUID(int=1)))) == ["notice_over"]
    assert codes("object", at_notice(notice=None)) == ["notice_over"]


def test_nothing_counts_as_self_paid_without_finances_on_file() -> None:
    without = rule_input("review", finances=None, own={"self_paid": 100})
    assert means_test._self_paid(without) == 0


def test_household_of_one_is_assessed() -> None:
    assert means_test.assessed(rule_input("review", finances=Finances(members=1))) is not None


def test_survey_holds_when_one_of_the_visits_that_count_saw_what_is_on_file() -> None:
    """Why: a second visit that found the same again does not make the first one void, nor the other way round."""
    older = replace(SURVEY, seq=SURVEY.seq - 1, seen=replace(SURVEY.seen, finances="before"))  # type: ignore[type-var]
    assert codes("finish_survey", rule_input("survey", visits=(older, SURVEY))) == []


def test_nothing_is_together_with_an_award_that_is_not_proposed_yet() -> None:
    case = rule_input("review", award=None)
    assert approval.together(case) == 0


def test_objection_to_an_award_is_not_asked_before_a_form_is_filled_in() -> None:
    upheld = replace(OBJECTED, outcome="upheld")
    shown = replace(rule_input("review", objections=(upheld,)), is_preview=True, answers={"award": 200_000})
    assert objections.objected_has_changed(shown) is None
    asked = replace(rule_input("review", objections=(upheld,)), answers={"award": int(AWARD)})
    found = objections.objected_has_changed(asked)
    assert found is not None
    assert found.code == "objected_unchanged"


def test_withdrawn_case_may_be_on_hold() -> None:
    """Why: a family that wants nothing more must not wait for the end of a hold."""
    withdrawals = [step for step in HARDSHIP.steps if step.action == "withdraw"]
    assert [step.while_held for step in withdrawals] == [True] * len(withdrawals)


def test_every_member_may_be_idle_and_one_more_may_not() -> None:
    assert Finances(2, idle_able_members=2).idle_able_members == 2
    with pytest.raises(ValueError, match="no more idle ones than members"):
        Finances(2, idle_able_members=3)


@pytest.mark.parametrize(("number", "refused"), [(50, False), (51, True)])
def test_list_has_fifty_choices_at_most(number: int, refused: bool) -> None:
    field = FormField("papers", "", Kind.CODES)
    values = [f"paper_{each}" for each in range(number)]
    if refused:
        with pytest.raises(InvalidForm) as wrong:
            read_fields((field,), {"papers": values})
        assert [problem.code for problem in wrong.value.problems] == ["not_a_list"]
    else:
        assert read_fields((field,), {"papers": values}) == {"papers": values}


@pytest.mark.parametrize(("months", "refused"), [(0, True), (1, False), (12, False), (13, True)])
def test_finances_are_valid_for_one_month_at_least_and_a_year_at_most(months: int, refused: bool) -> None:
    text = TEXT.replace("[procedure]", f"[procedure]\nfinances_valid_months = {months}")
    if refused:
        with pytest.raises(InvalidPolicy) as wrong:
            read_policy(text)
        assert [problem.path for problem in wrong.value.problems] == ["procedure.finances_valid_months"]
    else:
        assert read_policy(text).finances_valid_months == months


@pytest.mark.parametrize(("last_day", "refused"), [(19, ["fund_closed"]), (20, [])])
def test_line_without_a_settling_time_pays_until_it_expires(last_day: int, refused: list[str]) -> None:
    line = replace(FUND, expires_on=date(2025, 10, last_day))
    assert codes("pay", rule_input("payment", fund=line)) == refused


@pytest.mark.parametrize(("last_day", "refused"), [(19, ["settling_over"]), (20, [])])
def test_line_with_a_settling_time_pays_until_its_last_day(last_day: int, refused: list[str]) -> None:
    line = replace(FUND, expires_on=date(2025, 10, 1), settles_until=date(2025, 10, last_day))
    assert codes("pay", rule_input("payment", fund=line)) == refused


@pytest.mark.parametrize(("first_day", "refused"), [(21, ["fund_closed"]), (20, [])])
def test_line_pays_from_the_day_on_which_it_opens(first_day: int, refused: list[str]) -> None:
    line = replace(FUND, opens_on=date(2025, 10, first_day))
    assert codes("pay", rule_input("payment", fund=line)) == refused


def test_family_keeps_what_was_paid_and_is_not_called_back() -> None:
    assert Facts.partial(outstanding=Fen(500), recovering=Fen(200)).kept == Fen(300)


def test_policy_that_names_no_days_in_transit_has_three() -> None:
    """Policies of before money was in transit say nothing of it."""
    earlier = "\n".join(line for line in TEXT.splitlines() if not line.startswith("transit_days"))
    assert earlier != TEXT
    assert read_policy(earlier).days("transit_days") == 3


def test_visits_outside_cases_are_all_that_cases_do_not_have() -> None:
    assert set(CASE_VISIT_KINDS) == {VisitKind.SURVEY, VisitKind.FOLLOW_UP}
    assert set(OTHER_VISIT_KINDS) == set(VisitKind) - set(CASE_VISIT_KINDS)
