"""What binds a household to others: its signed consent, and the unit paired with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from service.actions import fields, trail
from service.actions.authority import need, path_of
from service.actions.persons import file_open, touch
from service.actions.rows import Rows
from service.actions.trail import Asked, Unknown
from service.db import new_id
from service.queries import households
from service.tables.households import consent, pairing
from workflows.terms import Plain, Reason, Refused, Role


@dataclass(frozen=True, slots=True)
class Consent:
    """A signed authorisation (承诺与授权): which text, by how many adults, from when until when."""

    signed_on: date
    until_on: date
    text_version: str
    adults_signed: int


@dataclass(frozen=True, slots=True)
class Pairing:
    """结对帮扶: a unit that keeps up with a household under a named programme."""

    unit_id: UUID
    programme_name: str
    issued_by: str
    from_on: date
    until_on: date | None = None


def consent_problems(new: Consent, today: date, place: str = "") -> Iterator[Reason]:
    """Everything that is wrong with a consent."""
    yield from fields.not_ahead(f"{place}signed_on", new.signed_on, today)
    yield from fields.in_order(f"{place}until_on", new.signed_on, new.until_on)
    yield from fields.shaped(f"{place}text_version", new.text_version, fields.CODE, "not_code")
    yield from fields.whole(f"{place}adults_signed", new.adults_signed, 1, 50)


def give_consent(tx: sa.Connection, household_id: UUID, new: Consent, asked: Asked) -> UUID:
    """Keep a family's authorisation. Raises BadAnswers, Refused, Unknown, Stale."""
    file = file_open(tx, household_id, asked)
    fields.refuse(consent_problems(new, asked.today))
    rows = Rows()
    row = add_consent(rows, household_id, new)
    touch(rows, file)
    facts: dict[str, Plain] = {"until": new.until_on.isoformat(), "text_version": new.text_version, **file.right}
    trail.append(tx, "household", household_id, "give_consent", facts, asked, rows)
    return row


def add_consent(rows: Rows, household_id: UUID, new: Consent) -> UUID:
    """Add a consent that has been checked."""
    row = new_id()
    columns = {name: getattr(new, name) for name in Consent.__slots__}
    rows.add(consent, {"id": row, "household_id": household_id, **columns})
    return row


def pair(tx: sa.Connection, household_id: UUID, new: Pairing, asked: Asked) -> UUID:
    """Pair a unit with a household. Raises BadAnswers, Refused (paired_already, …), Unknown."""
    right = need(asked, (Role.REGISTRAR,), path_of(tx, new.unit_id))
    if households.one(tx, household_id, asked.caller, lock=True) is None:
        raise Unknown
    last = new.until_on or date.max
    fields.refuse(
        fields.text("programme_name", new.programme_name),
        fields.text("issued_by", new.issued_by),
        fields.in_order("until_on", new.from_on, last),
    )
    same = sa.and_(pairing.c.household_id == household_id, pairing.c.unit_id == new.unit_id)
    overlap = sa.and_(pairing.c.from_on <= last, sa.func.coalesce(pairing.c.until_on, date.max) >= new.from_on)
    if tx.scalar(sa.select(pairing.c.id).where(same, overlap).limit(1)) is not None:
        raise Refused(Reason.of("paired_already"))
    row, rows = new_id(), Rows()
    columns = {name: getattr(new, name) for name in Pairing.__slots__}
    rows.add(pairing, {"id": row, "household_id": household_id, **columns})
    facts: dict[str, Plain] = {"pairing": str(row), "unit": str(new.unit_id), "from": new.from_on.isoformat(), **right}
    trail.append(tx, "household", household_id, "pair", facts, asked, rows)
    return row
