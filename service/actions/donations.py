"""Donations: money raised from staff and passed on to others, or received; never the union's own aid (domain/4 §4.5)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from service.actions import fields, trail
from service.actions.authority import need, path_of
from service.actions.rows import Rows
from service.actions.trail import Asked
from service.db import new_id
from service.tables.gifts import donation
from workflows.code_lists import DonationDirection
from workflows.terms import Fen, Plain, Reason, Role


@dataclass(frozen=True, slots=True)
class NewDonation:
    """A campaign's sum, who called for it, how many gave, and to whom it went."""

    unit_id: UUID
    on: date
    direction: str
    campaign: str
    organiser: str
    fen: Fen
    handed_to: str
    donors: int | None = None
    receipt_no: str | None = None


def record_donation(tx: sa.Connection, new: NewDonation, asked: Asked) -> UUID:
    """Record a donation. Raises BadAnswers, Refused, Unknown."""
    path = path_of(tx, new.unit_id)
    right = need(asked, (Role.REGISTRAR, Role.CASHIER), path)
    fields.refuse(_problems(new, asked.today))
    row = new_id()
    columns = {name: getattr(new, name) for name in NewDonation.__slots__}
    who = {"recorded_by": asked.caller.account, "created_at": asked.at}
    rows = Rows()
    rows.add(donation, {"id": row, "unit_path": path, **columns, **who})
    facts: dict[str, Plain] = {"direction": new.direction, "on": new.on.isoformat(), "fen": new.fen}
    facts |= {"unit": str(new.unit_id), "donors": new.donors, **right}
    trail.append(tx, "donation", row, "record_donation", facts, asked, rows)
    return row


def _problems(new: NewDonation, today: date) -> Iterator[Reason]:
    yield from fields.choice("direction", new.direction, DonationDirection)
    yield from fields.not_ahead("on", new.on, today)
    yield from fields.text("campaign", new.campaign)
    yield from fields.text("organiser", new.organiser)
    yield from fields.text("handed_to", new.handed_to)
    yield from fields.number("receipt_no", new.receipt_no, longest=64, required=False)
    yield from fields.amount("fen", new.fen)
    yield from fields.whole("donors", new.donors)
