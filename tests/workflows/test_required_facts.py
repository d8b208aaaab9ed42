"""What is read of a case is what its rules look at: found from the rules, and anything else is not there to be guessed."""

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
"""What the machine itself looks at, whatever the step."""


@pytest.mark.parametrize(
    ("programme", "row"), ROWS, ids=[f"{each.key}-{row.action}-{row.source}" for each, row in ROWS]
)
def test_a_step_is_decided_alike_with_nothing_but_what_it_looks_at(programme, row) -> None:  # type: ignore[no-untyped-def]
    step, context = programme.step(row.action, row.source), row.ask(programme)
    known = {name: getattr(context.facts, name) for name in required_facts(step) | OF_EVERY_STEP}
    narrow = type(context)(
        **{name: getattr(context, name) for name in context.__slots__} | {"facts": Facts.of(**known)}
    )
    assert decide(programme, row.action, filled(row.action, narrow)) == decide(
        programme, row.action, filled(row.action, context)
    )


def test_a_fact_that_a_called_rule_or_a_property_asks_for_is_found() -> None:
    closing, approving = HARDSHIP.step("close", "follow_up"), HARDSHIP.step("approve", "approval")
    assert closing is not None
    assert approving is not None
    assert required_facts(closing) == {"visits"}
    assert {"notice", "approvals", "others", "finances", "fund"} < required_facts(approving) < FIELDS
    assert "visits" not in required_facts(approving)


def test_a_fact_that_was_not_read_is_never_guessed() -> None:
    day = date(2025, 9, 1)
    facts = Facts.of(state="draft", opened_on=day, requested=Fen(1)).replace(state="survey")
    assert facts.state == "survey"
    with pytest.raises(AttributeError):
        _ = facts.live_payment
