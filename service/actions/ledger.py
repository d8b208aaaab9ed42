"""Money that moves outside a case: the entry is named in the event that moves it, and written with it."""

from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID

from service.actions.context import ActionContext
from service.db.columns import new_id
from workflows.vocabulary import Fen, Plain, Pot


def entry_row(source: Pot, target: Pot, fen: Fen, fund_id: UUID, on: date, context: ActionContext) -> dict[str, object]:
    """An entry: `fen` moves from `source` to `target`; the fund is locked by the caller. `trail.append` writes it."""
    pots = {"source_pot": source.value, "target_pot": target.value, "fen": fen}
    return {"id": new_id(), "fund_id": fund_id, "case_id": None, **pots, "on": on, "at": context.at}


def summary(entries: Iterable[Mapping[str, object]]) -> list[Plain]:
    """Entries as an event tells them to its reader."""
    return [
        {"id": str(each["id"]), "source_pot": str(each["source_pot"]), "target_pot": str(each["target_pot"])}
        | {"fen": int(str(each["fen"]))}
        for each in entries
    ]
