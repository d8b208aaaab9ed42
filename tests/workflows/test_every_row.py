"""Every row of every programme checks role, duties, family, hold and form."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.workflows.happy import HAPPY, Happy
from tests.workflows.rule_input_builders import PEOPLE, filled, rule_input
from workflows.facts import RuleInput
from workflows.programme import Programme, Step
from workflows.programmes import PROGRAMMES
from workflows.rules.approval import makers_stay_out, payers_stay_out
from workflows.state_machine import decide, duty_of
from workflows.vocabulary import APPROVERS, INCOMPATIBLE_DUTIES, Actor, Duty, Grant, InvalidForm, Refused, Role

Row = tuple[Programme, Happy]
ROWS: list[Row] = [(PROGRAMMES[key], row) for key, rows in HAPPY.items() for row in rows]
IDS = [f"{programme.key}-{row.action}-{row.source}" for programme, row in ROWS]
every_row = pytest.mark.parametrize(("programme", "row"), ROWS, ids=IDS)
ALL_GRANTS = tuple(Grant(role, tier=3) for role in Role)


def codes(programme: Programme, action: str, case: RuleInput) -> list[str]:
    """Return the codes of the refusal; none when the step is taken."""
    try:
        decide(programme, action, filled(action, case))
    except Refused as refusal:
        return refusal.codes
    return []


def step_of(programme: Programme, row: Happy) -> Step:
    step = programme.step(row.action, row.source)
    assert step is not None
    return step


def standing_in(case: RuleInput, principal: str) -> RuleInput:
    """Return the case with the same actor, as the stand-in of `principal` in every grant."""
    grants = tuple(replace(grant, principal=PEOPLE[principal]) for grant in case.actor.grants)
    return replace(case, actor=replace(case.actor, grants=grants))


PAYERS = {"payer", "payment_confirmer"}
SIGNERS = tuple(f"approver_{tier}" for tier in range(1, 10))
MAKERS = ("registrar", "filer", "visitor", "verifier", "reviewer")
AFTER = ("receipt_witness", "follower")
FIRST_PEOPLE = ("registrar", "filer", "visitor")
MATRIX = {
    **{first: {"verifier", "reviewer", *SIGNERS, *PAYERS, "follower"} for first in FIRST_PEOPLE},
    "verifier": {*FIRST_PEOPLE, "reviewer", *SIGNERS, *PAYERS},
    "reviewer": {*FIRST_PEOPLE, "verifier", *SIGNERS, *PAYERS, *AFTER},
    **{signer: {*MAKERS, *(other for other in SIGNERS if other != signer), *PAYERS, *AFTER} for signer in SIGNERS},
    "payer": {*MAKERS, *SIGNERS, "payment_confirmer", "receipt_witness", "follower"},
    "payment_confirmer": {*MAKERS, *SIGNERS, "payer", "receipt_witness", "follower"},
    "receipt_witness": {*PAYERS, "reviewer", *SIGNERS, "follower"},
    "follower": {*PAYERS, "reviewer", *SIGNERS, *FIRST_PEOPLE, "receipt_witness"},
}


def test_incompatible_duties_equal_the_matrix() -> None:
    # MATRIX repeats docs/domain/procedure.md §1.2, so that a pair lost from the rules fails here.
    assert {
        frozenset(map(Duty, (one, other))) for one, incompatible in MATRIX.items() for other in incompatible
    } == INCOMPATIBLE_DUTIES
    assert set(MATRIX) == set(Duty) - {Duty.APPROVER}


def test_every_row_has_a_happy_step() -> None:
    expected = {
        (key, step.action, source)
        for key, programme in PROGRAMMES.items()
        for step in programme.steps
        for source in step.sources
    }
    covered = {(programme.key, row.action, row.source) for programme, row in ROWS}
    assert covered == expected
    assert {key for key, _, _ in expected} == {"hardship", "tuition"}


@every_row
def test_step_without_its_role_is_refused(programme: Programme, row: Happy) -> None:
    roles = step_of(programme, row).roles
    others = tuple(grant for grant in ALL_GRANTS if grant.role not in roles)
    assert codes(programme, row.action, row.rule_input(programme, grants=others)) == ["role_missing"]
    assert codes(programme, row.action, row.rule_input(programme, grants=())) == ["role_missing"]
    for role in roles:
        assert codes(programme, row.action, row.rule_input(programme, grants=(Grant(role, tier=3),))) == []


@every_row
def test_step_on_suspended_case_is_refused(programme: Programme, row: Happy) -> None:
    expected = set() if step_of(programme, row).while_held else {"case_suspended"}
    assert set(codes(programme, row.action, row.rule_input(programme, held=True))) == expected


@every_row
def test_relative_or_stand_in_of_relative_is_refused(programme: Programme, row: Happy) -> None:
    visiting = ["visitor_is_family"] if step_of(programme, row).kind.by_visitors else []
    assert codes(programme, row.action, row.rule_input(programme, family=(row.by,))) == ["own_family", *visiting]
    case_of_stand_in = standing_in(row.rule_input(programme, family=("someone_else",)), "someone_else")
    assert codes(programme, row.action, case_of_stand_in) == ["own_family"]


MAKERS_AND_PAYERS = {
    done for done in set(Duty) - set(APPROVERS) if frozenset((Duty.APPROVER_1, done)) in INCOMPATIBLE_DUTIES
}


@every_row
def test_actor_with_incompatible_duty_is_refused(programme: Programme, row: Happy) -> None:
    step = step_of(programme, row)
    duty = duty_of(step, row.rule_input(programme))
    visiting = ["visitor_has_incompatible_duty"] if step.kind.by_visitors else []
    for done in set(Duty) - {Duty.APPROVER}:
        is_incompatible = duty is not None and frozenset((duty, done)) in INCOMPATIBLE_DUTIES
        is_incompatible |= makers_stay_out in step.must_hold and done in MAKERS_AND_PAYERS
        is_incompatible |= payers_stay_out in step.must_hold and done in {Duty.PAYER, Duty.PAYMENT_CONFIRMER}
        by_actor = row.rule_input(programme, did=((done, row.by),))
        by_principal = standing_in(row.rule_input(programme, did=((done, "someone_else"),)), "someone_else")
        by_other_person = row.rule_input(programme, did=((done, "someone_else"),))
        assert codes(programme, row.action, by_actor) == (
            ["incompatible_duty", *visiting] if is_incompatible else []
        ), done
        assert codes(programme, row.action, by_principal) == (["incompatible_duty"] if is_incompatible else []), done
        assert codes(programme, row.action, by_other_person) == [], done


@every_row
def test_stand_in_acts_when_neither_has_incompatible_duty(programme: Programme, row: Happy) -> None:
    case = standing_in(row.rule_input(programme), "someone_else")
    transition = decide(programme, row.action, filled(row.action, case))
    assert transition.grant.principal == PEOPLE["someone_else"]
    case_with_own_grants = replace(
        case, actor=Actor(case.actor.account, (*case.actor.grants, *row.rule_input(programme).actor.grants))
    )
    assert decide(programme, row.action, filled(row.action, case_with_own_grants)).grant.principal is None


def invalid_answers(step: Step) -> Iterator[tuple[dict[str, object], str, str]]:
    """Yield answers that make the form invalid, with the code and the field of the expected problem."""
    for field in step.form:
        if field.required:
            yield {field.key: None}, "answer_missing", field.key
    yield {"favour": "1"}, "answer_unknown", "favour"


@every_row
def test_invalid_form_is_refused_by_field(programme: Programme, row: Happy) -> None:
    for answers, code, field in invalid_answers(step_of(programme, row)):
        with pytest.raises(InvalidForm) as error:
            decide(programme, row.action, filled(row.action, row.rule_input(programme, answers=answers)))
        assert [(problem.code, problem.values["field"]) for problem in error.value.problems] == [(code, field)]


@every_row
def test_step_from_another_state_is_refused(programme: Programme, row: Happy) -> None:
    case = row.rule_input(programme)
    for state in programme.states:
        case_in_state = replace(case, facts=replace(case.facts, state=state.key))
        if programme.step(row.action, state.key) is None:
            assert codes(programme, row.action, case_in_state) == ["wrong_state"]


def test_refusal_in_wrong_state_names_possible_states() -> None:
    with pytest.raises(Refused) as refusal:
        decide(PROGRAMMES["hardship"], "withdraw", rule_input("receipt"))
    possible_from = ["draft", "survey", "verification", "review", "notice", "approval", "payment"]
    assert refusal.value.reasons[0].values == {"state": "receipt", "possible_from": possible_from}
