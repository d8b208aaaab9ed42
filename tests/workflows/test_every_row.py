"""What holds for every row of every programme alike: the role, four eyes, own family, a case on hold, and the form."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.workflows.happy import HAPPY, Happy
from tests.workflows.rule_input_builders import PEOPLE, ask, filled
from workflows.facts import RuleInput
from workflows.programme import Programme, Step
from workflows.programmes import PROGRAMMES
from workflows.rules.approval import makers_stay_out
from workflows.state_machine import decide, duty_of
from workflows.vocabulary import APPROVERS, INCOMPATIBLE_DUTIES, Actor, Duty, Grant, InvalidForm, Refused, Role

Row = tuple[Programme, Happy]
ROWS: list[Row] = [(PROGRAMMES[key], row) for key, rows in HAPPY.items() for row in rows]
IDS = [f"{programme.key}-{row.action}-{row.source}" for programme, row in ROWS]
every_row = pytest.mark.parametrize(("programme", "row"), ROWS, ids=IDS)
ALL_GRANTS = tuple(Grant(role, tier=3) for role in Role)


def codes(programme: Programme, action: str, with_form: RuleInput) -> list[str]:
    """Every code of the refusal; none when the step is taken."""
    try:
        decide(programme, action, filled(action, with_form))
    except Refused as no:
        return no.codes
    return []


def step_of(programme: Programme, row: Happy) -> Step:
    step = programme.step(row.action, row.source)
    assert step is not None
    return step


def standing_in(with_form: RuleInput, principal: str) -> RuleInput:
    """The same person, who now holds every grant only for somebody else."""
    grants = tuple(replace(grant, principal=PEOPLE[principal]) for grant in with_form.actor.grants)
    return replace(with_form, actor=replace(with_form.actor, grants=grants))


SIGNERS = ("approver_1", "approver_2", "approver_3")
MATRIX = {
    "registrar": {"reviewer", *SIGNERS, "payer"},
    "filer": {"reviewer", *SIGNERS, "payer"},
    "visitor": {"reviewer", *SIGNERS, "payer"},
    "verifier": {*SIGNERS, "payer"},
    "reviewer": {"registrar", "filer", "visitor", *SIGNERS, "payer"},
    "approver_1": {"registrar", "filer", "visitor", "verifier", "reviewer", "approver_2", "approver_3", "payer"},
    "approver_2": {"registrar", "filer", "visitor", "verifier", "reviewer", "approver_1", "approver_3", "payer"},
    "approver_3": {"registrar", "filer", "visitor", "verifier", "reviewer", "approver_1", "approver_2", "payer"},
    "payer": {"registrar", "filer", "visitor", "verifier", "reviewer", *SIGNERS, "receipt_witness", "follower"},
    "receipt_witness": {"payer"},
    "follower": {"payer"},
}


def test_the_duties_that_never_meet_are_those_of_the_matrix() -> None:
    """Written out once more as domain/1 §1.2 has it, so that a pair lost from the rules is missed."""
    assert {
        frozenset(map(Duty, (one, other))) for one, clashing in MATRIX.items() for other in clashing
    } == INCOMPATIBLE_DUTIES
    assert set(MATRIX) == set(Duty) - {Duty.APPROVER}


def test_no_row_of_any_programme_goes_without_its_happy_move() -> None:
    wanted = {(key, s.action, source) for key, each in PROGRAMMES.items() for s in each.steps for source in s.sources}
    covered = {(programme.key, row.action, row.source) for programme, row in ROWS}
    assert covered == wanted
    assert {key for key, _, _ in wanted} == {"hardship", "tuition"}


@every_row
def test_the_role_is_needed_and_no_other_will_do(programme: Programme, row: Happy) -> None:
    roles = step_of(programme, row).roles
    others = tuple(grant for grant in ALL_GRANTS if grant.role not in roles)
    assert codes(programme, row.action, row.ask(programme, grants=others)) == ["role_missing"]
    assert codes(programme, row.action, row.ask(programme, grants=())) == ["role_missing"]
    for role in roles:
        assert codes(programme, row.action, row.ask(programme, grants=(Grant(role, tier=3),))) == []


@every_row
def test_a_case_on_hold_waits(programme: Programme, row: Happy) -> None:
    expected = set() if step_of(programme, row).while_held else {"case_suspended"}
    assert set(codes(programme, row.action, row.ask(programme, held=True))) == expected


@every_row
def test_nobody_acts_for_their_own_family_nor_for_one_whose_family_it_is(programme: Programme, row: Happy) -> None:
    visiting = ["visitor_is_family"] if step_of(programme, row).kind.by_visitors else []
    assert codes(programme, row.action, row.ask(programme, family=(row.by,))) == ["own_family", *visiting]
    by_proxy = standing_in(row.ask(programme, family=("someone_else",)), "someone_else")
    assert codes(programme, row.action, by_proxy) == ["own_family"]


MAKERS_AND_PAYERS = {
    done for done in set(Duty) - set(APPROVERS) if frozenset((Duty.APPROVER_1, done)) in INCOMPATIBLE_DUTIES
}


@every_row
def test_four_eyes_over_the_whole_case(programme: Programme, row: Happy) -> None:
    step = step_of(programme, row)
    duty = duty_of(step, row.ask(programme))
    visiting = ["visitor_has_incompatible_duty"] if step.kind.by_visitors else []
    for done in set(Duty) - {Duty.APPROVER}:
        clashes = duty is not None and frozenset((duty, done)) in INCOMPATIBLE_DUTIES
        clashes |= makers_stay_out in step.must_hold and done in MAKERS_AND_PAYERS
        own = row.ask(programme, did=((done, row.by),))
        for_another = standing_in(row.ask(programme, did=((done, "someone_else"),)), "someone_else")
        for_a_stranger = row.ask(programme, did=((done, "someone_else"),))
        assert codes(programme, row.action, own) == (["incompatible_duty", *visiting] if clashes else []), done
        assert codes(programme, row.action, for_another) == (["incompatible_duty"] if clashes else []), done
        assert codes(programme, row.action, for_a_stranger) == [], done


@every_row
def test_a_stand_in_with_clean_hands_acts_for_a_principal_with_clean_hands(programme: Programme, row: Happy) -> None:
    context = standing_in(row.ask(programme), "someone_else")
    move = decide(programme, row.action, filled(row.action, context))
    assert move.grant.principal == PEOPLE["someone_else"]
    both = replace(
        context, actor=Actor(context.actor.account, (*context.actor.grants, *row.ask(programme).actor.grants))
    )
    assert decide(programme, row.action, filled(row.action, both)).grant.principal is None


def broken(step: Step) -> Iterator[tuple[dict[str, object], str, str]]:
    """Each question of the form answered wrongly, with the field and the code it must be refused by."""
    for question in step.form:
        if question.required:
            yield {question.key: None}, "answer_missing", question.key
    yield {"favour": "1"}, "answer_unknown", "favour"


@every_row
def test_a_form_is_refused_by_field(programme: Programme, row: Happy) -> None:
    for answers, code, field in broken(step_of(programme, row)):
        with pytest.raises(InvalidForm) as bad:
            decide(programme, row.action, filled(row.action, row.ask(programme, answers=answers)))
        assert [(problem.code, problem.values["field"]) for problem in bad.value.problems] == [(code, field)]


@every_row
def test_a_step_leaves_only_from_its_own_states(programme: Programme, row: Happy) -> None:
    context = row.ask(programme)
    for state in programme.states:
        elsewhere = replace(context, facts=replace(context.facts, state=state.key))
        if programme.step(row.action, state.key) is None:
            assert codes(programme, row.action, elsewhere) == ["wrong_state"]


def test_a_refusal_says_where_the_action_is_possible() -> None:
    with pytest.raises(Refused) as no:
        decide(PROGRAMMES["hardship"], "withdraw", ask("receipt"))
    possible = ["draft", "survey", "verification", "review", "notice", "approval", "payment"]
    assert no.value.reasons[0].values == {"state": "receipt", "possible_from": possible}
