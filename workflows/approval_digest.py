"""The approval digest identifies the content that a signature covers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from hashlib import sha256
from uuid import UUID

from workflows.canonical_json import canonical_json, without_nulls
from workflows.vocabulary import Plain


@dataclass(frozen=True, slots=True)
class ApprovalContent:
    """The content that a signature covers (docs/design.md, "What always holds" 4); amounts are in fen.

    Any change of it voids the signature. The field names are part of the digest, so they never change. A new field is
    None for every case signed before it existed, so that the valid signatures stay valid.
    """

    item: str
    requested: int
    award: int | None
    fund: UUID | None
    policy: UUID
    category: str | None
    beneficiary: UUID
    payee: Mapping[str, Plain] | None
    """The payee's account: `id`, `card` (its blind index), `person_id`, and `in_family`."""

    form: Mapping[str, Plain]
    division: str
    cause: str
    identity: str
    observed: Sequence[str]
    misfortune: str | None
    finances_as_of: date | None
    idle_able_members: int
    finance_lines: Sequence[Mapping[str, Plain]]
    """`side`, `kind`, `person`, `fen` and `reimbursed` of each line, in a fixed order."""

    members: Sequence[Mapping[str, Plain]]
    """`id`, `name` and `number` (blind indexes) of each member, in a fixed order."""

    papers: Sequence[str]
    method: str | None = None
    """How the money is to reach the family; None for cases reviewed before the method was stated."""

    cash_reason: str | None = None
    documents: Sequence[Sequence[str]] | None = None
    """The kind and the SHA-256 (hex) of each document in force in which the papers were seen; None where there is none."""


_FIELDS = tuple(each.name for each in fields(ApprovalContent))


def content_record(content: ApprovalContent) -> str:
    """Return the content as canonical JSON by field name, without nulls: what a signature covers, in full."""
    return canonical_json(without_nulls({name: getattr(content, name) for name in _FIELDS}))


def approval_digest(content: ApprovalContent) -> str:
    """Return the digest that an approval stores: SHA-256 in hex of its record."""
    return sha256(content_record(content).encode()).hexdigest()
