"""The vocabulary defines the types that every other module uses: roles, duties, phases, pots, reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType, TypeAlias
from uuid import UUID

Fen = NewType("Fen", int)
"""An amount of money in whole fen (分); 100 fen are one yuan (元). Never a float."""


class Role(StrEnum):
    """A role that a dated grant gives to a person in a unit and all units below it (docs/domain/procedure.md §1.2)."""

    REGISTRAR = "registrar"
    VISITOR = "visitor"
    VERIFIER = "verifier"
    REVIEWER = "reviewer"
    APPROVER = "approver"
    CASHIER = "cashier"
    CLOCK = "clock"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Duty(StrEnum):
    """A duty that a person has done on one case. Kept for good, so that incompatible duties are found."""

    REGISTRAR = "registrar"
    FILER = "filer"
    """Wrote the household file, or recorded that its papers were seen."""
    VISITOR = "visitor"
    VERIFIER = "verifier"
    REVIEWER = "reviewer"
    APPROVER = "approver"
    APPROVER_1 = "approver_1"
    APPROVER_2 = "approver_2"
    APPROVER_3 = "approver_3"
    APPROVER_4 = "approver_4"
    APPROVER_5 = "approver_5"
    APPROVER_6 = "approver_6"
    APPROVER_7 = "approver_7"
    APPROVER_8 = "approver_8"
    APPROVER_9 = "approver_9"
    PAYER = "payer"
    PAYMENT_CONFIRMER = "payment_confirmer"
    """Compared the bank's advice, or saw cash handed over: the second person of every movement that a payer states."""
    RECEIPT_WITNESS = "receipt_witness"
    FOLLOWER = "follower"


APPROVERS = tuple(duty for duty in Duty if duty.value.startswith("approver_"))
"""The duty of each approval tier, from tier 1; a policy set names at most as many tiers."""


def _incompatible_pairs() -> frozenset[frozenset[Duty]]:
    """Return the matrix of docs/domain/procedure.md §1.2 as unordered pairs; docs/decisions/0033 lists who may do what."""
    makers = (Duty.REGISTRAR, Duty.FILER, Duty.VISITOR, Duty.VERIFIER, Duty.REVIEWER)
    first_hands = (Duty.REGISTRAR, Duty.FILER, Duty.VISITOR)
    pairs = {frozenset((maker, check)) for maker in first_hands for check in (Duty.VERIFIER, Duty.REVIEWER)}
    pairs.add(frozenset((Duty.VERIFIER, Duty.REVIEWER)))
    deciders, after_it = (Duty.REVIEWER, *APPROVERS), (Duty.RECEIPT_WITNESS, Duty.FOLLOWER)
    pairs |= {frozenset((decider, after)) for decider in deciders for after in after_it}
    pairs |= {frozenset((maker, Duty.FOLLOWER)) for maker in (*first_hands, Duty.RECEIPT_WITNESS)}
    pairs |= {frozenset((maker, approver)) for maker in makers for approver in APPROVERS}
    pairs |= {frozenset((maker, money)) for maker in makers for money in (Duty.PAYER, Duty.PAYMENT_CONFIRMER)}
    pairs |= {frozenset((lower, upper)) for lower in APPROVERS for upper in APPROVERS if lower != upper}
    pairs |= {frozenset((approver, money)) for approver in APPROVERS for money in (Duty.PAYER, Duty.PAYMENT_CONFIRMER)}
    pairs |= {frozenset((Duty.PAYER, after)) for after in (Duty.PAYMENT_CONFIRMER, Duty.RECEIPT_WITNESS, Duty.FOLLOWER)}
    pairs |= {frozenset((Duty.PAYMENT_CONFIRMER, after)) for after in (Duty.RECEIPT_WITNESS, Duty.FOLLOWER)}
    return frozenset(pairs)


INCOMPATIBLE_DUTIES: frozenset[frozenset[Duty]] = _incompatible_pairs()
"""Pairs of duties that one person never has on one case; the database has the same list."""


class Phase(StrEnum):
    """The phase of a case, the same for every programme."""

    SURVEY = "survey"
    APPROVAL = "approval"
    DISBURSEMENT = "disbursement"
    FOLLOW_UP = "follow_up"
    ENDED = "ended"


class Pot(StrEnum):
    """A part of one fund's money. `outside` is where the money was allocated from."""

    OUTSIDE = "outside"
    AVAILABLE = "available"
    COMMITTED = "committed"
    IN_TRANSIT = "in_transit"
    """Left the bank, or is on its way back, and the bank's word is not confirmed yet."""
    PAID = "paid"
    RECOVERING = "recovering"
    WRITTEN_OFF = "written_off"


