"""The reversal of an import's records: money one by one by its own action, everything else in sets."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, fund_receipts, gifts
from service.actions.context import ActionContext
from service.actions.corrections import void_facts, void_row
from service.actions.errors import NotFound
from service.actions.event_log import SubjectEvent
from service.actions.household_changes.change_record import Change, LockedFile, add_record, facts_of
from service.actions.import_undo.kinds import REVERSALS
from service.actions.import_undo.plan import UndoPlan, keep_needed
from service.actions.permissions import require_role
from service.actions.write_batch import WriteBatch
from service.tables.households import household
from service.tables.payees import bank_account
from service.tables.persons import person
from workflows.household_change_codes import ENTERED_BY_MISTAKE, HouseholdChangeKind
from workflows.import_codes import ImportedKind, KeptReason
from workflows.vocabulary import Plain, Refused

AT_ONCE = 500
"""Records that one statement reverses."""

VoidMoney = Callable[[sa.Connection, UUID, str, ActionContext], None]

MONEY: Mapping[ImportedKind, VoidMoney] = {
    ImportedKind.GIFT: gifts.void_gift,
    ImportedKind.FUND_RECEIPT: fund_receipts.void_receipt,
}


WHY_MONEY_STAYS: Mapping[str, KeptReason] = {
    "receipt_in_use": KeptReason.MONEY_IN_USE,
    "own_family": KeptReason.OWN_FAMILY,
    "voided_already": KeptReason.VOIDED,
    "role_missing": KeptReason.ROLE_MISSING,
}
"""Why a record stays, by the first code of the refusal; any other says that the approver does not suffice."""


def reverse(plan: UndoPlan, reason: str) -> None:
    """Reverse what the plan says; a record of money that its own action refuses stays, with what leans on it."""
    for kind, void in MONEY.items():
        for row in plan.going(kind):
            if row["fen"] is not None:
                _void_money(plan, void, row["id"], reason)
    keep_needed(plan)
    for kind in REVERSALS:
        going, events = plan.going(kind), _ends_of_files if kind is ImportedKind.HOUSEHOLD else _voids
        for first in range(0, len(going), AT_ONCE):
            rows = going[first : first + AT_ONCE]
            event_log.append_events(plan.conn, list(events(plan, kind, rows, reason)))
            plan.gone |= {row["id"] for row in rows}


def _void_money(plan: UndoPlan, void: VoidMoney, record_id: UUID, reason: str) -> None:
    try:
        with plan.conn.begin_nested():
            void(plan.conn, record_id, reason, plan.context_of(record_id))
        plan.gone.add(record_id)
    except Refused as refused:
        plan.keep(record_id, WHY_MONEY_STAYS.get(refused.codes[0], KeptReason.APPROVER_NEEDED))
    except NotFound:
        plan.keep(record_id, KeptReason.ROLE_MISSING)


def _voids(plan: UndoPlan, kind: ImportedKind, rows: list[dict[str, Any]], reason: str) -> Iterator[SubjectEvent]:
    reversal = REVERSALS[kind]
    for row in rows:
        context, batch = plan.context_of(row["id"]), WriteBatch()
        void_row(batch, reversal.table, row["id"], reason, context.today)
        facts = {**void_facts(reason, row), **_undo_facts(plan), **_right(context, kind, row)}
        subject_id = row["id"]
        if kind is ImportedKind.PAIRING:
            subject_id, facts = row["household_id"], {**facts, "pairing": str(row["id"])}
        yield SubjectEvent(reversal.subject, subject_id, reversal.action, facts, batch, context)


def _ends_of_files(
    plan: UndoPlan, kind: ImportedKind, rows: list[dict[str, Any]], _reason: str
) -> Iterator[SubjectEvent]:
    """End files as entered by mistake: their members may be filed elsewhere, and no figure counts them."""
    batches = {row["id"]: WriteBatch() for row in rows}
    _end_members(plan.conn, batches)
    for row in rows:
        context, batch = plan.context_of(row["id"]), batches[row["id"]]
        change = Change(on=context.today, reason=ENTERED_BY_MISTAKE)
        file = LockedFile(row, _right(context, kind, row))
        change_id = add_record(batch, file, HouseholdChangeKind.EXITED, change, context)
        batch.change(household, file.changed(exited_on=change.on, exit_reason=change.reason))
        facts = {**facts_of(change_id, change, file), **_undo_facts(plan)}
        yield SubjectEvent(REVERSALS[kind].subject, row["id"], REVERSALS[kind].action, facts, batch, context)


def _end_members(conn: sa.Connection, batches: Mapping[UUID, WriteBatch]) -> None:
    """Deactivate the members of families, and the accounts that money could be sent to, in two statements."""
    for table in (person, bank_account):
        of_families = table.c.household_id.in_(batches), table.c.active
        ended = sa.update(table).where(*of_families).values(active=False)
        for row in conn.execute(ended.returning(table.c.household_id, table.c.id)):
            batches[row.household_id].note_updated(table, {"id": row.id, "active": False})


def _undo_facts(plan: UndoPlan) -> dict[str, Plain]:
    return {"import": str(plan.act.id)}


def _right(context: ActionContext, kind: ImportedKind, row: Mapping[str, Any]) -> dict[str, Plain]:
    return require_role(context, REVERSALS[kind].roles, row["of_unit"])
