"""The state machine decides a step, or returns every reason against it.

The only module that imports `transitions`.
"""

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
from workflows.step_input import input_for, preview_of, without_form
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
    """An amount that moves between two pots of the case's fund."""

    source: Pot
    target: Pot
    fen: Fen


@dataclass(frozen=True, slots=True)
class Transition:
    """What to write when the step is taken; nothing is written yet."""

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
        """Return whether the case ends."""
        return self.phase is Phase.ENDED


@dataclass(frozen=True, slots=True)
class AvailableAction:
    """An action from the current state; available when `reasons` is empty."""

    action: str
    label: str
    target: str
    form: tuple[FormField, ...]
    reasons: tuple[Reason, ...]


class _StateModel:
    """The model that the shared machine moves. It is not registered with the machine, so the machine keeps nothing."""

    __slots__ = ("state",)

    def __init__(self, state: str) -> None:
        self.state = state


@cache
def _machine(programme: Programme) -> Machine:
    """Return the shared machine of a programme: no model, no callbacks, no automatic to_*() transitions."""
    rows = [
        {"trigger": step.action, "source": source, "dest": step.goes_to(source)}
        for step in programme.steps
        for source in step.sources
    ]
    states = [state.key for state in programme.states]
    return Machine(model=None, states=states, initial=programme.start, transitions=rows, auto_transitions=False)


@cache
def _target(programme: Programme, action: str, state: str) -> str:
    """Return the state to which the machine leads."""
    place = _StateModel(state)
    _machine(programme).events[action].trigger(place)
    return place.state


def start(programme: Programme, case: RuleInput) -> tuple[date | None, bool]:
    """Return the due date of a case that opens today, and whether it is provisional."""
    return due(programme.state(programme.start), case)


def due(state: State, case: RuleInput) -> tuple[date | None, bool]:
    """Return the day by which a case must leave `state`, and whether it is provisional (暂定).

    It is provisional while the calendar of that year is not loaded. The estimate is then 7 days for 5 working days,
    and 2 more.
    """
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
    """Return the duty that the step records; for an approver that of the next tier."""
    if step.duty is Duty.APPROVER:
        return APPROVERS[case.facts.next_tier - 1]
    return step.duty


def incompatible_with(duty: Duty, people: frozenset[object], case: RuleInput) -> Iterator[Reason]:
    """Yield a reason for each earlier duty of these people that is incompatible with `duty` (four eyes)."""
    did = {done for done, person in case.facts.duties if person in people}
    for done in sorted(did):
        if frozenset((duty, done)) in INCOMPATIBLE_DUTIES:
            yield Reason.of("incompatible_duty", duty=duty.value, done=done.value)


def _person_refusals(step: Step, grant: Grant, case: RuleInput) -> Iterator[Reason]:
    """Yield the reasons against this actor under this grant; a stand-in counts as both people."""
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
    # A correction is asked about the application it brings, which a preview does not have yet.
    rules = () if case.is_preview and step.kind.corrects else step.must_hold
    against = [reason for rule in rules if (reason := rule(case)) is not None]
    yield from against
    if not against and _moves_nothing(step, case):
        yield Reason.of("nothing_to_move")


def refusals(step: Step, case: RuleInput) -> tuple[Grant | None, list[Reason]]:
    """Return the grant for the step, and every reason against it.

    Each grant is checked alone, rules included, because the event names only one grant. The grant with the fewest
    reasons is used, the actor's own before that of a principal.
    """
    grants = case.actor.grants_as(step.roles)
    if not grants:
        missing = Reason.of("role_missing", roles=[role.value for role in step.roles])
        return None, [missing, *_rule_refusals(step, case)]
    best: tuple[Grant, list[Reason]] | None = None
    for grant in grants:
        alone = case.actor.grants == (grant,)
        against = [*_person_refusals(step, grant, case), *_rule_refusals(step, case if alone else case.under(grant))]
        if not against:
            return grant, []
        if best is None or len(against) < len(best[1]):
            best = (grant, against)
    return best or (None, [])


