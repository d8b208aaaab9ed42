"""A loaded case: its row, the facts the rules read, and who holds a role over its unit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Protocol
from uuid import UUID

from workflows.facts import Facts
from workflows.vocabulary import Duty, Plain, Role


class Reviewed(Protocol):
    """What the review states and the approvers sign: of a loaded case, or of a case after a step."""

    @property
    def award_fen(self) -> int | None: ...
    @property
    def fund_id(self) -> UUID | None: ...
    @property
    def policy_set_id(self) -> UUID: ...
    @property
    def category(self) -> str | None: ...
    @property
    def method(self) -> str | None: ...
    @property
    def cash_reason(self) -> str | None: ...


REVIEWED = ("award_fen", "fund_id", "policy_set_id", "category", "method", "cash_reason")
"""The columns of Reviewed."""


class CaseRow:
    """The columns of a case and its household, and the facts that were loaded, as the database gave them."""

    id: UUID
    case_no: str
    programme: str
    unit_id: UUID
    unit_path: str
    household_id: UUID
    beneficiary_id: UUID
    item: str
    state: str
    phase: str
    version: int
    answers: Mapping[str, Plain]
    first_item: str | None
    first_answers: Mapping[str, Plain] | None
    first_requested_fen: int | None
    """The first values of the application, once a correction has replaced them."""

    requested_fen: int
    award_fen: int | None
    outstanding_fen: int
    recovering_fen: int
    written_off_fen: int
    category: str | None
    method: str | None
    cash_reason: str | None
    fund_id: UUID | None
    policy_set_id: UUID
    opened_on: date
    entered_on: date
    due_on: date | None
    due_is_provisional: bool
    held_until: date | None
    head_hash: bytes
    division: str
    cause: str
    identity: str
    observed: list[str]
    event_kind: str | None
    idle_able_members: int
    finances_as_of: date | None
    exited_on: date | None
    aid_version: int
    file_version: int
    category_case_id: UUID | None
    """The case whose decision the category of the file cites."""

    policies: list[str] | None
    """Ids of the policy sets whose dates cover the day."""

    calendar: list[tuple[int, str]] | None
    """Years whose working days are known, each with the digest of its file."""

    duties: list[tuple[str, str, bool]] | None
    filers: list[str] | None
    family_staff: list[str] | None
    lines: list[list[Any]] | None
    members: list[list[Any]] | None
    papers: list[str] | None
    scanned: list[list[str]] | None
    documents: dict[str, str] | None
    named_before: list[str] | None
    """Documents that earlier steps named."""

    photo_digests: dict[str, str] | None
    """The SHA-256 (hex) of each document in force of the family or the case, by its id."""

    payee: dict[str, Any] | None
    beneficiary_in_family: bool | None
    no_number: dict[str, str | None] | None
    consented_until: str | None
    visits: list[dict[str, Any]] | None
    returned: dict[str, Any] | None
    verification: dict[str, Any] | None
    notice: dict[str, Any] | None
    objections: list[dict[str, Any]] | None
    approvals: list[list[Any]] | None
    student_stage: str | None
    open_cases: list[tuple[str, str]] | None
    decided_before: dict[str, Any] | None
    payments: list[list[Any]] | None
    advice: dict[str, Any] | None
    others: list[list[Any]] | None
    pending: list[str] | None
    prior_aid: list[list[Any]] | None
    fund: dict[str, Any] | None
    named_fund: dict[str, Any] | None
    family_reader: str | None
    head: dict[str, str]

    def __init__(self, columns: Mapping[str, Any]) -> None:
        self.__dict__.update(columns)


@dataclass(frozen=True, slots=True)
class RoleHolder:
    """An account that holds a role over the case's unit on the day."""

    account: UUID
    role: Role
    tier: int
    has_email: bool
    principal: UUID | None = None
    """The account the role is held for, where it is not the holder's own."""


@dataclass(frozen=True, slots=True)
class LoadedCase:
    """One case as it was loaded, locked or not."""

    row: CaseRow
    facts: Facts

    staff: tuple[RoleHolder, ...] = ()
    """Who holds one of the roles that the plan asked for."""

    line: Mapping[str, Any] | None = None
    """The case's fund line, where it was locked with the case."""

    @property
    def bank_account(self) -> UUID | None:
        """The account on file that a transfer would go to."""
        return UUID(self.row.payee["id"]) if self.row.payee else None

    @property
    def registrars(self) -> dict[UUID, bool]:
        """Who registered the case, and whether they have an e-mail address."""
        duties = self.row.duties or ()
        return {uuid_of(account): email for duty, account, email in duties if duty == Duty.REGISTRAR.value}

    def eligible_visitors(self, named: frozenset[UUID]) -> dict[UUID, frozenset[UUID]]:
        """Return those of `named` who may visit, each with whom they stand in for: nobody where a grant is their own."""
        principals: dict[UUID, frozenset[UUID | None]] = {}
        for holder in self.staff:
            if holder.role is Role.VISITOR and holder.account in named:
                principals[holder.account] = principals.get(holder.account, frozenset()) | {holder.principal}
        return {
            account: frozenset() if None in held_for else frozenset(each for each in held_for if each)
            for account, held_for in principals.items()
        }


@lru_cache(maxsize=8192)
def uuid_of(text: str) -> UUID:
    """Return an id from its text. Cached: the same few accounts are in every case, and parsing costs more than a look-up."""
    return UUID(text)
