"""Tests of required facts: a step is decided with the facts its rules read."""

from datetime import date

import pytest

from tests.workflows.happy import HAPPY
from tests.workflows.rule_input_builders import filled
from workflows.facts import Facts
from workflows.programmes import PROGRAMMES
from workflows.programmes.hardship import HARDSHIP
from workflows.required_facts import FIELDS, required_facts
from workflows.state_machine import decide
from workflows.vocabulary import Fen

ROWS = [(PROGRAMMES[key], row) for key, rows in HAPPY.items() for row in rows]
OF_EVERY_STEP = frozenset({"state", "held", "duties", "family_staff", "award", "outstanding"})
"""The facts that the state machine itself reads for every step."""


@pytest.mark.parametrize(
    ("programme", "row"), ROWS, ids=[f"{each.key}-{row.action}-{row.source}" for each, row in ROWS]
)
def test_step_with_only_required_facts_is_decided_alike(programme, row) -> None:  # type: ignore[no-untyped-def]
    step, case = programme.step(row.action, row.source), row.rule_input(programme)
    facts = {name: getattr(case.facts, name) for name in required_facts(step) | OF_EVERY_STEP}
    narrow = type(case)(**{name: getattr(case, name) for name in case.__slots__} | {"facts": Facts.of(**facts)})
    assert decide(programme, row.action, filled(row.action, narrow)) == decide(
        programme, row.action, filled(row.action, case)
    )


def test_fact_read_by_a_called_function_is_required() -> None:
    closing, approving = HARDSHIP.step("close", "follow_up"), HARDSHIP.step("approve", "approval")
    assert closing is not None
    assert approving is not None
    assert required_facts(closing) == {"visits"}
    assert {"notice", "approvals", "others", "finances", "fund"} < required_facts(approving) < FIELDS
    assert "visits" not in required_facts(approving)


def test_reading_an_unset_fact_raises_attribute_error() -> None:
    day = date(2025, 9, 1)
    facts = Facts.of(state="draft", opened_on=day, requested=Fen(1)).replace(state="survey")
    assert facts.state == "survey"
    with pytest.raises(AttributeError):
        _ = facts.live_payment
