"""Reasons why a person has no identity number on file; each is confirmed by a second person and ends on a day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, validation
from service.actions.context import ActionContext
from service.actions.errors import NotFound
from service.actions.open_households import bump_version, lock_open_household
from service.actions.write_batch import WriteBatch
from service.db.columns import new_id
from service.queries import households
from service.tables.number_absences import number_absence
from workflows.household_change_codes import NumberAbsence
from workflows.vocabulary import Plain, Reason, Refused

LONGEST = timedelta(days=366)
"""The longest time for which a reason counts: within it a document is issued, replaced or registered."""


@dataclass(frozen=True, slots=True)
class NewNumberAbsence:
    """Why a person has no number (a code of NumberAbsence), what document was seen, and the last day it counts."""

    person_id: UUID
    reason: str
    document: str
    until_on: date


def _problems(new: NewNumberAbsence, today: date) -> Iterator[Reason]:
    yield from validation.choice("reason", new.reason, NumberAbsence)
    yield from validation.text("document", new.document, longest=200)
    yield from validation.dates_in_order("until_on", today, new.until_on)
    if new.until_on > today + LONGEST:
        yield Reason.of("number_absence_long", field="until_on", latest=(today + LONGEST).isoformat())


def explain_number(conn: sa.Connection, new: NewNumberAbsence, context: ActionContext) -> UUID:
    """Record why a person has no identity number (docs/decisions/0034).

    Raises InvalidForm, Refused (number_on_file, role_missing, household_not_filed, own_family), NotFound.
    """
    validation.refuse_invalid(_problems(new, context.today))
    person_row = households.visible_person(conn, new.person_id, context.caller)
    if person_row is None or not person_row["active"]:
        raise NotFound
    file = lock_open_household(conn, person_row["household_id"], context, versioned=False)
    if person_row["id_no_index"] is not None:
        raise Refused(Reason.of("number_on_file"))
    batch, absence_id = WriteBatch(), new_id()
    named: dict[str, object] = {"id": absence_id, "person_id": new.person_id, "reason": new.reason}
    batch.add(number_absence, named | {"document": new.document, "from_on": context.today, "until_on": new.until_on})
    bump_version(batch, file)
    facts: dict[str, Plain] = {"person": str(new.person_id), "reason": new.reason, "until": new.until_on.isoformat()}
    event_log.append_event(conn, "household", file.id, "explain_number", facts | file.right, context, batch)
    return absence_id
