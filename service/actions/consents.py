"""A household's signed consents."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, validation
from service.actions.context import ActionContext
from service.actions.open_households import bump_version, lock_open_household
from service.actions.write_batch import WriteBatch
from service.db.columns import new_id
from service.tables.consents import consent
from workflows.form_fields import MAX_NUMBER
from workflows.vocabulary import Plain, Reason, Role

RECORDERS = (Role.REGISTRAR, Role.VISITOR)
"""Who records a consent: it is signed at the visit to the family's home (docs/domain/glossary.md)."""


@dataclass(frozen=True, slots=True)
class Consent:
    """A signed authorisation (承诺与授权): the version of its text, how many adults signed, and its period."""

    signed_on: date
    until_on: date
    text_version: str
    adults_signed: int


def consent_problems(new: Consent, today: date, prefix: str = "") -> Iterator[Reason]:
    """Yield every problem of a consent; `prefix` precedes a field's name."""
    yield from validation.not_in_future(f"{prefix}signed_on", new.signed_on, today)
    yield from validation.dates_in_order(f"{prefix}until_on", new.signed_on, new.until_on)
    yield from validation.document_number(f"{prefix}text_version", new.text_version, longest=MAX_NUMBER)
    yield from validation.whole_number(f"{prefix}adults_signed", new.adults_signed, 1, 50)


def record_consent(conn: sa.Connection, household_id: UUID, new: Consent, context: ActionContext) -> UUID:
    """Record a household's authorisation. Raises InvalidForm, Refused, NotFound, VersionConflict."""
    file = lock_open_household(conn, household_id, context, roles=RECORDERS)
    validation.refuse_invalid(consent_problems(new, context.today))
    batch = WriteBatch()
    consent_id = add_consent(batch, household_id, new)
    bump_version(batch, file)
    facts: dict[str, Plain] = {"until": new.until_on.isoformat(), "text_version": new.text_version, **file.right}
    event_log.append_event(conn, "household", household_id, "give_consent", facts, context, batch)
    return consent_id


def add_consent(batch: WriteBatch, household_id: UUID, new: Consent) -> UUID:
    """Add a consent that has been checked to the batch, and return its id."""
    consent_id = new_id()
    columns = {name: getattr(new, name) for name in Consent.__slots__}
    batch.add(consent, {"id": consent_id, "household_id": household_id, **columns})
    return consent_id
