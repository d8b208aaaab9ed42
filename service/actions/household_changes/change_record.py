"""What every change of a file has: its day, reason and document, and the row that keeps it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import open_households, validation
from service.actions.context import ActionContext
from service.actions.write_batch import WriteBatch
from service.crypto.encryption import encrypt_field
from service.db.columns import new_id
from service.queries import households
from service.tables.finances import finance_line
from service.tables.household_changes import household_change
from workflows.household_change_codes import HouseholdChangeKind
from workflows.vocabulary import Plain, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The day and the reason of a change, the number of the paper that decided it, and free words (encrypted)."""

    on: date
    reason: str
    document: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class LockedFile:
    """A file's row, locked, and what an event records of the caller's right."""

    row: Mapping[str, Any]
    right: dict[str, Plain]

    @property
    def id(self) -> UUID:
        """Return the household's id."""
        household_id: UUID = self.row["id"]
        return household_id

    def changed(self, **columns: object) -> dict[str, object]:
        """Return the row's next version with these columns."""
        return {"id": self.id, **columns, "version": self.row["version"] + 1}


def lock_open_file(conn: sa.Connection, household_id: UUID, context: ActionContext) -> LockedFile:
    """Lock a file that the caller may change. Raises NotFound, Refused (role_missing, household_not_filed, own_family)."""
    locked = open_households.lock_open_household(conn, household_id, context)
    return LockedFile(households.one(conn, household_id, context.caller) or {}, locked.right)


def problems(change: Change, reasons: type[StrEnum], not_before: date, today: date) -> Iterator[Reason]:
    """Yield what is wrong with the day, the reason, the document and the note."""
    yield from validation.choice("reason", change.reason, reasons)
    yield from validation.not_in_future("on", change.on, today)
    yield from validation.dates_in_order("on", not_before, change.on)
    yield from validation.document_number("document", change.document, required=False)
    yield from validation.text("note", change.note, longest=validation.MAX_STORY, required=False, sealed=True)


def add_record(
    batch: WriteBatch,
    file: LockedFile,
    kind: HouseholdChangeKind,
    change: Change,
    context: ActionContext,
    **columns: object,
) -> UUID:
    """Add the row of the change to the batch, under the unit that holds the file, and return its id."""
    change_id = new_id()
    note = encrypt_field(context.keyring, "household_change.note", change_id, change.note) if change.note else None
    row: dict[str, object] = {
        "id": change_id,
        "household_id": file.id,
        "kind": kind.value,
        "on": change.on,
        "reason": change.reason,
        "document": change.document,
        "note_sealed": note,
        "recorded_by": context.caller.account,
        "created_at": context.at,
    }
    batch.add(
        household_change, {**row, **{name: file.row[name] for name in ("unit_id", "unit_path", "file_no")}, **columns}
    )
    return change_id


def facts_of(change_id: UUID, change: Change, file: LockedFile, **more: Plain) -> dict[str, Plain]:
    """Return what the event says of the change."""
    said: dict[str, Plain] = {"change": str(change_id), "on": change.on.isoformat(), "reason": change.reason}
    return {**said, **more, **file.right}


def detach_finance_lines(conn: sa.Connection, person_id: UUID, batch: WriteBatch) -> None:
    """Keep the finance lines of a member who leaves with the household, without the member."""
    own = sa.and_(finance_line.c.person_id == person_id, finance_line.c.ended_on.is_(None))
    detach = finance_line.update().where(own).values(person_id=None)
    for line_id in conn.scalars(detach.returning(finance_line.c.id)):
        batch.note_updated(finance_line, {"id": line_id, "person_id": None})
