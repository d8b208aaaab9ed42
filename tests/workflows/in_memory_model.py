"""An in-memory model applies transitions to one case as the service does."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from tests.workflows.family_money import Family, FundLine, Move
from tests.workflows.sample_policy import CALENDAR, RUSHAN
from workflows import state_machine
from workflows.evidence import Notice, Objection, Seen, Verification, Visit
from workflows.facts import Approval, Award, Facts, Returned, RuleInput
from workflows.payment_states import Advice, Payment, PaymentState
from workflows.policy import PolicySet
from workflows.programme import Programme, Step
from workflows.state_machine import Transition
from workflows.step_input import corrected
from workflows.vocabulary import Actor, Duty, Fen, Phase, Plain, Pot, Record, Role

PHOTO = str(UUID(int=2000))
"""A photo of a visit that is on the file of every family."""


@dataclass(slots=True)
class Model:
    """Everything a case depends on. `others` are grants of earlier cases; `pots` is the money of this case."""

    programme: Programme
    people: tuple[Actor, ...]
    fund_lines: Mapping[UUID, FundLine]
    in_force: PolicySet
    today: date
    family: Family
    others: tuple[Award, ...] = ()
    visitors: Mapping[UUID, frozenset[UUID]] = field(init=False)
    facts: Facts = field(init=False)
    cited: PolicySet = field(init=False)
    fund: UUID | None = None
    due_on: date | None = None
    decided_on: date | None = None
    """The day on which the award of the case was approved."""

    moves: list[Move] = field(default_factory=list)
    """Every movement of the case's money."""

    ended: list[tuple[Award, list[Move]]] = field(default_factory=list)
    """The family's ended cases that were approved: the award as it was paid, and the movements of its money."""

    number: int = 0
    """The sequence number of the latest event."""
    pots: Counter[Pot] = field(default_factory=Counter)
    payments: list[Payment] = field(default_factory=list)
    advice: Advice | None = None
    """What a cashier states of a return or a recovery, until another person confirms it."""

    objections: list[str] = field(default_factory=list)
    posted: Objection = field(default=Objection(None, frozenset()))
    """An objection to the latest award, as it would be raised."""

    def __post_init__(self) -> None:
        self.visitors = {each.account: principals_of(each) for each in self.people if each.grants_as((Role.VISITOR,))}

    def open_case(self, item: str, requested: int, own: Mapping[str, Plain], papers: frozenset[str], by: UUID) -> None:
        """Open a case, as service.actions.case_opening does."""
        self.facts = Facts(
            state=self.programme.start,
            opened_on=self.today,
            entered_on=self.today,
            item=item,
            requested=Fen(requested),
            answers=own,
            papers=papers,
            documents={str(UUID(int=1000 + n)): kind for n, kind in enumerate(sorted(papers))} | {PHOTO: "visit_photo"},
            others=self.others,
            duties=frozenset({(Duty.REGISTRAR, by)}),
            division=RUSHAN,
            cause="illness",
        )
        self.cited, self.fund, self.pots, self.payments, self.objections = self.in_force, None, Counter(), [], []
        self.moves, self.decided_on, self.advice = [], None, None
        self.due_on, _ = state_machine.start(self.programme, self.rule_input(self.people[0], None, {}))

    def leave_case(self) -> None:
        """Add what the family was given in an ended case to `others`, as a grant of another case."""
        if self.decided_on is None:
            return
        given, year = Fen(self.facts.outstanding + self.facts.written_off), self.facts.answers.get("school_year")
        award = Award(
            self.facts.item, given, self.decided_on, year if isinstance(year, str) else None, same_student=True
        )
        self.ended.append((award, self.moves))
        if given:
            self.others += (award,)

    def new_family(self) -> None:
        """Forget the grants of the family before."""
        self.others, self.ended = (), []

    @property
    def phase(self) -> Phase:
        """Return the phase of the case."""
        return self.programme.state(self.facts.state).phase

    def content(self, award: int | None, fund: UUID | None, policy: PolicySet) -> str:
        """Return the content that a signature covers, as the service builds it."""
        facts, family = self.facts, self.family
        of_case = (facts.item, facts.requested, award, fund, policy.digest, sorted(facts.papers), dict(facts.answers))
        return repr(
            (
                of_case,
                facts.method,
                facts.cash_reason,
                family.finances,
                family.payee,
                family.payee_in_family,
                family.has_beneficiary,
            )
        )

    def seen(self) -> Seen:
        """Return what the file says, as a visit keeps it."""
        facts, money = self.facts, self.family.finances
        exclusions = tuple(sorted(money.observed)) if money else ()
        of_case = (facts.item, facts.requested, sorted(facts.papers), dict(facts.answers))
        return Seen(repr(money and replace(money, observed=frozenset())), exclusions, "", repr(of_case))

    def rule_input(self, actor: Actor, step: Step | None, answers: Mapping[str, object]) -> RuleInput:
        """Return the rule input as the service builds it; without a step, as for the list of available actions."""
        awarding = step is not None and step.kind.names_fund
        policy = self.in_force if self.facts.award is None or awarding else self.cited
        fund = named_fund(answers) if awarding else self.fund
        fund_line = self.fund_lines.get(fund) if fund else None
        facts = replace(
            self.facts,
            finances=self.family.finances,
            finances_as_of=self.today,
            seen=self.seen(),
            payee_in_family=self.family.payee_in_family,
            consented_until=self.family.consented_until,
            family_staff=self.family.staff,
            filed=self.family.filed,
            beneficiary_in_family=self.family.has_beneficiary,
            content=self.content(self.facts.award, self.fund, policy),
            fund=fund_line.fund if fund_line else None,
            payments=tuple(self.payments),
            advice=self.advice,
        )
        return RuleInput(actor, facts, policy, CALENDAR, self.today, answers, self.visitors)

    def apply(self, transition: Transition, case: RuleInput) -> None:
        """Apply the transition: the case, its duties, its money, and the row of its record."""
        self.number += 1
        if self.facts.award is None or transition.step.kind.names_fund:
            self.cited = case.policy
        if transition.source != transition.target:
            self.facts = replace(self.facts, state=transition.target, entered_on=self.today, held=False)
        if transition.source != transition.target or transition.step.kind.restarts_deadline:
            self.due_on = transition.due_on
        if transition.duty is not None:
            named = case.visitors_and_principals if transition.step.kind.by_visitors else frozenset()
            done = {(transition.duty, person) for person in case.actor.people(transition.grant) | named}
            self.facts = replace(self.facts, duties=self.facts.duties | done)
        for posting in transition.postings:
            self._post(posting.source, posting.target, posting.fen)
        if transition.step.record is not None:
            EFFECTS[transition.step.record](self, transition, case)

    def _post(self, source: Pot, target: Pot, fen: int) -> None:
        assert self.fund is not None
        self.fund_lines[self.fund].move(source, target, fen)
        self.pots[source] -= fen
        self.pots[target] += fen
        self.moves.append((source, target, fen))
        if target is Pot.COMMITTED and source is Pot.AVAILABLE:
            self.decided_on = self.today
        change = (source is Pot.AVAILABLE) - (target in {Pot.AVAILABLE, Pot.WRITTEN_OFF})
        self.facts = replace(
            self.facts,
            outstanding=Fen(self.facts.outstanding + change * fen),
            recovering=Fen(self.pots[Pot.RECOVERING]),
            written_off=Fen(self.pots[Pot.WRITTEN_OFF]),
        )


