"""Proposed voids and corrections of records, and reasons why a person has no identity number."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import activities, donations, number_absences, pairings, visits
from service.actions.activities import NewActivity
from service.actions.context import ActionContext
from service.actions.donations import NewDonation
from service.actions.errors import NotFound
from service.actions.number_absences import NewNumberAbsence
from service.actions.pairings import Pairing
from service.actions.proposals.write import Made, ProposedWrite, VoidContent, correction_of
from service.actions.visits import NewVisit
from service.queries import households
from service.tables.activities import activity
from service.tables.donations import donation
from service.tables.households import household
from service.tables.pairings import pairing
from service.tables.persons import person
from service.tables.visits import visit

Void = Callable[[sa.Connection, UUID, str, ActionContext], None]
Correct = Callable[[sa.Connection, UUID, Any, str, ActionContext], UUID]


def _of(table: sa.Table) -> Callable[[sa.Connection, Any, ActionContext], str]:
    """Return the function that finds the unit of a record."""

    def unit_path(conn: sa.Connection, content: Any, _context: ActionContext) -> str:
        if table is pairing:
            query = sa.select(household.c.unit_path).join(pairing, pairing.c.household_id == household.c.id)
        else:
            query = sa.select(table.c.unit_path)
        path: str | None = conn.scalar(query.where(table.c.id == content.record_id))
        if path is None:
            raise NotFound
        return path

    return unit_path


def _writes(name: str, table: sa.Table, kind: type[Any], void: Void, correct: Correct) -> dict[str, ProposedWrite]:
    """Return the void and the correction of one kind of record."""

    def run_void(conn: sa.Connection, content: VoidContent, context: ActionContext) -> Made:
        void(conn, content.record_id, content.reason, context)
        return Made(content.record_id)

    def run_correction(conn: sa.Connection, content: Any, context: ActionContext) -> Made:
        return Made(correct(conn, content.record_id, content.new, content.reason, context))

    power = ("household" if table is pairing else name, f"void_{name}")
    return {
        f"{name}_void": ProposedWrite(power, VoidContent, run_void, _of(table)),
        f"{name}_correction": ProposedWrite(power, correction_of(kind), run_correction, _of(table)),
    }


def _explain_number(conn: sa.Connection, content: NewNumberAbsence, context: ActionContext) -> Made:
    return Made(number_absences.explain_number(conn, content, context))


def _household_of(conn: sa.Connection, content: NewNumberAbsence) -> Any:
    files = sa.select(household.c.id, household.c.unit_path).join(person, person.c.household_id == household.c.id)
    row = conn.execute(files.where(person.c.id == content.person_id)).one_or_none()
    if row is None:
        raise NotFound
    return row


RECORD_WRITES: Mapping[str, ProposedWrite] = {
    "number_absence": ProposedWrite(
        ("household", "explain_number"),
        NewNumberAbsence,
        _explain_number,
        lambda conn, content, _context: str(_household_of(conn, content).unit_path),
        gains=lambda conn, content: tuple(households.family_staff_of(conn, _household_of(conn, content).id)),
    ),
    **_writes("visit", visit, NewVisit, visits.void_visit, visits.correct_visit),
    **_writes("donation", donation, NewDonation, donations.void_donation, donations.correct_donation),
    **_writes("activity", activity, NewActivity, activities.void_activity, activities.correct_activity),
    **_writes("pairing", pairing, Pairing, pairings.void_pairing, pairings.correct_pairing),
}
"""By the name their confirmations carry."""
