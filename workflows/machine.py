"""take() and open_to(): what a step writes down, or every reason why not; the only importer of `transitions`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache

from transitions import Machine

from workflows import questions, workdays
from workflows.disclosure import looks_personal
from workflows.facts import Ask
from workflows.policy import PolicySet
from workflows.programme import DaysAre, Programme, State, Step
from workflows.questions import Kind, Question
from workflows.terms import (
    APPROVERS,
    CLASHING,
    BadAnswers,
    Duty,
    Fen,
    Grant,
    Money,
    Phase,
    Plain,
    Pot,
    Reason,
    Record,
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
class Move:
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
class Choice:
    """An action that leaves the present state: open when there is no reason against it."""

    action: str
    label: str
    target: str
    asks: tuple[Question, ...]
    reasons: tuple[Reason, ...]


class _Place:
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
    place = _Place(state)
    _machine(programme).events[action].trigger(place)
    return place.state


def start(programme: Programme, ask: Ask) -> tuple[date | None, bool]:
    """The due date of a case that opens today."""
    return due(programme.state(programme.start), ask)


def due(state: State, ask: Ask) -> tuple[date | None, bool]:
    """The day a case must leave `state`, and whether the calendar of that year is still unknown (暂定)."""
    if state.deadline is None:
        return None, False
    days = ask.policy.days(state.deadline)
    if state.days is DaysAre.CALENDAR:
        return ask.today + timedelta(days=days), False
    try:
        return workdays.after(ask.today, days, ask.calendar), False
    except workdays.CalendarUnknown:
        return ask.today + timedelta(days=days * 7 // 5 + 2), True


def duty_of(step: Step, ask: Ask) -> Duty | None:
    """The duty the step leaves: an approver's is that of the tier that comes next."""
    if step.duty is Duty.APPROVER:
        return APPROVERS[min(ask.facts.next_tier, len(APPROVERS)) - 1]
    return step.duty


def clashes(duty: Duty, people: frozenset[object], ask: Ask) -> Iterator[Reason]:
    """Four eyes over the whole case: every earlier duty of these people that may not meet this one."""
    did = {done for done, person in ask.facts.duties if person in people}
    for done in sorted(did):
        if frozenset((duty, done)) in CLASHING:
            yield Reason.of("clashing_duty", duty=duty.value, done=done.value)


def _standing(step: Step, grant: Grant, ask: Ask) -> Iterator[Reason]:
    """What stands against this person taking the step under this grant; a stand-in is two people."""
    duty, people = duty_of(step, ask), ask.actor.people(grant)
    if duty:
        yield from clashes(duty, frozenset(people), ask)
    if people & ask.facts.family_staff:
        yield Reason.of("own_family")
    if step.duty is Duty.APPROVER and grant.tier < ask.facts.next_tier:
        yield Reason.of("tier_too_low", tier=grant.tier, needed=ask.facts.next_tier)


def _holds(step: Step, ask: Ask) -> Iterator[Reason]:
    if ask.facts.held and not step.while_held:
        yield Reason.of("case_suspended")
    against = [reason for rule in step.must_hold if (reason := rule(ask)) is not None]
    yield from against
    if not against and _moves_nothing(step, ask):
        yield Reason.of("nothing_to_move")


def _against(step: Step, ask: Ask) -> tuple[Grant | None, list[Reason]]:
    """The grant the step would be taken under, and every reason against it.

    Each grant is judged alone, rules and all, so that no step rests on a reach its event does not name; the one with
    the fewest reasons is used, one's own before one held for another.
    """
    grants = ask.actor.grants_as(step.roles)
    if not grants:
        missing = Reason.of("role_missing", roles=[role.value for role in step.roles])
        return None, [missing, *_holds(step, ask)]
    best: tuple[Grant, list[Reason]] | None = None
    for grant in grants:
        alone = ask.actor.grants == (grant,)
        under = ask if alone else replace(ask, actor=replace(ask.actor, grants=(grant,)))
        against = [*_standing(step, grant, ask), *_holds(step, under)]
        if best is None or len(against) < len(best[1]):
            best = (grant, against)
    return best or (None, [])


