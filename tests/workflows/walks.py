"""Random walks: an office, a family and its years, drawn from bytes, so that a failing walk shrinks to a short story."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeVar
from uuid import UUID

from tests.workflows.in_memory_model import Family, Line, Model
from tests.workflows.sample_policy import SAMPLE
from workflows import state_machine
from workflows.eligibility import Finances, IncomeLine, SpendingLine
from workflows.facts import Facts, Fund, RuleInput
from workflows.form_fields import FormField, Kind
from workflows.programme import SAME, Programme, Step
from workflows.state_machine import AvailableAction, Transition
from workflows.vocabulary import Actor, Fen, Grant, InvalidForm, Phase, Plain, Pot, Record, Refused, Role

Offered = TypeVar("Offered")

STEPS = 50
BYTES = 900
"""About as many as fifty steps use; when they run out, everything is its first choice."""

BUSINESS = (Role.REGISTRAR, Role.VISITOR, Role.VERIFIER, Role.REVIEWER, Role.APPROVER, Role.CASHIER)
FUNDS = tuple(UUID(int=1000 + number) for number in range(2))
PLAIN = replace(SAMPLE, categories=SAMPLE.categories[:1])
"""One formula is enough here: how a household is judged is asked elsewhere."""
POLICIES = (
    PLAIN,
    replace(PLAIN, version=2, tiers=(None,), collective_from_fen=None, verification_required=False, notice_days=1),
    replace(PLAIN, version=3, tiers=(Fen(100_000), Fen(300_000), None), min_visitors=3, same_item_per_year=2),
)
INCOMES = (3_000_000, 0, 4_500_000, 5_500_000, 3_000_000, 9_000_000)
AMOUNTS = ("1500.00", "3000.00", "700.00", "6000.00", "25000.00", "0.00")
ANYBODY = Actor(UUID(int=9999), tuple(Grant(role, tier=3) for role in Role))
"""A newcomer with every role: whom the case could be given to, if everybody else has clean hands no longer."""
UNUSUAL = (Record.HOLD, Record.RESUME, Record.OBJECTION, Record.RECALL)
PAPERS = [*SAMPLE.papers_for("illness")]


class Dice:
    """Choices made by bytes, in order."""

    def __init__(self, thrown: bytes) -> None:
        self._thrown = iter(thrown)

    def below(self, limit: int) -> int:
        """A number from 0 to limit − 1."""
        return next(self._thrown, 0) % limit

    def once_in(self, times: int) -> bool:
        """True once in so many times, and never when the bytes have run out."""
        return self.below(times) == times - 1

    def one_of(self, offered: Sequence[Offered]) -> Offered:
        """One of several; the first when the bytes have run out."""
        return offered[self.below(len(offered))]

    def mostly(self, offered: Sequence[Offered]) -> Offered:
        """The first of several, more often than not."""
        return offered[0] if self.below(4) else self.one_of(offered)


@dataclass(frozen=True, slots=True)
class Turn:
    """One attempt: who asked for what, what was open to a newcomer and (every other time) to them, and what came."""

    world: Model
    requested: RuleInput
    action: str
    step: Step | None
    given: Mapping[str, object]
    shown: tuple[AvailableAction, ...] | None
    to_newcomer: tuple[AvailableAction, ...]
    move: Transition | None
    before: Facts


def office(dice: Dice) -> tuple[Actor, ...]:
    """A clock, a person or two for each role alone, and some who wear several hats or stand in for others."""
    grants: list[tuple[Grant, ...]] = [(Grant(Role.CLOCK),)]
    grants += [(Grant(role, tier=3 if role is Role.APPROVER else 0),) for role in BUSINESS]
    grants += [(Grant(Role.APPROVER, tier=tier),) for tier in (1, 2, 3)] + [(Grant(Role.VISITOR),)] * 2
    for _ in range(4):
        hats = [dice.one_of(BUSINESS) for _ in range(2 + dice.below(3))]
        principal = UUID(int=1 + dice.below(len(grants))) if dice.once_in(3) else None
        grants.append(tuple(Grant(role, 1 + dice.below(3), principal) for role in hats))
    return tuple(Actor(UUID(int=number), held) for number, held in enumerate(grants, start=1))


def finances(dice: Dice) -> Finances:
    income = IncomeLine("wage", "head", Fen(dice.mostly(INCOMES)))
    observed = frozenset({"vehicle"}) if dice.once_in(12) else frozenset[str]()
    return Finances(3, (income,), (SpendingLine("illness", "head", Fen(1_200_000)),), observed=observed)


def found(programme: Programme, dice: Dice) -> Model:
    """An office with two fund lines, and a family that has just asked."""
    today = date(2025, 1, 6) + timedelta(days=2 * dice.below(256))
    terms = [
        Fund(Fen(fen), frozenset(programme.items), frozenset(), date(2025, 1, 1), date(year, 12, 31))
        for fen, year in ((9_000_000, 2026), (900_000, 2026))
    ]
    lines = {each: Line.granted(terms[number]) for number, each in enumerate(FUNDS)}
    world = Model(programme, office(dice), lines, dice.one_of(POLICIES), today, Family(finances(dice)))
    ask_for_help(world, dice)
    return world


def ask_for_help(world: Model, dice: Dice) -> None:
    """A family's request; every other time it is a new family."""
    if dice.once_in(2):
        world.others = ()
    answers = {each.key: own_answer(each, world, dice) for each in world.programme.answers}
    given = {key: value for key, value in answers.items() if value is not None}
    registrar = dice.one_of([each for each in world.people if each.grants_as((Role.REGISTRAR,))]).account
    papers = frozenset(PAPERS if dice.below(3) else PAPERS[1:])
    world.open_case(dice.one_of(world.programme.items), dice.mostly((2_000_000, 300_000)), given, papers, registrar)


