"""Money that moves outside a case: the entry is named in the event that moves it, then written beside it."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from service.actions.trail import Asked
from service.db import new_id
from service.tables.funds import entry
from workflows.terms import Fen, Plain, Pot


def named(source: Pot, target: Pot, fen: Fen) -> dict[str, Plain]:
    """An entry as the event names it; `fen` moves from `source` to `target`."""
    return {"id": str(new_id()), "source_pot": source.value, "target_pot": target.value, "fen": fen}


def post(
    tx: sa.Connection, each: Mapping[str, Plain], fund_id: UUID, subject_id: UUID, seq: int, on: date, asked: Asked
) -> UUID:
    """Write an entry that event `seq` of the subject has named; the fund is locked by the caller."""
    row = UUID(str(each["id"]))
    what = {"id": row, "fund_id": fund_id, "subject_id": subject_id, "seq": seq, "on": on, "at": asked.at}
    tx.execute(entry.insert().values(**{**each, **what}))
    return row
