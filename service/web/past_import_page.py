"""The page of one import: its rows, what an undo would do with each, and why some would stay."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from service.actions.context import ActionContext
from service.actions.errors import NotFound
from service.actions.import_undo.plan import make_plan
from service.http.auth import READERS
from service.http.context import action_context, app_state, caller
from service.http.errors import language
from service.http.transaction import connection
from service.i18n.catalogue import translate
from service.queries import accounts, confirmations
from service.queries import workbook_imports as read
from service.queries.own_proposals import ProposedWrite, own_proposal
from service.web import lists
from service.web.formatting import joined
from workflows.import_codes import ImportedKind, ImportState
from workflows.powers import UNDOERS

PLACES: Mapping[str, str] = {
    ImportedKind.GIFT: "gifts",
    ImportedKind.VISIT: "visits",
    ImportedKind.DONATION: "donations",
    ImportedKind.ACTIVITY: "activities",
    ImportedKind.HOUSEHOLD: "households",
    ImportedKind.FUND: "funds",
}
"""The pages of records, by their kind."""


@dataclass(frozen=True, slots=True)
class ShownRow:
    """One row: where it is in its sheet, the record it made, and what became of it or would in an undo."""

    place: str
    kind: str
    on: date | None
    words: str
    fen: int | None
    url: str
    undone_on: date | None
    kept: str


@dataclass(frozen=True, slots=True)
class ShownUndo:
    """Who undid an import, who confirmed it, on which day and why."""

    confirmation_id: UUID
    on: date
    proposer: str
    confirmers: str
    reason: str


@dataclass(frozen=True, slots=True)
class PastImportPage:
    """Everything that the page of an import shows."""

    id: UUID
    names: tuple[str, ...]
    state: str
    at: datetime
    importer: str
    number: int
    undone: int
    going: int
    kept: tuple[tuple[str, int], ...]
    rows: tuple[ShownRow, ...]
    next_url: str | None
    confirmation_id: UUID | None
    proposal: ProposedWrite | None
    may_propose: bool
    undo: ShownUndo | None

    @property
    def staying(self) -> int:
        """Return how many rows stay, or would."""
        return sum(number for _, number in self.kept)


def past_import_page(import_id: UUID) -> PastImportPage:
    """Return the page of an import that the caller sees. Raises NotFound."""
    conn, act = connection(), read.one(connection(), import_id, caller())
    if act is None:
        raise NotFound
    made = [row for row in read.rows_of(conn, act.id) if not row.is_repeat]
    against = make_plan(conn, act, _as_proposer(conn, act), lock=False).against
    standing = [row for row in made if row.undone_on is None]
    kept = Counter(against[row.record_id].value for row in standing if row.record_id in against)
    shown, last = _cut(made)
    waits = act.undo_confirmation_id if act.state == ImportState.UNDO_PROPOSED else None
    return PastImportPage(
        id=act.id,
        names=read.names_of(act.id, act.names_sealed, app_state().keyring),
        state=act.state,
        at=act.at,
        importer=act.importer,
        number=len(made),
        undone=len(made) - len(standing),
        going=len(standing) - kept.total(),
        kept=tuple(kept.most_common()),
        rows=_shown(conn, shown, against),
        next_url=lists.next_url(last, {}),
        confirmation_id=waits,
        proposal=own_proposal(conn, waits, caller()) if waits else None,
        may_propose=bool(caller().roles & set(UNDOERS)) and waits is None,
        undo=_undo(conn, act),
    )


def _undo(conn: Any, act: Any) -> ShownUndo | None:
    """Return the undo of an import that was carried out, where the caller sees its proposal."""
    if act.state not in {ImportState.UNDONE, ImportState.PARTLY_UNDONE}:
        return None
    row = confirmations.one(conn, act.undo_confirmation_id, caller())
    if row is None:
        return None
    seconds = [each.confirmed_by for each in confirmations.confirmers_of(conn, [row.id]) if each.confirmed_by]
    names = accounts.display_names(conn, [row.proposed_by, *seconds])
    reason = confirmations.content_of(row, app_state().keyring)["reason"]
    return ShownUndo(row.id, row.ended_on, names[row.proposed_by], joined(names[each] for each in seconds), reason)


def _as_proposer(conn: Any, act: Any) -> ActionContext:
    """Return the context in which an undo is worked out: of its proposer while one waits, else of who may propose it."""
    context, account_id = action_context(), act.by_id
    if act.state == ImportState.UNDO_PROPOSED:
        account_id = read.proposer_of(conn, act.undo_confirmation_id)
    elif caller().roles & set(UNDOERS):
        return context
    proposer = accounts.caller_by_id(conn, account_id, context.today)
    return replace(context, caller=proposer) if proposer else context


def _cut(rows: list[Any]) -> tuple[list[Any], list[str] | None]:
    after = lists.cursor_key({})
    later = [row for row in rows if after is None or row.no > int(after[0])]
    shown = later[: lists.PAGE_SIZE]
    return shown, [str(shown[-1].no)] if len(later) > len(shown) else None


def _shown(conn: Any, rows: list[Any], against: Mapping[UUID, Any]) -> tuple[ShownRow, ...]:
    words = read.words_of(conn, rows)
    may_open = bool(caller().roles & set(READERS))
    return tuple(_row(row, words.get(row.record_id), against, may_open=may_open) for row in rows)


def _row(row: Any, said: Any, against: Mapping[UUID, Any], *, may_open: bool) -> ShownRow:
    url = f"/{PLACES[row.kind]}/{row.record_id}" if may_open and row.kind in PLACES else ""
    kept = against[row.record_id].value if row.undone_on is None and row.record_id in against else ""
    on, words, fen = (said.on, said.words, getattr(said, "fen", None)) if said else (None, "", None)
    sheet, _, number = row.place.rpartition(" ")
    place = f"{sheet} {translate('import.row', language(), row=number)}"
    return ShownRow(place, row.kind, on, words, fen, url, row.undone_on, kept)
