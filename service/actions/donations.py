"""Donations: money raised from staff and passed on to others, or received; never the union's own aid (domain/4 §4.5)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, validation
from service.actions.context import ActionContext
from service.actions.permissions import require_role, unit_path_of
from service.actions.write_batch import WriteBatch
from service.db.columns import new_id
from service.tables.donations import donation
from workflows.code_lists import DonationDirection
from workflows.vocabulary import Fen, Plain, Reason, Role


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


def record_donation(conn: sa.Connection, new: NewDonation, context: ActionContext) -> UUID:
    """Record a donation. Raises BadAnswers, Refused, Unknown."""
    path = unit_path_of(conn, new.unit_id)
    right = require_role(context, (Role.REGISTRAR, Role.CASHIER), path)
    validation.refuse_invalid(_problems(new, context.today))
    row = new_id()
    columns = {name: getattr(new, name) for name in NewDonation.__slots__}
    who = {"recorded_by": context.caller.account, "created_at": context.at}
    batch = WriteBatch()
    batch.add(donation, {"id": row, "unit_path": path, **columns, **who})
    facts: dict[str, Plain] = {"direction": new.direction, "on": new.on.isoformat(), "fen": new.fen}
    facts |= {"unit": str(new.unit_id), "donors": new.donors, **right}
    event_log.append_event(conn, "donation", row, "record_donation", facts, context, batch)
    return row


def _problems(new: NewDonation, today: date) -> Iterator[Reason]:
    yield from validation.choice("direction", new.direction, DonationDirection)
    yield from validation.not_ahead("on", new.on, today)
    yield from validation.text("campaign", new.campaign)
    yield from validation.text("organiser", new.organiser)
    yield from validation.text("handed_to", new.handed_to)
    yield from validation.number("receipt_no", new.receipt_no, longest=64, required=False)
    yield from validation.amount("fen", new.fen)
    yield from validation.whole("donors", new.donors)
