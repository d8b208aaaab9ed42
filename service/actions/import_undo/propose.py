"""The undo of an import is proposed: it is tried and taken back, and waits for a second person."""

from uuid import UUID

import sqlalchemy as sa

from service.actions import confirmations
from service.actions.confirmations import Proposal
from service.actions.context import ActionContext
from service.actions.errors import NotFound
from service.actions.import_undo.undo import UndoContent, undo_import
from service.actions.proposals.imports import UNDO
from service.queries import workbook_imports
from service.tables.workbook_imports import workbook_import
from workflows.import_codes import ImportState
from workflows.vocabulary import Reason, Refused


def propose_undo(conn: sa.Connection, import_id: UUID, reason: str, context: ActionContext) -> Proposal:
    """Propose to undo an import: exactly the records that the trial reversed are confirmed.

    Raises what the undo raises, and Refused (proposed_already, nobody_can_confirm).
    """
    act = workbook_imports.one(conn, import_id, context.caller, lock=True)
    if act is None:
        raise NotFound
    if act.state == ImportState.UNDO_PROPOSED:
        raise Refused(Reason.of("proposed_already", confirmation=str(act.undo_confirmation_id), act=UNDO))
    content = confirmations.try_write(
        conn, context, lambda trial: undo_import(conn, UndoContent(import_id, reason), trial)
    )
    proposal = confirmations.keep(conn, UNDO, content, context)
    waits = workbook_import.update().where(workbook_import.c.id == import_id)
    conn.execute(waits.values(undo_confirmation_id=proposal.id))
    return proposal
