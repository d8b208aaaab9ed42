"""What is loaded for a step is what its rules declare, and each rule declares what it reads."""

from datetime import date

import pytest

from tests.workflows.fact_walk import reachable_facts
from tests.workflows.happy import HAPPY
from tests.workflows.rule_input_builders import filled
from workflows.facts import ON_DEMAND, FactNotLoaded, Facts, declared_reads, reads
from workflows.programmes import PROGRAMMES
from workflows.programmes.hardship import HARDSHIP
from workflows.required_facts import required_facts
from workflows.state_machine import decide
from workflows.vocabulary import Fen

ROWS = [(PROGRAMMES[key], row) for key, rows in HAPPY.items() for row in rows]
RULES = {rule for programme in PROGRAMMES.values() for step in programme.steps for rule in step.must_hold}


def name_of(rule: object) -> str:
    return getattr(rule, "__name__", "")


@pytest.mark.parametrize("rule", sorted(RULES, key=name_of), ids=name_of)
def test_rule_declares_every_fact_it_can_reach(rule) -> None:  # type: ignore[no-untyped-def]
    """Why: a fact that is not declared is not loaded, and the case cannot be decided."""
    assert declared_reads(rule) == reachable_facts(rule)


def test_rule_cannot_declare_an_unknown_fact() -> None:
    with pytest.raises(ValueError, match="weather"):
        reads("weather")


@pytest.mark.parametrize(
    ("programme", "row"), ROWS, ids=[f"{each.key}-{row.action}-{row.source}" for each, row in ROWS]
)
def test_step_is_decided_alike_with_the_facts_loaded_for_it(programme, row) -> None:  # type: ignore[no-untyped-def]
    step, context = programme.step(row.action, row.source), row.rule_input(programme)
    left_out = ON_DEMAND - required_facts(step)
    loaded = {name: getattr(context.facts, name) for name in Facts.__dataclass_fields__ if name not in left_out}
    narrow = type(context)(
        **{name: getattr(context, name) for name in context.__slots__} | {"facts": Facts.partial(**loaded)}
    )
    assert decide(programme, row.action, filled(row.action, narrow)) == decide(
        programme, row.action, filled(row.action, context)
    )


def test_fact_that_a_called_rule_or_a_property_reads_is_required() -> None:
    closing, approving = HARDSHIP.step("close", "follow_up"), HARDSHIP.step("approve", "approval")
    assert closing is not None
    assert approving is not None
    assert {"visits"} <= required_facts(closing) < ON_DEMAND
    assert {"notice", "approvals", "others", "finances", "fund"} < required_facts(approving) < ON_DEMAND
    assert "visits" not in required_facts(approving)


def test_fact_that_was_not_loaded_is_never_guessed() -> None:
    day = date(2025, 9, 1)
    facts = Facts.partial(state="draft", opened_on=day, requested=Fen(1)).replace(state="survey")
    assert facts.state == "survey"
    with pytest.raises(FactNotLoaded, match="payments"):
        _ = facts.payments
