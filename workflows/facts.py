"""Facts about a case and the requested action are the whole input of every rule."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeAlias
from uuid import UUID

from workflows.eligibility import Finances
from workflows.evidence import NOTHING_SEEN, Notice, Objection, Seen, Verification, Visit
from workflows.payment_states import Advice, Payment
from workflows.policy import PolicySet
from workflows.vocabulary import Actor, Duty, Fen, Grant, Plain, Reason
from workflows.workdays import Calendar


@dataclass(frozen=True, slots=True)
class Returned:
    """The latest return to survey: its event, its day, what to repeat besides the visit, whether papers came since."""

    seq: int
    on: date
    to_repeat: frozenset[str] = frozenset()
    papers_since: bool = False


@dataclass(frozen=True, slots=True)
class Approval:
    """One valid signature, and the digest of the content it covers."""

    tier: int
    by: UUID
    content: str


@dataclass(frozen=True, slots=True)
class Fund:
    """The fund line of a case; `available` is the amount that can still be committed."""

    available: Fen
    items: frozenset[str]
    categories: frozenset[str]
    opens_on: date
    expires_on: date
    settles_until: date | None = None
    """The last day on which what was committed while the line was open is paid; None: `expires_on`."""

    opened: bool = True
    """Whether the case's unit may use the line: it is the unit's own, or allocated to it."""

    share: Fen | None = None
    """What the case's unit may still use of another unit's line; None when there is no limit."""

    seen: bool = True
    """Whether the actor may see the line's amounts."""


@dataclass(frozen=True, slots=True)
class Award:
    """A grant of another case to this household or student, by any union.

    `fen` is what is committed or was paid, less what came back: money written off stays with the family.
    """

    item: str
    fen: Fen
    on: date
    school_year: str | None = None
    same_student: bool = False


class FactNotLoaded(AttributeError):
    """A rule reads a fact that it does not declare with `@reads`, so that nobody loaded it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything about a case that a rule may read; built from one SELECT, or by a test."""

    state: str
    opened_on: date
    entered_on: date
    item: str
    requested: Fen
    award: Fen | None = None
    category: str | None = None
    """The category that the review found and the notice showed."""

    outstanding: Fen = Fen(0)
    """What is committed, paid, or being recovered."""

    recovering: Fen = Fen(0)
    """What was recalled and neither came back nor was written off."""

    written_off: Fen = Fen(0)
    held: bool = False
    duties: frozenset[tuple[Duty, UUID]] = frozenset()
    family_staff: frozenset[UUID] = frozenset()
    answers: Mapping[str, Plain] = field(default_factory=dict)
    filed: bool = True
    beneficiary_in_family: bool = True
    division: str = ""
    cause: str = "other"
    finances: Finances | None = None
    finances_as_of: date | None = None
    seen: Seen = NOTHING_SEEN
    """What the file says now, in the form that a visit, a check and a notice keep of it."""

    consented_until: date | None = None
    papers: frozenset[str] = frozenset()
    documents: Mapping[str, str] = field(default_factory=dict)
    """The kind of each document in force of the family or the case, by its id."""

    visits: tuple[Visit, ...] = ()
    returned: Returned | None = None
    people: str = ""
    """The digest of the members on file now."""

    verification: Verification | None = None
    notice: Notice | None = None
    objections: tuple[Objection, ...] = ()
    """Every objection to an award of the case, also to an earlier one; the oldest first."""

    approvals: tuple[Approval, ...] = ()
    content: str = ""
    fund: Fund | None = None
    payee_in_family: bool | None = None
    no_number: Mapping[str, date | None] = field(default_factory=dict)
    """Who of `beneficiary` and `payee` has no identity number, with the last day of a confirmed reason, if any."""

    student_stage: str | None = None  # of the beneficiary, as the file says
    open_cases: Mapping[str, str] = field(default_factory=dict)  # numbers of others of the beneficiary, by item
    method: str | None = None  # stated at review and signed; None in a case reviewed before it was stated
    cash_reason: str | None = None
    payments: tuple[Payment, ...] = ()  # every attempt, in order
    advice: Advice | None = None  # stated of a return or a recovery, and not confirmed yet
    others: tuple[Award, ...] = ()
    pending: tuple[str, ...] = ()
    """The item of each other open case of the household or student that was opened before this one."""

    @classmethod
    def partial(cls, **loaded: Any) -> "Facts":
        """Return facts of which only these were loaded. Reading another raises FactNotLoaded."""
        facts = object.__new__(cls)
        for name, value in loaded.items():
            object.__setattr__(facts, name, value)
        return facts

    def replace(self, **changed: Any) -> "Facts":
        """Return the same facts with other values; what was not loaded stays so."""
        loaded = {name: getattr(self, name) for name in self.__slots__ if hasattr(self, name)}
        return Facts.partial(**loaded | changed)

    @property
    def kept(self) -> Fen:
        """Return what a paid family keeps as its award: what was paid and not recalled."""
        return Fen(self.outstanding - self.recovering)

    @property
    def next_tier(self) -> int:
        """Return the tier of the next signature, counted from 1."""
        return len(self.approvals) + 1

    @property
    def surveys(self) -> tuple[Visit, ...]:
        """Return the survey visits that count: those since the latest return to survey."""
        surveys = (visit for visit in self.visits if visit.kind == "survey")
        return tuple(visit for visit in surveys if self.returned is None or visit.seq > self.returned.seq)

    def must_repeat(self, part: str) -> bool:
        """Return whether the latest return to survey requires `part` (papers, verification) again."""
        return self.returned is not None and part in self.returned.to_repeat


