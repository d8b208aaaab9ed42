"""Importing files: rules first, then workbooks in the order one needs the other; all of them, or none."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from service.actions import policies
from service.actions.context import ActionContext
from service.imports.error_workbook import PROBLEMS
from service.imports.import_context import ImportContext, Progress
from service.imports.problems import InvalidSheets, SheetProblem, Unreadable
from service.imports.sheet_reader import Row, Workbook, read_sheet
from service.imports.workbooks import WORKBOOK_OF, WORKBOOKS
from service.imports.xlsx import Cells, read_bytes, read_workbook
from service.tables.events import imported_file
from workflows.policy_parser import InvalidPolicy
from workflows.vocabulary import Refused
from workflows.workdays import InvalidCalendar, read_calendar

NOTES = "说明"
UNREAD = frozenset({NOTES, PROBLEMS})
"""Sheets for people, which are not read."""


def silent(_title: str, _done: int, _of: int) -> None:
    """Progress that nobody watches."""


@dataclass(slots=True)
class Imported:
    """What came in: rows by kind of file, files that had been imported before, files only read (applications)."""

    counts: Counter[str] = field(default_factory=Counter)
    repeated: list[str] = field(default_factory=list)
    only_read: list[str] = field(default_factory=list)
    dry_run: bool = False


@dataclass(slots=True)
class _File:
    """A workbook that could be read: its book, its sheets' rows, its digest."""

    name: str
    book: Workbook
    rows: Mapping[str, list[Row]]
    digest: bytes


def import_folder(
    conn: sa.Connection, folder: Path, context: ActionContext, progress: Progress = silent, *, dry_run: bool = False
) -> Imported:
    """Import every .toml, calendar*.csv and .xlsx of a folder. See import_files."""
    return import_files(conn, importable(folder), context, progress, dry_run=dry_run)


def importable(folder: Path) -> list[Path]:
    """The files of a folder that can be imported, by name; what an office program leaves beside an open file is none."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith((".", "~")) and _kind(path))


def _kind(path: Path) -> str | None:
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return "calendar" if path.name.startswith("calendar") else None
    return {".toml": "policy", ".xlsx": "workbook"}.get(suffix)


def import_files(
    conn: sa.Connection,
    paths: Iterable[Path],
    context: ActionContext,
    progress: Progress = silent,
    *,
    dry_run: bool = False,
) -> Imported:
    """Import files in one go; a file that came in before is left out and said so. Never commits.

    Raises BadSheets with everything that is wrong, and then leaves nothing, even if the caller commits. What stands
    in the cells is checked in every file; what the record says of it, up to the first kind of file with a fault.
    """
    desk, imported = ImportContext(conn, context, progress), Imported(dry_run=dry_run)
    behind = conn.begin_nested()
    try:
        _all(desk, paths, imported)
    except BaseException:
        behind.rollback()
        raise
    if dry_run:
        behind.rollback()
    else:
        behind.commit()
    return imported


def _all(desk: ImportContext, paths: Iterable[Path], imported: Imported) -> None:
    files = _opened(desk, paths, imported)
    for book in WORKBOOKS:
        for file in (each for each in files if each.book is book and not desk.problems):
            _write(desk, file, imported)
    if desk.problems:
        raise InvalidSheets(desk.problems)


def _opened(desk: ImportContext, paths: Iterable[Path], imported: Imported) -> list[_File]:
    files = []
    for path in paths:
        desk.file = path.name
        kind = _kind(path)
        if kind in RULES:
            _rules(desk, path, RULES[kind], imported)
        else:
            file = _workbook(desk, path)
            files += [file] if file is not None else []
    return files


def _rules(desk: ImportContext, path: Path, load: Callable[[ImportContext, str], int], imported: Imported) -> None:
    """A policy set or a calendar; their own files say what is wrong by place."""
    try:
        imported.counts[_kind(path) or ""] += load(desk, path.read_text("utf-8-sig"))
    except UnicodeDecodeError:
        desk.problems.append(SheetProblem(path.name, None, None, None, "file_not_utf8"))
    except InvalidPolicy as bad:
        told = [(each.path, f"policy_{each.code}", each.values) for each in bad.problems]
        desk.problems += [
            SheetProblem(path.name, None, None, at or None, code, dict(values)) for at, code, values in told
        ]
    except InvalidCalendar as bad:
        for each in bad.problems:
            line = each.values.get("line")
            row = line if isinstance(line, int) else None
            desk.problems.append(SheetProblem(path.name, None, row, None, each.code, dict(each.values)))
    except Refused as refused:
        desk.problems += [
            SheetProblem(path.name, None, None, None, each.code, dict(each.values)) for each in refused.reasons
        ]


def _load_policy(desk: ImportContext, text: str) -> int:
    policies.load_policy(desk.conn, text, desk.context)
    return 1


def _load_calendar(desk: ImportContext, text: str) -> int:
    years = sorted(read_calendar(text).years)
    for year in years:
        policies.load_calendar(desk.conn, text, year, desk.context)
    return len(years)


RULES: Mapping[str | None, Callable[[ImportContext, str], int]] = {"policy": _load_policy, "calendar": _load_calendar}


def _workbook(desk: ImportContext, path: Path) -> _File | None:
    try:
        stored = read_bytes(path)
        sheets = read_workbook(stored)
        book = _book(sheets)
    except Unreadable as fault:
        values = dict(fault.reason.values)
        desk.problems.append(SheetProblem(path.name, fault.field, None, None, fault.reason.code, values))
        return None
    rows: dict[str, list[Row]] = {sheet.title: [] for sheet in book.sheets}
    for sheet in book.sheets:
        if sheet.title in sheets:
            found = read_sheet(path.name, sheet, sheets[sheet.title])
            rows[sheet.title] = found.rows
            desk.problems += found.problems
        elif not sheet.optional:
            desk.problems.append(SheetProblem(path.name, sheet.title, None, None, "sheet_missing"))
    return _File(path.name, book, rows, sha256(stored).digest())


def _book(sheets: Mapping[str, Cells]) -> Workbook:
    """The kind of file, by the titles of its sheets, which must all belong to one. Raises Unreadable."""
    titles = [title for title in sheets if title not in UNREAD]
    unknown = [title for title in titles if title not in WORKBOOK_OF]
    if unknown or not titles:
        title = unknown[0] if unknown else ""
        raise Unreadable("sheet_unknown", field=title or None, found=title, known=list(WORKBOOK_OF), notes=NOTES)
    book = WORKBOOK_OF[titles[0]]
    for title in titles:
        if WORKBOOK_OF[title] is not book:
            raise Unreadable("sheet_of_other_book", field=title, found=title, with_=titles[0])
    return book


def _write(desk: ImportContext, file: _File, imported: Imported) -> None:
    """Write one workbook, unless its very bytes came in before."""
    desk.file = file.name
    count = sum(len(rows) for rows in file.rows.values())
    if file.book.write is None:
        imported.only_read.append(file.name)
    elif _noted(desk, file, count):
        imported.counts[file.book.key] += file.book.write(desk, file.rows)
    else:
        imported.repeated.append(file.name)


def _noted(desk: ImportContext, file: _File, count: int) -> bool:
    """Note the file as imported; False when it was. Two who import it at once take turns here."""
    columns = {"sha256": file.digest, "kind": file.book.key, "rows": count, "by_id": desk.context.caller.account}
    noted = insert(imported_file).values(**columns, at=desk.context.at).on_conflict_do_nothing()
    return desk.conn.execute(noted.returning(imported_file.c.sha256)).one_or_none() is not None
