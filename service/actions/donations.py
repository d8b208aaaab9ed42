"""Donations raised from staff and passed on, or received; corrected or voided (docs/domain/funds.md §4.5)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, validation
from service.actions.context import ActionContext
from service.actions.corrections import Voidable, void_record
from service.actions.natural_keys import natural_key, once_facts, repeat_columns
from service.actions.permissions import require_role, unit_path_of
from service.actions.write_batch import WriteBatch
from service.db.columns import new_id
from service.tables.donations import donation
from workflows.code_lists import DonationDirection
from workflows.form_fields import MAX_NUMBER
from workflows.vocabulary import Fen, Plain, Reason, Role


@dataclass(frozen=True, slots=True)
class NewDonation:
    """A campaign's sum, its organiser, the number of donors, and the recipient."""

    unit_id: UUID
    on: date
    direction: str
    campaign: str
    organiser: str
    fen: Fen
    handed_to: str
    donors: int | None = None
    receipt_no: str | None = None
    confirmed_repeat: bool = False
    """A person says that this is a second donation, and not the same one again."""


def record_donation(
    conn: sa.Connection, new: NewDonation, context: ActionContext, *, corrects: UUID | None = None
) -> UUID:
    """Record a donation; it is never counted as the union's own aid.

    Raises InvalidForm, Refused (role_missing, recorded_already, recorded_and_voided), NotFound.
    """
    unit_path = unit_path_of(conn, new.unit_id)
    right = require_role(context, (Role.REGISTRAR, Role.CASHIER), unit_path)
    validation.refuse_invalid(_problems(new, context.today))
    once = repeat_columns(conn, donation, _key(new), confirmed=new.confirmed_repeat, corrects=corrects)
    donation_id = new_id()
    columns = once | {name: getattr(new, name) for name in NewDonation.__slots__ if name != "confirmed_repeat"}
    creation = {"recorded_by": context.caller.account, "created_at": context.at}
    batch = WriteBatch()
    batch.add(donation, {"id": donation_id, "unit_path": unit_path, **columns, **creation})
    facts: dict[str, Plain] = {"direction": new.direction, "on": new.on.isoformat(), "fen": new.fen}
    facts |= {"unit": str(new.unit_id), "donors": new.donors, **once_facts(once), **right}
    event_log.append_event(conn, "donation", donation_id, "record_donation", facts, context, batch)
    return donation_id


def void_donation(conn: sa.Connection, donation_id: UUID, reason: str, context: ActionContext) -> None:
    """Void a donation. Raises InvalidForm, Refused (role_missing, voided_already), NotFound."""
    void_record(conn, VOIDABLE, donation_id, reason, context)


def correct_donation(
    conn: sa.Connection, donation_id: UUID, new: NewDonation, reason: str, context: ActionContext
) -> UUID:
    """Void a donation and record it with other values. Raises what voiding and recording raise."""
    void_record(conn, VOIDABLE, donation_id, reason, context)
    return record_donation(conn, new, context, corrects=donation_id)


VOIDABLE = Voidable("donation", donation, (Role.REGISTRAR, Role.CASHIER))


def _key(new: NewDonation) -> str:
    """Return what the donation is: its receipt number; without one, its day, sum and campaign."""
    content = (new.receipt_no,) if new.receipt_no else (new.on, new.fen, new.campaign)
    return natural_key("donation", new.unit_id, new.direction, *content)


def _problems(new: NewDonation, today: date) -> Iterator[Reason]:
    yield from validation.choice("direction", new.direction, DonationDirection)
    yield from validation.not_in_future("on", new.on, today)
    yield from validation.text("campaign", new.campaign)
    yield from validation.text("organiser", new.organiser)
    yield from validation.text("handed_to", new.handed_to)
    yield from validation.document_number("receipt_no", new.receipt_no, longest=MAX_NUMBER, required=False)
    yield from validation.amount("fen", new.fen)
    yield from validation.whole_number("donors", new.donors)
