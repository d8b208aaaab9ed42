"""The result of an import: for each sheet what was written, what was on record already, and the sums."""

from dataclasses import dataclass, field
from uuid import UUID

from service.actions.workbook_imports import ImportedRecord
from service.imports.problems import SheetProblem

REPEATS = frozenset({"recorded_already", "recorded_and_voided", "listed_already", "file_recorded", "file_differs"})
"""Reason codes that say a row is on record already: it is named, and nothing is written."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A part of a file that was left unread: a sheet, a column of a sheet, or a row with its first words."""

    file: str
    sheet: str
    column: str | None = None
    row: int | None = None
    text: str | None = None


@dataclass(slots=True)
class SheetCount:
    """The rows of one sheet: written, on record already, and the sum of money written (fen; None for no money)."""

    written: int = 0
    repeated: int = 0
    fen: int | None = None


@dataclass(slots=True)
class Imported:
    """The outcome of an import, by sheet title; `rules` counts policy sets and calendars."""

    sheets: dict[str, SheetCount] = field(default_factory=dict)
    repeats: list[SheetProblem] = field(default_factory=list)
    rules: dict[str, int] = field(default_factory=dict)
    only_read: list[str] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    dry_run: bool = False
    signers: set[UUID] = field(default_factory=set)
    """The people who must confirm the money of the rows in person."""

    records: list[ImportedRecord] = field(default_factory=list)
    """The records that the rows made, and those on record already that they name, in their order."""

    import_id: UUID | None = None
    """The act by which the import can be undone; None where no row made or named a record."""

    def written(self) -> dict[str, int]:
        """Return the number of rows written, for the sheets of which any was."""
        return {title: count.written for title, count in self.sheets.items() if count.written}

    def count(self, title: str, fen: int | None) -> None:
        """Count one written row, and its money if the sheet has any."""
        sheet = self.sheets.setdefault(title, SheetCount())
        sheet.written += 1
        if fen is not None:
            sheet.fen = (sheet.fen or 0) + fen

    def note_repeat(self, title: str, note: SheetProblem) -> None:
        """Count one row that is on record already, and keep its position."""
        self.sheets.setdefault(title, SheetCount()).repeated += 1
        self.repeats.append(note)
