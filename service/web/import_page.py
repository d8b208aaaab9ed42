"""The page of one upload: what is new, unchanged or doubtful, what is wrong in which row, and who must confirm."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service.http.context import action_context, caller
from service.http.errors import language
from service.http.transaction import connection
from service.imports import kept_workbook
from service.imports.import_context import SheetRow
from service.imports.import_result import Unread
from service.imports.kept_workbook import SheetFound
from service.imports.problems import SheetProblem, message_for_problem, place
from service.queries import accounts, workbook_imports
from service.queries.own_proposals import ProposedWrite, own_proposal

MOST_ROWS = 200
"""The most notes of rows that a page shows; the workbook that is returned has all of them."""

DOUBTFUL = frozenset({"file_differs", "recorded_and_voided"})
"""Codes of rows that are on record in another form: nothing is written, and a person should look."""


@dataclass(frozen=True, slots=True)
class RowNote:
    """What is said of one row: where it is, what is wrong or why it is not written, and its mark where it can be left out."""

    place: str
    words: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class SheetCounts:
    """One sheet: its rows that are new, unchanged and doubtful, and the sum of the new ones (fen)."""

    title: str
    new: int
    unchanged: int
    doubtful: int
    fen: int | None


@dataclass(frozen=True, slots=True)
class ImportPage:
    """Everything that the page of an upload shows."""

    id: UUID
    name: str
    size: int
    digest: str
    state: str
    created_at: datetime
    ended_at: datetime | None
    sheets: tuple[SheetCounts, ...]
    rules: dict[str, int]
    problems: tuple[RowNote, ...]
    problem_count: int
    doubtful: tuple[RowNote, ...]
    unchanged: tuple[RowNote, ...]
    unread: tuple[str, ...]
    only_read: tuple[str, ...]
    left_out: tuple[str, ...]
    roles: tuple[str, ...]
    signers: tuple[str, ...]
    is_proposed: bool
    proposal: ProposedWrite | None
    confirmation_id: UUID | None
    import_id: UUID | None
    """The import that it became; None before, and for one of before imports kept their rows."""

    @property
    def is_open(self) -> bool:
        """Return whether the upload can still be imported or put aside."""
        return self.state == "checked"

    @property
    def has_new(self) -> bool:
        """Return whether the import would write anything."""
        return bool(self.rules) or any(each.new for each in self.sheets)


def import_page(upload_id: UUID) -> ImportPage:
    """Return the page of an upload of the caller's own. Raises NotFound."""
    conn, shown = connection(), kept_workbook.kept(connection(), upload_id, action_context())
    found, waits_for = shown.found, shown.confirmation_id
    doubtful, unchanged = _parted(found.repeats)
    names = accounts.display_names(conn, found.signers)
    return ImportPage(
        id=shown.id,
        name=shown.about.name,
        size=shown.size,
        digest=shown.sha256.hex(),
        state=shown.state,
        created_at=shown.created_at,
        ended_at=shown.ended_at,
        sheets=tuple(_counts(each, doubtful) for each in found.sheets),
        rules=dict(found.rules),
        problems=tuple(_note(each) for each in found.problems[:MOST_ROWS]),
        problem_count=len(found.problems),
        doubtful=tuple(map(_note, doubtful[:MOST_ROWS])),
        unchanged=tuple(map(_note, unchanged[:MOST_ROWS])),
        unread=tuple(map(_unread, found.unread)),
        only_read=found.only_read,
        left_out=tuple(map(_mark, shown.about.left_out)),
        roles=tuple(each.value for each in found.roles),
        signers=tuple(names.get(each, "—") for each in found.signers),
        is_proposed=found.is_proposed,
        proposal=own_proposal(conn, waits_for, caller()) if waits_for else None,
        confirmation_id=waits_for,
        import_id=workbook_imports.latest_of_file(conn, shown.sha256.hex(), caller()),
    )


def _parted(repeats: Iterable[SheetProblem]) -> tuple[list[SheetProblem], list[SheetProblem]]:
    """Return the notes of rows that are on record in another form, and of those that are on record as they are."""
    notes = list(repeats)
    return [each for each in notes if each.code in DOUBTFUL], [each for each in notes if each.code not in DOUBTFUL]


def _counts(sheet: SheetFound, doubtful: Iterable[SheetProblem]) -> SheetCounts:
    number = sum(each.sheet == sheet.title for each in doubtful)
    return SheetCounts(sheet.title, sheet.written, sheet.repeated - number, number, sheet.fen)


def _note(problem: SheetProblem) -> RowNote:
    lang, mark = language(), ""
    if problem.sheet and problem.row:
        mark = _mark(SheetRow(problem.sheet, problem.row))
    return RowNote(place(problem, lang), message_for_problem(problem, lang), mark)


def _mark(row: SheetRow) -> str:
    return f"{row.sheet}#{row.row}"


def _unread(part: Unread) -> str:
    """Return what was left unread: a sheet, a column, or a row with its first words."""
    where = place(SheetProblem(part.file, part.sheet, part.row, part.column, ""), language())
    return f"{where}（{part.text}）" if part.text else where
