"""Refusals of both programmes: an action, a rule input and the expected codes."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from tests.workflows.correction_refusals import correcting
from tests.workflows.evidence_refusals import given_together, objecting, old_finances, surveying
from tests.workflows.happy import ONE_OBJECTION, UNSIGNED
from tests.workflows.recall_refusals import recalling, recovering
from tests.workflows.rule_input_builders import (
    CALLED,
    ENDED,
    FAILED,
    FAMILY,
    FUND,
    PAID,
    PEOPLE,
    POSTED,
    SENT,
    SURVEY,
    other_award,
    rule_input,
)
from tests.workflows.sample_policy import SAMPLE
from workflows.eligibility import IncomeLine
from workflows.facts import Approval, Returned, RuleInput
from workflows.policy import ItemRule
from workflows.policy_codes import Requirement
from workflows.programme import Programme
from workflows.vocabulary import Duty, Fen, Grant, Role

Line = tuple[str, RuleInput, list[str]]

ALONE = frozenset({PEOPLE["visitor"]})
FOLLOWER = str(PEOPLE["follower"])
BOTH = [FOLLOWER, str(PEOPLE["visitor_2"])]
NOBODY_DID: frozenset[tuple[Duty, UUID]] = frozenset()
NAMED = [str(PEOPLE["visitor"]), str(PEOPLE["visitor_2"])]
SIGNED_BEFORE_THE_EDIT: dict[str, Any] = {"approvals": (Approval(1, PEOPLE["approver"], "older"),)}
LARGE: dict[str, Any] = {"policy": replace(SAMPLE, tiers=(Fen(100_000), Fen(200_000), None))}
"""A policy under which an award of 3,000.00 needs all three tiers."""
ENDED_LINE = replace(FUND, expires_on=date(2025, 10, 15))
"""A fund line that ended on the day of the approval."""

FOR_ANYBODY: dict[str, Any] = {
    "policy": replace(SAMPLE, item_rules=tuple(ItemRule(item, (Requirement.INCOME_TEST,)) for item in ("LIV", "EDU")))
}
"""A policy whose items are given without the income test."""
SENT_BACK = Returned(3, date(2025, 9, 8))
SENT_BACK_FOR_PAPERS = replace(SENT_BACK, to_repeat=frozenset({"papers", "verification"}))
AGAIN = replace(SURVEY, seq=4)
ANOTHER = str(UUID(int=77))
"""The id of a notice that is not the current one."""

BETTER_OFF = replace(FAMILY, income=(IncomeLine("wage", "head", Fen(6_000_000)),))
WELL_OFF = replace(FAMILY, income=(IncomeLine("wage", "head", Fen(9_000_000)),))


def labels(lines: Iterable[Line]) -> list[str]:
    """Return the test id of each line."""
    return [f"{action}-{'+'.join(codes)}" for action, _, codes in lines]


def survey(programme: Programme) -> list[Line]:
    """Return refusals for consent and survey visits."""
    case_in = partial(rule_input, programme=programme)
    visit = partial(case_in, "survey", by="visitor")
    return [
        ("submit", case_in("draft", consented_until=None), ["consent_missing"]),
        ("submit", case_in("draft", consented_until=date(2025, 8, 31)), ["consent_missing"]),
        ("record_visit", visit(answers={"visitors": NAMED[:1]}), ["too_few_visitors"]),
        ("record_visit", visit(answers={"visitors": [NAMED[0], NAMED[0].upper()]}), ["too_few_visitors"]),
        ("record_visit", visit(by="someone_else", grants=(Grant(Role.VISITOR),)), ["recorder_not_among_visitors"]),
        ("record_visit", visit(answers={"visitors": [*NAMED, str(PEOPLE["auditor"])]}), ["visitor_not_entitled"]),
        ("record_visit", visit(family=("visitor_2",)), ["visitor_is_family"]),
        ("record_visit", visit(family=("visitor",)), ["own_family", "visitor_is_family"]),
        ("record_visit", visit(answers={"on": "2025-08-31"}), ["before_the_case"]),
        ("record_visit", visit(answers={"on": "2025-09-09"}), ["in_the_future"]),
        ("record_visit", visit(did=((Duty.REVIEWER, "visitor_2"),)), ["visitor_has_incompatible_duty"]),
        (
            "record_visit",
            visit(did=((Duty.REVIEWER, "visitor"),)),
            ["incompatible_duty", "visitor_has_incompatible_duty"],
        ),
        ("finish_survey", case_in("survey", visits=()), ["survey_missing"]),
        ("finish_survey", case_in("survey", visits=(CALLED,)), ["survey_missing"]),
        ("finish_survey", case_in("survey", returned=SENT_BACK), ["survey_not_repeated"]),
        ("finish_survey", case_in("survey", returned=SENT_BACK_FOR_PAPERS, visits=(AGAIN,)), ["papers_not_repeated"]),
        ("finish_survey", case_in("survey", visits=(replace(SURVEY, visitors=ALONE),)), ["too_few_visitors"]),
        (
            "finish_survey",
            case_in("survey", visits=(SURVEY, replace(SURVEY, conclusion="refuted"))),
            ["survey_refuted"],
        ),
    ]


def fieldwork_at_review(programme: Programme) -> list[Line]:
    """Return refusals at review for consent, visits and papers."""
    review = partial(rule_input, "review", programme=programme)
    papers = frozenset({"application", "diagnosis"})
    return [
        ("pass_review", review(filed=False), ["household_not_filed"]),
        ("pass_review", review(consented_until=date(2025, 9, 28)), ["consent_missing"]),
        ("pass_review", review(visits=()), ["survey_missing"]),
        ("pass_review", review(returned=SENT_BACK), ["survey_not_repeated"]),
        ("pass_review", review(visits=(replace(SURVEY, visitors=ALONE),)), ["too_few_visitors"]),
        ("pass_review", review(visits=(replace(SURVEY, conclusion="refuted"),)), ["survey_refuted"]),
        ("pass_review", review(papers=papers), ["papers_missing"]),
        ("pass_review", review(papers=papers, visits=()), ["survey_missing", "papers_missing"]),
    ]


def scanning(programme: Programme) -> list[Line]:
    """Return refusals of scans in which papers are said to have been seen."""
    survey = partial(rule_input, "survey", programme=programme, documents={ANOTHER: "identity"})
    named = {"papers": ["application"], "documents": [ANOTHER]}
    return [
        ("add_papers", survey(answers={**named, "documents": [str(UUID(int=78))]}), ["document_not_on_file"]),
        ("add_papers", survey(answers=named, papers=frozenset()), ["document_of_other_paper"]),
    ]


def photos(programme: Programme) -> list[Line]:
    """Return refusals of photos that a visit names: one that is not on file, and a scan that is no photo of a visit."""
    shown = {ANOTHER: "identity"}
    survey = partial(rule_input, "survey", programme=programme, documents=shown, by="visitor")
    follow_up = partial(rule_input, "follow_up", programme=programme, documents=shown, by="follower")
    return [
        ("record_visit", survey(answers={"photos": [str(UUID(int=78))]}), ["photo_not_on_file"]),
        ("record_visit", survey(answers={"photos": [ANOTHER]}), ["photo_not_on_file"]),
        ("record_follow_up", follow_up(answers={"photos": [ANOTHER]}), ["photo_not_on_file"]),
    ]


def means_at_review(programme: Programme) -> list[Line]:
    """Return refusals at review for the means test and the limits of the award."""
    review = partial(rule_input, "review", programme=programme)
    return [
        ("pass_review", review(beneficiary_in_family=False), ["beneficiary_left"]),
        ("pass_review", review(fund=replace(FUND, categories=frozenset({"sudden"}))), ["category_not_permitted"]),
        ("pass_review", review(finances=WELL_OFF, **FOR_ANYBODY), ["category_missing"]),
        ("pass_review", review(finances=None), ["finances_missing"]),
        ("pass_review", review(division="110000"), ["line_unknown"]),
        ("pass_review", review(finances=WELL_OFF), ["income_over_line"]),
        ("pass_review", review(finances=replace(FAMILY, observed=frozenset({"vehicle"}))), ["excluded"]),
        ("pass_review", review(finances=BETTER_OFF, others=(other_award("MED", 1),)), ["too_many_items"]),
        ("pass_review", review(finances=BETTER_OFF, pending=("MED",)), ["items_pending"]),
        ("pass_review", review(requested=Fen(299_999)), ["over_requested"]),
        ("pass_review", review(answers={"award": "13000.00"}), ["over_cap"]),
        ("pass_review", review(answers={"award": "0.00"}), ["award_nothing"]),
    ]


def fund_at_review(programme: Programme) -> list[Line]:
    """Return refusals at review for the fund line and the payee."""
    review = partial(rule_input, "review", programme=programme)
    return [
        ("pass_review", review(fund=None), ["fund_missing"]),
        ("pass_review", review(fund=replace(FUND, opened=False)), ["fund_not_open"]),
        ("pass_review", review(fund=replace(FUND, opens_on=date(2025, 10, 15))), ["fund_closed"]),
        ("pass_review", review(fund=replace(FUND, expires_on=date(2025, 9, 28))), ["fund_closed"]),
        ("pass_review", review(fund=replace(FUND, expires_on=date(2025, 10, 13))), ["fund_closes_before_decision"]),
        ("pass_review", review(fund=replace(FUND, expires_on=date(2025, 9, 29))), ["fund_closes_before_decision"]),
        ("pass_review", review(fund=replace(FUND, items=frozenset({"SWN"}))), ["item_not_permitted"]),
        ("pass_review", review(fund=replace(FUND, available=Fen(299_999))), ["fund_short"]),
        ("pass_review", review(fund=replace(FUND, available=Fen(0), seen=False)), ["fund_insufficient"]),
        ("pass_review", review(fund=replace(FUND, share=Fen(299_999))), ["fund_share_short"]),
        ("pass_review", review(payee_in_family=False), ["payee_not_family"]),
        ("pass_review", review(no_number={"payee": None}), ["payee_number_missing"]),
        ("pass_review", review(no_number={"payee": date(2025, 9, 28)}), ["payee_number_due"]),
        ("pass_review", review(no_number={"beneficiary": None}), ["beneficiary_number_missing"]),
        ("pass_review", review(no_number={"beneficiary": date(2025, 9, 28)}), ["beneficiary_number_due"]),
        ("pass_review", review(answers={"method": "cash"}), ["cash_unexplained"]),
        ("pass_review", review(today=date(2025, 12, 29)), ["calendar_unknown"]),
    ]


def notice(programme: Programme) -> list[Line]:
    """Return refusals during 公示: five full working days, no open objection."""
    clock = partial(rule_input, "notice", programme=programme)
    year_end, new_year = replace(POSTED, posted_on=date(2025, 12, 29)), date(2026, 1, 12)
    return [
        ("end_notice", clock(notice=None), ["notice_missing"]),
        ("end_notice", clock(today=date(2025, 10, 13)), ["notice_running"]),
        # A calendar that changed while the notice hung cannot end it before the day it showed.
        ("end_notice", clock(notice=replace(POSTED, ends_on=date(2025, 10, 14))), ["notice_running"]),
        ("end_notice", clock(notice=year_end, today=new_year), ["calendar_unknown"]),
        ("end_notice", clock(**ONE_OBJECTION), ["objection_open"]),
        ("end_notice", clock(notice=replace(POSTED, upheld_objections=1)), ["objection_upheld"]),
        ("end_notice", clock(today=date(2025, 10, 13), **ONE_OBJECTION), ["notice_running", "objection_open"]),
        ("object", clock("registrar", answers={"notice": ANOTHER}), ["notice_over"]),
        ("answer_objection", clock("reviewer_2", answers={"notice": ANOTHER}, **ONE_OBJECTION), ["notice_over"]),
        ("answer_objection", clock("reviewer"), ["no_objection"]),
        ("answer_objection", clock("reviewer", notice=None), ["no_objection"]),
    ]


def endorsing(programme: Programme) -> list[Line]:
    """Return refusals of 同意并报上级."""
    first = partial(rule_input, "approval", by="approver", programme=programme, **UNSIGNED)
    second = partial(rule_input, "approval", by="approver_2", programme=programme)
    return [
        ("endorse", first(notice=None), ["notice_missing"]),
        ("endorse", first(notice=POSTED), ["notice_missing"]),
        ("endorse", first(notice=replace(ENDED, open_objections=1)), ["objection_open"]),
        ("endorse", first(notice=replace(ENDED, upheld_objections=1)), ["objection_upheld"]),
        ("endorse", first(content="edited"), ["content_changed"]),
        ("endorse", second(**LARGE, **SIGNED_BEFORE_THE_EDIT), ["signatures_void"]),
        ("endorse", first(award=Fen(200_000)), ["last_tier"]),
        ("endorse", second(), ["last_tier"]),
        ("endorse", first(award=Fen(500_000)), ["minutes_missing"]),
        ("endorse", second(by="someone_else", grants=(Grant(Role.APPROVER, tier=1),), **LARGE), ["tier_too_low"]),
    ]


def approving(programme: Programme) -> list[Line]:
    """Return refusals of the last signature: tiers, four eyes, notice, fund line."""
    last = partial(rule_input, "approval", programme=programme)
    return [
        ("approve", last(no_number={"payee": None}), ["payee_number_missing"]),
        ("approve", last(no_number={"payee": date(2025, 10, 14)}), ["payee_number_due"]),
        ("approve", last(no_number={"beneficiary": None}), ["beneficiary_number_missing"]),
        ("approve", last(no_number={"beneficiary": date(2025, 10, 14)}), ["beneficiary_number_due"]),
        ("approve", last(notice=None), ["notice_missing"]),
        ("approve", last(notice=POSTED), ["notice_missing"]),
        ("approve", last(notice=replace(ENDED, open_objections=2)), ["objection_open"]),
        ("approve", last(notice=replace(ENDED, upheld_objections=1)), ["objection_upheld"]),
        ("approve", last(notice=replace(ENDED, content="older")), ["content_changed"]),
        ("approve", last(**SIGNED_BEFORE_THE_EDIT), ["signatures_void"]),
        ("approve", last(content="edited"), ["content_changed", "signatures_void"]),
        ("approve", last("approver", **UNSIGNED), ["higher_tier_needed"]),
        ("approve", last(**LARGE), ["higher_tier_needed"]),
        ("approve", last(award=Fen(500_000)), ["minutes_missing"]),
        ("approve", last("someone_else", grants=(Grant(Role.APPROVER, tier=1),)), ["tier_too_low"]),
        ("approve", last("approver"), ["incompatible_duty", "tier_too_low"]),
        ("approve", last("reviewer", grants=(Grant(Role.APPROVER, tier=3),)), ["incompatible_duty"]),
        ("approve", last(fund=None), ["fund_missing"]),
        ("approve", last(fund=replace(FUND, expires_on=date(2025, 10, 14))), ["fund_closed"]),
        ("approve", last(fund=replace(FUND, items=frozenset({"SWN"}))), ["item_not_permitted"]),
        ("approve", last(fund=replace(FUND, available=Fen(299_999))), ["fund_short"]),
        ("approve", last(fund=replace(FUND, available=Fen(0), seen=False)), ["fund_insufficient"]),
        ("approve", last(fund=replace(FUND, share=Fen(299_999))), ["fund_share_short"]),
        ("approve", last(fund=replace(FUND, opened=False)), ["fund_not_open"]),
        ("approve", last(award=None), ["nothing_to_move"]),
    ]


def deciding(programme: Programme) -> list[Line]:
    """Return refusals at the decision for the means test and the limits, which may have changed since review."""
    last = partial(rule_input, "approval", programme=programme)
    return [
        ("approve", last(filed=False), ["household_not_filed"]),
        ("approve", last(beneficiary_in_family=False), ["beneficiary_left"]),
        ("approve", last(fund=replace(FUND, categories=frozenset({"sudden"}))), ["category_not_permitted"]),
        ("approve", last(finances=WELL_OFF, **FOR_ANYBODY), ["category_missing"]),
        ("approve", last(finances=None), ["finances_missing"]),
        ("approve", last(division="110000"), ["line_unknown"]),
        ("approve", last(finances=WELL_OFF), ["income_over_line"]),
        ("approve", last(category="relative"), ["category_changed"]),
        ("approve", last(finances=replace(FAMILY, observed=frozenset({"vehicle"}))), ["excluded"]),
        ("approve", last(finances=BETTER_OFF, others=(other_award("MED", 1),)), ["too_many_items"]),
        ("approve", last(finances=BETTER_OFF, pending=("MED",)), ["items_pending"]),
    ]


def paying(programme: Programme) -> list[Line]:
    """Return refusals of the payment."""
    cashier = partial(rule_input, "payment", programme=programme)
    return [
        ("pay", cashier(approvals=()), ["signatures_missing"]),
        (
            "pay",
            cashier(approvals=(Approval(1, PEOPLE["approver"], "older"),)),
            ["signatures_missing", "signatures_void"],
        ),
        ("pay", cashier(content="edited"), ["signatures_void"]),
        ("pay", cashier(payments=(SENT,)), ["already_paid"]),
        ("pay", cashier(payments=(PAID,)), ["already_paid"]),
        ("pay", cashier(method="cash", cash_reason="urgent"), ["method_not_signed"]),
        ("pay", cashier(answers={"method": "cash"}), ["method_not_signed"]),
        (
            "pay",
            cashier(payments=(FAILED,), method="cash", cash_reason="urgent", answers={"method": "cash"}),
            ["second_payment_in_cash"],
        ),
        ("pay", cashier(payee_in_family=None), ["payee_missing"]),
        ("pay", cashier(payee_in_family=False), ["payee_not_family"]),
        ("pay", cashier("registrar", grants=(Grant(Role.CASHIER),)), ["incompatible_duty"]),
        ("pay", cashier("registrar"), ["role_missing"]),
        ("pay", cashier(beneficiary_in_family=False), ["beneficiary_left"]),
        ("pay", cashier(fund=None), ["fund_missing"]),
        ("pay", cashier(fund=replace(FUND, expires_on=date(2025, 10, 19))), ["fund_closed"]),
        ("pay", cashier(fund=replace(ENDED_LINE, settles_until=date(2025, 10, 19))), ["settling_over"]),
        ("pay", cashier(fund=replace(FUND, items=frozenset({"SWN"}))), ["item_not_permitted"]),
    ]


def in_transit(programme: Programme) -> list[Line]:
    """Return refusals of the bank's advice, of its second person, and of what follows an attempt to pay."""
    transit, receipt, returning = (
        partial(rule_input, state, programme=programme) for state in ("transit", "receipt", "returning")
    )
    after_attempt = partial(rule_input, "payment", programme=programme, payments=(FAILED,))
    by_payer: dict[str, Any] = {"did": ((Duty.PAYER, "approver"),), "answers": {"request": "信〔2025〕3号"}}
    early, late = {"advised_on": "2025-10-19"}, {"advised_on": "2025-12-31"}
    lines: list[Line] = [
        (action, case(by, answers=answers), [code])
        for action, case, by in (
            ("confirm_payment", transit, "cashier_2"),
            ("payment_failed", transit, "cashier_2"),
            ("payment_returned", receipt, "cashier"),
        )
        for answers, code in (
            (early, "advice_before_payment"),
            (late, "advice_in_the_future"),
            ({"amount": "2999.99"}, "advice_sum_differs"),
        )
    ]
    return [
        *lines,
        ("confirm_payment", transit("cashier"), ["incompatible_duty"]),
        ("confirm_payment", transit("approver_2"), ["incompatible_duty"]),
        (
            "confirm_payment",
            transit(payments=(replace(FAILED, confirmer=PEOPLE["cashier_2"]), SENT)),
            ["second_payment_same_people"],
        ),
        ("confirm_return", returning("cashier"), ["incompatible_duty"]),
        ("confirm_return", returning(advice=None), ["nothing_stated"]),
        ("confirm_return", returning(answers={"amount": "2000.00"}), ["advice_not_as_stated"]),
        ("confirm_return", returning(answers=early), ["advice_before_payment", "advice_not_as_stated"]),
        ("confirm_return", returning(answers=late), ["advice_in_the_future", "advice_not_as_stated"]),
        ("cancel_award", after_attempt("approver"), ["request_missing"]),
        ("cancel_award", after_attempt("approver", **by_payer), ["incompatible_duty"]),
        ("withdraw", after_attempt("registrar"), ["payment_attempted"]),
    ]