def principals_of(visitor: Actor) -> frozenset[UUID]:
    """Return the principals of a visitor; none when one of the visitor's grants is their own."""
    principals = {grant.principal for grant in visitor.grants_as((Role.VISITOR,))}
    return frozenset(each for each in principals if each is not None) if None not in principals else frozenset()


def named_fund(answers: Mapping[str, object]) -> UUID | None:
    """Return the fund that the reviewer names, or None."""
    try:
        return UUID(str(answers.get("fund")))
    except ValueError:
        return None


def accounts(transition: Transition) -> list[UUID]:
    """Return the visitors of a visit."""
    named = transition.answers["visitors"]
    return [UUID(str(each)) for each in named] if isinstance(named, list) else []


def _correction(model: Model, transition: Transition, case: RuleInput) -> None:
    """Take over the application that the rules were asked about; the award proposed before is gone."""
    facts = corrected(transition.step.form, replace(case, answers=transition.answers))
    application = replace(model.facts, item=facts.item, requested=facts.requested, answers=facts.answers)
    model.facts, model.fund = replace(application, award=None, method=None, cash_reason=None), None


def _visit(model: Model, transition: Transition, case: RuleInput) -> None:
    kind = "survey" if transition.duty is Duty.VISITOR else "follow_up"
    day, conclusion = date.fromisoformat(str(transition.answers["on"])), str(transition.answers["conclusion"])
    gone = transition.answers.get("gone")
    seen = model.seen().without(frozenset(map(str, gone if isinstance(gone, list) else ())))
    me = frozenset({case.actor.account})
    visit = Visit(kind, day, frozenset(accounts(transition)), conclusion, model.number, seen, me)
    model.facts = replace(model.facts, visits=(*model.facts.visits, visit))


