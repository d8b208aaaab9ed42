"""The rules ahead of a case are those of the steps it may still take."""

from dataclasses import replace

import pytest

from tests.workflows.rule_input_builders import rule_input
from workflows.programmes import PROGRAMMES
from workflows.steps_ahead import reasons_ahead, steps_ahead

HARDSHIP = PROGRAMMES["hardship"]


@pytest.mark.parametrize(
    ("state", "ahead", "behind"),
    [("draft", "pay", ""), ("approval", "pay", "submit"), ("receipt", "close", "pay"), ("closed", "recall", "close")],
)
def test_step_is_ahead_of_the_states_that_lead_to_it(state: str, ahead: str, behind: str) -> None:
    actions = {step.action for step in steps_ahead(HARDSHIP, state)}
    assert ahead in actions
    assert behind not in actions


def test_beneficiary_who_left_stands_against_later_steps_of_a_draft() -> None:
    case = rule_input("draft", by="registrar")
    before = reasons_ahead(HARDSHIP, case)
    left = replace(case, facts=replace(case.facts, beneficiary_in_family=False, payee_in_family=None))
    after = reasons_ahead(HARDSHIP, left)
    assert {each.code for each in after if each not in before} == {"beneficiary_left", "payee_missing"}


def test_paid_case_is_not_stopped_by_a_beneficiary_who_left() -> None:
    case = rule_input("follow_up", by="registrar")
    left = replace(case, facts=replace(case.facts, beneficiary_in_family=False))
    assert reasons_ahead(HARDSHIP, left) == reasons_ahead(HARDSHIP, case)
