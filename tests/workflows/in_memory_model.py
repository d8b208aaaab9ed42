"""A union in memory: one case at a time, its fund lines and its people, changed by moves exactly as the record changes."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from tests.workflows.sample_policy import CALENDAR, RUSHAN
from workflows import state_machine
from workflows.eligibility import Finances
from workflows.facts import Approval, Award, Facts, Fund, Notice, Returned, RuleInput, Verification, Visit
from workflows.policy import PolicySet
from workflows.programme import Programme, Step
from workflows.state_machine import Transition
from workflows.vocabulary import Actor, Duty, Fen, Phase, Plain, Pot, Record, Role


@dataclass(frozen=True, slots=True)
class Family:
    """What the file says of a household now."""

    finances: Finances | None
    payee: int = 1
    payee_in_family: bool | None = True
    consented_until: date | None = date(2027, 12, 31)
    staff: frozenset[UUID] = frozenset()


@dataclass(slots=True)
class Line:
    """A fund line: its terms, and how much lies in each pot; `outside` is below zero by what was ever granted."""

    terms: Fund
    pots: Counter[Pot]

    @staticmethod
    def granted(terms: Fund) -> "Line":
        """A line with everything still available."""
        return Line(terms, Counter({Pot.OUTSIDE: -terms.available, Pot.AVAILABLE: terms.available}))

    def move(self, source: Pot, target: Pot, fen: int) -> None:
        """Move money from pot to pot."""
        self.pots[source] -= fen
        self.pots[target] += fen

    @property
    def now(self) -> Fund:
        """The line as the rules see it."""
        return replace(self.terms, available=Fen(self.pots[Pot.AVAILABLE]))


@dataclass(slots=True)
class Model:
    """Everything a case depends on. `others` are grants of the family's earlier cases; `pots` is this case's own money."""

    programme: Programme
    people: tuple[Actor, ...]
    lines: Mapping[UUID, Line]
    in_force: PolicySet
    today: date
    family: Family
    others: tuple[Award, ...] = ()
    visitors: Mapping[UUID, frozenset[UUID]] = field(init=False)
    facts: Facts = field(init=False)
    cited: PolicySet = field(init=False)
    fund: UUID | None = None
    due_on: date | None = None
    number: int = 0
    """Of the latest event."""
    pots: Counter[Pot] = field(default_factory=Counter)
    payments: list[str] = field(default_factory=list)
    objections: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.visitors = {each.account: stood_in_for(each) for each in self.people if each.grants_as((Role.VISITOR,))}

    def open_case(self, item: str, context: int, own: Mapping[str, Plain], papers: frozenset[str], by: UUID) -> None:
        """The family asks, as service.actions.case_opening writes it down."""
        self.facts = Facts(
            state=self.programme.start,
            opened_on=self.today,
            entered_on=self.today,
            item=item,
            requested=Fen(context),
            answers=own,
            papers=papers,
            others=self.others,
            duties=frozenset({(Duty.REGISTRAR, by)}),
            division=RUSHAN,
            cause="illness",
        )
        self.cited, self.fund, self.pots, self.payments, self.objections = self.in_force, None, Counter(), [], []
        self.due_on, _ = state_machine.start(self.programme, self.ask(self.people[0], None, {}))

    def leave_case(self) -> None:
        """What the family keeps of an ended case counts as another case's grant from now on."""
        kept, year = self.facts.outstanding, self.facts.answers.get("school_year")
        if kept:
            school_year = year if isinstance(year, str) else None
            self.others += (Award(self.facts.item, kept, self.facts.entered_on, school_year, same_student=True),)

    @property
    def phase(self) -> Phase:
        """The phase the case is in."""
        return self.programme.state(self.facts.state).phase

    def content(self, award: int | None, fund: UUID | None, policy: PolicySet) -> str:
        """What a signature covers, as service.queries.case_facts.content_of puts it together."""
        facts, family = self.facts, self.family
        of_case = (facts.item, facts.requested, award, fund, policy.digest, sorted(facts.papers), dict(facts.answers))
        return repr((of_case, family.finances, family.payee, family.payee_in_family))

    def ask(self, actor: Actor, step: Step | None, answers: Mapping[str, object]) -> RuleInput:
        """What the rules see, as service.actions.cases.take puts it together; without a step, as its open_to does."""
        awarding = step is not None and step.kind.names_fund
        policy = self.in_force if self.facts.award is None or awarding else self.cited
        fund = named_fund(answers) if awarding else self.fund
        line = self.lines.get(fund) if fund else None
        facts = replace(
            self.facts,
            finances=self.family.finances,
            payee_in_family=self.family.payee_in_family,
            consented_until=self.family.consented_until,
            family_staff=self.family.staff,
            content=self.content(self.facts.award, self.fund, policy),
            fund=line.now if line else None,
            live_payment="live" in self.payments,
        )
        return RuleInput(actor, facts, policy, CALENDAR, self.today, answers, self.visitors)

    def apply(self, transition: Transition, with_form: RuleInput) -> None:
        """Write the move down: the case, its duties, its money, and the row its record leaves."""
        self.number += 1
        if self.facts.award is None or transition.step.kind.names_fund:
            self.cited = with_form.policy
        if transition.source != transition.target:
            self.facts = replace(self.facts, state=transition.target, entered_on=self.today, held=False)
        if transition.source != transition.target or transition.step.kind.restarts_deadline:
            self.due_on = transition.due_on
        if transition.duty is not None:
            named = with_form.visitors_and_principals if transition.step.kind.by_visitors else frozenset()
            did = {(transition.duty, person) for person in with_form.actor.people(transition.grant) | named}
            self.facts = replace(self.facts, duties=self.facts.duties | did)
        for posting in transition.postings:
            self._post(posting.source, posting.target, posting.fen)
        if transition.step.record is not None:
            EFFECTS[transition.step.record](self, transition, with_form)

    def _post(self, source: Pot, target: Pot, fen: int) -> None:
        assert self.fund is not None
        self.lines[self.fund].move(source, target, fen)
        self.pots[source] -= fen
        self.pots[target] += fen
        drawn = (source is Pot.AVAILABLE) - (target in {Pot.AVAILABLE, Pot.WRITTEN_OFF})
        self.facts = replace(self.facts, outstanding=Fen(self.facts.outstanding + drawn * fen))