def _visit_confirmed(model: Model, _transition: Transition, case: RuleInput) -> None:
    me = frozenset({case.actor.account})
    visits = (replace(each, confirmed=each.confirmed | (me & each.visitors)) for each in model.facts.visits)
    model.facts = replace(model.facts, visits=tuple(visits))


def _resurvey(model: Model, transition: Transition, _case: RuleInput) -> None:
    to_repeat = transition.answers.get("again")
    named = frozenset(str(each) for each in to_repeat) if isinstance(to_repeat, list) else frozenset[str]()
    model.facts = replace(model.facts, returned=Returned(model.number, model.today, named))


def _papers(model: Model, transition: Transition, _case: RuleInput) -> None:
    kinds = transition.answers["papers"]
    kinds_seen = {str(kind) for kind in kinds} if isinstance(kinds, list) else set()
    returned = model.facts.returned and replace(model.facts.returned, papers_since=True)
    model.facts = replace(model.facts, papers=model.facts.papers | kinds_seen, returned=returned)


def _verification(model: Model, transition: Transition, _case: RuleInput) -> None:
    replied_on, outcome = date.fromisoformat(str(transition.answers["replied_on"])), str(transition.answers["outcome"])
    check = Verification(replied_on, outcome, bool(transition.answers.get("explained")), seen=model.seen())
    model.facts = replace(model.facts, verification=check)


def _award(model: Model, transition: Transition, case: RuleInput) -> None:
    award, model.fund = Fen(int(str(transition.answers["award"]))), named_fund(transition.answers)
    method = str(transition.answers.get("method") or "bank")
    reason = str(transition.answers["cash_reason"]) if method == "cash" else None
    model.facts = replace(model.facts, method=method, cash_reason=reason)
    model.posted = Objection(None, case.actor.people(transition.grant), award, model.seen())
    posted = Notice(model.today, model.content(award, model.fund, case.policy), id=UUID(int=model.number))
    model.facts, model.objections = replace(model.facts, award=award, notice=posted), []


def _count_objections(model: Model) -> None:
    assert model.facts.notice is not None
    open_, upheld = model.objections.count("open"), model.objections.count("upheld")
    notice = replace(model.facts.notice, open_objections=open_, upheld_objections=upheld)
    model.facts = replace(model.facts, notice=notice)


def _objection(model: Model, _transition: Transition, _case: RuleInput) -> None:
    model.objections.append("open")
    model.facts = replace(model.facts, objections=(*model.facts.objections, model.posted))
    _count_objections(model)


def _objection_answer(model: Model, transition: Transition, _case: RuleInput) -> None:
    outcome, all_of_case = str(transition.answers["outcome"]), list(model.facts.objections)
    oldest = next(number for number, each in enumerate(all_of_case) if each.outcome is None)
    all_of_case[oldest] = replace(all_of_case[oldest], outcome=outcome)
    model.facts = replace(model.facts, objections=tuple(all_of_case))
    model.objections[model.objections.index("open")] = outcome
    _count_objections(model)


