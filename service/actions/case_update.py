"""A case update holds the columns of a case that a step may change, as they are after it."""

from dataclasses import dataclass, fields, replace
from datetime import date
from uuid import UUID

from service.queries.case_loading.load import digest_of
from service.queries.case_loading.loaded_case import CaseRow, LoadedCase
from workflows.state_machine import Posting, Transition
from workflows.vocabulary import Pot


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
    outstanding_fen: int
    recovering_fen: int
    written_off_fen: int

    def columns(self) -> dict[str, object]:
        """Return the columns by name."""
        return {name: getattr(self, name) for name in COLUMNS}

    def changed(self, row: CaseRow) -> dict[str, object]:
        """Return the columns that differ from the loaded row."""
        return {name: value for name, value in self.columns().items() if value != getattr(row, name)}

    def digest(self, loaded: LoadedCase) -> str:
        """Return what a signature covers after the step; digested again only where the step changes a part of it."""
        row = loaded.row
        signed = (self.award_fen, self.fund_id, self.policy_set_id, self.category)
        if signed == (row.award_fen, row.fund_id, row.policy_set_id, row.category):
            return loaded.facts.content
        return digest_of(row, *signed)


COLUMNS = tuple(each.name for each in fields(CaseUpdate))


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
