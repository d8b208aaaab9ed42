"""Changes of a household's file, and what a change may touch, as selects."""

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.db.prepared import PreparedStatement
from service.queries.scope import Caller, ranges, visible_by_name
from service.tables.cases import case
from service.tables.household_changes import household_change
from service.tables.households import household
from service.tables.kinship import kinship
from service.tables.pairings import pairing
from service.tables.payments import payment
from workflows.vocabulary import Phase


def changes(conn: sa.Connection, household_id: UUID, caller: Caller) -> list[dict[str, Any]]:
    """Return every change of a file, oldest first; the other file of a member who left or joined if the caller sees it."""
    return _CHANGES.dicts(conn, {"household_id": household_id, **ranges(caller)})


def _select_changes() -> sa.Select[Any]:
    other = household.alias("other")
    seen = visible_by_name(other.c.unit_path)
    return (
        sa.select(household_change, other.c.file_no.label("other_file_no"))
        .select_from(household_change)
        .outerjoin(other, sa.and_(other.c.id == household_change.c.other_household_id, seen))
        .where(household_change.c.household_id == sa.bindparam("household_id", type_=sa.Uuid()))
        .order_by(household_change.c.created_at, household_change.c.id)
    )


_CHANGES = PreparedStatement(_select_changes())


def open_cases(conn: sa.Connection, household_ids: Collection[UUID]) -> list[dict[str, Any]]:
    """Return the cases of these households that have not ended, by number."""
    columns = (case.c[name] for name in ("id", "case_no", "unit_id", "state", "phase", "outstanding_fen"))
    rows = sa.select(*columns).where(case.c.household_id.in_(household_ids), case.c.phase != Phase.ENDED.value)
    return [dict(row) for row in conn.execute(rows.order_by(case.c.case_no)).mappings()]


def payments_in_transit(conn: sa.Connection, household_ids: Collection[UUID]) -> list[dict[str, Any]]:
    """Return the payments of these households' open cases that the family has not confirmed."""
    rows = (
        sa.select(case.c.case_no, payment.c.fen, payment.c.method, payment.c.paid_on)
        .join(case, case.c.id == payment.c.case_id)
        .where(case.c.household_id.in_(household_ids), case.c.phase != Phase.ENDED.value)
        .where(payment.c.state.in_(("sent", "live", "returning")), payment.c.receipt_on.is_(None))
        .order_by(case.c.case_no)
    )
    return [dict(row) for row in conn.execute(rows).mappings()]


def pairings_in_force(conn: sa.Connection, household_id: UUID, on: date) -> list[dict[str, Any]]:
    """Return the units paired with a household on a day."""
    in_force = sa.or_(pairing.c.until_on.is_(None), pairing.c.until_on >= on)
    columns = (pairing.c.unit_id, pairing.c.programme_name, pairing.c.until_on)
    rows = sa.select(*columns).where(pairing.c.household_id == household_id, pairing.c.from_on <= on, in_force)
    rows = rows.where(pairing.c.voided_on.is_(None))
    return [dict(row) for row in conn.execute(rows.order_by(pairing.c.id)).mappings()]


def live_kinships(conn: sa.Connection, household_id: UUID) -> list[dict[str, Any]]:
    """Return the kinships declared of a household that have not ended."""
    columns = (kinship.c.account_id, kinship.c.relation, kinship.c.confirmed_on)
    rows = sa.select(*columns).where(kinship.c.household_id == household_id, kinship.c.ended_on.is_(None))
    return [dict(row) for row in conn.execute(rows.order_by(kinship.c.id)).mappings()]