def _refuse_unloaded(_facts: Facts, name: str) -> Any:
    raise FactNotLoaded(name)


# Set outside the class: mypy would let a class with __getattr__ have any attribute, and miss a misspelled fact.
Facts.__getattr__ = _refuse_unloaded  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class RuleInput:
    """The input of a rule: who requests an action, on which day, with which facts; `answers` is the action's form."""

    actor: Actor
    facts: Facts
    policy: PolicySet
    calendar: Calendar
    today: date
    """The day of the step: of the application, the review, the decision or the payment, as the step is."""

    answers: Mapping[str, object] = field(default_factory=dict)
    eligible_visitors: Mapping[UUID, frozenset[UUID]] = field(default_factory=dict)
    """The accounts of the answers that have the visitor's role over the case's unit on the day of the visit, each with
    the principals it acts for (none when the role is its own)."""

    first_decision_on: date | None = None
    """At a step that posts a notice: the first day on which the award can be decided, the day after the notice."""

    is_preview: bool = False
    """True when the rules only list the available actions, before a form is filled in."""

    def under(self, grant: Grant) -> "RuleInput":
        """Return the same input of an actor that has this grant and no other."""
        # dataclasses.replace() does the same in four times the time, and pages ask for each grant and each action.
        of_case = (self.facts, self.policy, self.calendar, self.today, self.answers, self.eligible_visitors)
        return RuleInput(Actor(self.actor.account, (grant,)), *of_case, self.first_decision_on, self.is_preview)

    def text(self, key: str) -> str | None:
        """Return the answer `key` when it is text, else None."""
        value = self.answers.get(key)
        return value if isinstance(value, str) else None

    def fen(self, key: str) -> Fen | None:
        """Return the answer `key` in fen when it is a number, else None."""
        value = self.answers.get(key)
        return Fen(value) if isinstance(value, int) and not isinstance(value, bool) else None

    def accounts(self, key: str) -> frozenset[UUID]:
        """Return the accounts in the answer `key`; none when it is not a list."""
        value = self.answers.get(key)
        return frozenset(UUID(str(each)) for each in value) if isinstance(value, list) else frozenset()

    @property
    def decided_on(self) -> date:
        """Return the day of the decision: today, or at review the first day on which it can be.

        The year of caps and repeated aid, and the open days of the fund line, are asked of this day.
        """
        return self.first_decision_on or self.today

    @property
    def visitors_and_principals(self) -> frozenset[UUID]:
        """Return the visitors and the principals they act for: a stand-in counts as both."""
        visitors = self.accounts("visitors")
        return visitors.union(*(self.eligible_visitors.get(each, frozenset()) for each in visitors))


Rule: TypeAlias = Callable[[RuleInput], Reason | None]
"""One question about a case: None where it holds, or the Reason why not."""

ON_DEMAND = frozenset(
    {
        "advice",
        "approvals",
        "beneficiary_in_family",
        "consented_until",
        "documents",
        "finances",
        "fund",
        "notice",
        "no_number",
        "objections",
        "open_cases",
        "others",
        "payments",
        "pending",
        "returned",
        "student_stage",
        "verification",
        "visits",
    }
)
"""Facts that are loaded only for the rules that declare them. The others come with the case and its household."""

_READS: dict[Rule, frozenset[str]] = {}


def reads(*facts: str) -> Callable[[Rule], Rule]:
    """Declare which facts of ON_DEMAND a rule reads, by itself or through what it calls. Raises ValueError for others."""
    unknown = set(facts) - ON_DEMAND
    if unknown:
        raise ValueError(f"not loaded on demand: {sorted(unknown)}")

    def declare(rule: Rule) -> Rule:
        _READS[rule] = frozenset(facts)
        return rule

    return declare


def declared_reads(rule: Rule) -> frozenset[str]:
    """Return the facts of ON_DEMAND that the rule declares."""
    return _READS.get(rule, frozenset())