def own_answer(field: FormField, world: Model, dice: Dice) -> Plain:
    """An answer of the family's own form, as it is kept."""
    if field.key == "school_year":
        first = world.today.year - (world.today.month < 7) - dice.once_in(32)
        return f"{first}-{first + 1}"
    if field.kind is Kind.MONEY:
        return 5_000_000
    return (dice.one_of(field.choices) if dice.once_in(8) else field.choices[0]) if field.choices else None


def answer(field: FormField, world: Model, dice: Dice) -> object:
    """An answer to a step's form, near enough to what would do."""
    if field.key == "papers":
        return PAPERS[dice.mostly((0, 1)) :]
    if field.key == "notice":
        return str(world.facts.notice.id if world.facts.notice and dice.below(4) else UUID(int=0))
    if field.key == "until":
        return (world.today + timedelta(days=dice.mostly((30, 1, 90, 91, 0)))).isoformat()
    of_kind: Mapping[Kind, Callable[[], object]] = {
        Kind.TEXT: lambda: "如所述",
        Kind.NAME: lambda: "会纪〔2025〕1号",
        Kind.CODE: lambda: dice.mostly(field.choices or ("A-1",)),
        Kind.CODES: lambda: ["board"],
        Kind.NUMBER: lambda: dice.below(9),
        Kind.MONEY: lambda: dice.mostly(dice.one_of((AMOUNTS, AMOUNTS[1:]))),
        Kind.DATE: lambda: str(world.today - timedelta(days=dice.mostly((0, 2, 200, -1)))),
        Kind.YES_NO: lambda: not dice.below(3),
        Kind.ID: lambda: str(dice.one_of(FUNDS)),
        Kind.ACCOUNTS: lambda: visitors(world, dice),
    }
    return of_kind[field.kind]()


def visitors(world: Model, dice: Dice) -> list[str]:
    """Some who may visit, now and then with somebody who may not."""
    able = sorted(world.visitors)
    went = {dice.one_of(able) for _ in range(2 + dice.below(3))}
    return sorted(map(str, went | ({dice.one_of(world.people).account} if dice.once_in(12) else set())))


def form(step: Step, actor: Actor, world: Model, dice: Dice) -> dict[str, object]:
    """The step's form, mostly filled in as it should be."""
    given = {each.key: answer(each, world, dice) for each in step.form if each.required or dice.below(4)}
    named = given.get("visitors")
    if isinstance(named, list) and dice.below(8):
        given["visitors"] = [str(actor.account), *named]
    if given and dice.once_in(16):
        given[dice.one_of(list(given))] = dice.one_of((None, 1.5, [], "", "\x00", -1))
    return given


