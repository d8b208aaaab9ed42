"""The workbook given back: the same rows, and what is wrong with each in a column 错误; nothing in it is a formula."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from service.imports.problems import SheetProblem, message_for_problem, place
from service.imports.sheet_reader import ERROR, header_row
from service.imports.workbooks import SHEETS
from service.imports.xlsx import Cells, read_workbook

PROBLEMS = "问题"
"""The sheet that lists every problem with its place; it is not read when the workbook is handed in again."""

NO_GUESSING = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def write_error_workbook(stored: bytes, problems: Iterable[SheetProblem], target: Path, lang: str = "zh_CN") -> None:
    """Write the sheets of `stored` to `target`, each problem beside its row, and all of them in a list.

    Raises Unreadable when `stored` is no workbook.
    """
    listed, sheets = list(problems), read_workbook(stored)
    with xlsxwriter.Workbook(target, NO_GUESSING) as book:
        formats = {
            "text": book.add_format({"num_format": "@"}),
            "day": book.add_format({"num_format": "yyyy-mm-dd"}),
            "red": book.add_format({"num_format": "@", "font_color": "#B00020", "text_wrap": True}),
        }
        for title, cells in sheets.items():
            if title != PROBLEMS:
                page = book.add_worksheet(title)
                _copy(page, cells, formats)
                _mark(page, cells, _by_row(title, listed, lang), title, formats["red"])
        _list(book.add_worksheet(PROBLEMS), listed, lang, formats["text"])


def _by_row(title: str, problems: list[SheetProblem], lang: str) -> dict[int, str]:
    """The sentences of each row of a sheet, each after its column's header."""
    rows: dict[int, list[str]] = {}
    for problem in problems:
        if problem.sheet == title and problem.row is not None:
            where = f"{problem.column}：" if problem.column else ""
            rows.setdefault(problem.row, []).append(where + message_for_problem(problem, lang))
    return {row: "\n".join(sentences) for row, sentences in rows.items()}


def _copy(page: Any, cells: Cells, formats: Mapping[str, Any]) -> None:
    """Text stays text, whatever it begins with; days stay days; numbers stay numbers."""
    for row, line in enumerate(cells):
        for column, value in enumerate(line):
            if isinstance(value, str) and value:
                page.write_string(row, column, value, formats["text"])
            elif isinstance(value, date | datetime):
                page.write_datetime(row, column, value, formats["day"])
            elif isinstance(value, int | float):
                page.write_number(row, column, value)


def _mark(page: Any, cells: Cells, by_row: Mapping[int, str], title: str, red: Any) -> None:
    sheet = SHEETS.get(title)
    top = header_row(sheet, cells) if sheet and cells else 0
    headers = list(cells[top]) if cells else []
    column = headers.index(ERROR) if ERROR in headers else max((len(line) for line in cells), default=0)
    page.set_column(column, column, 60)
    for row in range(top + 1, len(cells)):
        page.write_string(row, column, by_row.get(row + 1, ""), red)
    page.write_string(top, column, ERROR, red)


def _list(page: Any, problems: list[SheetProblem], lang: str, text: Any) -> None:
    page.set_column(0, 0, 40)
    page.set_column(1, 1, 80)
    for row, problem in enumerate(problems):
        page.write_string(row, 0, place(problem, lang), text)
        page.write_string(row, 1, message_for_problem(problem, lang), text)
