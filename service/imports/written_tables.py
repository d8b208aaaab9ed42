"""Tables that leave the service as files: CSV and workbooks, written row by row, without formulas."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import BinaryIO, TypeAlias

import xlsxwriter

from service.imports.error_workbook import TEXT_AS_TEXT
from workflows.money_format import in_yuan

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet program takes a text that begins with one of them for a formula."""


@dataclass(frozen=True, slots=True)
class Money:
    """A cell of money, in fen."""

    fen: int


Cell: TypeAlias = str | int | Money | None


def write_csv(target: BinaryIO, note: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> int:
    """Write a note, a header and rows as UTF-8 CSV with a byte order mark; return the number of rows.

    Money is yuan with two decimals. A text that a spreadsheet program would take for a formula gets an apostrophe.
    """
    text = io.TextIOWrapper(target, encoding="utf-8-sig", newline="", write_through=True)
    writer, number = csv.writer(text), 0
    writer.writerows([[_as_text(note)], [_as_text(each) for each in header]])
    for row in rows:
        writer.writerow([_as_text(each) for each in row])
        number += 1
    text.detach()
    return number


def _as_text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Money):
        return in_yuan(cell.fen)
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_SIGNS) else str(cell)


def write_workbook(target: BinaryIO, note: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> int:
    """Write a note, a header and rows as one sheet of a workbook, row by row; return the number of rows.

    Every cell is text, money is yuan with two decimals: no program changes a number, no cell holds a formula or a link.
    """
    number = 0
    with xlsxwriter.Workbook(target, {**TEXT_AS_TEXT, "constant_memory": True}) as book:
        sheet = book.add_worksheet()
        text = book.add_format({"num_format": "@"})
        money = book.add_format({"num_format": "@", "align": "right"})
        bold = book.add_format({"bold": True})
        sheet.write_string(0, 0, note)
        for column, words in enumerate(header):
            sheet.write_string(1, column, words, bold)
        sheet.set_column(0, len(header), 18)
        for number, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                words = in_yuan(cell.fen) if isinstance(cell, Money) else str(cell)
                if cell is not None:
                    sheet.write_string(number + 1, column, words, money if isinstance(cell, Money) else text)
    return number
