"""Refusals of a corrected application, which both programmes share."""

from functools import partial

from tests.workflows.happy import SCHOOLING
from tests.workflows.rule_input_builders import rule_input
from workflows.facts import RuleInput
from workflows.programme import Programme

Line = tuple[str, RuleInput, list[str]]


def correcting(programme: Programme) -> list[Line]:
    """Return refusals of a corrected application."""
    draft = partial(rule_input, "draft", programme=programme)
    form = SCHOOLING if programme.key == "tuition" else {}
    return [("correct_application", draft(answers={**form, "requested": "0.00"}), ["amount_not_positive"])]