def following_up(programme: Programme) -> list[Line]:
    """Return refusals of 回访 and of ending the case."""
    call = partial(rule_input, "follow_up", by="follower", programme=programme)
    denied = (SURVEY, CALLED, replace(CALLED, conclusion="not_received"))
    return [
        ("record_follow_up", call(answers={"visitors": [FOLLOWER, str(PEOPLE["auditor"])]}), ["visitor_not_entitled"]),
        ("record_follow_up", call(by="someone_else", grants=(Grant(Role.VISITOR),)), ["recorder_not_among_visitors"]),
        (
            "record_follow_up",
            call(answers={"visitors": BOTH}, family=("visitor_2",), duties=NOBODY_DID),
            ["visitor_is_family"],
        ),
        ("record_follow_up", call(answers={"on": "2025-08-31"}), ["before_the_case"]),
        ("record_follow_up", call(answers={"on": "2025-11-21"}), ["in_the_future"]),
        (
            "record_follow_up",
            call(answers={"visitors": BOTH}, duties=NOBODY_DID, did=((Duty.PAYER, "visitor_2"),)),
            ["visitor_has_incompatible_duty"],
        ),
        ("record_follow_up", call(answers={"visitors": BOTH}), ["visitor_has_incompatible_duty"]),
        ("close", call(by="registrar", visits=(SURVEY,)), ["follow_up_missing"]),
        ("close", call(by="registrar", visits=denied), ["family_denies"]),
        ("close", call(by="registrar", visits=(replace(CALLED, conclusion="handed_back"),)), ["family_denies"]),
    ]


def holding(programme: Programme) -> list[Line]:
    """Return refusals of suspending and resuming a case."""
    reviewer = partial(rule_input, "review", programme=programme)
    return [
        ("suspend", reviewer(held=True), ["case_suspended"]),
        ("suspend", reviewer(answers={"until": "2025-09-29"}), ["hold_not_ahead"]),
        ("suspend", reviewer(answers={"until": "2025-12-29"}), ["hold_too_long"]),
        ("resume", reviewer(), ["not_suspended"]),
        ("pass_review", reviewer(held=True), ["case_suspended"]),
        ("approve", reviewer(), ["wrong_state"]),
        ("approve_at_once", reviewer(), ["unknown_action"]),
    ]


AT_REVIEW = (fieldwork_at_review, means_at_review, fund_at_review)
PHASES = (
    survey,
    surveying,
    scanning,
    photos,
    old_finances,
    objecting,
    given_together,
    correcting,
    *AT_REVIEW,
    notice,
    endorsing,
    approving,
    deciding,
    paying,
    in_transit,
    following_up,
    recalling,
    recovering,
    holding,
)


def of(programme: Programme) -> list[Line]:
    """Return every line for one programme."""
    return [line for phase in PHASES for line in phase(programme)]
