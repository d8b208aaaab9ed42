"""A family's file that is changed: locked, open, and with its next version."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions.context import ActionContext
from service.actions.errors import NotFound, VersionConflict
from service.actions.permissions import require_role
from service.actions.write_batch import WriteBatch
from service.queries import households
from service.tables.households import household
from workflows.household_change_codes import ENTERED_BY_MISTAKE
from workflows.vocabulary import Plain, Reason, Refused, Role


@dataclass(frozen=True, slots=True)
class LockedHousehold:
    """A locked file that the caller may change: its version, and what an event records of the caller's right."""

    id: UUID
    version: int
    right: dict[str, Plain]


def file_open_to_records(household_row: dict[str, Any] | None) -> dict[str, Any]:
    """Return the row of a file that something is recorded of; one that the undo of an import ended takes no record.

    Raises NotFound for None, Refused (file_entered_by_mistake).
    """
    if household_row is None:
        raise NotFound
    if household_row["exit_reason"] == ENTERED_BY_MISTAKE:
        raise Refused(Reason.of("file_entered_by_mistake"))
    return household_row


def lock_open_household(
    conn: sa.Connection,
    household_id: UUID,
    context: ActionContext,
    *,
    versioned: bool = True,
    roles: tuple[Role, ...] = (Role.REGISTRAR,),
) -> LockedHousehold:
    """Lock a file that the caller may change in one of `roles`.

    Raises NotFound, VersionConflict, Refused (role_missing, household_not_filed, own_family).
    """
    household_row = households.one(conn, household_id, context.caller, lock=True)
    if household_row is None:
        raise NotFound
    right = require_role(context, roles, household_row["unit_path"])
    if versioned and context.version is not None and context.version != household_row["version"]:
        raise VersionConflict(context.version, household_row["version"])
    if household_row["exited_on"] is not None:
        raise Refused(Reason.of("household_not_filed"))
    if context.caller.account in households.family_staff_of(conn, household_id):
        raise Refused(Reason.of("own_family"))
    return LockedHousehold(household_id, household_row["version"], right)


def bump_version(batch: WriteBatch, file: LockedHousehold, **columns: object) -> None:
    """Add the file's next version to the batch, with other changed columns of its row."""
    batch.change(household, {"id": file.id, **columns, "version": file.version + 1})
