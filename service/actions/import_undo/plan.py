"""The plan of an undo: for each record of an import, whether it would be reversed, or why it stays."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions.context import ActionContext
from service.actions.import_undo.kinds import MONEY_ROLES, REVERSALS
from service.queries import accounts, workbook_imports
from service.queries import import_undo as read
from service.queries.scope import Caller
from workflows.import_codes import ImportedKind, KeptReason
from workflows.vocabulary import Role


@dataclass(slots=True)
class UndoPlan:
    """One undo while it is worked out: the import, its records, who acts for each keeper, and what stays."""

    conn: sa.Connection
    act: sa.Row[Any]
    context: ActionContext
    rows: list[sa.Row[Any]]
    records: Mapping[ImportedKind, list[dict[str, Any]]] = field(default_factory=dict)
    against: dict[UUID, KeptReason] = field(default_factory=dict)
    """Why a record stays."""

    gone: set[UUID] = field(default_factory=set)
    """Records that this undo has reversed already."""

    contexts: dict[UUID, ActionContext] = field(default_factory=dict)

    def keep(self, record_id: UUID, why: KeptReason) -> None:
        """Note why a record stays; what stays already keeps its first reason."""
        self.against.setdefault(record_id, why)

    def going(self, kind: ImportedKind) -> list[dict[str, Any]]:
        """Return the records of one kind that would be reversed, and are not yet."""
        return [row for row in self.records[kind] if row["id"] not in self.against and row["id"] not in self.gone]

    def reversed_ids(self) -> set[UUID]:
        """Return the records that are, or would be, reversed."""
        return {row["id"] for rows in self.records.values() for row in rows if row["id"] not in self.against}

    def context_of(self, record_id: UUID) -> ActionContext:
        """Return the context that reverses a record."""
        return self.contexts[record_id]


def make_plan(conn: sa.Connection, act: sa.Row[Any], context: ActionContext, *, lock: bool) -> UndoPlan:
    """Work out what an undo would do; `lock` keeps every record as it is until the transaction ends."""
    rows = [row for row in workbook_imports.rows_of(conn, act.id) if not row.is_repeat and row.undone_on is None]
    standing = {row.record_id for row in rows}
    plan = UndoPlan(conn, act, context, rows)
    for kind in REVERSALS:
        found = read.locked_rows(conn, act.id, kind, lock=lock)
        plan.records = {**plan.records, kind: [row for row in found if row["id"] in standing]}
    _find_contexts(plan)
    _keep_without_reversal(plan)
    for kind in REVERSALS:
        _keep_ended_and_forbidden(plan, kind)
    _keep_receipts_in_use(plan)
    keep_needed(plan)
    return plan


def _find_contexts(plan: UndoPlan) -> None:
    """Find for each record the context that reverses it: the caller's own, for an administrator the keeper's too."""
    own, by_keeper = plan.context.caller, {plan.context.caller.account: plan.context}
    for row in plan.rows:
        if row.keeper_id not in by_keeper:
            keeper = None
            if own.holds((Role.ADMIN,), plan.act.unit_path):
                keeper = accounts.caller_by_id(plan.conn, row.keeper_id, plan.context.today)
            by_keeper[row.keeper_id] = _acting_for(plan.context, keeper) if keeper else plan.context
        plan.contexts[row.record_id] = by_keeper[row.keeper_id]


def _acting_for(context: ActionContext, keeper: Caller) -> ActionContext:
    """Return the caller with the keeper's grants besides their own; events name the keeper as principal."""
    lent = tuple(replace(grant, principal=keeper.account) for grant in keeper.held)
    return replace(context, caller=replace(context.caller, held=(*context.caller.held, *lent)))


def _keep_without_reversal(plan: UndoPlan) -> None:
    named = read.named_again(plan.conn, plan.act.id, plan.act.files)
    for row in plan.rows:
        if ImportedKind(row.kind) not in REVERSALS:
            plan.keep(row.record_id, KeptReason.NO_REVERSAL)
        elif row.record_id in named:
            plan.keep(row.record_id, KeptReason.NAMED_AGAIN)


def _keep_ended_and_forbidden(plan: UndoPlan, kind: ImportedKind) -> None:
    """Keep what is voided or ended already, what the caller has no role for, and what is of their own family."""
    families = read.own_families(plan.conn, plan.context.caller.account)
    for row in plan.records[kind]:
        is_money = kind in MONEY_ROLES and row["fen"] is not None
        if is_money:  # nobody takes money back with the rights of its keeper
            plan.contexts[row["id"]] = plan.context
        roles = MONEY_ROLES[kind] if is_money else REVERSALS[kind].roles
        if row["voided_on" if kind is not ImportedKind.HOUSEHOLD else "exited_on"] is not None:
            plan.keep(row["id"], KeptReason.FILE_ENDED if kind is ImportedKind.HOUSEHOLD else KeptReason.VOIDED)
        elif not plan.context_of(row["id"]).caller.holds(roles, row["of_unit"]):
            plan.keep(row["id"], KeptReason.ROLE_MISSING)
        elif (row["id"] if kind is ImportedKind.HOUSEHOLD else row.get("household_id")) in families:
            plan.keep(row["id"], KeptReason.OWN_FAMILY)


def _keep_receipts_in_use(plan: UndoPlan) -> None:
    """Keep the receipts whose money is committed or spent, line by line, the oldest first to go."""
    receipts = plan.going(ImportedKind.FUND_RECEIPT)
    left = read.available(plan.conn, {row["fund_id"] for row in receipts})
    for row in plan.going(ImportedKind.GIFT):
        if row["fund_id"] in left:
            left[row["fund_id"]] += row["fen"]
    for row in receipts:
        if row["fen"] > left[row["fund_id"]]:
            plan.keep(row["id"], KeptReason.MONEY_IN_USE)
        else:
            left[row["fund_id"]] -= row["fen"]


def keep_needed(plan: UndoPlan) -> None:
    """Keep what a record that stays needs: visits with gifts, pairings with visits, files with anything."""
    import_id = plan.act.id
    for visit_id in read.gifts_of_visits(plan.conn, import_id, plan.reversed_ids()):
        plan.keep(visit_id, KeptReason.HAS_GIFTS)
    for pairing_id in read.visits_of_pairings(plan.conn, import_id, plan.reversed_ids()):
        plan.keep(pairing_id, KeptReason.HAS_VISITS)
    for code, asked in read.AGAINST_FAMILIES.items():
        for household_id in asked(plan.conn, import_id):
            plan.keep(household_id, code)
    for household_id in read.records_of_families(plan.conn, import_id, plan.reversed_ids()):
        plan.keep(household_id, KeptReason.HAS_RECORDS)


def kept_rows(plan: UndoPlan) -> Iterator[tuple[int, KeptReason]]:
    """Yield the number of each row whose record stays, and why."""
    return ((row.no, plan.against[row.record_id]) for row in plan.rows if row.record_id in plan.against)
