"""Changes the head of a household in one step."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, validation
from service.actions.context import ActionContext
from service.actions.household_changes.change_record import (
    Change,
    LockedFile,
    add_record,
    detach_finance_lines,
    facts_of,
    lock_open_file,
    problems,
)
from service.actions.write_batch import WriteBatch
from service.queries import households
from service.tables.household_changes import household_change
from service.tables.households import household
from service.tables.payees import bank_account
from service.tables.persons import person
from workflows.code_lists import Relation
from workflows.household_change_codes import HeadChangeReason, HouseholdChangeKind
from workflows.vocabulary import Reason, Refused

MEMBER_RELATIONS = tuple(each for each in Relation if each is not Relation.HEAD)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadChange(Change):
    """The new head; what the old head becomes (None: leaves the family); other members' relation to the new head."""

    new_head: UUID
    old_head_relation: str | None = None
    relations: Mapping[UUID, str] = field(default_factory=dict)
    close_account: bool = False
    """Whether the old head's bank account is closed; another payee is then named before the next transfer."""


def change_head(conn: sa.Connection, household_id: UUID, change: HeadChange, context: ActionContext) -> UUID:
    """Give the file another head; the old head leaves, or stays with another relation.

    Raises InvalidForm, Refused (head_already, head_has_died, …), NotFound.
    """
    file = lock_open_file(conn, household_id, context)
    members = {member["id"]: member for member in households.members(conn, household_id)}
    old_head = next(member for member in members.values() if member["relation"] == Relation.HEAD)
    validation.refuse_invalid(
        problems(change, HeadChangeReason, file.row["filed_on"], context.today),
        _relation_problems(change, members),
    )
    reasons = list(_refusals(change, old_head["id"]))
    if reasons:
        raise Refused(*reasons)
    batch = WriteBatch()
    _release_head(conn, change, old_head, batch)
    others = {**change.relations, change.new_head: Relation.HEAD.value}
    for member_id, relation in others.items():
        batch.change(person, {"id": member_id, "relation": relation, "version": members[member_id]["version"] + 1})
    return _append_events(conn, file, change, old_head["id"], [*others, old_head["id"]], batch, context)


def _relation_problems(change: HeadChange, members: Mapping[UUID, Any]) -> Iterator[Reason]:
    if change.new_head not in members:
        yield Reason.of("not_a_member", field="new_head")
    yield from validation.choice("old_head_relation", change.old_head_relation, MEMBER_RELATIONS, required=False)
    for member_id, relation in change.relations.items():
        if member_id not in members:
            yield Reason.of("not_a_member", field="relations")
        yield from validation.choice("relations", relation, MEMBER_RELATIONS)


def _refusals(change: HeadChange, old_head: UUID) -> Iterator[Reason]:
    if change.new_head == old_head:
        yield Reason.of("head_already", field="new_head")
    if change.reason == HeadChangeReason.DEATH and change.old_head_relation is not None:
        yield Reason.of("head_has_died", field="old_head_relation")
    if {old_head, change.new_head} & change.relations.keys():
        yield Reason.of("relation_twice", field="relations")


def _release_head(conn: sa.Connection, change: HeadChange, old_head: Mapping[str, Any], batch: WriteBatch) -> None:
    """Take the old head out of the family or give them another relation, and close their account if asked."""
    leaves = change.old_head_relation is None
    columns = {"active": False} if leaves else {"relation": change.old_head_relation}
    changed = {**columns, "version": old_head["version"] + 1}
    # Before the batch: the database refuses two heads even for the length of one statement.
    conn.execute(person.update().where(person.c.id == old_head["id"]).values(**changed))
    batch.note_updated(person, {"id": old_head["id"], **changed})
    if leaves:
        detach_finance_lines(conn, old_head["id"], batch)
    if change.close_account:
        own_account = sa.and_(bank_account.c.person_id == old_head["id"], bank_account.c.active)
        close = bank_account.update().where(own_account).values(active=False).returning(bank_account.c.id)
        for account_id in conn.scalars(close):
            batch.note_updated(bank_account, {"id": account_id, "active": False})


def _append_events(
    conn: sa.Connection,
    file: LockedFile,
    change: HeadChange,
    old_head: UUID,
    touched: list[UUID],
    batch: WriteBatch,
    context: ActionContext,
) -> UUID:
    people = {"person_id": change.new_head, "other_person_id": old_head}
    change_id = add_record(batch, file, HouseholdChangeKind.HEAD, change, context, **people)
    batch.change(household, file.changed())
    facts = facts_of(change_id, change, file, person=str(change.new_head), old_head=str(old_head))
    facts |= {"stays_as": change.old_head_relation, "account_closed": change.close_account}
    event_log.append_event(conn, "household", file.id, "change_head", facts, context, batch)
    for member_id in touched:
        event_log.append_event(
            conn, "person", member_id, "change_head", {household_change.name: str(change_id)}, context
        )
    return change_id
