"""The decided category of a household's file, dated and citing the case that decided it."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from service.actions.decided_step import DecidedStep
from service.actions.event_log import EventSource, build_event
from service.actions.write_batch import WriteBatch
from service.crypto.hash_chain import GENESIS
from service.db.prepared import PreparedStatement
from service.tables.events import chain_head, event
from service.tables.households import household
from workflows.vocabulary import Plain, Pot

DECIDED, UNDONE = "decide_category", "undo_category"
"""The actions of the events on the household's chain."""


class Head(NamedTuple):
    """The last event of a household's chain: its number and hash; number 0 before the first."""

    seq: int = 0
    hash: bytes = GENESIS


_HEADS = PreparedStatement(
    sa.select(chain_head.c.id, chain_head.c.seq, chain_head.c.hash)
    .where(chain_head.c.id == sa.func.any(sa.bindparam("household_ids", type_=sa.ARRAY(sa.Uuid()))))
    .order_by(chain_head.c.id)
    .with_for_update(key_share=True)
)


def category_after(step: DecidedStep) -> dict[str, Any] | None:
    """Return the columns of the file's category after the step; None where the step does not change them.

    An approval decides the category. Taking it back restores that of the latest other decision in force, or none.
    """
    row, moves = step.loaded.row, {(each.source, each.target) for each in step.transition.postings}
    if (Pot.AVAILABLE, Pot.COMMITTED) in moves and step.update.category is not None:
        return _columns(step.update.category, step.context.today, row.id)
    if (Pot.COMMITTED, Pot.AVAILABLE) in moves and row.category_case_id == row.id:
        before = row.decided_before
        if before is None:
            return _columns(None, None, None)
        return _columns(before["category"], date.fromisoformat(before["on"]), UUID(before["id"]))
    return None


def _columns(category: str | None, on: date | None, case_id: UUID | None) -> dict[str, Any]:
    return {"category": category, "category_on": on, "category_case_id": case_id}


def lock_heads(conn: sa.Connection, steps: Sequence[DecidedStep]) -> dict[UUID, Head]:
    """Lock and return the heads of the chains of households whose category a step changes."""
    ids = sorted({step.loaded.row.household_id for step in steps if category_after(step) is not None})
    return {row.id: Head(row.seq, bytes(row.hash)) for row in _HEADS.rows(conn, {"household_ids": ids})} if ids else {}


def add_event(step: DecidedStep, columns: Mapping[str, Any], head: Head, batch: WriteBatch) -> None:
    """Add the event on the household's chain that records the new values of the file's columns."""
    row, recorded = step.loaded.row, WriteBatch()
    recorded.note_updated(household, {"id": row.household_id, **columns})
    action = UNDONE if columns["category_case_id"] != row.id else DECIDED
    facts: dict[str, Plain] = {"case": str(row.id), "case_no": row.case_no, "case_seq": step.update.version}
    principal = step.transition.grant.principal
    facts |= {"category": columns["category"], **({"principal": str(principal)} if principal else {})}
    source = EventSource("household", row.household_id, head.seq + 1, action, head.hash)
    event_row = build_event(source, {"facts": facts, "rows": recorded.fingerprints()}, step.context)
    batch.add(event, event_row)
    write_head = batch.change_unrecorded if head.seq else batch.add
    write_head(chain_head, {"id": row.household_id, "seq": source.seq, "hash": event_row["hash"]})
