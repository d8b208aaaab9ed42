"""Moves the file of a household, and its cases without a decision, to another unit."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, validation
from service.actions.context import ActionContext
from service.actions.errors import NotFound, VersionConflict
from service.actions.event_log import EventSource, build_event
from service.actions.household_changes.change_record import (
    Change,
    LockedFile,
    add_record,
    facts_of,
    lock_open_file,
    problems,
)
from service.actions.permissions import require_role, unit_path_of
from service.actions.write_batch import WriteBatch
from service.queries import households
from service.tables.cases import case
from service.tables.events import event
from service.tables.households import household
from workflows.household_change_codes import ENTERED_BY_MISTAKE, HouseholdChangeKind, MoveReason
from workflows.replay import MOVE, RULES
from workflows.vocabulary import Phase, Plain, Reason, Refused, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Move(Change):
    """The unit that takes the file over, and the file's number there (None: its present number)."""

    to_unit_id: UUID
    file_no: str | None = None


def move_file(conn: sa.Connection, household_id: UUID, change: Move, context: ActionContext) -> UUID:
    """Move a file to another unit; the caller registers in both.

    Cases without an award move with it. A case whose notice was posted is finished by the unit that posted it, with
    that unit's money. Payments, visits, gifts and ended cases stay with the unit where they happened.

    Raises InvalidForm, Refused (role_missing, same_unit, file_no_taken, …), NotFound, VersionConflict.
    """
    if households.one(conn, household_id, context.caller) is None:
        raise NotFound
    cases = _lock_cases(conn, household_id)  # before the household, as a step of a case does
    file = lock_open_file(conn, household_id, context)
    if [each["id"] for each in cases] != [each["id"] for each in _lock_cases(conn, household_id)]:
        raise VersionConflict(file.row["version"], file.row["version"])
    to_path = unit_path_of(conn, change.to_unit_id, lock=True)
    require_role(context, (Role.REGISTRAR,), to_path)
    file_no = change.file_no or file.row["file_no"]
    validation.refuse_invalid(
        problems(change, MoveReason, file.row["filed_on"], context.today),
        validation.shaped("file_no", file_no, validation.FILE_NO, "file_no_shape"),
        validation.no_personal_numbers("file_no", file_no),
    )
    reasons = list(_refusals(conn, file, change, file_no))
    if reasons:
        raise Refused(*reasons)
    change_id = _write_file(conn, file, change, (to_path, file_no), context)
    for row in cases:
        _write_case(conn, row, {"unit_id": change.to_unit_id, "unit_path": to_path}, change_id, file, context)
    return change_id


def _lock_cases(conn: sa.Connection, household_id: UUID) -> list[dict[str, Any]]:
    """Lock the open cases without an award, in the order of ids."""
    undecided = sa.and_(
        case.c.household_id == household_id, case.c.phase != Phase.ENDED.value, case.c.award_fen.is_(None)
    )
    rows = sa.select(case).where(undecided).order_by(case.c.id).with_for_update(key_share=True)
    return [dict(row) for row in conn.execute(rows).mappings()]


def _refusals(conn: sa.Connection, file: LockedFile, change: Move, file_no: str) -> Iterator[Reason]:
    if change.to_unit_id == file.row["unit_id"]:
        yield Reason.of("same_unit", field="to_unit_id")
        return
    is_right = household.c.exit_reason.is_distinct_from(ENTERED_BY_MISTAKE)
    taken = sa.and_(household.c.unit_id == change.to_unit_id, household.c.file_no == file_no, is_right)
    if conn.scalar(sa.select(household.c.id).where(taken)) is not None:
        yield Reason.of("file_no_taken", field="file_no", file_no=file_no)


def _first_values(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return the columns that keep the values of before the first change of them."""
    return {f"first_{name}": row[f"first_{name}"] or row[name] for name in names}


def _write_file(
    conn: sa.Connection, file: LockedFile, change: Move, target: tuple[str, str], context: ActionContext
) -> UUID:
    to_path, file_no = target
    batch = WriteBatch()
    moved_to = {"to_unit_id": change.to_unit_id, "to_unit_path": to_path}
    change_id = add_record(batch, file, HouseholdChangeKind.MOVED, change, context, **moved_to)
    columns = {"unit_id": change.to_unit_id, "unit_path": to_path, **_first_values(file.row, "unit_id", "unit_path")}
    if file_no != file.row["file_no"] or file.row["first_file_no"] is not None:
        columns |= {"file_no": file_no, **_first_values(file.row, "file_no")}
    batch.change(household, file.changed(**columns))
    facts = facts_of(change_id, change, file, from_unit=str(file.row["unit_id"]), to_unit=str(change.to_unit_id))
    event_log.append_event(conn, "household", file.id, "move_file", {**facts, "file_no": file_no}, context, batch)
    return change_id


def _write_case(
    conn: sa.Connection,
    row: Mapping[str, Any],
    unit_columns: Mapping[str, object],
    change_id: UUID,
    file: LockedFile,
    context: ActionContext,
) -> None:
    """Append the event of the move to the case's chain, and give the case its new unit."""
    columns = {"id": row["id"], **unit_columns, **_first_values(row, "unit_id", "unit_path")}
    batch = WriteBatch()
    batch.note_updated(case, columns)
    principal = file.right.get("principal")
    source = EventSource(
        subject="case",
        subject_id=row["id"],
        seq=row["version"] + 1,
        action=MOVE,
        prev=bytes(row["head_hash"]),
        from_state=row["state"],
        to_state=row["state"],
        principal=UUID(str(principal)) if principal else None,
    )
    facts: dict[str, Plain] = {"change": str(change_id), "from_unit": str(row["unit_id"])}
    said: dict[str, Plain] = {"rules": RULES, "facts": facts, "rows": batch.fingerprints()}
    event_row = build_event(source, said, context)
    batch.add(event, event_row)
    batch.change_unrecorded(case, {**columns, "version": row["version"] + 1, "head_hash": event_row["hash"]})
    batch.write(conn)
