"""What a programme and a step are: rows of a table that is checked when it is imported."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from workflows.facts import Rule
from workflows.form_fields import FormField
from workflows.notifications import NOTIFICATIONS
from workflows.record_kinds import NO_RECORD, RECORD_KINDS, RecordKind
from workflows.vocabulary import Duty, Money, Phase, Record, Role, Sum


class InvalidProgramme(Exception):
    """A table that contradicts itself; raised while it is imported, so that it never serves a case."""


class DaysAre(StrEnum):
    """How a state's deadline is counted."""

    WORKING = "working"
    CALENDAR = "calendar"


@dataclass(frozen=True, slots=True)
class State:
    """A place where a case can stand: a label for staff, another for the family, and the policy's deadline."""

    key: str
    phase: Phase
    label: str
    family_label: str
    deadline: str | None = None
    days: DaysAre = DaysAre.WORKING


@dataclass(frozen=True, slots=True)
class Step:
    """One row: who may take the case from where to where, what must hold, what it moves and what it leaves."""

    action: str
    source: str | tuple[str, ...]
    target: str
    who: Role | tuple[Role, ...]
    must_hold: tuple[Rule, ...] = ()
    money: Money | None = None
    notification: str | None = None
    duty: Duty | None = None
    record: Record | None = None
    form: tuple[FormField, ...] = ()
    label: str = ""
    while_held: bool = False

    @property
    def sources(self) -> tuple[str, ...]:
        """The states the step leaves from."""
        return (self.source,) if isinstance(self.source, str) else self.source

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles of which one is needed."""
        return (self.who,) if isinstance(self.who, Role) else self.who

    @property
    def kind(self) -> RecordKind:
        """Return what follows from the record the step leaves."""
        return RECORD_KINDS[self.record] if self.record is not None else NO_RECORD

    def goes_to(self, state: str) -> str:
        """Where the step leads from `state`; SAME keeps the case where it is."""
        return state if self.target == SAME else self.target


SAME = "="


@dataclass(frozen=True, slots=True, eq=False)
class Programme:
    """A programme: its form, its states in order, and its steps. It is itself, and equal to no other."""

    key: str
    title: str
    start: str
    items: tuple[str, ...]
    answers: tuple[FormField, ...]
    states: tuple[State, ...]
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        faults = list(_faults(self))
        if faults:
            raise InvalidProgramme(f"{self.key}: " + "; ".join(faults))

    def state(self, key: str) -> State:
        """The state named `key`."""
        return next(state for state in self.states if state.key == key)

    def step(self, action: str, state: str) -> Step | None:
        """The row for `action` out of `state`, or None."""
        return next((step for step in self.steps if step.action == action and state in step.sources), None)

    def steps_from(self, state: str) -> tuple[Step, ...]:
        """Every row that leaves from `state`, in the table's order."""
        return tuple(step for step in self.steps if state in step.sources)

    def has_action(self, action: str) -> bool:
        """Whether any row has this action."""
        return any(step.action == action for step in self.steps)


def _faults(programme: Programme) -> Iterator[str]:
    keys = [state.key for state in programme.states]
    if len(set(keys)) != len(keys):
        yield "a state stands twice"
    if programme.start not in keys:
        yield f"start {programme.start!r} is no state"
    yield from (f"{state.key}: an open state needs a deadline" for state in programme.states if _needs_deadline(state))
    seen: set[tuple[str, str]] = set()
    for step in programme.steps:
        yield from _step_faults(step, keys)
        for source in step.sources:
            if (step.action, source) in seen:
                yield f"{step.action} leaves {source} twice"
            seen.add((step.action, source))
    yield from _reach_faults(programme)


def _needs_deadline(state: State) -> bool:
    return (state.phase is not Phase.ENDED) == (state.deadline is None)


def _step_faults(step: Step, keys: list[str]) -> Iterator[str]:
    for name in (*step.sources, *(() if step.target == SAME else (step.target,))):
        if name not in keys:
            yield f"{step.action} names the unknown state {name!r}"
    if step.money and step.money.source is step.money.target:
        yield f"{step.action} moves money nowhere"
    if step.money and step.money.amount is Sum.ANSWER and not any(ask.key == "amount" for ask in step.form):
        yield f"{step.action} moves an answered amount but asks for none"
    if step.notification and step.notification not in NOTIFICATIONS:
        yield f"{step.action} owes the unknown notification {step.notification!r}"
    pot = step.kind.pays_into
    if pot is not None and (step.money is None or step.money.target is not pot):
        yield f"{step.action} records {step.record} without its money"
    if len({question.key for question in step.form}) != len(step.form):
        yield f"{step.action} asks one thing twice"


def _reach_faults(programme: Programme) -> Iterator[str]:
    """Every state is reached, and from every open state an end can be reached."""
    moves = {
        state.key: {step.goes_to(state.key) for step in programme.steps_from(state.key)} for state in programme.states
    }
    reached, queue = {programme.start}, [programme.start]
    while queue:
        for target in moves.get(queue.pop(), set()) - reached:
            reached.add(target)
            queue.append(target)
    yield from (f"{key} is never reached" for key in moves if key not in reached)
    ends = {state.key for state in programme.states if state.phase is Phase.ENDED}
    before = -1
    while len(ends) != before:
        before = len(ends)
        ends |= {key for key, targets in moves.items() if targets & ends}
    yield from (f"{key} leads to no end" for key in moves if key not in ends)
