"""Ledger entries for money that moves outside a case."""

from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID

from service.actions.context import ActionContext
from service.db.columns import new_id
from workflows.vocabulary import Fen, Plain, Pot


def entry_row(source: Pot, target: Pot, fen: Fen, fund_id: UUID, on: date, context: ActionContext) -> dict[str, object]:
    """Return an entry that moves `fen` from `source` to `target`; append_event writes it.

    The caller holds the fund's lock.
    """
    pots = {"source_pot": source.value, "target_pot": target.value, "fen": fen}
    return {"id": new_id(), "fund_id": fund_id, "case_id": None, **pots, "on": on, "at": context.at}


def summary(entries: Iterable[Mapping[str, object]]) -> list[Plain]:
    """Return entries as an event records them for its reader."""
    return [
        {"id": str(entry["id"]), "source_pot": str(entry["source_pot"]), "target_pot": str(entry["target_pot"])}
        | {"fen": int(str(entry["fen"]))}
        for entry in entries
    ]
