"""take() and open_to(): what a step writes down, or every reason why not; the only importer of `transitions`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache

from transitions import Machine

from workflows import form_fields, workdays
from workflows.disclosure import looks_personal
from workflows.facts import RuleInput
from workflows.form_fields import FormField, Kind
from workflows.policy import PolicySet
from workflows.programme import DaysAre, Programme, State, Step
from workflows.vocabulary import (
    APPROVERS,
    INCOMPATIBLE_DUTIES,
    Duty,
    Fen,
    Grant,
    InvalidForm,
    Money,
    Phase,
    Plain,
    Pot,
    Reason,
    Refused,
    Sum,
)


@dataclass(frozen=True, slots=True)
class Posting:
    """Money that moves between two pots of the case's fund."""

    source: Pot
    target: Pot
    fen: Fen


@dataclass(frozen=True, slots=True)
class Transition:
    """What to write down when a step is taken; nothing has happened yet."""

    step: Step
    source: str
    target: str
    phase: Phase
    grant: Grant
    duty: Duty | None
    postings: tuple[Posting, ...]
    due_on: date | None
    due_is_provisional: bool
    answers: dict[str, Plain]

    @property
    def ends(self) -> bool:
        """Whether the case is over."""
        return self.phase is Phase.ENDED


@dataclass(frozen=True, slots=True)
class AvailableAction:
    """An action that leaves the present state: open when there is no reason against it."""

    action: str
    label: str
    target: str
    form: tuple[FormField, ...]
    reasons: tuple[Reason, ...]


class _StateModel:
    """What the shared machine moves; it is never registered with it, so nothing is kept."""

    __slots__ = ("state",)

    def __init__(self, state: str) -> None:
        self.state = state


@cache
def _machine(programme: Programme) -> Machine:
    """The one shared machine of a programme: no model, no callbacks, no automatic to_*() moves."""
    rows = [
        {"trigger": step.action, "source": source, "dest": step.goes_to(source)}
        for step in programme.steps
        for source in step.sources
    ]
    states = [state.key for state in programme.states]
    return Machine(model=None, states=states, initial=programme.start, transitions=rows, auto_transitions=False)


@cache
def _target(programme: Programme, action: str, state: str) -> str:
    """Where the machine leads; asked once of each place, since it remembers nothing."""
    place = _StateModel(state)
    _machine(programme).events[action].trigger(place)
    return place.state


def start(programme: Programme, case: RuleInput) -> tuple[date | None, bool]:
    """The due date of a case that opens today."""
    return due(programme.state(programme.start), case)


