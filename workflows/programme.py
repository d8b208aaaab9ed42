"""A programme is a table of states and steps, checked when it is imported."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from workflows.facts import Rule
from workflows.form_fields import FormField
from workflows.notifications import NOTIFICATIONS
from workflows.record_kinds import NO_RECORD, RECORD_KINDS, RecordKind
from workflows.vocabulary import INCOMPATIBLE_DUTIES, LEGAL_MOVES, Duty, Money, Phase, Record, Role, Sum


class InvalidProgramme(Exception):
    """A table that contradicts itself. Raised on import, so that no case runs on it."""


class DaysAre(StrEnum):
    """The kind of days in which a state's deadline is counted."""

    WORKING = "working"
    CALENDAR = "calendar"


class Proof(StrEnum):
    """What a step asks its actor to show, besides who they are."""

    FRESH = "fresh"
    """In a browser: a second factor, or the password, shown for this step and no other (docs/security.md)."""


class Awaited(StrEnum):
    """When a case waits for a step: it is then in the inbox of those who may take the step."""

    ALWAYS = "always"
    NEVER = "never"
    """Possible, but the case does not wait for it: a return, a refusal, a hold, a recall."""

    HOLD_OVER = "hold_over"
    """The hold of the case has run out."""

    VISITED = "visited"
    """A survey visit was recorded since the latest return to survey."""

    OBJECTION_OPEN = "objection_open"
    OBJECTION_UPHELD = "objection_upheld"
    FOLLOWED_UP = "followed_up"
    """In the latest follow-up the family has the money."""

    NOT_FOLLOWED_UP = "not_followed_up"


@dataclass(frozen=True, slots=True)
class State:
    """One state of a case: a label for staff, a label for the family, and the name of its deadline in the policy."""

    key: str
    phase: Phase
    label: str
    family_label: str
    deadline: str | None = None
    days: DaysAre = DaysAre.WORKING


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the table: the action, its states, its roles, its rules and its effects."""

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
    second_of: str | None = None
    """The action that this step confirms or refuses: another person takes it, and the duties of the two are apart."""

    awaited: Awaited = Awaited.ALWAYS
    """When a case waits for this step. A step that nobody waits for is in nobody's inbox."""

    proof: Proof | None = None

    @property
    def sources(self) -> tuple[str, ...]:
        """Return the states from which the step leads."""
        return (self.source,) if isinstance(self.source, str) else self.source

    @property
    def roles(self) -> tuple[Role, ...]:
        """Return the roles of which the actor needs one."""
        return (self.who,) if isinstance(self.who, Role) else self.who

    @property
    def kind(self) -> RecordKind:
        """Return what follows from the record the step leaves."""
        return RECORD_KINDS[self.record] if self.record is not None else NO_RECORD

    def goes_to(self, state: str) -> str:
        """Return the state to which the step leads from `state`; SAME leads to `state` itself."""
        return state if self.target == SAME else self.target


SAME = "="


