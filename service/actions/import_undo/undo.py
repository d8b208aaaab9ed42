"""The undo of an import, in one transaction, once a second person has confirmed exactly these records."""

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, validation
from service.actions.context import ActionContext
from service.actions.corrections import reason_problems
from service.actions.errors import NotFound
from service.actions.import_undo.plan import UndoPlan, kept_rows, make_plan
from service.actions.import_undo.reversals import reverse
from service.actions.permissions import require_role
from service.actions.workbook_imports import digest_of
from service.queries import workbook_imports
from service.tables.events import event
from service.tables.workbook_imports import imported_row
from workflows.import_codes import ImportState, KeptReason
from workflows.powers import UNDOERS
from workflows.vocabulary import Plain, Reason, Refused


@dataclass(frozen=True, slots=True)
class UndoContent:
    """The undo of an import and why; how many records it reverses and keeps, and a digest over those it reverses."""

    record_id: UUID
    reason: str
    reversed: int = 0
    kept: int = 0
    rows_digest: str = ""


def undo_import(conn: sa.Connection, content: UndoContent, context: ActionContext) -> UndoContent:
    """Reverse what can be reversed of an import; return the content with what it reversed and kept.

    Raises InvalidForm, Refused (role_missing, import_undone, import_nothing_to_undo, import_rows_differ, undo_changed),
    NotFound. A content without a digest is not compared: it is a trial.
    """
    act = workbook_imports.one(conn, content.record_id, context.caller, lock=True)
    if act is None:
        raise NotFound
    right = _right(act, context)
    validation.refuse_invalid(reason_problems(content.reason))
    _refuse_over(act)
    _refuse_altered(conn, act)
    plan = make_plan(conn, act, context, lock=True)
    reverse(plan, content.reason)
    done = _done(plan, content.reason)
    if not done.reversed:
        raise Refused(Reason.of("import_nothing_to_undo"))
    if content.rows_digest and content.rows_digest != done.rows_digest:
        raise Refused(Reason.of("undo_changed", count=done.reversed))
    _write_result(plan)
    facts: dict[str, Plain] = {"reason": done.reason, "reversed": done.reversed, "kept": done.kept}
    event_log.append_event(conn, "import", act.id, "undo", {**facts, "rows_digest": done.rows_digest, **right}, context)
    return done


def _right(act: sa.Row[Any], context: ActionContext) -> dict[str, Plain]:
    """Return the right by which the caller undoes the import: it is theirs, or they have a role over its unit."""
    return {} if act.by_id == context.caller.account else require_role(context, UNDOERS, act.unit_path)


def _refuse_over(act: sa.Row[Any]) -> None:
    if act.state == ImportState.UNDONE:
        raise Refused(Reason.of("import_undone"))
    if act.state == ImportState.NOTHING_NEW:
        raise Refused(Reason.of("import_nothing_to_undo"))


def _refuse_altered(conn: sa.Connection, act: sa.Row[Any]) -> None:
    """Refuse when the rows of the import are not those that its event names by their digest."""
    made = event.c.subject_id == act.id, event.c.action == "carry_out"
    body = conn.scalar(sa.select(event.c.body).where(*made))
    rows = [(row.kind, row.record_id) for row in workbook_imports.rows_of(conn, act.id) if not row.is_repeat]
    if body is None or json.loads(body)["facts"]["rows_digest"] != digest_of(rows):
        raise Refused(Reason.of("import_rows_differ"))


def _done(plan: UndoPlan, reason: str) -> UndoContent:
    went = [(row.kind, row.record_id) for row in plan.rows if row.record_id in plan.gone]
    return UndoContent(plan.act.id, reason.strip(), len(went), len(plan.rows) - len(went), digest_of(went))


def _write_result(plan: UndoPlan) -> None:
    """Keep what became of each row; what the file only named again is named no more."""
    own, conn = imported_row.c.import_id == plan.act.id, plan.conn
    gone = sa.or_(imported_row.c.is_repeat, imported_row.c.record_id.in_(plan.gone))
    ended = {"undone_on": plan.context.today, "kept": None}
    conn.execute(imported_row.update().where(own, gone, imported_row.c.undone_on.is_(None)).values(ended))
    by_reason: dict[KeptReason, list[int]] = defaultdict(list)
    for no, why in kept_rows(plan):
        by_reason[why].append(no)
    for why, numbers in by_reason.items():
        conn.execute(imported_row.update().where(own, imported_row.c.no.in_(numbers)).values(kept=why.value))
