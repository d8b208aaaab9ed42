"""Identity rules: the beneficiary and the payee have an identity number, or a confirmed reason why not."""

from workflows.facts import RuleInput, reads
from workflows.vocabulary import Reason


def _unidentified(case: RuleInput, who: str) -> bool:
    until = case.facts.no_number.get(who)
    return who in case.facts.no_number and (until is None or until < case.today)


@reads("no_number")
def beneficiary_identified(case: RuleInput) -> Reason | None:
    """The beneficiary has an identity number, or a confirmed reason that counts today (docs/decisions/0034)."""
    if not _unidentified(case, "beneficiary"):
        return None
    until = case.facts.no_number["beneficiary"]
    if until is None:
        return Reason.of("beneficiary_number_missing")
    return Reason.of("beneficiary_number_due", until=until.isoformat())


@reads("no_number")
def payee_identified(case: RuleInput) -> Reason | None:
    """The payee has an identity number, or a confirmed reason that counts today (docs/decisions/0034)."""
    if not _unidentified(case, "payee"):
        return None
    until = case.facts.no_number["payee"]
    if until is None:
        return Reason.of("payee_number_missing")
    return Reason.of("payee_number_due", until=until.isoformat())