def stood_in_for(visitor: Actor) -> frozenset[UUID]:
    """Whom a visitor goes for: nobody, if any of his grants is his own."""
    principals = {grant.principal for grant in visitor.grants_as((Role.VISITOR,))}
    return frozenset(each for each in principals if each is not None) if None not in principals else frozenset()


def named_fund(answers: Mapping[str, object]) -> UUID | None:
    """The fund a reviewer names, if it can be read."""
    try:
        return UUID(str(answers.get("fund")))
    except ValueError:
        return None


def accounts(transition: Transition) -> list[UUID]:
    """The people a visit was made by."""
    named = transition.answers["visitors"]
    return [UUID(str(each)) for each in named] if isinstance(named, list) else []


def _visit(world: Model, transition: Transition, _case: RuleInput) -> None:
    kind = "survey" if transition.duty is Duty.VISITOR else "follow_up"
    day, conclusion = date.fromisoformat(str(transition.answers["on"])), str(transition.answers["conclusion"])
    visit = Visit(kind, day, frozenset(accounts(transition)), conclusion, world.number)
    world.facts = replace(world.facts, visits=(*world.facts.visits, visit))


def _resurvey(world: Model, transition: Transition, _case: RuleInput) -> None:
    again = transition.answers.get("again")
    named = frozenset(str(each) for each in again) if isinstance(again, list) else frozenset[str]()
    world.facts = replace(world.facts, returned=Returned(world.number, world.today, named))


