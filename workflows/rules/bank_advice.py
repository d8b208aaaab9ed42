"""Bank advice rules: what the bank says, and what follows from a payment that was tried before."""

from workflows.code_lists import PaymentMethod
from workflows.facts import RuleInput, reads
from workflows.vocabulary import Fen, Reason


@reads("payments")
def advice_day_fits(case: RuleInput) -> Reason | None:
    """The day of the advice lies between the day of the latest payment and today (docs/domain/procedure.md §1.7)."""
    day, payments = case.text("advised_on"), case.facts.payments
    if day is None:
        return None
    if day > case.today.isoformat():
        return Reason.of("advice_in_the_future", on=day, today=case.today.isoformat())
    if payments and day < payments[-1].on.isoformat():
        return Reason.of("advice_before_payment", on=day, paid_on=payments[-1].on.isoformat())
    return None


def advice_states_the_award(case: RuleInput) -> Reason | None:
    """The sum of the advice is the sum that was sent: the bank neither pays nor returns a payment in parts."""
    return _other_sum(case, case.facts.award)


def advice_states_the_rest(case: RuleInput) -> Reason | None:
    """The sum of the advice is all that is still being recovered; less of it is recorded with `recover_part`."""
    if case.facts.recovering == 0:
        return Reason.of("nothing_to_move")
    return _other_sum(case, case.facts.recovering)


def _other_sum(case: RuleInput, expected: Fen | None) -> Reason | None:
    amount = case.fen("amount")
    if amount is not None and amount != expected:
        return Reason.of("advice_sum_differs", amount=amount, sum_due=expected)
    return None


@reads("advice")
def advice_as_stated(case: RuleInput) -> Reason | None:
    """The second person reads the same number, day and sum from the advice as the cashier stated."""
    stated = case.facts.advice
    if stated is None:
        return Reason.of("nothing_stated")
    if case.is_preview:
        return None
    given = {"advice_no": case.text("advice_no"), "advised_on": case.text("advised_on"), "amount": case.fen("amount")}
    as_stated = {"advice_no": stated.number, "advised_on": stated.on.isoformat(), "amount": stated.fen}
    differing = [name for name, value in given.items() if value != as_stated[name]]
    return Reason.of("advice_not_as_stated", fields=differing) if differing else None


@reads("payments")
def second_payment_not_in_cash(case: RuleInput) -> Reason | None:
    """A payment that failed or came back is never paid again in cash (docs/domain/audit-rules.md rule 59)."""
    if case.facts.payments and case.facts.method == PaymentMethod.CASH:
        return Reason.of("second_payment_in_cash")
    return None


@reads("payments")
def second_payment_by_other_people(case: RuleInput) -> Reason | None:
    """A second payment is made by another cashier or confirmed by another person than each payment before it."""
    principals = {grant.principal for grant in case.actor.grants if grant.principal is not None}
    people, payer = {case.actor.account, *principals}, case.facts.payments[-1].payer if case.facts.payments else None
    if any(each.payer == payer and each.confirmer in people for each in case.facts.payments[:-1]):
        return Reason.of("second_payment_same_people")
    return None


@reads("payments")
def never_attempted(case: RuleInput) -> Reason | None:
    """After a payment attempt an application is not withdrawn: an approver who did not pay cancels the award."""
    return Reason.of("payment_attempted") if case.facts.payments else None


@reads("payments")
def asked_on_paper(case: RuleInput) -> Reason | None:
    """After a payment attempt an award is cancelled only on the family's written request, or on another document."""
    if case.facts.payments and not case.is_preview and case.text("request") is None:
        return Reason.of("request_missing", field="request")
    return None
