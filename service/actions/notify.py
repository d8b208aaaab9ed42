"""Builds the outbox rows of a step: each audience becomes people, each person one row per channel."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from service.actions.context import ActionContext
from service.db.columns import new_id
from service.queries.case_loading.loaded_case import LoadedCase
from workflows.notifications import NOTIFICATIONS, Audience
from workflows.state_machine import Transition
from workflows.vocabulary import APPROVERS, Role


@dataclass(frozen=True, slots=True)
class Recipient:
    """A member of staff, or the head of the family."""

    account_id: UUID | None = None
    person_id: UUID | None = None
    kind: str | None = None


def notifications_for(loaded: LoadedCase, transition: Transition, context: ActionContext) -> list[dict[str, Any]]:
    """Return the outbox rows of a step: each recipient once per channel they can be reached by."""
    if transition.step.notification is None:
        return []
    notification = NOTIFICATIONS[transition.step.notification]
    found: dict[tuple[str, Recipient], None] = {}
    for audience in notification.to:
        for reader in _RECIPIENTS_OF[audience](loaded, transition):
            found[(reader.kind or notification.kind, reader)] = None
    common = {"subject_id": loaded.row.id, "seq": loaded.row.version + 1, "case_id": loaded.row.id}
    told = {"on": context.today, "request": context.request}
    return [{**row, **common, **told} for row in _addressed(loaded, found)]


def _addressed(loaded: LoadedCase, found: Iterable[tuple[str, Recipient]]) -> Iterable[dict[str, Any]]:
    mailed = {who for who, mailed in loaded.registrars.items() if mailed}
    mailed |= {holder.account for holder in loaded.staff if holder.has_email}
    seen: set[tuple[str, str, UUID | None]] = set()
    for kind, reader in found:
        channels = ["email"] if reader.person_id else ["inbox", *(["email"] if reader.account_id in mailed else [])]
        for channel in channels:
            name = (kind, channel, reader.account_id or reader.person_id)
            if name not in seen:
                seen.add(name)
                yield _row(kind, channel, reader)


def _row(kind: str, channel: str, reader: Recipient) -> dict[str, Any]:
    who = {"account_id": reader.account_id, "person_id": reader.person_id}
    return {"id": new_id(), "kind": kind, "channel": channel, **who}


def _family(loaded: LoadedCase, _move: Transition) -> list[Recipient]:
    """By e-mail when the head or the student gave an address; else the registrar is asked to inform the family."""
    if loaded.row.family_reader is not None:
        return [Recipient(person_id=UUID(loaded.row.family_reader))]
    return [Recipient(account_id=each, kind="tell_family") for each in sorted(loaded.registrars, key=str)]


def _registrar(loaded: LoadedCase, _move: Transition) -> list[Recipient]:
    return [Recipient(account_id=each) for each in sorted(loaded.registrars, key=str)]


def _holders(role: Role, tier: Callable[[LoadedCase, Transition], int] = lambda _known, _move: 0) -> "_Find":
    def find(loaded: LoadedCase, transition: Transition) -> list[Recipient]:
        wanted = tier(loaded, transition)
        found = {each.account for each in loaded.staff if each.role is role and (not wanted or each.tier == wanted)}
        return [Recipient(account_id=each) for each in sorted(found - loaded.facts.family_staff, key=str)]

    return find


def _tier_after(loaded: LoadedCase, transition: Transition) -> int:
    """Return the tier that signs next: one above the tier that has just signed, if one has."""
    signed = 1 if transition.step.kind.signs else 0
    return min(loaded.facts.next_tier + signed, len(APPROVERS))


_Find = Callable[[LoadedCase, Transition], list[Recipient]]

_RECIPIENTS_OF: Mapping[Audience, _Find] = {
    Audience.FAMILY: _family,
    Audience.REGISTRAR: _registrar,
    Audience.REVIEWERS: _holders(Role.REVIEWER),
    Audience.NEXT_APPROVERS: _holders(Role.APPROVER, _tier_after),
    Audience.CASHIERS: _holders(Role.CASHIER),
    Audience.STAFF: _registrar,
    Audience.NAMED: lambda _loaded, _move: [],
}
