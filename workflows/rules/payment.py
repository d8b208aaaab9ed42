"""Where the money comes from, to whom it goes, and how it comes back."""

from workflows.code_lists import PaymentMethod
from workflows.facts import Fund, RuleInput, reads
from workflows.vocabulary import Fen, Reason


@reads("fund")
def fund_allows(case: RuleInput) -> Reason | None:
    """专款专用: the line permits this item and category on this day (domain/4 §4.2)."""
    fund = case.facts.fund
    if fund is None:
        return None if case.is_preview and case.facts.award is None else Reason.of("fund_missing")
    if not fund.opens_on <= case.today <= fund.expires_on:
        return Reason.of("fund_closed", opens_on=fund.opens_on.isoformat(), expires_on=fund.expires_on.isoformat())
    if case.facts.item not in fund.items:
        return Reason.of("item_not_permitted", item=case.facts.item, permitted=sorted(fund.items))
    return None


@reads("fund")
def fund_can_bear(case: RuleInput) -> Reason | None:
    """The line still has the money; the fund row is locked while this is asked (domain/4 §4.3, hard stop at zero)."""
    fund, award = case.facts.fund, case.fen("award") or case.facts.award
    return short_of(fund, award) if fund is not None and award is not None else None


def short_of(fund: Fund, award: Fen) -> Reason | None:
    """What is missing for an award of so many fen; what lies in a line is told only to those who may see it."""
    if fund.share is not None and fund.share < award:
        return Reason.of("fund_share_short", share=fund.share, award=award)
    if fund.available < award:
        unseen = Reason.of("fund_insufficient")
        return Reason.of("fund_short", available=fund.available, award=award) if fund.seen else unseen
    return None


@reads("fund")
def fund_open_to_unit(case: RuleInput) -> Reason | None:
    """A line of a unit above is drawn on only while it is open to the case's unit (下拨; domain/4 §4.3)."""
    return Reason.of("fund_not_open") if case.facts.fund is not None and not case.facts.fund.opened else None


def payee_in_family(case: RuleInput) -> Reason | None:
    """The account on file, if there is one, belongs to a member of the family (audit rules 62, 67)."""
    return Reason.of("payee_not_family") if case.facts.payee_in_family is False else None


def payee_known(case: RuleInput) -> Reason | None:
    """A transfer needs an account on file, and its holder belongs to the family; cash needs neither."""
    if case.is_preview or case.text("method") == PaymentMethod.CASH:
        return None
    if case.facts.payee_in_family is None:
        return Reason.of("payee_missing")
    return payee_in_family(case)


def cash_explained(case: RuleInput) -> Reason | None:
    """Cash is the exception that needs a reason (domain/1 §1.7, audit rule 59)."""
    if case.text("method") == PaymentMethod.CASH and case.text("cash_reason") is None:
        return Reason.of("cash_unexplained", field="cash_reason")
    return None


@reads("live_payment")
def not_paid_yet(case: RuleInput) -> Reason | None:
    """One live payment per award (audit rule 52)."""
    return Reason.of("already_paid") if case.facts.live_payment else None


@reads("visits")
def followed_up(case: RuleInput) -> Reason | None:
    """回访: someone asked the family whether the money came, and stayed (domain/1 §1.4; audit rules 68, 82)."""
    calls = [visit for visit in case.facts.visits if visit.kind == "follow_up"]
    if not calls:
        return Reason.of("follow_up_missing")
    if calls[-1].conclusion in {"not_received", "handed_back"}:
        return Reason.of("family_denies", conclusion=calls[-1].conclusion, on=calls[-1].on.isoformat())
    return None


def part_of_what_is_out(case: RuleInput) -> Reason | None:
    """A part paid back is less than what is still owed; the last of it settles the recovery instead."""
    amount, rest = case.fen("amount"), case.facts.outstanding
    if amount is not None and amount == 0:
        return Reason.of("nothing_to_move")
    if amount is not None and amount >= rest:
        return Reason.of("over_outstanding", amount=amount, outstanding=rest)
    return None
