"""The rules of a hardship step as plain checks by hand, equal in meaning to what the table of the programme asks.

A row is what benchmarks.facts_sql selects. Each check appends a code; nothing in a list of codes means yes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

from benchmarks.steps import CLASHES, DUTY, FIELDWORK, ROLE, SOURCE
from workflows import assessment, eligibility, workdays
from workflows.policy import PolicySet, dibao_line
from workflows.vocabulary import Fen
from workflows.workdays import Calendar


@dataclass(frozen=True, slots=True)
class Clerk:
    """Who acts: an account and its grants of the day, (role, tier, unit path, principal)."""

    account: UUID
    grants: tuple[tuple[str, int, str, UUID | None], ...]
    paths: list[str]


@dataclass(slots=True)
class Look:
    """All a check may look at, and the codes found against the step."""

    row: Any
    clerk: Clerk
    answers: Mapping[str, Any]
    policy: PolicySet
    calendar: Calendar
    today: date
    content: str
    judged: assessment.Assessment | None
    against: list[str]

    def no(self, code: str, wrong: object) -> None:
        """Note `code` when it is wrong."""
        if wrong:
            self.against.append(code)


def standing(look: Look, action: str) -> UUID | None:
    """State, role, hold, clashing duties, own family; tells whom the clerk stands in for."""
    row, clerk = look.row, look.clerk
    source = SOURCE.get(action)
    look.no("wrong_state", row.state != source if source else row.state not in FIELDWORK)
    look.no("case_suspended", row.held_until is not None)
    grants = [each for each in clerk.grants if each[0] in ROLE[action] and row.unit_path.startswith(each[2])]
    if not grants:
        look.against.append("role_missing")
        return None
    _, tier, _, principal = min(grants, key=lambda each: (each[3] is not None, -each[1]))
    people = {str(clerk.account), str(principal)}
    done = {duty for duty, account in row.duties or () if account in people}
    done |= {"filer" for account in row.filers or () if account in people}
    duty = DUTY.get(action)
    look.no("incompatible_duty", duty and any((duty, each) in CLASHES for each in done))
    look.no("own_family", {clerk.account, principal} & set(row.family_staff))
    look.no("tier_too_low", action == "approve" and tier < 1 + len(row.approvals or ()))
    return principal


def people(row: Any) -> str:
    """The digest of who belongs to the family, in the house's spelling."""
    return sha256("\n".join(sorted(number or name for _, name, number in row.members or ())).encode()).hexdigest()


def judged(row: Any, policy: PolicySet, today: date) -> assessment.Assessment | None:
    """The means test over the row."""
    if row.finances_as_of is None or not row.members:
        return None
    lines = row.lines or ()
    finances = eligibility.Finances(
        members=len(row.members),
        income=tuple(eligibility.IncomeLine(kind, who, fen) for side, kind, who, fen, _ in lines if side == "income"),
        spending=tuple(
            eligibility.SpendingLine(kind, who, fen, back) for side, kind, who, fen, back in lines if side == "spending"
        ),
        assets=Fen(sum(fen for side, _, _, fen, _ in lines if side == "asset")),
        idle_able_members=row.idle_able_members,
        prior_aid=tuple((item, Fen(fen), date.fromisoformat(on)) for item, fen, on in row.prior_aid or ()),
        event=row.event_kind,
        observed=frozenset(row.observed),
    )
    return eligibility.assess_need(policy, finances, row.division, today)


def _submit(look: Look) -> None:
    look.no("consent_missing", look.row.consented_until is None or look.row.consented_until < look.today)


def _visitors(look: Look) -> None:
    named = [UUID(each) for each in look.answers["visitors"]]
    went = date.fromisoformat(look.answers["on"])
    look.no("recorder_not_among_visitors", look.clerk.account not in named)
    look.no("visitor_not_entitled", set(named) - set(look.row.eligible_visitors))
    look.no("visitor_is_family", set(named) & set(look.row.family_staff))
    look.no("before_the_case", went < look.row.opened_on)
    look.no("in_the_future", went > look.today)


def _clean_hands(look: Look, duty: str) -> None:
    named = set(look.answers["visitors"])
    done = {each for each, account in look.row.duties or () if account in named}
    done |= {"filer" for account in look.row.filers or () if account in named}
    look.no("visitor_has_incompatible_duty", any((duty, each) in CLASHES for each in done))


def _record_visit(look: Look) -> None:
    look.no("too_few_visitors", len(look.answers["visitors"]) < look.policy.min_visitors)
    _visitors(look)
    _clean_hands(look, "visitor")


def _record_follow_up(look: Look) -> None:
    _visitors(look)
    _clean_hands(look, "follower")


def _surveyed(look: Look) -> None:
    since, _, again, papers_since = look.row.returned or (-1, None, None, True)
    visits = [each for each in look.row.visits or () if each[0] == "survey" and each[4] > since]
    look.no("papers_not_repeated", "papers" in (again or ()) and not papers_since)
    if not visits:
        look.against.append("survey_missing")
        return
    look.no("too_few_visitors", max(each[3] for each in visits) < look.policy.min_visitors)
    look.no("survey_refuted", visits[-1][2] == "refuted")


def _record_check(look: Look) -> None:
    replied = date.fromisoformat(look.answers["replied_on"])
    _, returned, again, _ = look.row.returned or (-1, look.answers["replied_on"], None, True)
    look.no("in_the_future", replied > look.today)
    look.no("verification_not_repeated", "verification" in (again or ()) and replied < date.fromisoformat(returned))


