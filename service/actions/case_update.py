"""A case update holds the columns of a case that a step may change, as they are after it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import Any
from uuid import UUID

from service.queries.case_loading.load import digest_of
from service.queries.case_loading.loaded_case import REVIEWED, CaseRow, LoadedCase
from workflows.state_machine import Posting, Transition
from workflows.vocabulary import Plain, Pot

APPLICATION = {"item": "first_item", "requested_fen": "first_requested_fen", "answers": "first_answers"}
"""The columns that a correction of the application replaces, each with the column that keeps its first value."""


@dataclass(frozen=True, slots=True)
class CaseUpdate:
    """The columns by their own names; sums in fen."""

    state: str
    phase: str
    version: int
    entered_on: date
    due_on: date | None
    due_is_provisional: bool
    held_until: date | None
    award_fen: int | None
    fund_id: UUID | None
    policy_set_id: UUID
    category: str | None
    method: str | None
    cash_reason: str | None
    outstanding_fen: int
    recovering_fen: int
    written_off_fen: int
    corrected: Mapping[str, object] = field(default_factory=dict)
    """The columns of APPLICATION that a correction gives new values; empty for every other step."""

    def columns(self, row: CaseRow) -> dict[str, object]:
        """Return the columns by name; those of the application only where the step corrects it."""
        columns = {name: getattr(self, name) for name in COLUMNS}
        if not self.corrected:
            return columns
        return columns | self._application(row) | _first_values(row)

    def changed(self, row: CaseRow) -> dict[str, object]:
        """Return the columns that differ from the loaded row; of a corrected application all."""
        changed = {name: getattr(self, name) for name in COLUMNS if getattr(self, name) != getattr(row, name)}
        return changed | (self._application(row) if self.corrected else {})

    def _application(self, row: CaseRow) -> dict[str, object]:
        return {**_application_of(row), **self.corrected}

    def corrections(self, row: CaseRow) -> dict[str, Plain]:
        """Return each field of the application that a correction changes, as `[before, after]`."""
        if not self.corrected:
            return {}
        before, after = _as_fields(_application_of(row)), _as_fields(self._application(row))
        names = dict.fromkeys((*before, *after))
        return {name: [before.get(name), after.get(name)] for name in names if before.get(name) != after.get(name)}

    def digest(self, loaded: LoadedCase) -> str:
        """Return what a signature covers after the step; digested again only where the step changes a part of it."""
        row = loaded.row
        if self.corrected:
            row = CaseRow({**vars(row), **self._application(row)})
            return digest_of(row, self)
        if all(getattr(self, name) == getattr(row, name) for name in REVIEWED):
            return loaded.facts.content
        return digest_of(row, self)


COLUMNS = tuple(each.name for each in fields(CaseUpdate) if each.name != "corrected")


def _application_of(row: CaseRow) -> dict[str, object]:
    return {name: getattr(row, name) for name in APPLICATION}


def _first_values(row: CaseRow) -> dict[str, object]:
    """Return the first value of each column, as an earlier correction kept it or as it is now."""
    kept = {first: getattr(row, first) for first in APPLICATION.values()}
    return {first: getattr(row, name) if kept[first] is None else kept[first] for name, first in APPLICATION.items()}


def _as_fields(application: Mapping[str, Any]) -> dict[str, Plain]:
    """Return the application by the names of its form: money in fen."""
    return {"requested": application["requested_fen"], "item": application["item"], **application["answers"]}


def next_version(row: CaseRow, *, policy_set_id: UUID, fund_id: UUID | None) -> CaseUpdate:
    """Return the columns as they are, with the next version, the policy set the step cites and the fund it names."""
    return CaseUpdate(
        state=row.state,
        phase=row.phase,
        version=row.version + 1,
        entered_on=row.entered_on,
        due_on=row.due_on,
        due_is_provisional=row.due_is_provisional,
        held_until=row.held_until,
        award_fen=row.award_fen,
        fund_id=fund_id if row.award_fen is not None else None,
        policy_set_id=policy_set_id,
        category=row.category,
        method=row.method,
        cash_reason=row.cash_reason,
        outstanding_fen=row.outstanding_fen,
        recovering_fen=row.recovering_fen,
        written_off_fen=row.written_off_fen,
    )


def moved(update: CaseUpdate, transition: Transition, today: date) -> CaseUpdate:
    """Return the update with the state the transition leads to, and with the sums the money moves to."""
    for posting in transition.postings:
        update = _posted(update, posting)
    if transition.source == transition.target:
        return update
    return replace(
        update,
        state=transition.target,
        phase=transition.phase.value,
        entered_on=today,
        due_on=transition.due_on,
        due_is_provisional=transition.due_is_provisional,
        held_until=None,
    )


def _posted(update: CaseUpdate, posting: Posting) -> CaseUpdate:
    gone = posting.target in {Pot.AVAILABLE, Pot.WRITTEN_OFF}
    out = (posting.source is Pot.AVAILABLE) - gone
    recovering = (posting.target is Pot.RECOVERING) - (posting.source is Pot.RECOVERING)
    written_off = posting.target is Pot.WRITTEN_OFF
    return replace(
        update,
        outstanding_fen=update.outstanding_fen + out * posting.fen,
        recovering_fen=update.recovering_fen + recovering * posting.fen,
        written_off_fen=update.written_off_fen + written_off * posting.fen,
    )
