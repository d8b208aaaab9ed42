"""Replay decides each step of a case again, from the bodies of its events."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol
from uuid import UUID

from workflows.assessment import as_record
from workflows.canonical_json import canonical_json
from workflows.case_history import Body, CaseHistory, answers_of
from workflows.facts import FactNotLoaded, Facts, RuleInput
from workflows.policy import PolicySet
from workflows.programme import Programme, Step
from workflows.programmes import PROGRAMMES
from workflows.rules.means_test import assessed
from workflows.state_machine import Transition, decide_read
from workflows.vocabulary import Actor, Duty, Fen, Grant, Refused, Role
from workflows.workdays import Calendar, CalendarUnknown

RULES = 3
"""The number of the rules that decide a step. Raise it when a rule, a table or a kept fact changes so that an earlier
decision would be refused: events of a lower number are taken in, and not decided again (docs/decisions/0030)."""


MOVE = "move_unit"
"""The act that moves an open case with its file to another unit; no step of a programme."""


class Sources(Protocol):
    """What a decision rests on besides its own chain, as it was when the event with the number `no` was written."""

    def policy(self, policy_id: str) -> PolicySet | None:
        """Return a policy set; None when there is none."""

    def followed_from(self, policy_id: str, no: int) -> date | None:
        """Return the first day of the set that takes the place of a set without a last day; None when there is none."""

    def calendar(self, no: int) -> Calendar:
        """Return the working days that were known."""

    def grants(self, account: UUID, unit_path: str, on: date, no: int) -> tuple[Grant, ...]:
        """Return the grants of an account over a unit that were in force on a day."""

    def unit_path(self, case_id: str) -> str | None:
        """Return the path of the unit that the case belongs to now."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A decision that its own grounds do not bear out: the number of its event, and the codes of what differs."""

    seq: int
    codes: tuple[str, ...]


@dataclass(slots=True)
class Decided:
    """How many steps and rule evaluations were decided again, and how many could not be."""

    steps: int = 0
    rules: int = 0
    undecided: int = 0
    """Evaluations of rules that read a fact which the event does not keep."""

    of_earlier_rules: int = 0
    """Steps that earlier rules decided."""

    def add(self, other: "Decided") -> None:
        """Add the counts of another part of the log."""
        self.steps += other.steps
        self.rules += other.rules
        self.undecided += other.undecided
        self.of_earlier_rules += other.of_earlier_rules


class CaseReplay:
    """Decides the events of one case after another; `counts` is shared by all cases."""

    def __init__(self, sources: Sources, counts: Decided) -> None:
        self._sources, self._counts = sources, counts
        self._history: CaseHistory | None = None

    def apply(self, no: int, body: Body) -> Contradiction | None:
        """Decide the next event of the case again and take it in; return what contradicts it."""
        codes = list(dict.fromkeys(self._codes(no, body)))
        return Contradiction(body["seq"], tuple(codes)) if codes else None

    def _codes(self, no: int, body: Body) -> Iterator[str]:
        history = self._history
        if history is None:
            self._history = _opened(body)
            yield from self._opening(no, body)
            return
        step = history.programme.step(body["action"], history.state)
        if body.get("rules") != RULES:
            self._counts.of_earlier_rules += 1
        elif step is None and body["action"] == MOVE:
            yield from self._move(no, body, history)
        else:
            yield from self._step(no, body, history, step)
        history.take_in(body, step)

    def _opening(self, no: int, body: Body) -> Iterator[str]:
        """Ask whether the case may have been opened so (service/actions/case_opening.py)."""
        if self._history is None or body.get("rules") != RULES:
            self._counts.of_earlier_rules += 1
            return
        history, on = self._history, date.fromisoformat(body["on"])
        programme, item = history.programme, history.columns["item"]
        facts = Facts(programme.start, on, on, item, Fen(body["requested"]), answers=answers_of(body))
        case = self._rule_input(no, body, history, facts)
        if case is None:
            yield "policy_unknown"
            return
        self._counts.steps += 1
        self._counts.rules += len(programme.opening)
        if not case.actor.grants_as((Role.REGISTRAR,)):
            yield "role_missing"
        if body.get("to") != programme.start or item not in programme.items:
            yield "not_of_programme"
        yield from (reason.code for rule in programme.opening if (reason := rule(case)) is not None)

    def _step(self, no: int, body: Body, history: CaseHistory, step: Step | None) -> Iterator[str]:
        if step is None or body.get("from") != history.state:
            yield "no_such_step"
            return
        case = self._rule_input(no, body, history, history.facts(body))
        if case is None:
            yield "policy_unknown"
            return
        self._counts.steps += 1
        try:
            transition = decide_read(history.programme, step, case)
        except Refused as refused:
            self._counts.rules += len(step.must_hold)
            yield from refused.codes
        except FactNotLoaded:
            yield from self._one_by_one(step, case)
        except CalendarUnknown:
            yield "calendar_unknown"
        else:
            self._counts.rules += len(step.must_hold)
            yield from _differences(body, step, transition, case)
            if step.kind.names_fund and not self._is_in_force(no, body, case):
                yield "policy_not_in_force"

    def _move(self, no: int, body: Body, history: CaseHistory) -> Iterator[str]:
        """Ask whether a registrar of the unit moved the case, and changed nothing but its unit."""
        registrars = [each for each in self._own_grants(no, body, self._path(history)) if each.role is Role.REGISTRAR]
        if not registrars:
            yield "role_missing"
        rows = body.get("rows") or {}
        changed = set(_changed(body)) - {"unit_id", "unit_path"}
        if changed or body.get("entries") or rows.keys() - {"case"} or body.get("to") != history.state:
            yield "more_than_a_move"

    def _one_by_one(self, step: Step, case: RuleInput) -> Iterator[str]:
        """Ask the rules that can be asked, where a fact of another one is missing."""
        for rule in step.must_hold:
            try:
                reason = rule(case)
            except FactNotLoaded:
                self._counts.undecided += 1
            else:
                self._counts.rules += 1
                yield from (reason.code,) if reason is not None else ()

    def _rule_input(self, no: int, body: Body, history: CaseHistory, facts: Facts) -> RuleInput | None:
        """Return what the rules are asked about; None without the policy set that the event cites."""
        policy = self._sources.policy(body["policy"]["id"])
        if policy is None or policy.digest != body["policy"]["digest"]:
            return None
        on, answers = date.fromisoformat(body["on"]), answers_of(body)
        path = self._path(history)
        return RuleInput(
            actor=Actor(UUID(body["actor"]), self._own_grants(no, body, path)),
            facts=facts,
            policy=policy,
            calendar=self._sources.calendar(no),
            today=on,
            answers=answers,
            eligible_visitors=self._visitors(no, answers, path),
        )

    def _is_in_force(self, no: int, body: Body, case: RuleInput) -> bool:
        """Return whether the set was in force on the day, and none had taken its place."""
        following = self._sources.followed_from(body["policy"]["id"], no)
        return case.policy.in_force_on(case.today) and (following is None or case.today < following)

    def _path(self, history: CaseHistory) -> str:
        """Return the path of the unit of the case, which older events do not tell."""
        path = history.columns.get("unit_path")
        return path if path is not None else self._sources.unit_path(history.case_id) or ""

    def _own_grants(self, no: int, body: Body, path: str) -> tuple[Grant, ...]:
        """Return the actor's grants under which the event says they acted."""
        grants = self._sources.grants(UUID(body["actor"]), path, date.fromisoformat(body["on"]), no)
        principal = UUID(body["principal"]) if body.get("principal") else None
        return tuple(grant for grant in grants if grant.principal == principal)

    def _visitors(self, no: int, answers: Mapping[str, Any], path: str) -> dict[UUID, frozenset[UUID]]:
        """Return who of the named visitors had the role on the day of the visit, and for whom."""
        if "visitors" not in answers or "on" not in answers:
            return {}
        on, eligible = date.fromisoformat(answers["on"]), dict[UUID, frozenset[UUID]]()
        for account in map(UUID, answers["visitors"]):
            held = [each for each in self._sources.grants(account, path, on, no) if each.role is Role.VISITOR]
            principals = frozenset(each.principal for each in held if each.principal is not None)
            if held:
                eligible[account] = frozenset() if any(each.principal is None for each in held) else principals
        return eligible