class Sum(StrEnum):
    """The amount of a money movement: the whole award, the amount in the form, or all that is being recovered."""

    AWARD = "award"
    ANSWER = "answer"
    REST = "rest"


LEGAL_MOVES: tuple[tuple[Pot, Pot], ...] = (
    (Pot.OUTSIDE, Pot.AVAILABLE),
    (Pot.AVAILABLE, Pot.OUTSIDE),
    (Pot.AVAILABLE, Pot.COMMITTED),
    (Pot.COMMITTED, Pot.AVAILABLE),
    (Pot.COMMITTED, Pot.IN_TRANSIT),
    (Pot.IN_TRANSIT, Pot.PAID),
    (Pot.IN_TRANSIT, Pot.COMMITTED),
    (Pot.PAID, Pot.IN_TRANSIT),
    (Pot.AVAILABLE, Pot.PAID),
    (Pot.PAID, Pot.RECOVERING),
    (Pot.RECOVERING, Pot.AVAILABLE),
    (Pot.RECOVERING, Pot.WRITTEN_OFF),
)
"""The moves that an entry may make; the table `pot_move` has the same list (docs/domain/funds.md §4.3).

Money that left the fund is never available before it came back: there is no `paid → available`."""


@dataclass(frozen=True, slots=True)
class Money:
    """A movement between two pots of the case's fund, as a column of a programme's table."""

    source: Pot
    target: Pot
    amount: Sum = Sum.AWARD


class Record(StrEnum):
    """The kind of row that a step writes beside its event."""

    CORRECTION = "correction"
    VISIT = "visit"
    VISIT_CONFIRMED = "visit_confirmed"
    PAPERS = "papers"
    RESURVEY = "resurvey"
    VERIFICATION = "verification"
    AWARD = "award"
    OBJECTION = "objection"
    OBJECTION_ANSWER = "objection_answer"
    NOTICE_END = "notice_end"
    APPROVAL = "approval"
    VOID_APPROVALS = "void_approvals"
    PAYMENT = "payment"
    PAYMENT_CONFIRMED = "payment_confirmed"
    PAYMENT_FAILED = "payment_failed"
    PAYMENT_RETURNED = "payment_returned"
    RETURN_CONFIRMED = "return_confirmed"
    RETURN_REJECTED = "return_rejected"
    RECOVERY = "recovery"
    RECOVERY_CONFIRMED = "recovery_confirmed"
    RECOVERY_REJECTED = "recovery_rejected"
    RECEIPT = "receipt"
    RECALL = "recall"
    HOLD = "hold"
    RESUME = "resume"


Plain: TypeAlias = "str | int | bool | Sequence[Plain] | Mapping[str, Plain] | None"
"""A value that an event may contain: no float and no other object, so that every machine prints it alike."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A stable code for one refusal, with the values that were compared; its text is in the message catalogue."""

    code: str
    values: Mapping[str, Plain] = field(default_factory=dict)

    @staticmethod
    def of(code: str, **values: Plain) -> "Reason":
        """Return a reason: `Reason.of("notice_running", ends_on="2025-10-13")`."""
        return Reason(code, values)


class Refused(Exception):
    """A refusal, with every reason at once."""

    def __init__(self, *reasons: Reason) -> None:
        super().__init__(", ".join(reason.code for reason in reasons))
        self.reasons = reasons

    @property
    def codes(self) -> list[str]:
        """Return the codes, in the order of the rules in the table."""
        return [reason.code for reason in self.reasons]


class InvalidForm(Exception):
    """A form that is filled in wrongly; each problem names the field, the fault and the valid values."""

    def __init__(self, *problems: Reason) -> None:
        super().__init__(", ".join(f"{problem.values.get('field')}: {problem.code}" for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Grant:
    """A role in force for the case's unit on the day; `principal` is the role's own holder, when another acts."""

    role: Role
    tier: int = 0
    principal: UUID | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """The acting account and its grants over the case's unit on the day of the action."""

    account: UUID
    grants: tuple[Grant, ...] = ()

    def grants_as(self, roles: tuple[Role, ...]) -> tuple[Grant, ...]:
        """Return the grants for any of `roles`, the account's own before those of a principal."""
        grants = [grant for grant in self.grants if grant.role in roles]
        return tuple(sorted(grants, key=lambda grant: (grant.principal is not None, -grant.tier)))

    def people(self, grant: Grant) -> frozenset[UUID]:
        """Return the account and the principal of the grant.

        A stand-in counts as both (docs/design.md, "What always holds" 2).
        """
        return frozenset((self.account,) if grant.principal is None else (self.account, grant.principal))