@dataclass(frozen=True, slots=True, eq=False)
class Programme:
    """A programme: its application form (`answers`), its states in order, and its steps. Compared by identity.

    The rules of `opening` must hold when a case is opened; `correct_application` asks them again.
    """

    key: str
    title: str
    start: str
    items: tuple[str, ...]
    answers: tuple[FormField, ...]
    states: tuple[State, ...]
    steps: tuple[Step, ...]
    opening: tuple[Rule, ...] = ()
    _steps_by_state: Mapping[str, tuple[Step, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        by_state = {state.key: tuple(step for step in self.steps if state.key in step.sources) for state in self.states}
        object.__setattr__(self, "_steps_by_state", by_state)  # the class is frozen
        faults = list(_find_faults(self))
        if faults:
            raise InvalidProgramme(f"{self.key}: " + "; ".join(faults))

    def state(self, key: str) -> State:
        """Return the state named `key`. Raises StopIteration when there is none."""
        return next(state for state in self.states if state.key == key)

    def step(self, action: str, state: str) -> Step | None:
        """Return the row for `action` from `state`, or None."""
        return next((step for step in self.steps_from(state) if step.action == action), None)

    def steps_from(self, state: str) -> tuple[Step, ...]:
        """Return every row that leads from `state`, in the table's order."""
        return self._steps_by_state.get(state, ())

    def has_action(self, action: str) -> bool:
        """Return whether any row has this action."""
        return any(step.action == action for step in self.steps)


def _find_faults(programme: Programme) -> Iterator[str]:
    keys = [state.key for state in programme.states]
    if len(set(keys)) != len(keys):
        yield "a state is listed twice"
    if programme.start not in keys:
        yield f"start {programme.start!r} is no state"
    yield from (f"{state.key}: an open state needs a deadline" for state in programme.states if _needs_deadline(state))
    rows: set[tuple[str, str]] = set()
    for step in programme.steps:
        yield from _find_step_faults(step, keys)
        yield from _find_second_person_faults(step, programme)
        for source in step.sources:
            if (step.action, source) in rows:
                yield f"{step.action} has two rows from {source}"
            rows.add((step.action, source))
    yield from _find_unreachable(programme)
    yield from (
        f"{state.key}: an open state waits for no step" for state in programme.states if _in_no_inbox(state, programme)
    )


def _in_no_inbox(state: State, programme: Programme) -> bool:
    awaited = {step.awaited for step in programme.steps_from(state.key)}
    return state.phase is not Phase.ENDED and awaited <= {Awaited.NEVER, Awaited.HOLD_OVER}


def _needs_deadline(state: State) -> bool:
    return (state.phase is not Phase.ENDED) == (state.deadline is None)


def _find_step_faults(step: Step, keys: list[str]) -> Iterator[str]:
    for name in (*step.sources, *(() if step.target == SAME else (step.target,))):
        if name not in keys:
            yield f"{step.action} names the unknown state {name!r}"
    if step.money and (step.money.source, step.money.target) not in LEGAL_MOVES:
        yield f"{step.action} moves money from {step.money.source} to {step.money.target}, which no entry may do"
    if step.money and step.money.amount is Sum.ANSWER and not any(field.key == "amount" for field in step.form):
        yield f"{step.action} moves the amount of its form, which has no field `amount`"
    if step.notification and step.notification not in NOTIFICATIONS:
        yield f"{step.action} sends the unknown notification {step.notification!r}"
    pot = step.kind.pays_into
    if pot is not None and (step.money is None or step.money.target is not pot):
        yield f"{step.action} records {step.record} without its money"
    if len({field.key for field in step.form}) != len(step.form):
        yield f"{step.action} has one field twice"


def _find_second_person_faults(step: Step, programme: Programme) -> Iterator[str]:
    """Yield a fault when one person could take a step and the step that confirms it."""
    if step.second_of is None:
        return
    first = next((each for each in programme.steps if each.action == step.second_of), None)
    if first is None:
        yield f"{step.action} confirms the unknown action {step.second_of!r}"
    elif None in {first.duty, step.duty} or frozenset((first.duty, step.duty)) not in INCOMPATIBLE_DUTIES:
        yield f"{step.action} confirms {step.second_of}, but their duties may meet in one person"


def _find_unreachable(programme: Programme) -> Iterator[str]:
    """Yield each state that no path reaches, and each state from which no path reaches an ended state."""
    targets_of = {
        state.key: {step.goes_to(state.key) for step in programme.steps_from(state.key)} for state in programme.states
    }
    reached, queue = {programme.start}, [programme.start]
    while queue:
        for target in targets_of.get(queue.pop(), set()) - reached:
            reached.add(target)
            queue.append(target)
    yield from (f"{key} is never reached" for key in targets_of if key not in reached)
    ends = {state.key for state in programme.states if state.phase is Phase.ENDED}
    size = -1
    while len(ends) != size:
        size = len(ends)
        ends |= {key for key, targets in targets_of.items() if targets & ends}
    yield from (f"{key} leads to no end" for key in targets_of if key not in ends)
