"""A table that contradicts itself does not import, and says in what."""

from dataclasses import replace
from typing import Any

import pytest

from workflows.form_fields import FormField, Kind
from workflows.notifications import NOTIFICATIONS
from workflows.policy import DEADLINES
from workflows.programme import SAME, InvalidProgramme, Programme, State, Step
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import Money, Phase, Pot, Record, Role, Sum

OPENED = State("opened", Phase.SURVEY, "待办", "待办", "draft_days")
PROMISED = State("promised", Phase.DISBURSEMENT, "待发", "待发", "payment_days")
OVER = State("over", Phase.ENDED, "已办结", "已办结")
GIVE = Step("give", "opened", "promised", Role.APPROVER, money=Money(Pot.AVAILABLE, Pot.COMMITTED))
PAY = Step("pay", "promised", "over", Role.CASHIER, money=Money(Pot.COMMITTED, Pot.PAID), record=Record.PAYMENT)


def table(
    states: tuple[State, ...] = (OPENED, PROMISED, OVER), steps: tuple[Step, ...] = (GIVE, PAY), **more: Any
) -> Programme:
    return Programme(
        **{"key": "small", "title": "小额", "start": "opened", "items": ("X",), "answers": ()} | more,
        states=states,
        steps=steps,
    )


def with_pay(**changed: Any) -> dict[str, Any]:
    return {"steps": (GIVE, replace(PAY, **changed))}


def test_a_sound_table_imports_and_answers() -> None:
    small = table()
    assert small.state("promised") is PROMISED
    assert small.step("pay", "promised") is PAY
    assert small.step("pay", "opened") is None
    assert small.steps_from("opened") == (GIVE,)
    assert (small.has_action("pay"), small.has_action("steal")) == (True, False)


AMOUNT = FormField("amount", "金额", Kind.MONEY)
ANSWERED = Money(Pot.COMMITTED, Pot.PAID, Sum.ANSWER)


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"states": (OPENED, PROMISED, OVER, OVER)}, "a state stands twice"),
        ({"start": "nowhere"}, "start 'nowhere' is no state"),
        ({"states": (replace(OPENED, deadline=None), PROMISED, OVER)}, "opened: an open state needs a deadline"),
        ({"states": (OPENED, PROMISED, replace(OVER, deadline="draft_days"))}, "over: an open state needs a deadline"),
        ({"steps": (GIVE, PAY, PAY)}, "pay leaves promised twice"),
        ({"steps": (GIVE, PAY, replace(PAY, source=("promised", "opened")))}, "pay leaves promised twice"),
        (with_pay(source="nowhere"), "pay names the unknown state 'nowhere'"),
        (with_pay(target="nowhere"), "pay names the unknown state 'nowhere'"),
        (with_pay(money=Money(Pot.PAID, Pot.PAID)), "pay moves money nowhere"),
        (with_pay(money=ANSWERED), "pay moves an answered amount but asks for none"),
        (with_pay(notification="dear_john"), "pay owes the unknown notification 'dear_john'"),
        (with_pay(money=None), "pay records payment without its money"),
        (with_pay(money=Money(Pot.COMMITTED, Pot.AVAILABLE)), "pay records payment without its money"),
        (with_pay(record=Record.PAYMENT_RETURNED), "pay records payment_returned without its money"),
        (with_pay(record=Record.RECALL), "pay records recall without its money"),
        (with_pay(form=(AMOUNT, replace(AMOUNT, label="数额"))), "pay asks one thing twice"),
        ({"states": (OPENED, PROMISED, OVER, replace(OVER, key="island"))}, "island is never reached"),
        ({"states": (OPENED, replace(PROMISED, key="p"), PROMISED, OVER)}, "p is never reached"),
        (with_pay(target=SAME), "promised leads to no end"),
        ({"steps": (GIVE, replace(PAY, target="opened"))}, "opened leads to no end"),
    ],
)
def test_a_bad_table_does_not_import(changed: dict[str, Any], fault: str) -> None:
    with pytest.raises(InvalidProgramme) as bad:
        table(**changed)
    assert str(bad.value).startswith("small: ")
    assert fault in str(bad.value).removeprefix("small: ").split("; ")


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(InvalidProgramme) as bad:
        table(**with_pay(target="nowhere", notification="dear_john", money=None))
    faults = str(bad.value).removeprefix("small: ").split("; ")
    assert faults[:3] == [
        "pay names the unknown state 'nowhere'",
        "pay owes the unknown notification 'dear_john'",
        "pay records payment without its money",
    ]
    assert "over is never reached" in faults


def test_what_looks_like_a_fault_and_is_none() -> None:
    answered = table(**with_pay(money=ANSWERED, form=(AMOUNT,)))
    assert answered.step("pay", "promised") is not None
    reopened = table(steps=(GIVE, PAY, Step("reopen", "over", "opened", Role.APPROVER)))
    assert reopened.steps_from("over")[0].goes_to("over") == "opened"
    noted = table(steps=(GIVE, PAY, Step("note", ("opened", "promised"), SAME, (Role.REGISTRAR, Role.VISITOR))))
    note = noted.step("note", "promised")
    assert note is not None
    assert (note.goes_to("promised"), note.sources, note.roles) == (
        "promised",
        ("opened", "promised"),
        (Role.REGISTRAR, Role.VISITOR),
    )


@pytest.mark.parametrize("programme", PROGRAMMES.values(), ids=lambda programme: programme.key)
def test_the_tables_speak_of_what_exists(programme: Programme) -> None:
    assert {state.deadline for state in programme.states} - {None} <= set(DEADLINES)
    assert all(state.label and state.family_label for state in programme.states)
    assert all(step.label for step in programme.steps)
    assert {state.phase for state in programme.states} == set(Phase)
    assert {step.notification for step in programme.steps} - {None} <= set(NOTIFICATIONS)


def test_the_list_knows_each_programme_by_its_key() -> None:
    assert {key: programme.key for key, programme in PROGRAMMES.items()} == {key: key for key in PROGRAMMES}
