"""Visits outside cases: festival, hardship, bereavement, pairing, retired members."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, validation
from service.actions.context import ActionContext
from service.actions.errors import NotFound
from service.actions.permissions import require_role, unit_path_of
from service.actions.write_batch import WriteBatch
from service.crypto.encryption import encrypt_field
from service.db.columns import new_id
from service.queries import accounts, households
from service.tables.pairings import pairing
from service.tables.visits import visit, visit_visitor
from workflows.code_lists import OTHER_VISIT_KINDS, Deceased, Occasion, Place, VisitKind
from workflows.vocabulary import Plain, Reason, Refused, Role

KINDS_WITH_HOUSEHOLD = {VisitKind.HARDSHIP, VisitKind.PAIRING}


@dataclass(frozen=True, slots=True)
class NewVisit:
    """A visit: who went, where, when and why; `companions` counts people who came along without an account."""

    unit_id: UUID
    kind: str
    on: date
    place: str
    visitors: tuple[UUID, ...]
    household_id: UUID | None = None
    occasion: str | None = None
    with_employer: bool = False
    companions: int | None = None
    relation_of_deceased: str | None = None
    story: str | None = None


def record_visit(conn: sa.Connection, new: NewVisit, context: ActionContext) -> UUID:
    """Record a visit. Raises InvalidForm, Refused (visitor_not_entitled, not_paired, …), NotFound."""
    unit_path = unit_path_of(conn, new.unit_id)
    right = require_role(context, (Role.VISITOR, Role.REGISTRAR), unit_path)
    validation.refuse_invalid(_problems(new, context.today))
    if new.household_id is not None and households.one(conn, new.household_id, context.caller) is None:
        raise NotFound
    reasons = [*_unentitled_visitors(conn, new, unit_path), *_missing_pairing(conn, new)]
    if reasons:
        raise Refused(*reasons)
    visit_id = new_id()
    columns = {name: getattr(new, name) for name in NewVisit.__slots__ if name not in {"visitors", "story"}}
    story_sealed = encrypt_field(context.keyring, "visit.story", visit_id, new.story) if new.story else None
    batch = WriteBatch()
    batch.add(
        visit,
        {"id": visit_id, "unit_path": unit_path, "story_sealed": story_sealed, "created_at": context.at, **columns},
    )
    batch.add(
        visit_visitor,
        *({"visit_id": visit_id, "account_id": account_id} for account_id in sorted(set(new.visitors), key=str)),
    )
    event_log.append_event(conn, "visit", visit_id, "record_visit", {**_visit_facts(new), **right}, context, batch)
    return visit_id


def _problems(new: NewVisit, today: date) -> Iterator[Reason]:
    yield from validation.choice("kind", new.kind, OTHER_VISIT_KINDS)
    yield from validation.choice("place", new.place, Place)
    yield from validation.choice("occasion", new.occasion, Occasion, required=new.kind == VisitKind.FESTIVAL)
    yield from validation.not_in_future("on", new.on, today)
    yield from validation.whole_number("companions", new.companions, 0, 10_000)
    yield from validation.text("story", new.story, longest=validation.MAX_STORY, required=False, sealed=True)
    if not new.visitors:
        yield Reason.of("answer_missing", field="visitors")
    if new.kind in KINDS_WITH_HOUSEHOLD and new.household_id is None:
        yield Reason.of("answer_missing", field="household_id")
    if new.kind == VisitKind.BEREAVEMENT:
        yield from validation.choice("relation_of_deceased", new.relation_of_deceased, Deceased)
    elif new.relation_of_deceased is not None:
        yield Reason.of("only_of_bereavement", field="relation_of_deceased")


def _unentitled_visitors(conn: sa.Connection, new: NewVisit, unit_path: str) -> list[Reason]:
    visitors = frozenset(new.visitors)
    unentitled = visitors - accounts.eligible_visitors(conn, visitors, Role.VISITOR, unit_path, new.on)
    account_ids: list[Plain] = [str(account_id) for account_id in sorted(unentitled, key=str)]
    return [Reason.of("visitor_not_entitled", accounts=account_ids)] if unentitled else []


def _missing_pairing(conn: sa.Connection, new: NewVisit) -> list[Reason]:
    """Refuse a pairing visit to a household that is not paired with the unit on that day."""
    if new.kind != "pairing":
        return []
    in_force = sa.and_(pairing.c.from_on <= new.on, sa.func.coalesce(pairing.c.until_on, date.max) >= new.on)
    same_pair = sa.and_(pairing.c.household_id == new.household_id, pairing.c.unit_id == new.unit_id)
    pairing_id = conn.scalar(sa.select(pairing.c.id).where(same_pair, in_force).limit(1))
    return [] if pairing_id is not None else [Reason.of("not_paired", on=new.on.isoformat())]


def _visit_facts(new: NewVisit) -> dict[str, Plain]:
    facts: dict[str, Plain] = {"kind": new.kind, "on": new.on.isoformat(), "unit": str(new.unit_id)}
    facts |= {"visitors": ",".join(sorted(map(str, set(new.visitors)))), "with_employer": new.with_employer}
    return facts | ({"household": str(new.household_id)} if new.household_id else {})