def _papers(world: Model, transition: Transition, _case: RuleInput) -> None:
    kinds = transition.answers["papers"]
    seen = {str(kind) for kind in kinds} if isinstance(kinds, list) else set()
    returned = world.facts.returned and replace(world.facts.returned, papers_since=True)
    world.facts = replace(world.facts, papers=world.facts.papers | seen, returned=returned)


def _verification(world: Model, transition: Transition, _case: RuleInput) -> None:
    replied_on, outcome = date.fromisoformat(str(transition.answers["replied_on"])), str(transition.answers["outcome"])
    check = Verification(replied_on, outcome, bool(transition.answers.get("explained")))
    world.facts = replace(world.facts, verification=check)


def _award(world: Model, transition: Transition, with_form: RuleInput) -> None:
    award, world.fund = Fen(int(str(transition.answers["award"]))), named_fund(transition.answers)
    posted = Notice(world.today, world.content(award, world.fund, with_form.policy), id=UUID(int=world.number))
    world.facts, world.objections = replace(world.facts, award=award, notice=posted), []


def _objected(world: Model) -> None:
    assert world.facts.notice is not None
    open_, upheld = world.objections.count("open"), world.objections.count("upheld")
    notice = replace(world.facts.notice, open_objections=open_, upheld_objections=upheld)
    world.facts = replace(world.facts, notice=notice)


def _objection(world: Model, _move: Transition, _case: RuleInput) -> None:
    world.objections.append("open")
    _objected(world)


def _objection_answer(world: Model, transition: Transition, _case: RuleInput) -> None:
    world.objections[world.objections.index("open")] = str(transition.answers["outcome"])
    _objected(world)


def _take_down(world: Model, _move: Transition, _case: RuleInput) -> None:
    notice = world.facts.notice
    if notice is not None and notice.ended_on is None:
        world.facts = replace(world.facts, notice=replace(notice, ended_on=world.today))


def _approval(world: Model, _move: Transition, with_form: RuleInput) -> None:
    signature = Approval(with_form.facts.next_tier, with_form.actor.account, with_form.facts.content)
    world.facts = replace(world.facts, approvals=(*world.facts.approvals, signature))


def _void_approvals(world: Model, transition: Transition, with_form: RuleInput) -> None:
    _take_down(world, transition, with_form)
    world.facts = replace(world.facts, approvals=())


def _payment(world: Model, _move: Transition, _case: RuleInput) -> None:
    world.payments.append("live")


def _ended(state: str) -> "Effect":
    def effect(world: Model, _move: Transition, _case: RuleInput) -> None:
        world.payments = [state if each == "live" else each for each in world.payments]

    return effect


def _held(*, held: bool) -> "Effect":
    def effect(world: Model, _move: Transition, _case: RuleInput) -> None:
        world.facts = replace(world.facts, held=held)

    return effect


def _nothing_a_rule_sees(_world: Model, _move: Transition, _case: RuleInput) -> None:
    """The receipt stands on the payment's row."""


Effect = Callable[[Model, Transition, RuleInput], None]
EFFECTS: Mapping[Record, Effect] = {
    Record.VISIT: _visit,
    Record.PAPERS: _papers,
    Record.VERIFICATION: _verification,
    Record.AWARD: _award,
    Record.OBJECTION: _objection,
    Record.OBJECTION_ANSWER: _objection_answer,
    Record.NOTICE_END: _take_down,
    Record.APPROVAL: _approval,
    Record.VOID_APPROVALS: _void_approvals,
    Record.PAYMENT: _payment,
    Record.PAYMENT_RETURNED: _ended("returned"),
    Record.RECEIPT: _nothing_a_rule_sees,
    Record.RECALL: _ended("recalled"),
    Record.HOLD: _held(held=True),
    Record.RESUME: _held(held=False),
    Record.RESURVEY: _resurvey,
}
"""Beside service.actions.records.RECORDERS, effect by effect."""
