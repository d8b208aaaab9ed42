"""The error workbook repeats the imported rows with a column 错误 that lists their problems."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import xlsxwriter

from service.imports.cell_values import MergedCell, NoValue, PaddedNumber
from service.imports.problems import SheetProblem, message_for_problem, place
from service.imports.sheet_reader import ERROR, header_row
from service.imports.workbooks import SHEETS
from service.imports.xlsx import Cells, OpenedWorkbook

PROBLEMS = "问题"
"""Title of the sheet that lists every problem; the import skips it."""

# xlsxwriter writes no formula, link or number unless asked: text that begins with "=" stays text.
TEXT_AS_TEXT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def write_error_workbook(
    opened: OpenedWorkbook, problems: Iterable[SheetProblem], target: Path | BinaryIO, lang: str = "zh_CN"
) -> None:
    """Write the sheets to `target` with each problem beside its row, and add a list of all problems."""
    all_problems = list(problems)
    with xlsxwriter.Workbook(target, TEXT_AS_TEXT) as book:
        formats = {
            "text": book.add_format({"num_format": "@"}),
            "day": book.add_format({"num_format": "yyyy-mm-dd"}),
            "red": book.add_format({"num_format": "@", "font_color": "#B00020", "text_wrap": True}),
        }
        for title, cells in opened.sheets.items():
            if title != PROBLEMS:
                page = book.add_worksheet(title)
                if title in opened.hidden:
                    page.hide()
                _copy_cells(page, cells, formats)
                _write_errors(page, cells, _messages_by_row(title, all_problems, lang), title, formats["red"])
        page = book.add_worksheet(PROBLEMS)
        page.activate()
        _list_problems(page, all_problems, lang, formats["text"])


def _messages_by_row(title: str, problems: list[SheetProblem], lang: str) -> dict[int, str]:
    """Return the messages of each row of one sheet, each after the header of its column."""
    rows: dict[int, list[str]] = {}
    for problem in problems:
        if problem.sheet == title and problem.row is not None:
            prefix = f"{problem.column}：" if problem.column else ""
            rows.setdefault(problem.row, []).append(prefix + message_for_problem(problem, lang))
    return {row: "\n".join(sentences) for row, sentences in rows.items()}


def _copy_cells(page: Any, cells: Cells, formats: Mapping[str, Any]) -> None:
    """Write text as text, even text that begins with "="; days as days; numbers as numbers; an error as its text."""
    for row, values in enumerate(cells):
        for column, cell in enumerate(values):
            value = _copied(cell)
            if isinstance(value, str) and value:
                page.write_string(row, column, value, formats["text"])
            elif isinstance(value, date | datetime | time | timedelta):
                page.write_datetime(row, column, value, formats["day"])
            elif isinstance(value, bool):
                page.write_boolean(row, column, value)
            elif isinstance(value, int | float):
                page.write_number(row, column, value)


def _copied(cell: object) -> object:
    """Return what the copy has: in each row the value of a merged cell, the text of an error, a number as shown."""
    value = cell.value if isinstance(cell, MergedCell) and cell.in_first_column else cell
    if isinstance(value, NoValue):
        return value.shown if value.code == "cell_error" else "#N/A"
    return value.shown if isinstance(value, PaddedNumber) else value


def _write_errors(page: Any, cells: Cells, messages: Mapping[int, str], title: str, red: Any) -> None:
    sheet = SHEETS.get(title)
    header_index = header_row(sheet, cells) if sheet and cells else 0
    headers = list(cells[header_index]) if cells else []
    column = headers.index(ERROR) if ERROR in headers else max((len(values) for values in cells), default=0)
    page.set_column(column, column, 60)
    for row in range(header_index + 1, len(cells)):
        page.write_string(row, column, messages.get(row + 1, ""), red)
    page.write_string(header_index, column, ERROR, red)


def _list_problems(page: Any, problems: list[SheetProblem], lang: str, text: Any) -> None:
    page.set_column(0, 0, 40)
    page.set_column(1, 1, 80)
    for row, problem in enumerate(problems):
        page.write_string(row, 0, place(problem, lang), text)
        page.write_string(row, 1, message_for_problem(problem, lang), text)
