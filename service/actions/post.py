"""Which letters a step owes, and to whom: an audience of the programme's table becomes rows of the outbox."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions.trail import Asked
from service.db import new_id
from service.queries import accounts
from service.queries.case_facts import Known
from service.tables.people import person
from service.tables.units import account
from workflows.letters import LETTERS, Audience
from workflows.machine import Move
from workflows.terms import APPROVERS, Duty, Record, Role


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who must hear: a member of staff, or the family's head."""

    account_id: UUID | None = None
    person_id: UUID | None = None
    kind: str | None = None


def owed(tx: sa.Connection, known: Known, move: Move, asked: Asked) -> list[dict[str, Any]]:
    """The outbox rows of a step: every reader once per channel he can be reached by."""
    if move.step.letter is None:
        return []
    letter = LETTERS[move.step.letter]
    found: dict[tuple[str, Reader], None] = {}
    for audience in letter.to:
        for reader in _AUDIENCES[audience](tx, known, move, asked):
            found[(reader.kind or letter.kind, reader)] = None
    return list(_addressed(tx, found))


def _addressed(tx: sa.Connection, found: Iterable[tuple[str, Reader]]) -> Iterable[dict[str, Any]]:
    readers = list(found)
    staff = [reader.account_id for _, reader in readers if reader.account_id]
    mailed = set(tx.scalars(sa.select(account.c.id).where(account.c.id.in_(staff), account.c.email.is_not(None))))
    seen: set[tuple[str, str, UUID | None]] = set()
    for kind, reader in readers:
        channels = ["email"] if reader.person_id else ["inbox", *(["email"] if reader.account_id in mailed else [])]
        for channel in channels:
            name = (kind, channel, reader.account_id or reader.person_id)
            if name not in seen:
                seen.add(name)
                yield _row(kind, channel, reader)


def _row(kind: str, channel: str, reader: Reader) -> dict[str, Any]:
    return {
        "id": str(new_id()),
        "kind": kind,
        "channel": channel,
        "account_id": str(reader.account_id) if reader.account_id else None,
        "person_id": str(reader.person_id) if reader.person_id else None,
    }


def _registrars(known: Known) -> list[UUID]:
    return sorted(known.facts.acted(Duty.REGISTRAR), key=str)


def _family(tx: sa.Connection, known: Known, _move: Move, _asked: Asked) -> list[Reader]:
    """By mail when the head (or the student) gave an address; else the registrar is asked to tell the family."""
    reachable = tx.scalar(
        sa.select(person.c.id)
        .where(person.c.household_id == known.row.household_id, person.c.active, person.c.email_sealed.is_not(None))
        .order_by(person.c.relation != "head", person.c.id)
        .limit(1)
    )
    if reachable is not None:
        return [Reader(person_id=reachable)]
    return [Reader(account_id=each, kind="tell_family") for each in _registrars(known)]


def _registrar(_tx: sa.Connection, known: Known, _move: Move, _asked: Asked) -> list[Reader]:
    return [Reader(account_id=each) for each in _registrars(known)]


def _holders(role: Role, tier: Callable[[Known, Move], int] = lambda _known, _move: 0) -> "_Find":
    def find(tx: sa.Connection, known: Known, move: Move, asked: Asked) -> list[Reader]:
        holding = accounts.holding(tx, role, known.row.unit_path, asked.today, tier=tier(known, move))
        return [Reader(account_id=each) for each in holding if each not in known.facts.family_staff]

    return find


def _tier_after(known: Known, move: Move) -> int:
    """The tier that signs next: one above the tier that has just signed, if it has."""
    signed = 1 if move.step.record is Record.APPROVAL else 0
    return min(known.facts.next_tier + signed, len(APPROVERS))


_Find = Callable[[sa.Connection, Known, Move, Asked], list[Reader]]

_AUDIENCES: Mapping[Audience, _Find] = {
    Audience.FAMILY: _family,
    Audience.REGISTRAR: _registrar,
    Audience.REVIEWERS: _holders(Role.REVIEWER),
    Audience.NEXT_APPROVERS: _holders(Role.APPROVER, _tier_after),
    Audience.CASHIERS: _holders(Role.CASHIER),
    Audience.STAFF: _registrar,
}
