"""The proposed undo of an import."""

from collections.abc import Mapping

import sqlalchemy as sa

from service.actions.context import ActionContext
from service.actions.errors import NotFound
from service.actions.import_undo.undo import UndoContent, undo_import
from service.actions.proposals.write import Made, ProposedWrite
from service.tables.workbook_imports import workbook_import
from workflows.vocabulary import Plain, Role

UNDO = "import_undo"


def _undo(conn: sa.Connection, content: UndoContent, context: ActionContext) -> Made:
    undo_import(conn, content, context)
    return Made(content.record_id)


def _unit_path(conn: sa.Connection, content: UndoContent, _context: ActionContext) -> str:
    path: str | None = conn.scalar(
        sa.select(workbook_import.c.unit_path).where(workbook_import.c.id == content.record_id)
    )
    if path is None:
        raise NotFound
    return path


def _facts(content: UndoContent) -> dict[str, Plain]:
    counts: dict[str, Plain] = {"reversed": content.reversed, "kept": content.kept}
    return {"import": str(content.record_id), **counts, "rows_digest": content.rows_digest}


UNDO_WRITES: Mapping[str, ProposedWrite] = {
    UNDO: ProposedWrite(
        ("import", "undo"), UndoContent, _undo, _unit_path, facts=_facts, acts_as=(Role.CASHIER, Role.APPROVER)
    ),
}
"""By the name that its confirmation carries."""