def _take_down(model: Model, _transition: Transition, _case: RuleInput) -> None:
    notice = model.facts.notice
    if notice is not None and notice.ended_on is None:
        model.facts = replace(model.facts, notice=replace(notice, ended_on=model.today))


def _approval(model: Model, _transition: Transition, case: RuleInput) -> None:
    signature = Approval(case.facts.next_tier, case.actor.account, case.facts.content)
    model.facts = replace(model.facts, approvals=(*model.facts.approvals, signature))


def _void_approvals(model: Model, transition: Transition, case: RuleInput) -> None:
    _take_down(model, transition, case)
    model.facts = replace(model.facts, approvals=())


def _payment(model: Model, _transition: Transition, case: RuleInput) -> None:
    model.payments.append(Payment(PaymentState.SENT, model.today, case.actor.account))


def _becomes(state: PaymentState, *, decides: bool = False) -> "Effect":
    """Return the effect that gives the latest payment a state, and ends what is stated of it."""

    def effect(model: Model, _transition: Transition, case: RuleInput) -> None:
        confirmer = case.actor.account if decides else model.payments[-1].confirmer
        model.payments[-1] = replace(model.payments[-1], state=state, confirmer=confirmer)
        model.advice = None

    return effect


def _stated(model: Model, transition: Transition, _case: RuleInput) -> None:
    answers = transition.answers
    day, fen = date.fromisoformat(str(answers["advised_on"])), Fen(int(str(answers["amount"])))
    model.advice = Advice(str(answers["advice_no"]), day, fen)


def _return_stated(model: Model, transition: Transition, case: RuleInput) -> None:
    _becomes(PaymentState.RETURNING)(model, transition, case)
    _stated(model, transition, case)


def _decided(model: Model, _transition: Transition, _case: RuleInput) -> None:
    model.advice = None


def _recall(model: Model, transition: Transition, case: RuleInput) -> None:
    if model.facts.kept == 0:
        _becomes(PaymentState.RECALLED)(model, transition, case)


def _set_held(*, held: bool) -> "Effect":
    def effect(model: Model, _transition: Transition, _case: RuleInput) -> None:
        model.facts = replace(model.facts, held=held)

    return effect


def _no_effect(_model: Model, _transition: Transition, _case: RuleInput) -> None:
    """Do nothing: the receipt is a column of the payment's row."""


Effect = Callable[[Model, Transition, RuleInput], None]
EFFECTS: Mapping[Record, Effect] = {
    Record.CORRECTION: _correction,
    Record.VISIT: _visit,
    Record.VISIT_CONFIRMED: _visit_confirmed,
    Record.PAPERS: _papers,
    Record.VERIFICATION: _verification,
    Record.AWARD: _award,
    Record.OBJECTION: _objection,
    Record.OBJECTION_ANSWER: _objection_answer,
    Record.NOTICE_END: _take_down,
    Record.APPROVAL: _approval,
    Record.VOID_APPROVALS: _void_approvals,
    Record.PAYMENT: _payment,
    Record.PAYMENT_CONFIRMED: _becomes(PaymentState.LIVE, decides=True),
    Record.PAYMENT_FAILED: _becomes(PaymentState.FAILED, decides=True),
    Record.PAYMENT_RETURNED: _return_stated,
    Record.RETURN_CONFIRMED: _becomes(PaymentState.RETURNED),
    Record.RETURN_REJECTED: _becomes(PaymentState.LIVE),
    Record.RECOVERY: _stated,
    Record.RECOVERY_CONFIRMED: _decided,
    Record.RECOVERY_REJECTED: _decided,
    Record.RECEIPT: _no_effect,
    Record.RECALL: _recall,
    Record.HOLD: _set_held(held=True),
    Record.RESUME: _set_held(held=False),
    Record.RESURVEY: _resurvey,
}
"""The effect of each record kind on the facts, as the service writes it."""
