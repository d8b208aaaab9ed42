"""Every type of cell in every column of every sheet gives its right value or a named refusal, never silence."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.imports.problems import message_for_problem
from service.imports.sheet_reader import Column, Sheet, SheetContent, read_sheet
from service.imports.workbooks import SHEETS
from service.imports.xlsx import open_workbook, read_workbook
from tests.service.cell_meanings import ERRORS, REFUSED, right_value
from tests.service.import_fixtures import SAMPLES
from tests.service.raw_workbooks import ErrorCell, Formatted, Formula, RawCell, write_workbook

EXCEL_ERRORS = tuple(error for error in ERRORS if error.startswith("#") and error != "########")
TYPES: Sequence[RawCell] = (
    *(ErrorCell(error) for error in EXCEL_ERRORS),
    ErrorCell("#REF!", "#REF!*0.6"),
    *ERRORS,
    *(Formula("E3*0.8"), Formula("E3", 45.0), Formula("E3", "文字"), Formula("E3", True), Formula("E3", "")),
    *(0.0, 7.0, 45870.0, 20250801.0, 13800138000.0, 1e15, 1e20, -5.0, 12.5, 434.99999999999994, 864.192),
    *(Formatted(7), Formatted(7, '"LL-"000'), Formatted(13800138000), Formatted(0.5, "20"), Formatted(45870, "31")),
    *("文字", "ＬＬ－１", "0007", "12", "864.192", "是", "×", "无", "若干", "一级"),
    *("#", "=1+1", "\u200b", "  ", "\u202e文", None),
    *(True, False, date(2025, 8, 1), datetime(2025, 8, 1, 14, 30)),  # noqa: DTZ001 - a spreadsheet's date has no zone
)


def sample_row(sheet: Sheet) -> Mapping[str, RawCell]:
    """Return the first row of the sheet in the samples, by header."""
    for path in sorted(SAMPLES.glob("*.xlsx")):
        cells = read_workbook(path.read_bytes()).get(sheet.title)
        if cells:
            return dict(zip(map(str, cells[0]), cells[1], strict=True))  # type: ignore[arg-type]
    raise AssertionError(sheet.title)


def read_cells(sheet: Sheet, tried: Sequence[tuple[Column, RawCell]]) -> SheetContent:
    """Write one row for each cell tried, with the other columns as in the samples, and read the sheet."""
    headers, sample = [column.header for column in sheet.columns], sample_row(sheet)
    rows = [[cell if header == column.header else sample.get(header) for header in headers] for column, cell in tried]
    # A first row that is always read: a sheet of blank rows only has no row to compare.
    with TemporaryDirectory() as folder:
        path = write_workbook(Path(folder, "a.xlsx"), {sheet.title: [headers, *rows]})
        return read_sheet("a.xlsx", sheet, open_workbook(path.read_bytes()).sheets[sheet.title])


def check(sheet: Sheet, tried: Sequence[tuple[Column, RawCell]]) -> None:
    """Check that each row has the right value, or that its problem names the column in both languages."""
    content = read_cells(sheet, tried)
    rows = {row.number: row for row in content.rows}
    left_out = {number for number, _ in content.left_out}
    for number, (column, cell) in enumerate(tried, start=2):
        problems = [problem for problem in content.problems if problem.row == number]
        expected = right_value(column, cell)
        if number in left_out:
            assert isinstance(cell, str)
        elif expected is REFUSED:
            assert [problem.column for problem in problems] == [column.header], (column.header, cell, rows.get(number))
            for lang in ("zh_CN", "en"):
                message = message_for_problem(problems[0], lang)
                assert column.header in message
                assert problems[0].code not in message
        else:
            assert problems == [], (column.header, cell)
            assert rows[number][column.key] == expected, (column.header, cell)


@pytest.mark.parametrize("title", SHEETS)
def test_cell_of_each_type_is_read_right_or_refused_in_every_column(title: str) -> None:
    sheet = SHEETS[title]
    check(sheet, [(column, cell) for column in sheet.columns for cell in TYPES])


LETTERS = st.text("文字一二〇ＡＢab·•/-_.()（）〔〕＃\u200b\u202e\u3000 ", max_size=8)
NUMBERS = st.one_of(
    st.integers(0, 10**17).map(float),
    st.decimals(0, 10**7, places=2).map(float),
    st.decimals(0, 10**4, places=3).map(float),
    st.floats(0, 10**6),
    st.integers(-(10**6), -1).map(float),
)
CELLS: st.SearchStrategy[RawCell] = st.one_of(
    st.sampled_from(TYPES),
    LETTERS,
    NUMBERS,
    NUMBERS.map(lambda number: Formula("E3", number)),
    st.integers(0, 10**10).map(str),
    st.integers(0, 10**5).map(lambda number: Formatted(float(number))),
    st.dates(date(1954, 10, 3), date(2119, 1, 1)),
    st.booleans(),
)


@pytest.mark.parametrize("title", SHEETS)
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_random_cell_is_read_right_or_refused_in_every_column(title: str, data: st.DataObject) -> None:
    sheet = SHEETS[title]
    check(sheet, [(column, data.draw(CELLS, label=column.header)) for column in sheet.columns])