def _moved(money: Money, ask: Ask) -> Fen | None:
    sums = {Sum.AWARD: ask.facts.award, Sum.ANSWER: ask.fen("amount"), Sum.REST: ask.facts.outstanding}
    return sums[money.amount]


def _moves_nothing(step: Step, ask: Ask) -> bool:
    """Whether a step that moves money finds none; an amount that has not been asked for yet is not missing."""
    if step.money is None or (ask.looking and step.money.amount is Sum.ANSWER):
        return False
    return (_moved(step.money, ask) or 0) <= 0


def _postings(step: Step, ask: Ask) -> tuple[Posting, ...]:
    fen = _moved(step.money, ask) if step.money else None
    return (Posting(step.money.source, step.money.target, fen),) if step.money and fen else ()


def read_form(asks: tuple[Question, ...], given: Mapping[str, object]) -> dict[str, Plain]:
    """Read a form. Raises BadAnswers, also where a plain name holds what identifies a person: it would stay readable
    in the trail for good (domain/7).
    """
    answers = questions.read(asks, given)
    found = {ask.key: _personal(ask, answers.get(ask.key, "")) for ask in asks}
    problems = [Reason.of("looks_personal", field=key, kinds=list(kinds)) for key, kinds in found.items() if kinds]
    if problems:
        raise BadAnswers(*problems)
    return answers


def _personal(ask: Question, answer: Plain) -> list[str]:
    """Kinds of personal numbers in an answer that stays readable; a long code may look like a card and be none."""
    if ask.kind is Kind.NAME:
        return looks_personal(str(answer))
    if ask.kind in {Kind.CODE, Kind.CODES}:
        return [kind for kind in looks_personal(str(answer)) if kind == "id_number"]
    return []


def take(programme: Programme, action: str, ask: Ask) -> Move:
    """Decide one step. `ask.answers` is the form as given.

    Raises BadAnswers when the form is wrong, Refused with every reason when a rule says no.
    """
    state = ask.facts.state
    step = programme.step(action, state)
    if step is None:
        raise Refused(_no_such_step(programme, action, state))
    answers = read_form(step.asks, ask.answers)
    asked = replace(ask, answers=answers)
    grant, reasons = _against(step, asked)
    if reasons or grant is None:
        raise Refused(*reasons)
    target = programme.state(_target(programme, action, state))
    stays = target.key == state and step.record is not Record.RESUME
    due_on, provisional = (None, False) if stays else due(target, asked)
    return Move(
        step=step,
        source=state,
        target=target.key,
        phase=target.phase,
        grant=grant,
        duty=duty_of(step, asked),
        postings=_postings(step, asked),
        due_on=due_on,
        due_is_provisional=provisional,
        answers=answers,
    )


def _no_such_step(programme: Programme, action: str, state: str) -> Reason:
    if not programme.has_action(action):
        return Reason.of("unknown_action", action=action)
    sources = [source for step in programme.steps if step.action == action for source in step.sources]
    return Reason.of("wrong_state", state=state, possible_from=list(dict.fromkeys(sources)))


def open_to(programme: Programme, ask: Ask, in_force: PolicySet | None = None) -> tuple[Choice, ...]:
    """Every action out of the present state, each with all reasons against this person taking it now.

    Rules about answers that have not been given yet say nothing here; take() asks them. An award would be made anew
    under `in_force`, if that is another set than the one the case cites.
    """
    return tuple(
        Choice(step.action, step.label, step.goes_to(ask.facts.state), step.asks, tuple(_against(step, look)[1]))
        for step in programme.steps_from(ask.facts.state)
        for look in [_look(step, ask, in_force or ask.policy)]
    )


def _look(step: Step, ask: Ask, in_force: PolicySet) -> Ask:
    """The same without a form; what a new award will name anew is not known yet either."""
    if step.record is Record.AWARD:
        ask = replace(ask, facts=ask.facts.but(award=None, fund=None), policy=in_force)
    return replace(ask, answers={}, looking=True)