def _moved(money: Money, case: RuleInput) -> Fen | None:
    sums = {Sum.AWARD: case.facts.award, Sum.ANSWER: case.fen("amount"), Sum.REST: case.facts.recovering}
    return sums[money.amount]


def _moves_nothing(step: Step, case: RuleInput) -> bool:
    """Return whether a step that moves money has none to move; a preview has no amount from the form yet."""
    if step.money is None or (case.is_preview and step.money.amount is Sum.ANSWER):
        return False
    return (_moved(step.money, case) or 0) <= 0


def _postings(step: Step, case: RuleInput) -> tuple[Posting, ...]:
    fen = _moved(step.money, case) if step.money else None
    return (Posting(step.money.source, step.money.target, fen),) if step.money and fen else ()


def read_form(asks: tuple[FormField, ...], given: Mapping[str, object]) -> dict[str, Plain]:
    """Read a form. Raises InvalidForm with every problem, also for personal numbers (docs/domain/privacy.md)."""
    # Plain fields stay readable in the event log for good.
    answers = form_fields.read_fields(asks, given)
    found = {ask.key: _personal(ask, answers.get(ask.key, "")) for ask in asks}
    problems = [Reason.of("looks_personal", field=key, kinds=list(kinds)) for key, kinds in found.items() if kinds]
    if problems:
        raise InvalidForm(*problems)
    return answers


def _personal(field: FormField, answer: Plain) -> list[str]:
    """Return the kinds of personal number in the answer to a plain field."""
    if field.kind is Kind.NAME:
        return looks_personal(str(answer))
    # A long code may look like a card or a phone number, so only identity numbers are refused in codes and numbers.
    if field.kind in {Kind.CODE, Kind.CODES, Kind.NUMBER_TEXT}:
        return [kind for kind in looks_personal(str(answer)) if kind == "id_number"]
    return []


def decide(programme: Programme, action: str, case: RuleInput) -> Transition:
    """Decide one step; `case.answers` is the form as it was sent.

    Raises InvalidForm when the form is wrong, Refused with every reason when a rule refuses.
    """
    state = case.facts.state
    step = programme.step(action, state)
    if step is None:
        raise Refused(_no_such_step(programme, action, state))
    return decide_read(programme, step, replace(case, answers=read_form(step.form, case.answers)))


def decide_read(programme: Programme, step: Step, case: RuleInput) -> Transition:
    """Decide a step whose form has been read: `case.answers` is what the event of the step keeps of it.

    Raises Refused with every reason when a rule refuses.
    """
    state, with_form = case.facts.state, input_for(step, case)
    grant, reasons = refusals(step, with_form)
    if reasons or grant is None:
        raise Refused(*reasons)
    target = programme.state(_target(programme, step.action, state))
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
        answers=dict(case.answers),  # type: ignore[arg-type]
    )


def _no_such_step(programme: Programme, action: str, state: str) -> Reason:
    if not programme.has_action(action):
        return Reason.of("unknown_action", action=action)
    sources = [source for step in programme.steps if step.action == action for source in step.sources]
    return Reason.of("wrong_state", state=state, possible_from=list(dict.fromkeys(sources)))


def available_actions(
    programme: Programme, case: RuleInput, in_force: PolicySet | None = None
) -> tuple[AvailableAction, ...]:
    """Return every action from the current state, each with all reasons against this actor now.

    Rules about the form refuse nothing here, because it is not filled in yet; decide() applies them. A new award is
    checked under `in_force`, which may be another policy set than the one the case cites.
    """
    state, preview = case.facts.state, without_form(case)
    return tuple(
        AvailableAction(step.action, step.label, step.goes_to(state), step.form, tuple(refusals(step, asked)[1]))
        for step in programme.steps_from(state)
        for asked in [preview_of(step, preview, in_force or case.policy)]
    )
