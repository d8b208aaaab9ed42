"""Tables that leave the service as files: CSV and workbooks, written row by row, without formulas."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, TypeAlias

from service.imports.text_workbook import BOLD, MOST_ROWS, PLAIN, RIGHT, TEXT, TextWorkbook
from workflows.money_format import in_yuan

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet program takes a text that begins with one of them for a formula."""


@dataclass(frozen=True, slots=True)
class Money:
    """A cell of money, in fen."""

    fen: int


Cell: TypeAlias = str | int | Money | None


MOST_WORKBOOK_ROWS = MOST_ROWS - 2
"""Rows of a list that fit into a workbook, below the note and the header."""

PART = 2**16
"""Characters after which a part of a CSV file is sent."""


def csv_parts(
    note: str, header: Sequence[str], rows: Iterable[Sequence[Cell]], ending: Callable[[int], str]
) -> Iterator[bytes]:
    """Yield a note, a header, rows and the ending for their number, as parts of a UTF-8 CSV file with a byte order mark.

    Money is yuan with two decimals. A text that a spreadsheet program would take for a formula gets an apostrophe.
    """
    # A program that shows half a file says nothing: its last line is missing, which names the number of rows.
    text, number = io.StringIO("\ufeff", newline=""), 0
    text.seek(0, io.SEEK_END)
    writer = csv.writer(text)
    writer.writerows([[_as_text(note)], [_as_text(each) for each in header]])
    for row in rows:
        writer.writerow([_as_text(each) for each in row])
        number += 1
        if text.tell() > PART:
            yield _taken(text)
    writer.writerow([ending(number)])
    yield _taken(text)


def _taken(text: io.StringIO) -> bytes:
    """Return what was written, and empty the buffer."""
    part = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return part


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
    with TextWorkbook(target, len(header)) as book:
        book.add([(note, PLAIN)])
        book.add((words, BOLD) for words in header)
        for row in rows:
            book.add([_text_cell(cell) for cell in row])
            number += 1
    return number


def _text_cell(cell: Cell) -> tuple[str | None, int]:
    if isinstance(cell, Money):
        return in_yuan(cell.fen), RIGHT
    return (None if cell is None else str(cell)), TEXT
