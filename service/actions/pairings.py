"""Pairing of a unit with a household (结对帮扶)."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, validation
from service.actions.context import ActionContext
from service.actions.errors import NotFound
from service.actions.permissions import require_role, unit_path_of
from service.actions.write_batch import WriteBatch
from service.db.columns import new_id
from service.queries import households
from service.tables.pairings import pairing
from workflows.vocabulary import Plain, Reason, Refused, Role


@dataclass(frozen=True, slots=True)
class Pairing:
    """结对帮扶: a unit that keeps up with a household under a named programme."""

    unit_id: UUID
    programme_name: str
    issued_by: str
    from_on: date
    until_on: date | None = None


def record_pairing(conn: sa.Connection, household_id: UUID, new: Pairing, context: ActionContext) -> UUID:
    """Pair a unit with a household. Raises InvalidForm, Refused (paired_already, role_missing), NotFound."""
    right = require_role(context, (Role.REGISTRAR,), unit_path_of(conn, new.unit_id))
    if households.one(conn, household_id, context.caller, lock=True) is None:
        raise NotFound
    last_day = new.until_on or date.max
    validation.refuse_invalid(
        validation.text("programme_name", new.programme_name),
        validation.text("issued_by", new.issued_by),
        validation.dates_in_order("until_on", new.from_on, last_day),
    )
    same_pair = sa.and_(pairing.c.household_id == household_id, pairing.c.unit_id == new.unit_id)
    overlap = sa.and_(pairing.c.from_on <= last_day, sa.func.coalesce(pairing.c.until_on, date.max) >= new.from_on)
    if conn.scalar(sa.select(pairing.c.id).where(same_pair, overlap).limit(1)) is not None:
        raise Refused(Reason.of("paired_already"))
    pairing_id, batch = new_id(), WriteBatch()
    columns = {name: getattr(new, name) for name in Pairing.__slots__}
    batch.add(pairing, {"id": pairing_id, "household_id": household_id, **columns})
    facts: dict[str, Plain] = {
        "pairing": str(pairing_id),
        "unit": str(new.unit_id),
        "from": new.from_on.isoformat(),
        **right,
    }
    event_log.append_event(conn, "household", household_id, "pair", facts, context, batch)
    return pairing_id
