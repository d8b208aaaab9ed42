"""Application rules: what a family may ask for, when the case is opened and when it is corrected."""

from workflows.facts import RuleInput, reads
from workflows.vocabulary import Reason


def amount_positive(case: RuleInput) -> Reason | None:
    """The sum asked for is more than zero."""
    return None if case.facts.requested > 0 else Reason.of("amount_not_positive")


@reads("open_cases")
def no_other_open_case(case: RuleInput) -> Reason | None:
    """A correction does not change the item to one for which the beneficiary has another open case."""
    other = case.facts.open_cases.get(case.facts.item)
    return Reason.of("case_already_open", case_no=other) if other is not None else None
