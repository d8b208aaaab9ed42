"""Payment rules: the fund line, the payee, the follow-up, and recovered money."""

from workflows.code_lists import PaymentMethod
from workflows.facts import Fund, RuleInput, reads
from workflows.vocabulary import Fen, Reason

DENIES = frozenset({"not_received", "handed_back"})
"""Conclusions of a follow-up in which the family says that it does not have the money."""


@reads("fund")
def fund_allows(case: RuleInput) -> Reason | None:
    """专款专用: the fund line permits this item and is open on the day of the decision, which commits the money.

    A review may name a line that opens before its notice is over. Source: docs/domain/funds.md §4.2.
    """
    fund = case.facts.fund
    if fund is None:
        return None if case.is_preview and case.facts.award is None else Reason.of("fund_missing")
    if case.decided_on < fund.opens_on or fund.expires_on < case.today:
        return _closed(fund)
    return _permits(fund, case)


@reads("fund")
def fund_open_at_decision(case: RuleInput) -> Reason | None:
    """The line named at review is still open on the first day after the notice, when the award can be decided."""
    fund = case.facts.fund
    if fund is not None and case.today <= fund.expires_on < case.decided_on:
        return Reason.of(
            "fund_closes_before_decision",
            decided_on=case.decided_on.isoformat(),
            expires_on=fund.expires_on.isoformat(),
            param="notice_days",
            value=case.policy.notice_days,
        )
    return None


def _closed(fund: Fund) -> Reason:
    return Reason.of("fund_closed", opens_on=fund.opens_on.isoformat(), expires_on=fund.expires_on.isoformat())


def _permits(fund: Fund, case: RuleInput) -> Reason | None:
    if case.facts.item not in fund.items:
        return Reason.of("item_not_permitted", item=case.facts.item, permitted=sorted(fund.items))
    return None


@reads("fund")
def fund_settles(case: RuleInput) -> Reason | None:
    """What was committed while the line was open is paid, and paid again after a bank's return, until it settles.

    The day of the payment is asked. A line without a settling time pays until it expires. Source: docs/domain/funds.md
    §4.3.
    """
    fund = case.facts.fund
    if fund is None:
        return Reason.of("fund_missing")
    if fund.settles_until is not None and case.today > fund.settles_until:
        settles_until, expires_on = fund.settles_until.isoformat(), fund.expires_on.isoformat()
        return Reason.of("settling_over", settles_until=settles_until, expires_on=expires_on)
    if not fund.opens_on <= case.today <= (fund.settles_until or fund.expires_on):
        return _closed(fund)
    return _permits(fund, case)


@reads("fund")
def fund_can_bear(case: RuleInput) -> Reason | None:
    """The fund line still has the money (docs/domain/funds.md §4.3, hard stop at zero)."""
    # The service locks the fund row before it calls this rule.
    fund, award = case.facts.fund, case.fen("award") or case.facts.award
    return short_of(fund, award) if fund is not None and award is not None else None


def short_of(fund: Fund, award: Fen) -> Reason | None:
    """Return the reason when the fund line, or the unit's share of it, has less than the award."""
    if fund.share is not None and fund.share < award:
        return Reason.of("fund_share_short", share=fund.share, award=award)
    if fund.available < award:
        without_amount = Reason.of("fund_insufficient")
        return Reason.of("fund_short", available=fund.available, award=award) if fund.seen else without_amount
    return None


@reads("fund")
def fund_open_to_unit(case: RuleInput) -> Reason | None:
    """A higher unit's fund line is used only while allocated to the case's unit (下拨; docs/domain/funds.md §4.3).

    Allocations in force on the day of the decision count.
    """
    return Reason.of("fund_not_open") if case.facts.fund is not None and not case.facts.fund.opened else None


def payee_in_family(case: RuleInput) -> Reason | None:
    """The account on file, if any, belongs to a member of the household (docs/domain/audit-rules.md rules 62, 67)."""
    return Reason.of("payee_not_family") if case.facts.payee_in_family is False else None


def payee_known(case: RuleInput) -> Reason | None:
    """A transfer needs an account on file whose holder is in the household; cash needs none."""
    if case.is_preview or case.text("method") == PaymentMethod.CASH:
        return None
    if case.facts.payee_in_family is None:
        return Reason.of("payee_missing")
    return payee_in_family(case)


def cash_explained(case: RuleInput) -> Reason | None:
    """A payment in cash needs a reason (docs/domain/procedure.md §1.7, docs/domain/audit-rules.md rule 59)."""
    if case.text("method") == PaymentMethod.CASH and case.text("cash_reason") is None:
        return Reason.of("cash_unexplained", field="cash_reason")
    return None


def method_as_signed(case: RuleInput) -> Reason | None:
    """The money goes the way that the approvers signed; a case without a signed method is paid by bank."""
    method, signed = case.text("method"), case.facts.method or PaymentMethod.BANK.value
    if method is not None and method != signed:
        return Reason.of("method_not_signed", method=method, signed=signed)
    return None


@reads("payments")
def not_paid_yet(case: RuleInput) -> Reason | None:
    """An award has at most one payment that is out (docs/domain/audit-rules.md rule 52)."""
    return Reason.of("already_paid") if any(payment.is_out for payment in case.facts.payments) else None


@reads("visits")
def followed_up(case: RuleInput) -> Reason | None:
    """回访: in the latest follow-up the family does not deny that it got and kept the money
    (docs/domain/procedure.md §1.4; docs/domain/audit-rules.md rules 68, 82).
    """
    calls = [visit for visit in case.facts.visits if visit.kind == "follow_up"]
    if not calls:
        return Reason.of("follow_up_missing")
    if calls[-1].conclusion in DENIES:
        return Reason.of("family_denies", conclusion=calls[-1].conclusion, on=calls[-1].on.isoformat())
    return None


def within_what_is_kept(case: RuleInput) -> Reason | None:
    """A recall names at most what the family keeps of the payment (docs/domain/procedure.md §1.9)."""
    amount, kept = case.fen("amount"), case.facts.kept
    if kept == 0:
        return Reason.of("nothing_kept")
    if amount is not None and amount > kept:
        return Reason.of("over_kept", amount=amount, kept=kept)
    return None


def part_of_what_is_out(case: RuleInput) -> Reason | None:
    """A partial recovery is less than what is being recovered; the full rest is recorded with `recover`."""
    amount, rest = case.fen("amount"), case.facts.recovering
    # No money moves yet when a recovery is stated, so the state machine does not ask.
    if amount == 0:
        return Reason.of("nothing_to_move")
    if amount is not None and amount >= rest:
        return Reason.of("over_outstanding", amount=amount, outstanding=rest)
    return None
