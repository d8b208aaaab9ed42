"""Transfers a member of a household to the file of another household."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
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
    detach_finance_lines,
    facts_of,
    lock_open_file,
    problems,
)
from service.actions.household_changes.heads import MEMBER_RELATIONS
from service.actions.write_batch import WriteBatch
from service.db.columns import new_id
from service.queries import households
from service.tables.household_changes import household_change
from service.tables.households import household
from service.tables.payees import bank_account
from service.tables.persons import person
from workflows.code_lists import Relation
from workflows.household_change_codes import HouseholdChangeKind, LeavingReason
from workflows.vocabulary import Reason, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer(Change):
    """The member who leaves, the file they join, and their relation to its head."""

    person_id: UUID
    to_household_id: UUID
    relation: str


def transfer_member(conn: sa.Connection, household_id: UUID, change: Transfer, context: ActionContext) -> UUID:
    """Take a member out of one file and into another; the caller registers in both.

    The member's row here stays, inactive; a new row there names it as its first row, so both are counted as one person.

    Raises InvalidForm, Refused (same_file, head_missing, person_is_payee, …), NotFound.
    """
    if change.to_household_id == household_id:
        raise Refused(Reason.of("same_file", field="to_household_id"))
    in_order = sorted((household_id, change.to_household_id))
    files = {each: lock_open_file(conn, each, context) for each in in_order}
    here, there = files[household_id], files[change.to_household_id]
    person_row = households.visible_person(conn, change.person_id, context.caller, lock=True)
    if person_row is None or not person_row["active"] or person_row["household_id"] != household_id:
        raise NotFound
    first_day = max(here.row["filed_on"], there.row["filed_on"])
    validation.refuse_invalid(
        problems(change, LeavingReason, first_day, context.today),
        validation.choice("relation", change.relation, MEMBER_RELATIONS),
    )
    reasons = list(_refusals(conn, person_row))
    if reasons:
        raise Refused(*reasons)
    joined_id, leaving = new_id(), WriteBatch()
    _deactivate(conn, person_row, leaving)
    _join(conn, there, person_row, joined_id, change, context)
    return _leave(conn, here, person_row, joined_id, change, context, leaving)


def _refusals(conn: sa.Connection, person_row: Mapping[str, Any]) -> Iterator[Reason]:
    if person_row["relation"] == Relation.HEAD:
        yield Reason.of("head_missing", field="person_id")
    payee = sa.select(bank_account.c.id).where(bank_account.c.person_id == person_row["id"], bank_account.c.active)
    if conn.scalar(payee) is not None:
        yield Reason.of("person_is_payee")


def _deactivate(conn: sa.Connection, person_row: Mapping[str, Any], batch: WriteBatch) -> None:
    """Take the member out of the file before the new row exists: a number is in one active file."""
    inactive = {"active": False, "version": person_row["version"] + 1}
    conn.execute(person.update().where(person.c.id == person_row["id"]).values(**inactive))
    batch.note_updated(person, {"id": person_row["id"], **inactive})
    detach_finance_lines(conn, person_row["id"], batch)


def _leave(
    conn: sa.Connection,
    file: LockedFile,
    person_row: Mapping[str, Any],
    joined_id: UUID,
    change: Transfer,
    context: ActionContext,
    batch: WriteBatch,
) -> UUID:
    batch.change(household, file.changed())
    whose = {"person_id": person_row["id"], "other_person_id": joined_id, "other_household_id": change.to_household_id}
    change_id = add_record(batch, file, HouseholdChangeKind.LEFT, change, context, **whose)
    facts = facts_of(change_id, change, file, person=str(person_row["id"]), to_household=str(change.to_household_id))
    event_log.append_event(conn, "household", file.id, "transfer_member", facts, context, batch)
    reference = {household_change.name: str(change_id)}
    event_log.append_event(conn, "person", person_row["id"], "transfer_member", reference, context)
    return change_id


def _join(
    conn: sa.Connection,
    file: LockedFile,
    person_row: Mapping[str, Any],
    joined_id: UUID,
    change: Transfer,
    context: ActionContext,
) -> None:
    joining = replace(persons.decrypt_person(person_row, context.keyring), id=joined_id, relation=change.relation)
    first_id = person_row["first_person_id"] or person_row["id"]
    batch = WriteBatch()
    batch.add(person, *({**row, "first_person_id": first_id} for row in persons.as_rows(file.id, [joining], context)))
    batch.change(household, file.changed())
    whose = {
        "person_id": joined_id,
        "other_person_id": person_row["id"],
        "other_household_id": person_row["household_id"],
    }
    change_id = add_record(batch, file, HouseholdChangeKind.JOINED, change, context, **whose)
    facts = facts_of(change_id, change, file, person=str(joined_id), from_household=str(person_row["household_id"]))
    event_log.append_event(conn, "household", file.id, "receive_member", facts, context, batch)
    event_log.append_event(
        conn, "person", joined_id, "receive_member", {household_change.name: str(change_id)}, context
    )
