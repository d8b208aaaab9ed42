"""The words every other file speaks: roles, duties, phases, pots, reasons, and what is asked of a programme."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType, TypeAlias
from uuid import UUID

Fen = NewType("Fen", int)
"""An amount of money in whole fen (分); 100 fen are one yuan (元). Never a float."""


class Role(StrEnum):
    """What a dated grant lets a person do in a unit and everything below it (domain/1 §1.2)."""

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
    """What a person has done on one case; kept for good, so that hands can be told apart."""

    REGISTRAR = "registrar"
    FILER = "filer"
    """Wrote the family's file or said that its papers were seen."""
    VISITOR = "visitor"
    VERIFIER = "verifier"
    REVIEWER = "reviewer"
    APPROVER = "approver"
    APPROVER_1 = "approver_1"
    APPROVER_2 = "approver_2"
    APPROVER_3 = "approver_3"
    PAYER = "payer"
    RECEIPT_WITNESS = "receipt_witness"
    FOLLOWER = "follower"


APPROVERS = (Duty.APPROVER_1, Duty.APPROVER_2, Duty.APPROVER_3)


def _incompatible_pairs() -> frozenset[frozenset[Duty]]:
    """Spell out the matrix of domain/1 §1.2 as unordered pairs."""
    makers = (Duty.REGISTRAR, Duty.FILER, Duty.VISITOR, Duty.VERIFIER, Duty.REVIEWER)
    pairs = {frozenset((maker, Duty.REVIEWER)) for maker in (Duty.REGISTRAR, Duty.FILER, Duty.VISITOR)}
    pairs |= {frozenset((maker, approver)) for maker in makers for approver in APPROVERS}
    pairs |= {frozenset((maker, Duty.PAYER)) for maker in makers}
    pairs |= {frozenset((lower, upper)) for lower in APPROVERS for upper in APPROVERS if lower != upper}
    pairs |= {frozenset((approver, Duty.PAYER)) for approver in APPROVERS}
    pairs |= {frozenset((Duty.PAYER, Duty.RECEIPT_WITNESS)), frozenset((Duty.PAYER, Duty.FOLLOWER))}
    return frozenset(pairs)


INCOMPATIBLE_DUTIES: frozenset[frozenset[Duty]] = _incompatible_pairs()
"""Pairs of duties that never meet in one person on one case; the database keeps the same list."""


class Phase(StrEnum):
    """Where any case of any programme stands, for every screen."""

    SURVEY = "survey"
    APPROVAL = "approval"
    DISBURSEMENT = "disbursement"
    FOLLOW_UP = "follow_up"
    ENDED = "ended"


class Pot(StrEnum):
    """Where money of one fund lies. `outside` is the world that granted it."""

    OUTSIDE = "outside"
    AVAILABLE = "available"
    COMMITTED = "committed"
    PAID = "paid"
    RECOVERING = "recovering"
    WRITTEN_OFF = "written_off"


class Sum(StrEnum):
    """How much a money movement moves: the whole award, the part named in the answers, or what is still out."""

    AWARD = "award"
    ANSWER = "answer"
    REST = "rest"


@dataclass(frozen=True, slots=True)
class Money:
    """A movement between two pots of the case's fund, as a column of a programme's table."""

    source: Pot
    target: Pot
    amount: Sum = Sum.AWARD


class Record(StrEnum):
    """The row a step leaves beside its event."""

    VISIT = "visit"
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
    PAYMENT_RETURNED = "payment_returned"
    RECEIPT = "receipt"
    RECALL = "recall"
    HOLD = "hold"
    RESUME = "resume"


Plain: TypeAlias = "str | int | bool | Sequence[Plain] | Mapping[str, Plain] | None"
"""What may stand in an event: no float, no object, nothing that two machines would print differently."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One stable code why not, with the values that were compared; words come from the catalogue."""

    code: str
    values: Mapping[str, Plain] = field(default_factory=dict)

    @staticmethod
    def of(code: str, **values: Plain) -> "Reason":
        """Write `Reason.of("notice_running", ends_on="2025-10-13")`."""
        return Reason(code, values)


class Refused(Exception):
    """The only "no" in the house: every reason at once."""

    def __init__(self, *reasons: Reason) -> None:
        super().__init__(", ".join(reason.code for reason in reasons))
        self.reasons = reasons

    @property
    def codes(self) -> list[str]:
        """The codes alone, in the order the rules stand in the table."""
        return [reason.code for reason in self.reasons]


class InvalidForm(Exception):
    """The form was filled in wrongly: which question, what is wrong, and what would do."""

    def __init__(self, *problems: Reason) -> None:
        super().__init__(", ".join(f"{problem.values.get('field')}: {problem.code}" for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Grant:
    """A role in force for the case's unit on the day; `principal` is the person stood in for, if any."""

    role: Role
    tier: int = 0
    principal: UUID | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an account and the grants it holds over the case's unit on the day of the action."""

    account: UUID
    grants: tuple[Grant, ...] = ()

    def grants_as(self, roles: tuple[Role, ...]) -> tuple[Grant, ...]:
        """The grants for any of `roles`, own ones before those held for someone else."""
        held = [grant for grant in self.grants if grant.role in roles]
        return tuple(sorted(held, key=lambda grant: (grant.principal is not None, -grant.tier)))

    def people(self, grant: Grant) -> frozenset[UUID]:
        """A stand-in counts as both persons (design, "What always holds" 2)."""
        return frozenset((self.account,) if grant.principal is None else (self.account, grant.principal))