def time_passes(world: Model, dice: Dice) -> None:
    """Some hours, some days, now and then a season."""
    world.today += timedelta(days=70 if dice.once_in(64) else dice.one_of((0, 0, 1, 0, 2, 0, 8, 0, 1, 15)))


def something_changes(world: Model, dice: Dice) -> None:
    """What happens to a case besides its steps: an edit of the file, a new policy, another case that draws on the fund."""
    family, line = world.family, world.lines[dice.one_of(FUNDS)]
    what = dice.below(8)
    if what < 3:
        edits = (
            {"payee": family.payee + 1},
            {"finances": finances(dice)},
            {"payee_in_family": dice.one_of((True, False, None))},
        )
        world.family = replace(family, **edits[what])
    elif what == 3:
        world.family = replace(family, staff=frozenset({dice.one_of(world.people).account}))
    elif what == 4:
        world.family = replace(family, payee_in_family=True, staff=frozenset())
    elif what == 5:
        world.in_force = dice.one_of(POLICIES)
    elif what == 6:
        line.move(Pot.AVAILABLE, Pot.PAID, line.pots[Pot.AVAILABLE] // 2)
    else:
        line.move(Pot.OUTSIDE, Pot.AVAILABLE, 1_000_000)


def goal(programme: Programme) -> str:
    """The end the table names first."""
    return next(each.key for each in programme.states if each.phase is Phase.ENDED)


def something_to_try(world: Model, open_: tuple[AvailableAction, ...], dice: Dice) -> Step:
    """Mostly a step that the rules leave open, onward in the order of the table's states; now and then just any step."""
    programme, state = world.programme, world.facts.state
    steps = programme.steps_from(state) or programme.steps
    kind = dice.below(16)
    if kind > 11:
        return dice.one_of(steps if kind < 15 else programme.steps)
    allowed = {each.action for each in open_ if not each.reasons}
    hopeful = [each for each in steps if each.action in allowed]
    if world.facts.held:
        return dice.one_of([each for each in hopeful if each.record is Record.RESUME] or steps)
    order = [each.key for each in programme.states]
    further = order[order.index(state) + 1 : order.index(goal(programme)) + 1]
    onward = [each for each in hopeful if each.goes_to(state) in further and each.record not in UNUSUAL]
    staying = [each for each in hopeful if each.target == SAME and each.record not in UNUSUAL]
    return dice.one_of((onward if kind < 9 else staying) or onward or staying or steps)


def attempt(world: Model, dice: Dice) -> Turn:
    """Somebody tries something: mostly a step out of the present state, by somebody with the role for it."""
    to_newcomer = state_machine.available_actions(world.programme, world.ask(ANYBODY, None, {}), world.in_force)
    step = something_to_try(world, to_newcomer, dice)
    able = [each for each in world.people if each.grants_as(step.roles)]
    actor = dice.one_of(able if able and dice.below(10) else world.people)
    given = form(step, actor, world, dice)
    here = world.programme.step(step.action, world.facts.state)
    context = world.ask(actor, here, given)
    shown = (
        state_machine.available_actions(world.programme, world.ask(actor, None, {}), world.in_force)
        if dice.below(2)
        else None
    )
    before, move = world.facts, None
    try:
        move = state_machine.decide(world.programme, step.action, context)
    except (Refused, InvalidForm):
        return Turn(world, context, step.action, here, dict(given), shown, to_newcomer, None, before)
    world.apply(move, context)
    return Turn(world, context, step.action, here, dict(given), shown, to_newcomer, move, before)


def walk(programme: Programme, thrown: bytes, steps: int = STEPS) -> Iterator[Turn]:
    """So many attempts, over as many cases of one family as they last for."""
    dice = Dice(thrown)
    world = found(programme, dice)
    for _ in range(steps):
        if world.phase is Phase.ENDED and (not programme.steps_from(world.facts.state) or dice.below(3)):
            world.leave_case()
            ask_for_help(world, dice)
        time_passes(world, dice)
        if dice.once_in(10):
            something_changes(world, dice)
        yield attempt(world, dice)
