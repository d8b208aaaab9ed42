"""Random walks draw staff, a family and its cases from bytes, so that failures shrink."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeVar
from uuid import UUID

from tests.workflows.family_money import Family, FundLine
from tests.workflows.in_memory_model import PHOTO, Model
from tests.workflows.sample_policy import SAMPLE
from workflows import state_machine
from workflows.eligibility import Finances, IncomeLine, SpendingLine
from workflows.facts import Facts, Fund, RuleInput
from workflows.form_fields import FormField, Kind
from workflows.money_format import in_yuan
from workflows.programme import SAME, Programme, Step
from workflows.state_machine import AvailableAction, Transition
from workflows.vocabulary import (
    APPROVERS,
    INCOMPATIBLE_DUTIES,
    Actor,
    Duty,
    Fen,
    Grant,
    InvalidForm,
    Phase,
    Plain,
    Pot,
    Record,
    Refused,
    Role,
)

Choice = TypeVar("Choice")

STEPS = 60
BYTES = 1100
"""About what sixty steps use; without further bytes every choice is the first one."""

BUSINESS = (Role.REGISTRAR, Role.VISITOR, Role.VERIFIER, Role.REVIEWER, Role.APPROVER, Role.CASHIER)
FUNDS = tuple(UUID(int=1000 + number) for number in range(2))
PLAIN = replace(SAMPLE, categories=SAMPLE.categories[:1])
"""One formula is enough here; other tests check the assessment."""
POLICIES = (
    PLAIN,
    replace(PLAIN, version=2, tiers=(None,), collective_from_fen=None, verification_required=False, notice_days=1),
    replace(PLAIN, version=3, tiers=(Fen(100_000), Fen(300_000), None), min_visitors=3, same_item_per_year=2),
)
INCOMES = (3_000_000, 0, 4_500_000, 5_500_000, 3_000_000, 9_000_000)
AMOUNTS = ("1500.00", "3000.00", "700.00", "6000.00", "25000.00", "0.00")
NEWCOMER = Actor(UUID(int=9999), tuple(Grant(role, tier=3) for role in Role))
"""A newcomer with every role, for cases in which everybody else has an incompatible duty."""
UNFINISHED = (Phase.SURVEY, Phase.APPROVAL, Phase.DISBURSEMENT)
"""Phases in which a file does not end (service/actions/household_changes/exits.py)."""
UNUSUAL = (Record.HOLD, Record.RESUME, Record.OBJECTION, Record.RECALL)
PAPERS = [*SAMPLE.papers_for("illness")]


class Dice:
    """Choices made from bytes, in order."""

    def __init__(self, random_bytes: bytes) -> None:
        self._bytes = iter(random_bytes)

    def below(self, limit: int) -> int:
        """Return a number from 0 to limit − 1."""
        return next(self._bytes, 0) % limit

    def once_in(self, times: int) -> bool:
        """Return True once in `times`; False without further bytes."""
        return self.below(times) == times - 1

    def one_of(self, choices: Sequence[Choice]) -> Choice:
        """Return one of the choices; the first without further bytes."""
        return choices[self.below(len(choices))]

    def mostly(self, choices: Sequence[Choice]) -> Choice:
        """Return the first of the choices in most cases."""
        return choices[0] if self.below(4) else self.one_of(choices)


@dataclass(frozen=True, slots=True)
class Turn:
    """One attempt: the rule input, the actions of a newcomer and (half the time) of the actor, and the result."""

    model: Model
    case: RuleInput
    action: str
    step: Step | None
    answers: Mapping[str, object]
    actor_actions: tuple[AvailableAction, ...] | None
    newcomer_actions: tuple[AvailableAction, ...]
    transition: Transition | None
    before: Facts


def build_office(dice: Dice) -> tuple[Actor, ...]:
    """Return a clock, people with one role each, and four people with several roles, some as stand-ins."""
    grants: list[tuple[Grant, ...]] = [(Grant(Role.CLOCK),)]
    grants += [(Grant(role, tier=3 if role is Role.APPROVER else 0),) for role in BUSINESS]
    grants += [(Grant(Role.APPROVER, tier=tier),) for tier in (1, 2, 3)]
    grants += [(Grant(Role.VISITOR),)] * 2 + [(Grant(Role.CASHIER),)] * 2
    for _ in range(4):
        roles = [dice.one_of(BUSINESS) for _ in range(2 + dice.below(3))]
        principal = UUID(int=1 + dice.below(len(grants))) if dice.once_in(3) else None
        grants.append(tuple(Grant(role, 1 + dice.below(3), principal) for role in roles))
    return tuple(Actor(UUID(int=number), held) for number, held in enumerate(grants, start=1))


def finances(dice: Dice) -> Finances:
    income = IncomeLine("wage", "head", Fen(dice.mostly(INCOMES)))
    observed = frozenset({"vehicle"}) if dice.once_in(12) else frozenset[str]()
    return Finances(3, (income,), (SpendingLine("illness", "head", Fen(1_200_000)),), observed=observed)


def build_model(programme: Programme, dice: Dice) -> Model:
    """Return a model with staff, two fund lines, and a family with a new case."""
    today = date(2025, 1, 6) + timedelta(days=2 * dice.below(256))
    terms = [
        Fund(Fen(fen), frozenset(programme.items), frozenset(), date(2025, 1, 1), date(year, 12, 31))
        for fen, year in ((9_000_000, 2026), (900_000, 2026))
    ]
    fund_lines = {each: FundLine.granted(terms[number]) for number, each in enumerate(FUNDS)}
    model = Model(programme, build_office(dice), fund_lines, dice.one_of(POLICIES), today, Family(finances(dice)))
    ask_for_help(model, dice)
    return model


def ask_for_help(model: Model, dice: Dice) -> None:
    """Open a case; every other time it is a new family."""
    if dice.once_in(2):
        model.new_family()
    model.family = replace(model.family, filed=True, has_beneficiary=True)
    answers = {each.key: own_answer(each, model, dice) for each in model.programme.answers}
    answers = {key: value for key, value in answers.items() if value is not None}
    registrar = dice.one_of([each for each in model.people if each.grants_as((Role.REGISTRAR,))]).account
    papers = frozenset(PAPERS if dice.below(3) else PAPERS[1:])
    model.open_case(dice.one_of(model.programme.items), dice.mostly((2_000_000, 300_000)), answers, papers, registrar)


def own_answer(field: FormField, model: Model, dice: Dice) -> Plain:
    """Return an answer of the application form, as it is stored."""
    if field.key == "school_year":
        first = model.today.year - (model.today.month < 7) - dice.once_in(32)
        return f"{first}-{first + 1}"
    if field.kind is Kind.MONEY:
        return dice.mostly((1_200_000, 5_000_000)) if field.key == "self_paid" else 100_000
    return (dice.one_of(field.choices) if dice.once_in(8) else field.choices[0]) if field.choices else None


def answer(field: FormField, model: Model, dice: Dice) -> object:
    """Return an answer to a step's form that is valid in most cases."""
    if field.key == "papers":
        return PAPERS[dice.mostly((0, 1)) :]
    if field.key == "notice":
        return str(model.facts.notice.id if model.facts.notice and dice.below(4) else UUID(int=0))
    if field.key in {"advised_on", "amount", "advice_no"} and model.advice is not None and dice.below(8):
        stated = model.advice
        return {"advised_on": stated.on.isoformat(), "amount": in_yuan(stated.fen), "advice_no": stated.number}[
            field.key
        ]
    if field.key == "advised_on":
        return str(model.today - timedelta(days=dice.mostly((0, 0, 1, 200, -1))))
    if field.key == "amount":
        whole = model.facts.recovering or model.facts.kept
        often_whole = {"transit": 4, "sent": 4, "receipt": 2, "recalling": 2}
        if dice.below(often_whole.get(model.facts.state, 1)):
            return in_yuan(whole)
        return in_yuan(dice.one_of((whole // 2, whole, 1, whole - 1, whole // 3, whole + 1, 0)))
    if field.key == "until":
        return (model.today + timedelta(days=dice.mostly((30, 1, 90, 91, 0)))).isoformat()
    of_kind: Mapping[Kind, Callable[[], object]] = {
        Kind.TEXT: lambda: "情况如所述",
        Kind.NAME: lambda: "会纪〔2025〕1号",
        Kind.NUMBER_TEXT: lambda: "—" if dice.once_in(16) else "银付-12号",
        Kind.CODE: lambda: dice.mostly(field.choices or ("A-1",)),
        Kind.CODES: lambda: [dice.mostly(field.choices or ("vehicle",))],
        Kind.NUMBER: lambda: dice.below(9),
        Kind.MONEY: lambda: dice.mostly(dice.one_of((AMOUNTS, AMOUNTS[1:]))),
        Kind.DATE: lambda: str(model.today - timedelta(days=dice.mostly((0, 2, 200, -1)))),
        Kind.SCHOOL_YEAR: lambda: str(model.facts.answers.get("school_year", "2025")),
        Kind.YES_NO: lambda: not dice.below(3),
        Kind.ID: lambda: str(dice.one_of(FUNDS)),
        Kind.ACCOUNTS: lambda: visitors(model, dice),
        Kind.DOCUMENTS: lambda: [document(field, model, dice)],
    }
    return of_kind[field.kind]()


def document(field: FormField, model: Model, dice: Dice) -> str:
    """Return a document that a step names: a photo of a visit, or a scan in which a paper was seen."""
    if field.key == "photos":
        return dice.one_of([*model.facts.documents]) if dice.once_in(12) else PHOTO
    return dice.mostly((*model.facts.documents, "00000000-0000-0000-0000-00000000dead"))


def visitors(model: Model, dice: Dice) -> list[str]:
    """Return some eligible visitors, now and then with a person who is not eligible."""
    able_people = sorted(model.visitors)
    visitor_ids = {dice.one_of(able_people) for _ in range(2 + dice.below(3))}
    return sorted(map(str, visitor_ids | ({dice.one_of(model.people).account} if dice.once_in(12) else set())))


def form(step: Step, actor: Actor, model: Model, dice: Dice) -> dict[str, object]:
    """Return the step's form, valid in most cases."""
    answers = {each.key: answer(each, model, dice) for each in step.form if each.required or dice.below(4)}
    visitor_ids = answers.get("visitors")
    if isinstance(visitor_ids, list) and dice.below(8):
        answers["visitors"] = [str(actor.account), *visitor_ids]
    if answers and dice.once_in(16):
        answers[dice.one_of(list(answers))] = dice.one_of((None, 1.5, [], "", "\x00", -1))
    return answers


def pass_time(model: Model, dice: Dice, *, calm: bool) -> None:
    """Let some days pass, now and then 70, by which much has run out."""
    model.today += timedelta(days=70 if not calm and dice.once_in(64) else dice.one_of((0, 0, 1, 0, 2, 0, 8, 0, 1, 15)))


def change_something(model: Model, dice: Dice) -> None:
    """Change what a case depends on: edit the file, change the policy, or let another case use the fund line."""
    family, fund_line = model.family, model.fund_lines[dice.one_of(FUNDS)]
    change = dice.below(10)
    if change < 3:
        edits = (
            {"payee": family.payee + 1},
            {"finances": finances(dice)},
            {"payee_in_family": dice.one_of((True, False, None))},
        )
        model.family = replace(family, **edits[change])
    elif change == 3:
        model.family = replace(family, staff=frozenset({dice.one_of(model.people).account}))
    elif change == 4:
        model.family = replace(family, payee_in_family=True, staff=frozenset())
    elif change == 5:
        model.in_force = dice.one_of(POLICIES)
    elif change == 6:
        fund_line.move(Pot.AVAILABLE, Pot.PAID, fund_line.pots[Pot.AVAILABLE] // 2)
    elif change == 7:
        fund_line.move(Pot.OUTSIDE, Pot.AVAILABLE, 1_000_000)
    else:
        change_family(model, dice)


def change_family(model: Model, dice: Dice) -> None:
    """Let the beneficiary leave or come back, or the file end when no case is unfinished, as the service permits."""
    family = model.family
    if not family.filed or not family.has_beneficiary:
        model.family = replace(family, filed=True, has_beneficiary=True, payee=family.payee + 1, payee_in_family=True)
    elif dice.below(2) or model.phase in UNFINISHED:
        model.family = replace(family, has_beneficiary=False, payee_in_family=dice.one_of((False, None)))
    else:
        model.family = replace(family, filed=False, has_beneficiary=False, payee_in_family=None)


def goal(programme: Programme) -> str:
    """Return the first ended state of the table."""
    return next(each.key for each in programme.states if each.phase is Phase.ENDED)


def waiting(model: Model) -> list[UUID]:
    """Return the visitors who have not confirmed a visit that names them, while they can."""
    if not any(each.record is Record.VISIT_CONFIRMED for each in model.programme.steps_from(model.facts.state)):
        return []
    return sorted(set[UUID]().union(*(each.visitors - each.went for each in model.facts.surveys)))


def choose_step(model: Model, actions: tuple[AvailableAction, ...], dice: Dice) -> Step:
    """Return an available step onward in the order of the states; now and then any step."""
    programme, state = model.programme, model.facts.state
    steps = programme.steps_from(state) or programme.steps
    kind = dice.below(16)
    if kind > 11:
        return dice.one_of(steps if kind < 15 else programme.steps)
    allowed_actions = {each.action for each in actions if not each.reasons}
    allowed_steps = [each for each in steps if each.action in allowed_actions]
    if model.facts.held:
        return dice.one_of([each for each in allowed_steps if each.record is Record.RESUME] or steps)
    order = [each.key for each in programme.states]
    further = order[order.index(state) + 1 : order.index(goal(programme)) + 1]
    onward = [each for each in allowed_steps if each.goes_to(state) in further and each.record not in UNUSUAL]
    seconds = [each for each in allowed_steps if each.second_of]
    if seconds and kind < 9:
        return dice.mostly(seconds)
    # A payment that comes back is rare in life; here it must be met in a few hundred walks.
    onward += [each for each in allowed_steps if each.record is Record.PAYMENT_RETURNED]
    if waiting(model) and dice.below(4):
        return next(each for each in steps if each.record is Record.VISIT_CONFIRMED)
    staying = [each for each in allowed_steps if each.target == SAME and each.record not in UNUSUAL]
    if not onward and Record.VISIT not in {each.record for each in staying} and dice.once_in(4):
        return dice.one_of([each for each in allowed_steps if each.target not in {SAME, *further}] or steps)
    return dice.one_of((onward if kind < 9 else staying) or onward or staying or steps)


def choose_actor(step: Step, model: Model, dice: Dice) -> Actor:
    """Return a person with the step's role, in most cases one whose duties on the case permit it; now and then anybody."""
    able_people = [each for each in model.people if each.grants_as(step.roles)]
    if step.record is Record.VISIT_CONFIRMED:
        able_people = [each for each in able_people if each.account in waiting(model)]
    duty = APPROVERS[model.facts.next_tier - 1] if step.duty is Duty.APPROVER else step.duty
    done = {person for other, person in model.facts.duties if duty and frozenset((duty, other)) in INCOMPATIBLE_DUTIES}
    free = [each for each in able_people if not done & {each.account, *(grant.principal for grant in each.grants)}]
    if free and dice.below(4):
        return dice.one_of(free)
    return dice.one_of(able_people if able_people and dice.below(10) else model.people)


def attempt(model: Model, dice: Dice) -> Turn:
    """Let a person try a step: in most cases one from the current state, by a person with its role."""
    seen_by_newcomer = model.rule_input(NEWCOMER, None, {})
    newcomer_actions = state_machine.available_actions(model.programme, seen_by_newcomer, model.in_force)
    step = choose_step(model, newcomer_actions, dice)
    actor = choose_actor(step, model, dice)
    answers = form(step, actor, model, dice)
    step_from_state = model.programme.step(step.action, model.facts.state)
    case = model.rule_input(actor, step_from_state, answers)
    seen_by_actor = replace(seen_by_newcomer, actor=actor)
    actor_actions = (
        state_machine.available_actions(model.programme, seen_by_actor, model.in_force) if dice.below(2) else None
    )
    before, transition = model.facts, None
    try:
        transition = state_machine.decide(model.programme, step.action, case)
    except (Refused, InvalidForm):
        return Turn(
            model, case, step.action, step_from_state, dict(answers), actor_actions, newcomer_actions, None, before
        )
    model.apply(transition, case)
    return Turn(
        model, case, step.action, step_from_state, dict(answers), actor_actions, newcomer_actions, transition, before
    )


def is_left(model: Model, dice: Dice) -> bool:
    """Return whether the walk goes on with a new case: not often while a recall of what is kept is possible."""
    if not model.programme.steps_from(model.facts.state):
        return True
    return dice.once_in(3) if model.facts.kept else not dice.once_in(3)


def walk(programme: Programme, random_bytes: bytes, steps: int = STEPS, *, calm: bool = False) -> Iterator[Turn]:
    """Yield `steps` attempts, over one case after another; in a calm walk nothing changes but the cases and the day."""
    dice = Dice(random_bytes)
    model = build_model(programme, dice)
    for _ in range(steps):
        if model.phase is Phase.ENDED and is_left(model, dice):
            model.leave_case()
            ask_for_help(model, dice)
        pass_time(model, dice, calm=calm)
        if not calm and dice.once_in(10):
            change_something(model, dice)
        yield attempt(model, dice)
