"""Free words of a case, for those who may read them."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from service.crypto.encryption import Keyring, decrypt_field
from service.queries.scope import Caller
from service.tables.events import event, sealed_remark
from workflows.vocabulary import Role

READERS = (
    *(Role.REGISTRAR, Role.VISITOR, Role.VERIFIER, Role.REVIEWER, Role.APPROVER, Role.CASHIER),
    Role.AUDITOR,
)
"""Who may read what was written about a case of their unit: those who work on it, and auditors.

docs/domain/privacy.md leaves these words to people who need them for their work; it does not narrow visit notes further.
"""

OBJECTION_FIELDS = frozenset({"objection", "answer", "objection_met"})
OBJECTION_READERS = frozenset({Role.REGISTRAR, Role.REVIEWER, Role.APPROVER, Role.AUDITOR})
"""Who may read an objection and its answer: those who record, investigate and weigh it, and auditors.

The words may give the objector away, who may work beside the visitors of the case (docs/domain/procedure.md §1.6).
"""


def sealed_words() -> sa.ScalarSelect[Any]:
    """Return the column with the free words of an event, still encrypted, as JSON; null where nobody wrote any."""
    text = sa.func.encode(sealed_remark.c.text_sealed, "hex")
    row = sa.func.json_build_object("id", sealed_remark.c.id, "field", sealed_remark.c.field, "sealed", text)
    of_event = sa.and_(sealed_remark.c.subject_id == event.c.subject_id, sealed_remark.c.seq == event.c.seq)
    rows = sa.select(sa.func.json_agg(aggregate_order_by(row, sealed_remark.c.id))).where(of_event)
    return rows.correlate(event).scalar_subquery()


def may_read(caller: Caller, unit_path: str) -> bool:
    """Return whether the caller may read words about a case of this unit."""
    return caller.holds(READERS, unit_path)


def words_of(
    keyring: Keyring, rows: Iterable[Mapping[str, Any]] | None, caller: Caller, unit_path: str
) -> dict[str, str] | None:
    """Return the words of one event by field; None for a caller who may read none, and nothing they may not read."""
    if not may_read(caller, unit_path):
        return None
    hidden = frozenset() if caller.holds(OBJECTION_READERS, unit_path) else OBJECTION_FIELDS
    return {
        row["field"]: decrypt_field(keyring, "sealed_remark.text", UUID(row["id"]), bytes.fromhex(row["sealed"]))
        for row in rows or ()
        if row["field"] not in hidden
    }
