"""Which letters a step owes, and to whom: an audience of the programme's table becomes rows of the outbox."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from service.actions.trail import Asked
from service.db import new_id
from service.queries.case_facts import Known
from workflows.letters import LETTERS, Audience
from workflows.machine import Move
from workflows.terms import APPROVERS, Record, Role


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who must hear: a member of staff, or the family's head."""

    account_id: UUID | None = None
    person_id: UUID | None = None
    kind: str | None = None


def owed(known: Known, move: Move, asked: Asked) -> list[dict[str, Any]]:
    """The outbox rows of a step: every reader once per channel he can be reached by."""
    if move.step.letter is None:
        return []
    letter = LETTERS[move.step.letter]
    found: dict[tuple[str, Reader], None] = {}
    for audience in letter.to:
        for reader in _AUDIENCES[audience](known, move):
            found[(reader.kind or letter.kind, reader)] = None
    common = {"subject_id": known.row.id, "seq": known.row.version + 1, "case_id": known.row.id}
    told = {"on": asked.today, "request": asked.request}
    return [{**row, **common, **told} for row in _addressed(known, found)]


def _addressed(known: Known, found: Iterable[tuple[str, Reader]]) -> Iterable[dict[str, Any]]:
    mailed = {who for who, mailed in known.registrars.items() if mailed}
    mailed |= {holder.account for holder in known.staff if holder.mailed}
    seen: set[tuple[str, str, UUID | None]] = set()
    for kind, reader in found:
        channels = ["email"] if reader.person_id else ["inbox", *(["email"] if reader.account_id in mailed else [])]
        for channel in channels:
            name = (kind, channel, reader.account_id or reader.person_id)
            if name not in seen:
                seen.add(name)
                yield _row(kind, channel, reader)


def _row(kind: str, channel: str, reader: Reader) -> dict[str, Any]:
    who = {"account_id": reader.account_id, "person_id": reader.person_id}
    return {"id": new_id(), "kind": kind, "channel": channel, **who}


def _family(known: Known, _move: Move) -> list[Reader]:
    """By mail when the head (or the student) gave an address; else the registrar is asked to tell the family."""
    if known.row.family_reader is not None:
        return [Reader(person_id=UUID(known.row.family_reader))]
    return [Reader(account_id=each, kind="tell_family") for each in sorted(known.registrars, key=str)]


def _registrar(known: Known, _move: Move) -> list[Reader]:
    return [Reader(account_id=each) for each in sorted(known.registrars, key=str)]


def _holders(role: Role, tier: Callable[[Known, Move], int] = lambda _known, _move: 0) -> "_Find":
    def find(known: Known, move: Move) -> list[Reader]:
        wanted = tier(known, move)
        found = {each.account for each in known.staff if each.role is role and (not wanted or each.tier == wanted)}
        return [Reader(account_id=each) for each in sorted(found - known.facts.family_staff, key=str)]

    return find


def _tier_after(known: Known, move: Move) -> int:
    """The tier that signs next: one above the tier that has just signed, if it has."""
    signed = 1 if move.step.record is Record.APPROVAL else 0
    return min(known.facts.next_tier + signed, len(APPROVERS))


_Find = Callable[[Known, Move], list[Reader]]

_AUDIENCES: Mapping[Audience, _Find] = {
    Audience.FAMILY: _family,
    Audience.REGISTRAR: _registrar,
    Audience.REVIEWERS: _holders(Role.REVIEWER),
    Audience.NEXT_APPROVERS: _holders(Role.APPROVER, _tier_after),
    Audience.CASHIERS: _holders(Role.CASHIER),
    Audience.STAFF: _registrar,
}