def due(state: State, case: RuleInput) -> tuple[date | None, bool]:
    """The day a case must leave `state`, and whether the calendar of that year is still unknown (暂定)."""
    if state.deadline is None:
        return None, False
    days = case.policy.days(state.deadline)
    if state.days is DaysAre.CALENDAR:
        return case.today + timedelta(days=days), False
    try:
        return workdays.after(case.today, days, case.calendar), False
    except workdays.CalendarUnknown:
        return case.today + timedelta(days=days * 7 // 5 + 2), True


def duty_of(step: Step, case: RuleInput) -> Duty | None:
    """The duty the step leaves: an approver's is that of the tier that comes next."""
    if step.duty is Duty.APPROVER:
        return APPROVERS[min(case.facts.next_tier, len(APPROVERS)) - 1]
    return step.duty


def incompatible_with(duty: Duty, people: frozenset[object], case: RuleInput) -> Iterator[Reason]:
    """Four eyes over the whole case: every earlier duty of these people that may not meet this one."""
    did = {done for done, person in case.facts.duties if person in people}
    for done in sorted(did):
        if frozenset((duty, done)) in INCOMPATIBLE_DUTIES:
            yield Reason.of("incompatible_duty", duty=duty.value, done=done.value)


def _person_refusals(step: Step, grant: Grant, case: RuleInput) -> Iterator[Reason]:
    """What stands against this person taking the step under this grant; a stand-in is two people."""
    duty, people = duty_of(step, case), case.actor.people(grant)
    if duty:
        yield from incompatible_with(duty, frozenset(people), case)
    if people & case.facts.family_staff:
        yield Reason.of("own_family")
    if step.duty is Duty.APPROVER and grant.tier < case.facts.next_tier:
        yield Reason.of("tier_too_low", tier=grant.tier, needed=case.facts.next_tier)


def _rule_refusals(step: Step, case: RuleInput) -> Iterator[Reason]:
    if case.facts.held and not step.while_held:
        yield Reason.of("case_suspended")
    against = [reason for rule in step.must_hold if (reason := rule(case)) is not None]
    yield from against
    if not against and _moves_nothing(step, case):
        yield Reason.of("nothing_to_move")


def _refusals(step: Step, case: RuleInput) -> tuple[Grant | None, list[Reason]]:
    """The grant the step would be taken under, and every reason against it.

    Each grant is judged alone, rules and all, so that no step rests on a reach its event does not name; the one with
    the fewest reasons is used, one's own before one held for another.
    """
    grants = case.actor.grants_as(step.roles)
    if not grants:
        missing = Reason.of("role_missing", roles=[role.value for role in step.roles])
        return None, [missing, *_rule_refusals(step, case)]
    best: tuple[Grant, list[Reason]] | None = None
    for grant in grants:
        alone = case.actor.grants == (grant,)
        under = case if alone else replace(case, actor=replace(case.actor, grants=(grant,)))
        against = [*_person_refusals(step, grant, case), *_rule_refusals(step, under)]
        if best is None or len(against) < len(best[1]):
            best = (grant, against)
    return best or (None, [])


def _moved(money: Money, case: RuleInput) -> Fen | None:
    sums = {Sum.AWARD: case.facts.award, Sum.ANSWER: case.fen("amount"), Sum.REST: case.facts.outstanding}
    return sums[money.amount]


def _moves_nothing(step: Step, case: RuleInput) -> bool:
    """Whether a step that moves money finds none; an amount that has not been asked for yet is not missing."""
    if step.money is None or (case.is_preview and step.money.amount is Sum.ANSWER):
        return False
    return (_moved(step.money, case) or 0) <= 0


def _postings(step: Step, case: RuleInput) -> tuple[Posting, ...]:
    fen = _moved(step.money, case) if step.money else None
    return (Posting(step.money.source, step.money.target, fen),) if step.money and fen else ()


def read_form(asks: tuple[FormField, ...], given: Mapping[str, object]) -> dict[str, Plain]:
    """Read a form. Raises BadAnswers, also where a plain name holds what identifies a person: it would stay readable
    in the trail for good (domain/7).
    """
    answers = form_fields.read_fields(asks, given)
    found = {ask.key: _personal(ask, answers.get(ask.key, "")) for ask in asks}
    problems = [Reason.of("looks_personal", field=key, kinds=list(kinds)) for key, kinds in found.items() if kinds]
    if problems:
        raise InvalidForm(*problems)
    return answers


def _personal(field: FormField, answer: Plain) -> list[str]:
    """Kinds of personal numbers in an answer that stays readable; a long code may look like a card and be none."""
    if field.kind is Kind.NAME:
        return looks_personal(str(answer))
    if field.kind in {Kind.CODE, Kind.CODES}:
        return [kind for kind in looks_personal(str(answer)) if kind == "id_number"]
    return []


def decide(programme: Programme, action: str, case: RuleInput) -> Transition:
    """Decide one step. `ask.answers` is the form as given.

    Raises BadAnswers when the form is wrong, Refused with every reason when a rule says no.
    """
    state = case.facts.state
    step = programme.step(action, state)
    if step is None:
        raise Refused(_no_such_step(programme, action, state))
    answers = read_form(step.form, case.answers)
    with_form = replace(case, answers=answers)
    grant, reasons = _refusals(step, with_form)
    if reasons or grant is None:
        raise Refused(*reasons)
    target = programme.state(_target(programme, action, state))
    stays = target.key == state and not step.kind.restarts_deadline
    due_on, provisional = (None, False) if stays else due(target, with_form)
    return Transition(
        step=step,
        source=state,
        target=target.key,
        phase=target.phase,
        grant=grant,
        duty=duty_of(step, with_form),
        postings=_postings(step, with_form),
        due_on=due_on,
        due_is_provisional=provisional,
        answers=answers,
    )


def _no_such_step(programme: Programme, action: str, state: str) -> Reason:
    if not programme.has_action(action):
        return Reason.of("unknown_action", action=action)
    sources = [source for step in programme.steps if step.action == action for source in step.sources]
    return Reason.of("wrong_state", state=state, possible_from=list(dict.fromkeys(sources)))


def available_actions(
    programme: Programme, case: RuleInput, in_force: PolicySet | None = None
) -> tuple[AvailableAction, ...]:
    """Every action out of the present state, each with all reasons against this person taking it now.

    Rules about answers that have not been given yet say nothing here; take() asks them. An award would be made anew
    under `in_force`, if that is another set than the one the case cites.
    """
    return tuple(
        AvailableAction(
            step.action, step.label, step.goes_to(case.facts.state), step.form, tuple(_refusals(step, look)[1])
        )
        for step in programme.steps_from(case.facts.state)
        for look in [_preview(step, case, in_force or case.policy)]
    )


def _preview(step: Step, case: RuleInput, in_force: PolicySet) -> RuleInput:
    """The same without a form; what a new award will name anew is not known yet either."""
    if step.kind.names_fund:
        case = replace(case, facts=case.facts.replace(award=None, fund=None), policy=in_force)
    return replace(case, answers={}, is_preview=True)