def _verified(look: Look) -> None:
    check = look.row.verification
    if not look.policy.verification_required:
        return
    if check is None:
        look.against.append("verification_missing")
        return
    age = (look.today - date.fromisoformat(check[0])).days
    look.no("verification_stale", age > look.policy.verification_valid_days)
    look.no("verification_of_others", check[3] is not None and check[3] != people(look.row))
    look.no("verification_hits_unexplained", check[1] == "hits" and not check[2])


def _means(look: Look, award: int) -> None:
    row, found, policy = look.row, look.judged, look.policy
    if found is None:
        look.against.append("finances_missing")
        return
    look.no("household_not_filed", row.exited_on is not None)
    look.no("beneficiary_left", not row.beneficiary_in_family)
    look.no("income_over_line", found.category is None)
    look.no("excluded", found.exclusions)
    year = [(item, fen) for item, fen, on in row.others or () if int(on[:4]) == look.today.year]
    same = [fen for item, fen in year if item == row.item]
    most = policy.items_per_year.get(found.category or "")
    look.no("item_repeated", len(same) >= policy.same_item_per_year)
    look.no("too_many_items", most is not None and len({item for item, _ in year} | {row.item}) > most)
    line = dibao_line(policy, row.division, look.today)
    cap = eligibility.cap_for(
        policy, row.item, category=found.category, line=line, self_paid=row.answers.get("self_paid")
    )
    look.no("over_cap", cap is not None and award + sum(same) > cap)


def _fund(look: Look, award: int, category: str | None) -> None:
    row = look.row
    if row.available_fen is None:
        look.against.append("fund_missing")
        return
    look.no("fund_not_open", not row.opened)
    look.no("fund_closed", not row.opens_on <= look.today <= row.expires_on)
    look.no("item_not_permitted", row.item not in row.permitted_items)
    look.no("category_not_permitted", row.categories and category not in row.categories)
    look.no("fund_short", row.available_fen < award)


def _pass_review(look: Look) -> None:
    row, award = look.row, look.answers["award"]
    _submit(look)
    _surveyed(look)
    wanted = {*look.policy.papers.get("all", ()), *look.policy.papers.get(row.cause, ())}
    look.no("papers_missing", wanted - set(row.papers or ()))
    _verified(look)
    _means(look, award)
    look.no("over_requested", award > row.requested_fen)
    look.no("award_nothing", award == 0)
    _fund(look, award, look.judged.category if look.judged else None)
    look.no("payee_not_family", row.payee is not None and not row.payee[3])


def _end_notice(look: Look) -> None:
    notice = look.row.notice
    if notice is None:
        look.against.append("notice_missing")
        return
    ends = workdays.after(date.fromisoformat(notice[0]), look.policy.notice_days, look.calendar)
    look.no("notice_running", look.today <= ends)
    look.no("objection_open", notice[3])
    look.no("objection_upheld", notice[4])


def _tiers_needed(look: Look) -> int:
    award = look.row.award_fen or 0
    return next((tier for tier, up_to in enumerate(look.policy.tiers, 1) if up_to is None or award <= up_to), 3)


def _signatures(look: Look) -> None:
    look.no("signatures_void", any(content != look.content for _, content in look.row.approvals or ()))


def _approve(look: Look) -> None:
    row, notice, award = look.row, look.row.notice, look.row.award_fen
    look.no("notice_missing", notice is None or notice[1] is None)
    look.no("objection_open", notice and notice[3])
    look.no("objection_upheld", notice and notice[4])
    look.no("content_changed", notice and notice[2] != look.content)
    _signatures(look)
    look.no("higher_tier_needed", 1 + len(row.approvals or ()) < _tiers_needed(look))
    limit = look.policy.collective_from_fen
    look.no("minutes_missing", limit is not None and award >= limit and not look.answers.get("minutes"))
    _means(look, award)
    _fund(look, award, look.judged.category if look.judged else None)


def _pay(look: Look) -> None:
    row, cash = look.row, look.answers["method"] == "cash"
    look.no("signatures_missing", len(row.approvals or ()) < _tiers_needed(look))
    _signatures(look)
    look.no("already_paid", row.live_payment)
    look.no("fund_closed", not row.opens_on <= look.today <= row.expires_on)
    look.no("item_not_permitted", row.item not in row.permitted_items)
    look.no("beneficiary_left", not row.beneficiary_in_family)
    look.no("payee_missing", not cash and row.payee is None)
    look.no("payee_not_family", not cash and row.payee is not None and not row.payee[3])
    look.no("cash_unexplained", cash and not look.answers.get("cash_reason"))


def _close(look: Look) -> None:
    calls = [each for each in look.row.visits or () if each[0] == "follow_up"]
    look.no("follow_up_missing", not calls)
    look.no("family_denies", calls and calls[-1][2] in {"not_received", "handed_back"})


def _nothing(_look: Look) -> None:
    """Nothing more is asked."""


CHECKS: Mapping[str, Callable[[Look], None]] = {
    "submit": _submit,
    "record_visit": _record_visit,
    "add_papers": _nothing,
    "finish_survey": _surveyed,
    "record_check": _record_check,
    "pass_review": _pass_review,
    "end_notice": _end_notice,
    "approve": _approve,
    "pay": _pay,
    "confirm_receipt": _nothing,
    "record_follow_up": _record_follow_up,
    "close": _close,
}
