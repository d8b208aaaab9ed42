"""A programme's table that contradicts itself is refused with every fault."""

from dataclasses import replace
from typing import Any

import pytest

from workflows.form_fields import FormField, Kind
from workflows.notifications import NOTIFICATIONS
from workflows.policy import DEADLINES, LATER_DEADLINES
from workflows.programme import SAME, InvalidProgramme, Programme, State, Step
from workflows.programmes import PROGRAMMES
from workflows.record_kinds import NO_RECORD, RECORD_KINDS
from workflows.vocabulary import Duty, Money, Phase, Pot, Record, Role, Sum

OPENED = State("opened", Phase.SURVEY, "待办", "待办", "draft_days")
PROMISED = State("promised", Phase.DISBURSEMENT, "待发", "待发", "payment_days")
OVER = State("over", Phase.ENDED, "已办结", "已办结")
GIVE = Step("give", "opened", "promised", Role.APPROVER, money=Money(Pot.AVAILABLE, Pot.COMMITTED))
PAY = Step("pay", "promised", "over", Role.CASHIER, money=Money(Pot.COMMITTED, Pot.IN_TRANSIT), record=Record.PAYMENT)


def table(
    states: tuple[State, ...] = (OPENED, PROMISED, OVER), steps: tuple[Step, ...] = (GIVE, PAY), **changed: Any
) -> Programme:
    return Programme(
        **{"key": "small", "title": "小额", "start": "opened", "items": ("X",), "answers": ()} | changed,
        states=states,
        steps=steps,
    )


def with_pay(**changed: Any) -> dict[str, Any]:
    return {"steps": (GIVE, replace(PAY, **changed))}


def test_valid_table_is_imported() -> None:
    small = table()
    assert small.state("promised") is PROMISED
    assert small.step("pay", "promised") is PAY
    assert small.step("pay", "opened") is None
    assert small.steps_from("opened") == (GIVE,)
    assert (small.has_action("pay"), small.has_action("steal")) == (True, False)


AMOUNT = FormField("amount", "金额", Kind.MONEY)
ANSWERED = Money(Pot.COMMITTED, Pot.IN_TRANSIT, Sum.ANSWER)


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"states": (OPENED, PROMISED, OVER, OVER)}, "a state is listed twice"),
        ({"start": "nowhere"}, "start 'nowhere' is no state"),
        ({"states": (replace(OPENED, deadline=None), PROMISED, OVER)}, "opened: an open state needs a deadline"),
        ({"states": (OPENED, PROMISED, replace(OVER, deadline="draft_days"))}, "over: an open state needs a deadline"),
        ({"steps": (GIVE, PAY, PAY)}, "pay has two rows from promised"),
        ({"steps": (GIVE, PAY, replace(PAY, source=("promised", "opened")))}, "pay has two rows from promised"),
        (with_pay(source="nowhere"), "pay names the unknown state 'nowhere'"),
        (with_pay(target="nowhere"), "pay names the unknown state 'nowhere'"),
        (with_pay(money=Money(Pot.PAID, Pot.PAID)), "pay moves money from paid to paid, which no entry may do"),
        (
            with_pay(money=Money(Pot.PAID, Pot.AVAILABLE)),
            "pay moves money from paid to available, which no entry may do",
        ),
        (with_pay(second_of="beg"), "pay confirms the unknown action 'beg'"),
        (with_pay(second_of="give"), "pay confirms give, but their duties may meet in one person"),
        (
            {"steps": (replace(GIVE, duty=Duty.PAYER), replace(PAY, duty=Duty.REGISTRAR, second_of="pay"))},
            "pay confirms pay, but their duties may meet in one person",
        ),
        (with_pay(money=ANSWERED), "pay moves the amount of its form, which has no field `amount`"),
        (with_pay(notification="dear_john"), "pay sends the unknown notification 'dear_john'"),
        (with_pay(money=None), "pay records payment without its money"),
        (with_pay(money=Money(Pot.COMMITTED, Pot.AVAILABLE)), "pay records payment without its money"),
        (with_pay(record=Record.PAYMENT_CONFIRMED), "pay records payment_confirmed without its money"),
        (with_pay(record=Record.RECALL), "pay records recall without its money"),
        (with_pay(form=(AMOUNT, replace(AMOUNT, label="数额"))), "pay has one field twice"),
        ({"states": (OPENED, PROMISED, OVER, replace(OVER, key="island"))}, "island is never reached"),
        ({"states": (OPENED, replace(PROMISED, key="p"), PROMISED, OVER)}, "p is never reached"),
        (with_pay(target=SAME), "promised leads to no end"),
        ({"steps": (GIVE, replace(PAY, target="opened"))}, "opened leads to no end"),
    ],
)
def test_invalid_table_is_refused(changed: dict[str, Any], fault: str) -> None:
    with pytest.raises(InvalidProgramme) as error:
        table(**changed)
    assert str(error.value).startswith("small: ")
    assert fault in str(error.value).removeprefix("small: ").split("; ")


def test_table_reports_every_fault_at_once() -> None:
    with pytest.raises(InvalidProgramme) as error:
        table(**with_pay(target="nowhere", notification="dear_john", money=None))
    faults = str(error.value).removeprefix("small: ").split("; ")
    assert faults[:3] == [
        "pay names the unknown state 'nowhere'",
        "pay sends the unknown notification 'dear_john'",
        "pay records payment without its money",
    ]
    assert "over is never reached" in faults


def test_unusual_but_valid_table_is_imported() -> None:
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
def test_programme_names_only_existing_deadlines_and_notifications(programme: Programme) -> None:
    assert {state.deadline for state in programme.states} - {None} <= {*DEADLINES, *LATER_DEADLINES}
    assert all(state.label and state.family_label for state in programme.states)
    assert all(step.label for step in programme.steps)
    assert {state.phase for state in programme.states} == set(Phase)
    assert {step.notification for step in programme.steps} - {None} <= set(NOTIFICATIONS)


def test_programmes_are_listed_by_their_keys() -> None:
    assert {key: programme.key for key, programme in PROGRAMMES.items()} == {key: key for key in PROGRAMMES}


def test_assessment_is_stored_with_a_proposal_and_with_a_signature_only() -> None:
    stored = {record for record, kind in RECORD_KINDS.items() if kind.stores_assessment}
    assert stored == {Record.AWARD, Record.APPROVAL}
    assert not NO_RECORD.stores_assessment
