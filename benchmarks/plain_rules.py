"""The rules of a hardship step as hand-written checks, equal in meaning to the programme's table.

A row has the columns that benchmarks.facts_sql selects. Each check appends its codes; a step without codes is permitted.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from benchmarks import survey_rules
from benchmarks.check_input import CheckInput
from benchmarks.steps import CLASHES, DUTY, FIELDWORK, ROLE, SOURCE
from workflows import assessment, eligibility, workdays
from workflows.policy import PolicySet, dibao_line
from workflows.vocabulary import Fen


def check_authority(check: CheckInput, action: str) -> UUID | None:
    """Check state, role, suspension, duties and own family, and return the principal the clerk acts for."""
    row, clerk = check.row, check.clerk
    source = SOURCE.get(action)
    check.refuse_if("wrong_state", row.state != source if source else row.state not in FIELDWORK)
    check.refuse_if("case_suspended", row.held_until is not None)
    grants = [each for each in clerk.grants if each[0] in ROLE[action] and row.unit_path.startswith(each[2])]
    if not grants:
        check.codes.append("role_missing")
        return None
    _, tier, _, principal = min(grants, key=lambda each: (each[3] is not None, -each[1]))
    people = {str(clerk.account), str(principal)}
    done = {duty for duty, account in row.duties or () if account in people}
    done |= {"filer" for account in row.filers or () if account in people}
    duty = DUTY.get(action)
    check.refuse_if("incompatible_duty", duty and any((duty, each) in CLASHES for each in done))
    check.refuse_if("own_family", {clerk.account, principal} & set(row.family_staff))
    check.refuse_if("tier_too_low", action == "approve" and tier < 1 + len(row.approvals or ()))
    return principal


def judged(row: Any, policy: PolicySet, today: date) -> assessment.Assessment | None:
    """Return the means test of the row."""
    finances = finances_of(row)
    return eligibility.assess_need(policy, finances, row.division, today) if finances else None


def finances_of(row: Any) -> eligibility.Finances | None:
    """Return the income, spending and assets of the row, or None while they are not on file."""
    if row.finances_as_of is None or not row.members:
        return None
    lines = row.lines or ()
    return eligibility.Finances(
        members=len(row.members),
        income=tuple(
            eligibility.IncomeLine(kind, person, fen) for side, kind, person, fen, _ in lines if side == "income"
        ),
        spending=tuple(
            eligibility.SpendingLine(kind, person, fen, reimbursed)
            for side, kind, person, fen, reimbursed in lines
            if side == "spending"
        ),
        assets=Fen(sum(fen for side, _, _, fen, _ in lines if side == "asset")),
        idle_able_members=row.idle_able_members,
        prior_aid=tuple((item, Fen(fen), date.fromisoformat(on)) for item, fen, on in row.prior_aid or ()),
        event=row.event_kind,
        observed=frozenset(row.observed),
    )


def _submit(check: CheckInput) -> None:
    check.refuse_if("consent_missing", check.row.consented_until is None or check.row.consented_until < check.today)


def _identified(check: CheckInput) -> None:
    for who, until in (check.row.no_number or {}).items():
        check.refuse_if(f"{who}_number_missing", until is None)
        check.refuse_if(f"{who}_number_due", until is not None and until < check.today.isoformat())


def _means(check: CheckInput, award: int) -> None:
    row, assessed, policy = check.row, check.judged, check.policy
    if assessed is None:
        check.codes.append("finances_missing")
        return
    check.refuse_if("household_not_filed", row.exited_on is not None)
    check.refuse_if("beneficiary_left", not row.beneficiary_in_family)
    check.refuse_if("income_over_line", assessed.category is None)
    check.refuse_if("excluded", assessed.exclusions)
    check.refuse_if("finances_stale", _months_since(row.finances_as_of, check.today) > policy.finances_valid_months)
    _repeated(check, award, assessed)


def _months_since(day: date, today: date) -> int:
    """Return the months between two days; a month that has begun counts."""
    return (today.year - day.year) * 12 + today.month - day.month + (today.day > day.day)


def _repeated(check: CheckInput, award: int, assessed: assessment.Assessment) -> None:
    row, policy, pending = check.row, check.policy, list(check.row.pending or ())
    year = [(item, fen) for item, fen, on, *_ in row.others or () if int(on[:4]) == check.today.year]
    same = [fen for item, fen in year if item == row.item]
    max_items = policy.items_per_year.get(assessed.category or "")
    items = {item for item, _ in year} | {row.item}
    check.refuse_if("item_repeated", len(same) >= policy.same_item_per_year)
    check.refuse_if("same_item_pending", len(same) + pending.count(row.item) >= policy.same_item_per_year)
    check.refuse_if("too_many_items", max_items is not None and len(items) > max_items)
    check.refuse_if("items_pending", max_items is not None and len(items | set(pending)) > max_items)
    line = dibao_line(policy, row.division, check.today)
    cap = eligibility.cap_for(
        policy, row.item, category=assessed.category, line=line, self_paid=row.answers.get("self_paid")
    )
    check.refuse_if("over_cap", cap is not None and award + sum(same) > cap)


def _fund(check: CheckInput, award: int, category: str | None) -> None:
    row = check.row
    if row.available_fen is None:
        check.codes.append("fund_missing")
        return
    check.refuse_if("fund_not_open", not row.opened)
    check.refuse_if("fund_closed", not row.opens_on <= check.today <= row.expires_on)
    check.refuse_if("item_not_permitted", row.item not in row.permitted_items)
    check.refuse_if("category_not_permitted", row.categories and category not in row.categories)
    check.refuse_if("fund_short", row.available_fen < award)


def _pass_review(check: CheckInput) -> None:
    row, award = check.row, check.answers["award"]
    _submit(check)
    survey_rules.surveyed(check)
    wanted = {*check.policy.papers.get("all", ()), *check.policy.papers.get(row.cause, ())}
    check.refuse_if("papers_missing", wanted - set(row.papers or ()))
    survey_rules.verified(check)
    _identified(check)
    _means(check, award)
    check.refuse_if("over_requested", award > row.requested_fen)
    check.refuse_if("award_nothing", award == 0)
    _fund(check, award, check.judged.category if check.judged else None)
    check.refuse_if("payee_not_family", row.payee is not None and not row.payee[3])


def _end_notice(check: CheckInput) -> None:
    notice = check.row.notice
    if notice is None:
        check.codes.append("notice_missing")
        return
    ends = workdays.after(date.fromisoformat(notice[0]), check.policy.notice_days, check.calendar)
    check.refuse_if("notice_running", check.today <= ends)
    check.refuse_if("objection_open", notice[3])
    check.refuse_if("objection_upheld", notice[4])


def _tiers_needed(check: CheckInput) -> int:
    award = check.row.award_fen or 0
    return next((tier for tier, up_to in enumerate(check.policy.tiers, 1) if up_to is None or award <= up_to), 3)


def _signatures(check: CheckInput) -> None:
    check.refuse_if("signatures_void", any(content != check.content for _, content in check.row.approvals or ()))


def _approve(check: CheckInput) -> None:
    row, notice, award = check.row, check.row.notice, check.row.award_fen
    check.refuse_if("notice_missing", notice is None or notice[1] is None)
    check.refuse_if("objection_open", notice and notice[3])
    check.refuse_if("objection_upheld", notice and notice[4])
    check.refuse_if("content_changed", notice and notice[2] != check.content)
    _signatures(check)
    check.refuse_if("higher_tier_needed", 1 + len(row.approvals or ()) < _tiers_needed(check))
    limit = check.policy.collective_from_fen
    check.refuse_if("minutes_missing", limit is not None and award >= limit and not check.answers.get("minutes"))
    _identified(check)
    _means(check, award)
    category = check.judged.category if check.judged else None
    check.refuse_if("category_changed", category is not None and row.category not in {None, category})
    _fund(check, award, category)


def _pay(check: CheckInput) -> None:
    row, cash = check.row, check.answers["method"] == "cash"
    check.refuse_if("signatures_missing", len(row.approvals or ()) < _tiers_needed(check))
    _signatures(check)
    check.refuse_if("already_paid", any(each[1] in {"sent", "live", "returning"} for each in row.payments or ()))
    check.refuse_if("method_not_signed", check.answers["method"] != (row.method or "bank"))
    check.refuse_if("second_payment_in_cash", row.payments and row.method == "cash")
    check.refuse_if("fund_closed", not row.opens_on <= check.today <= (row.settles_until or row.expires_on))
    check.refuse_if("item_not_permitted", row.item not in row.permitted_items)
    check.refuse_if("beneficiary_left", not row.beneficiary_in_family)
    check.refuse_if("payee_missing", not cash and row.payee is None)
    check.refuse_if("payee_not_family", not cash and row.payee is not None and not row.payee[3])


def _confirm_payment(check: CheckInput) -> None:
    *earlier, sent = check.row.payments
    day = check.answers["advised_on"]
    check.refuse_if("advice_in_the_future", day > check.today.isoformat())
    check.refuse_if("advice_before_payment", day < sent[2])
    check.refuse_if("advice_sum_differs", check.answers["amount"] != check.row.award_fen)
    same = (each[3] == sent[3] and each[4] == str(check.clerk.account) for each in earlier)
    check.refuse_if("second_payment_same_people", any(same))


def _close(check: CheckInput) -> None:
    calls = [each for each in check.row.visits or () if each["kind"] == "follow_up"]
    check.refuse_if("follow_up_missing", not calls)
    check.refuse_if("family_denies", calls and calls[-1]["conclusion"] in {"not_received", "handed_back"})


def _no_more_checks(_check_input: CheckInput) -> None:
    """Check nothing."""


CHECKS: Mapping[str, Callable[[CheckInput], None]] = {
    "submit": _submit,
    "record_visit": survey_rules.record_visit,
    "confirm_visit": survey_rules.confirm_visit,
    "add_papers": _no_more_checks,
    "finish_survey": survey_rules.finish_survey,
    "record_check": survey_rules.record_check,
    "pass_review": _pass_review,
    "end_notice": _end_notice,
    "approve": _approve,
    "pay": _pay,
    "confirm_payment": _confirm_payment,
    "confirm_receipt": _no_more_checks,
    "record_follow_up": survey_rules.record_follow_up,
    "close": _close,
}