def _opened(body: Body) -> CaseHistory | None:
    """Return the history that begins with an event; None when its programme is not known."""
    programme: Programme | None = PROGRAMMES.get(body.get("programme", ""))
    if programme is None:
        return None
    application = {"item": body["item"], "requested_fen": body["requested"], "answers": body.get("answers") or {}}
    application |= {"unit_path": body.get("unit")}
    history = CaseHistory(body["id"], programme, date.fromisoformat(body["on"]), application)
    registrars = {body["actor"], *([body["principal"]] if body.get("principal") else [])}
    history.duties |= {(Duty.REGISTRAR, UUID(each)) for each in registrars}
    history.take_in(body, None)
    return history


def _changed(body: Body) -> Mapping[str, Any]:
    """Return the columns of the case that an event changes."""
    of_case = (body.get("rows") or {}).get("case") or {}
    return of_case.get(body["id"]) or {}


def _differences(body: Body, step: Step, transition: Transition, case: RuleInput) -> Iterator[str]:
    """Yield a code for each part of the event that is not what the decision leads to."""
    if not body.get("to") == transition.target == _changed(body).get("state", case.facts.state):
        yield "state_differs"
    entries = [(each["source_pot"], each["target_pot"], each["fen"]) for each in body.get("entries") or ()]
    if entries != [(each.source.value, each.target.value, each.fen) for each in transition.postings]:
        yield "entries_differ"
    if not _duties_agree(body, transition, case):
        yield "duties_differ"
    if step.kind.stores_assessment or body.get("assessment") is not None:
        again = assessed(case) if step.kind.stores_assessment else None
        if json.loads(canonical_json(as_record(again) if again else None)) != body.get("assessment"):
            yield "assessment_differs"
    if not _award_follows(body, transition, case):
        yield "award_differs"


def _award_follows(body: Body, transition: Transition, case: RuleInput) -> bool:
    """Return whether the award after the step is that of its form, none after a correction, or else as it was."""
    kind = transition.step.kind
    kept = None if kind.corrects else case.facts.award
    award = transition.answers.get("award") if kind.names_fund else kept
    return bool(award == body.get("award") == _changed(body).get("award_fen", case.facts.award))


def _duties_agree(body: Body, transition: Transition, case: RuleInput) -> bool:
    """Return whether the event records the duty of the step for those who did it, and for nobody else."""
    people = case.actor.people(transition.grant)
    if transition.step.kind.by_visitors:
        people |= case.visitors_and_principals
    duty = transition.duty
    expected = {(duty, person) for person in people} if duty else set()
    recorded = {(Duty(each["duty"]), UUID(each["account_id"])) for each in body.get("duties") or ()}
    return recorded <= expected and expected - recorded <= case.facts.duties
