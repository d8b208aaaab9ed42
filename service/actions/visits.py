"""Visits without a case: festival, hardship, bereavement, the paired household, retired members."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from service.actions import fields, trail
from service.actions.authority import need, path_of
from service.actions.rows import Rows
from service.actions.trail import Asked, Unknown
from service.db import new_id
from service.privacy import seal
from service.queries import accounts, households
from service.tables.cases import visit, visit_visitor
from service.tables.households import pairing
from workflows.code_lists import OTHER_VISIT_KINDS, Deceased, Occasion, Place, VisitKind
from workflows.terms import Plain, Reason, Refused, Role

OF_A_HOUSEHOLD = {VisitKind.HARDSHIP, VisitKind.PAIRING}


@dataclass(frozen=True, slots=True)
class NewVisit:
    """Who went where, when and why; `companions` are people who came along without an account."""

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


def record_visit(tx: sa.Connection, new: NewVisit, asked: Asked) -> UUID:
    """Record a visit. Raises BadAnswers, Refused (visitor_not_entitled, not_paired, …), Unknown."""
    path = path_of(tx, new.unit_id)
    right = need(asked, (Role.VISITOR, Role.REGISTRAR), path)
    fields.refuse(_problems(new, asked.today))
    if new.household_id is not None and households.one(tx, new.household_id, asked.caller) is None:
        raise Unknown
    reasons = [*_strangers(tx, new, path), *_unpaired(tx, new)]
    if reasons:
        raise Refused(*reasons)
    row = new_id()
    columns = {name: getattr(new, name) for name in NewVisit.__slots__ if name not in {"visitors", "story"}}
    told = seal(asked.ring, "visit.story", row, new.story) if new.story else None
    rows = Rows()
    rows.add(visit, {"id": row, "unit_path": path, "story_sealed": told, "created_at": asked.at, **columns})
    rows.add(visit_visitor, *({"visit_id": row, "account_id": each} for each in sorted(set(new.visitors), key=str)))
    trail.append(tx, "visit", row, "record_visit", {**_told(new), **right}, asked, rows)
    return row


def _problems(new: NewVisit, today: date) -> Iterator[Reason]:
    yield from fields.choice("kind", new.kind, OTHER_VISIT_KINDS)
    yield from fields.choice("place", new.place, Place)
    yield from fields.choice("occasion", new.occasion, Occasion, required=new.kind == VisitKind.FESTIVAL)
    yield from fields.not_ahead("on", new.on, today)
    yield from fields.whole("companions", new.companions, 0, 10_000)
    yield from fields.text("story", new.story, longest=fields.LONGEST_STORY, required=False, sealed=True)
    if not new.visitors:
        yield Reason.of("answer_missing", field="visitors")
    if new.kind in OF_A_HOUSEHOLD and new.household_id is None:
        yield Reason.of("answer_missing", field="household_id")
    if new.kind == VisitKind.BEREAVEMENT:
        yield from fields.choice("relation_of_deceased", new.relation_of_deceased, Deceased)
    elif new.relation_of_deceased is not None:
        yield Reason.of("only_of_bereavement", field="relation_of_deceased")


def _strangers(tx: sa.Connection, new: NewVisit, path: str) -> list[Reason]:
    named = frozenset(new.visitors)
    strangers = named - accounts.entitled(tx, named, Role.VISITOR, path, new.on)
    named_in_order: list[Plain] = [str(each) for each in sorted(strangers, key=str)]
    return [Reason.of("visitor_not_entitled", accounts=named_in_order)] if strangers else []


def _unpaired(tx: sa.Connection, new: NewVisit) -> list[Reason]:
    """A pairing visit goes to a household that is paired with the unit on that day."""
    if new.kind != "pairing":
        return []
    on_that_day = sa.and_(pairing.c.from_on <= new.on, sa.func.coalesce(pairing.c.until_on, date.max) >= new.on)
    same = sa.and_(pairing.c.household_id == new.household_id, pairing.c.unit_id == new.unit_id)
    found = tx.scalar(sa.select(pairing.c.id).where(same, on_that_day).limit(1))
    return [] if found is not None else [Reason.of("not_paired", on=new.on.isoformat())]


def _told(new: NewVisit) -> dict[str, Plain]:
    told: dict[str, Plain] = {"kind": new.kind, "on": new.on.isoformat(), "unit": str(new.unit_id)}
    told |= {"visitors": ",".join(sorted(map(str, set(new.visitors)))), "with_employer": new.with_employer}
    return told | ({"household": str(new.household_id)} if new.household_id else {})
