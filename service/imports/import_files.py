"""The import reads rule files first, then workbooks, and writes all or nothing."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from service.actions import policies
from service.actions.context import ActionContext
from service.actions.workbook_imports import ImportedFile, record_import
from service.imports.csv_files import decode, is_calendar
from service.imports.error_workbook import PROBLEMS
from service.imports.import_context import NO_OPTIONS, ImportContext, ImportOptions, Progress
from service.imports.import_result import Imported, SheetCount, Unread
from service.imports.problems import InvalidSheets, SheetProblem, Unreadable
from service.imports.sheet_reader import Row, Sheet, SheetContent, Workbook, header_row, read_sheet
from service.imports.spreadsheets import importable, is_for_people, open_spreadsheet
from service.imports.workbooks import WORKBOOK_OF, WORKBOOKS
from service.imports.xlsx import Cells, OpenedWorkbook, read_bytes
from service.tables.events import imported_file
from workflows.policy_parser import InvalidPolicy
from workflows.vocabulary import Reason, Refused
from workflows.workdays import InvalidCalendar, read_calendar

NOTES = "说明"
LEFT_OUT = "不导入"
"""What the result says of a row that its importer left out."""

UNREAD = frozenset({NOTES, PROBLEMS})
"""Titles of sheets for people, which the import skips."""


def no_progress(_title: str, _done: int, _total: int) -> None:
    """Report nothing."""


@dataclass(slots=True)
class _File:
    """A readable file: its kind of workbook, the rows of its sheets, and its SHA-256."""

    name: str
    book: Workbook
    rows: Mapping[str, list[Row]]
    digest: bytes
    is_single_sheet: bool


def import_folder(
    conn: sa.Connection,
    folder: Path,
    context: ActionContext,
    progress: Progress = no_progress,
    *,
    dry_run: bool = False,
) -> Imported:
    """Import every file of a folder as `import_files` does; a file that cannot be imported is a problem."""
    return import_files(conn, importable(folder), context, progress, dry_run=dry_run)


def import_files(
    conn: sa.Connection,
    paths: Iterable[Path],
    context: ActionContext,
    progress: Progress = no_progress,
    *,
    dry_run: bool = False,
    options: ImportOptions = NO_OPTIONS,
) -> Imported:
    """Import files together; a row that is on record already is named and not written again. Never commits.

    Sheets of one kind may be spread over several files.

    Raises InvalidSheets with every problem; then nothing is written, and the caller commits only who was disclosed to be
    on file. Cells are checked in every file. Stored records are checked up to the first kind of workbook with a problem.
    """
    import_run = ImportContext(conn, context, progress, Imported(dry_run=dry_run), options=options)
    savepoint = conn.begin_nested()
    try:
        _import_all(import_run, paths)
    except BaseException as error:
        savepoint.rollback()
        if isinstance(error, InvalidSheets):
            error.disclosures = import_run.record_disclosures()
        raise
    if dry_run:
        savepoint.rollback()
    else:
        savepoint.commit()
    return import_run.imported


def _import_all(import_run: ImportContext, paths: Iterable[Path]) -> None:
    files = _read_files(import_run, paths)
    for book in WORKBOOKS:
        of_book = [each for each in files if each.book is book]
        if of_book and not import_run.problems:
            _write_book(import_run, book, of_book)
    if import_run.problems:
        raise InvalidSheets(import_run.problems)
    if records := import_run.imported.records:
        written = [ImportedFile(each.name, each.digest.hex()) for each in files if each.book.write is not None]
        import_run.imported.import_id = record_import(import_run.conn, written, records, import_run.context)


def _read_files(import_run: ImportContext, paths: Iterable[Path]) -> list[_File]:
    files = []
    for path in paths:
        try:
            stored = path.read_bytes() if path.suffix.lower() == ".toml" else read_bytes(path)
            if (kind := _kind_of_rules(path, stored)) is not None:
                _load_rules(import_run, path, decode(stored), kind)
            else:
                files.append(_read_file(import_run, path, stored))
        except Unreadable as fault:
            values = dict(fault.reason.values)
            import_run.problems.append(SheetProblem(path.name, fault.field, None, None, fault.reason.code, values))
    _find_missing_sheets(import_run, files)
    return files


def _find_missing_sheets(import_run: ImportContext, files: list[_File]) -> None:
    """Add a problem for each sheet that a kind of workbook needs and that none of its files has.

    A .csv file has one sheet, so beside it the others may be missing.
    """
    for book in dict.fromkeys(file.book for file in files):
        of_book = [file for file in files if file.book is book]
        present = {title for file in of_book for title in file.rows}
        import_run.problems += [
            SheetProblem(of_book[0].name, sheet.title, None, None, "sheet_missing")
            for sheet in book.sheets
            if not (sheet.optional or sheet.title in present or any(file.is_single_sheet for file in of_book))
        ]


def _kind_of_rules(path: Path, stored: bytes) -> str | None:
    """Return `policy` or `calendar`, or None for a spreadsheet. Raises Unreadable for a .csv that is not text."""
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return "calendar" if path.name.startswith("calendar") or is_calendar(decode(stored)) else None
    return "policy" if suffix == ".toml" else None


def _load_rules(import_run: ImportContext, path: Path, text: str, kind: str) -> None:
    """Load a policy set or a calendar, and add its problems with the path or the line they are at."""
    try:
        rules = import_run.imported.rules
        rules[kind] = rules.get(kind, 0) + RULE_LOADERS[kind](import_run, text)
    except InvalidPolicy as invalid:
        import_run.problems += [
            SheetProblem(path.name, None, None, problem.path or None, f"policy_{problem.code}", dict(problem.values))
            for problem in invalid.problems
        ]
    except InvalidCalendar as invalid:
        for problem in invalid.problems:
            line = problem.values.get("line")
            row = line if isinstance(line, int) else None
            import_run.problems.append(SheetProblem(path.name, None, row, None, problem.code, dict(problem.values)))
    except Refused as refused:
        import_run.problems += [
            SheetProblem(path.name, None, None, None, reason.code, dict(reason.values)) for reason in refused.reasons
        ]


def _load_policy(import_run: ImportContext, text: str) -> int:
    policies.load_policy(import_run.conn, text, import_run.context, urgent=import_run.options.urgent)
    return 1


def _load_calendar(import_run: ImportContext, text: str) -> int:
    years = sorted(read_calendar(text).years)
    for year in years:
        policies.load_calendar(import_run.conn, text, year, import_run.context)
    return len(years)


RULE_LOADERS: Mapping[str, Callable[[ImportContext, str], int]] = {
    "policy": _load_policy,
    "calendar": _load_calendar,
}


def _read_file(import_run: ImportContext, path: Path, stored: bytes) -> _File:
    """Return the rows of a spreadsheet, and add its problems. Raises Unreadable when it has none of our sheets."""
    options, unread = import_run.options, import_run.imported.unread
    opened = named_as(open_spreadsheet(path, stored), options.kind)
    book = _workbook_kind(opened)
    rows: dict[str, list[Row]] = {}
    for sheet in book.sheets:
        if sheet.title in opened.sheets:
            content = read_sheet(path.name, sheet, opened.sheets[sheet.title])
            _leave_out(content, sheet, opened.sheets[sheet.title], options)
            rows[sheet.title] = content.rows
            import_run.problems += content.problems
            unread += _unread_in(path.name, sheet.title, content)
    unread += [Unread(path.name, title) for title in opened.sheets if title not in {*UNREAD, *WORKBOOK_OF}]
    return _File(path.name, book, rows, sha256(stored).digest(), opened.is_single_sheet)


def named_as(opened: OpenedWorkbook, kind: str) -> OpenedWorkbook:
    """Return a workbook whose one table without a known title has the title `kind`; else the workbook as it is."""
    unknown = [title for title in opened.sheets if title not in WORKBOOK_OF and not _is_unread(opened, title)]
    others = list(opened.sheets) if opened.is_single_sheet else unknown
    if kind not in WORKBOOK_OF or len(others) != 1 or kind in opened.sheets:
        return opened
    return replace(opened, sheets={kind if each == others[0] else each: cells for each, cells in opened.sheets.items()})


def _leave_out(content: SheetContent, sheet: Sheet, cells: Cells, options: ImportOptions) -> None:
    """Drop the rows that the importer leaves out, and note each; a heading is never one of them."""
    first = header_row(sheet, cells) + 2
    numbers = {each.row for each in options.left_out if each.sheet == sheet.title and each.row >= first}
    if numbers:
        content.rows = [row for row in content.rows if row.number not in numbers]
        content.problems = [each for each in content.problems if each.row not in numbers]
        content.left_out += [(number, LEFT_OUT) for number in sorted(numbers)]


def _unread_in(file: str, sheet: str, content: SheetContent) -> list[Unread]:
    columns = [Unread(file, sheet, column=column) for column in content.unread_columns]
    return columns + [Unread(file, sheet, row=row, text=text) for row, text in content.left_out]


def _workbook_kind(opened: OpenedWorkbook) -> Workbook:
    """Return the kind of workbook all sheet titles belong to. Raises Unreadable when there is none."""
    titles = [title for title in opened.sheets if title in WORKBOOK_OF or not _is_unread(opened, title)]
    unknown = [title for title in titles if title not in WORKBOOK_OF]
    if unknown or not titles:
        title = unknown[0] if unknown else ""
        raise Unreadable("sheet_unknown", field=title or None, found=title, known=list(WORKBOOK_OF), notes=NOTES)
    book = WORKBOOK_OF[titles[0]]
    for title in titles:
        if WORKBOOK_OF[title] is not book:
            raise Unreadable("sheet_of_other_book", field=title, found=title, with_=titles[0])
    return book


def _is_unread(opened: OpenedWorkbook, title: str) -> bool:
    return title in UNREAD or is_for_people(opened, title)


def _write_book(import_run: ImportContext, book: Workbook, files: list[_File]) -> None:
    """Write the rows of one kind of workbook, from all its files together."""
    if book.write is None:
        import_run.imported.only_read += [file.name for file in files]
        return
    for file in files:
        _note_file(import_run, file)
        for title in file.rows:
            import_run.imported.sheets.setdefault(title, SheetCount())
    book.write(import_run, {sheet.title: _rows_of(import_run, sheet.title, files) for sheet in book.sheets})


def _rows_of(import_run: ImportContext, title: str, files: list[_File]) -> list[Row]:
    """Return the rows of a sheet from all files; a row that an earlier file has too is noted as a repeat.

    Within one file equal rows stay: two pensions of one sum are two lines.
    """
    rows: list[Row] = []
    in_earlier_files: Counter[str] = Counter()
    for file in files:
        in_this_file: Counter[str] = Counter()
        for row in file.rows.get(title, []):
            content = repr(sorted(row.cells.items(), key=lambda cell: cell[0]))
            in_this_file[content] += 1
            if in_this_file[content] <= in_earlier_files[content]:
                import_run.note_repeat(row, Reason.of("listed_already"))
            else:
                rows.append(row)
        in_earlier_files |= in_this_file
    return rows


def _note_file(import_run: ImportContext, file: _File) -> None:
    """Insert the file into `imported_file`, unless it is there already."""
    rows = sum(len(rows) for rows in file.rows.values())
    columns = {"sha256": file.digest, "kind": file.book.key, "rows": rows, "by_id": import_run.context.caller.account}
    # A second import of the same file waits here for the first to commit: the primary key is the digest.
    statement = insert(imported_file).values(**columns, at=import_run.context.at).on_conflict_do_nothing()
    import_run.conn.execute(statement)
