"""Ends the file of a household, and files a household again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, persons, validation
from service.actions.context import ActionContext
from service.actions.errors import NotFound
from service.actions.household_changes.change_record import (
    Change,
    LockedFile,
    add_record,
    facts_of,
    lock_open_file,
    problems,
)
from service.actions.open_households import file_open_to_records
from service.actions.permissions import require_role
from service.actions.write_batch import WriteBatch
from service.queries import households
from service.tables.cases import case
from service.tables.household_changes import household_change
from service.tables.households import household
from service.tables.persons import person
from workflows.code_lists import Relation
from workflows.household_change_codes import EXITS_BY_DECISION, ExitReason, FilingAgainReason, HouseholdChangeKind
from workflows.vocabulary import Phase, Reason, Refused, Role

UNFINISHED = (Phase.SURVEY.value, Phase.APPROVAL.value, Phase.DISBURSEMENT.value)
"""Phases of cases that stop an exit. Follow-up and recall of money already paid go on after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit(Change):
    """The end of a file (退出)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingAgain(Change):
    """The members who are filed again, each with the relation to the head."""

    members: Mapping[UUID, str]


def end_file(conn: sa.Connection, household_id: UUID, change: Exit, context: ActionContext) -> UUID:
    """End a file; its members may then be filed elsewhere. A file that was filed again does not end before that day.

    Raises InvalidForm, Refused (cases_open), NotFound.
    """
    file = lock_open_file(conn, household_id, context)
    validation.refuse_invalid(
        problems(change, ExitReason, _filed_last_on(conn, file), context.today), _document_missing(change)
    )
    case_numbers = _unfinished_cases(conn, household_id)
    if case_numbers:
        raise Refused(Reason.of("cases_open", cases=list(case_numbers)))
    batch, members = WriteBatch(), sa.and_(person.c.household_id == household_id, person.c.active)
    for member_id in conn.scalars(person.update().where(members).values(active=False).returning(person.c.id)):
        batch.note_updated(person, {"id": member_id, "active": False})
    change_id = add_record(batch, file, HouseholdChangeKind.EXITED, change, context)
    batch.change(household, file.changed(exited_on=change.on, exit_reason=change.reason))
    facts = facts_of(change_id, change, file)
    event_log.append_event(conn, "household", household_id, "end_file", facts, context, batch)
    return change_id


def _document_missing(change: Exit) -> Iterator[Reason]:
    if change.document is None and change.reason in EXITS_BY_DECISION:
        yield Reason.of("answer_missing", field="document")


def _filed_last_on(conn: sa.Connection, file: LockedFile) -> Any:
    """Return the day from which the present filing runs."""
    again = sa.and_(
        household_change.c.household_id == file.id, household_change.c.kind == HouseholdChangeKind.FILED_AGAIN.value
    )
    return conn.scalar(sa.select(sa.func.max(household_change.c.on)).where(again)) or file.row["filed_on"]


def _unfinished_cases(conn: sa.Connection, household_id: UUID) -> list[str]:
    unfinished = sa.and_(case.c.household_id == household_id, case.c.phase.in_(UNFINISHED))
    return list(conn.scalars(sa.select(case.c.case_no).where(unfinished).order_by(case.c.case_no)))


def file_again(conn: sa.Connection, household_id: UUID, change: FilingAgain, context: ActionContext) -> UUID:
    """File a household again whose file has ended (返困); the members named come back, the history stays.

    Raises InvalidForm, Refused (file_not_ended, file_entered_by_mistake, person_in_other_file, …), NotFound.
    """
    file = _lock_ended_file(conn, household_id, context)
    rows = conn.execute(sa.select(person).where(person.c.household_id == household_id)).mappings()
    former = {row["id"]: dict(row) for row in rows}
    validation.refuse_invalid(
        problems(change, FilingAgainReason, file.row["exited_on"], context.today), _member_problems(change, former)
    )
    numbered = [("members.", persons.decrypt_person(former[each], context.keyring)) for each in change.members]
    persons.refuse_duplicates(conn, (), numbered, context)
    batch = WriteBatch()
    for member_id, relation in change.members.items():
        back = {"relation": relation, "active": True, "version": former[member_id]["version"] + 1}
        batch.change(person, {"id": member_id, **back})
    ended = {name: file.row[name] for name in ("exited_on", "exit_reason")}
    change_id = add_record(batch, file, HouseholdChangeKind.FILED_AGAIN, change, context, **ended)
    batch.change(household, file.changed(exited_on=None, exit_reason=None))
    facts = facts_of(change_id, change, file, ended_on=str(file.row["exited_on"]), ended_by=file.row["exit_reason"])
    event_log.append_event(conn, "household", household_id, "file_again", facts, context, batch)
    for member_id in change.members:
        event_log.append_event(
            conn, "person", member_id, "file_again", {household_change.name: str(change_id)}, context
        )
    return change_id


def _lock_ended_file(conn: sa.Connection, household_id: UUID, context: ActionContext) -> LockedFile:
    row = households.one(conn, household_id, context.caller, lock=True)
    if row is None:
        raise NotFound
    right = require_role(context, (Role.REGISTRAR,), row["unit_path"])
    if row["exited_on"] is None:
        raise Refused(Reason.of("file_not_ended"))
    file_open_to_records(row)
    if context.caller.account in households.family_staff_of(conn, household_id):
        raise Refused(Reason.of("own_family"))
    return LockedFile(row, right)


def _member_problems(change: FilingAgain, former: Mapping[UUID, Any]) -> Iterator[Reason]:
    heads = [each for each, relation in change.members.items() if relation == Relation.HEAD]
    if len(heads) != 1:
        yield Reason.of("head_twice" if heads else "head_missing", field="members")
    for member_id, relation in change.members.items():
        if member_id not in former:
            yield Reason.of("not_a_member", field="members")
        yield from validation.choice("members", relation, Relation)
