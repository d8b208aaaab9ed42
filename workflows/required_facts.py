"""Required facts are what must be loaded before a step is decided."""

from functools import cache

from workflows.facts import declared_reads
from workflows.programme import Step
from workflows.vocabulary import Duty


@cache
def required_facts(step: Step) -> frozenset[str]:
    """Return the facts of ON_DEMAND that a rule of the step declares, and `approvals` where the step is a signature.

    `tests/workflows/test_required_facts.py` compares the declarations with the names in the byte code of the rules.
    """
    declared = frozenset().union(*(declared_reads(rule) for rule in step.must_hold))
    return declared | {"approvals"} if step.duty is Duty.APPROVER else declared
