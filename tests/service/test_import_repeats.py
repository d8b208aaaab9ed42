"""A sheet saved again, with columns moved, rows added or split over files, gives the figures of one import."""

import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import xlsxwriter
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from service.imports.import_files import import_files
from service.report.figure_definition import Scope, SharedRows
from service.report.figure_definitions import TABLE
from service.tables.fund_receipts import fund_receipt
from service.tables.funds import fund
from service.tables.units import unit
from tests.service.import_fixtures import (
    SAMPLES,
    YEAR_END,
    Cell,
    Union,
    family_file,
    founded,
    founded_url,
    workbook,
)

__all__ = ["founded", "founded_url"]

SHEETS = {"走访": "05-visits", "慰问品": "06-gifts", "捐款": "07-donations", "活动": "08-activities"}
SETUP = ("01-units", "02-staff", "03-funds", "04-households")


def cells(name: str) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_path(SAMPLES / f"{name}.xlsx")
    return {title: book.get_sheet_by_name(title).to_python() for title in book.sheet_names if title != "说明"}


def save(path: Path, sheets: Mapping[str, list[list[Any]]]) -> Path:
    """Write rows as a spreadsheet program would save them again."""
    with xlsxwriter.Workbook(path, {"strings_to_numbers": False, "strings_to_formulas": False}) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for title, rows in sheets.items():
            sheet = book.add_worksheet(title)
            for number, row in enumerate(rows):
                for column, value in enumerate(row):
                    if hasattr(value, "year"):
                        sheet.write_datetime(number, column, value, day)
                    elif value != "":
                        sheet.write(number, column, value)
    return path


def permuted(rows: list[list[Any]], chance: random.Random) -> list[list[Any]]:
    """Return the sheet with its columns and its rows in another order."""
    order = chance.sample(range(len(rows[0])), len(rows[0]))
    body = chance.sample(rows[1:], len(rows) - 1)
    return [[row[index] for index in order] for row in (rows[0], *body)]


def figures(union: Union) -> dict[str, Any]:
    """Return every figure of the county's year, and the pots of its fund lines."""
    path = union.conn.scalars(sa.select(unit.c.path).where(unit.c.parent_id.is_(None))).one()
    shown: dict[str, Any] = {}
    for definition in TABLE:
        rows = definition.rows(SharedRows(Scope(path, YEAR_END.replace(month=1, day=1), YEAR_END))).subquery()
        amount = sa.cast(sa.func.sum(rows.c.amount), sa.Text())
        parts = sa.select(rows.c.part, sa.func.count(), amount).group_by(rows.c.part).order_by(rows.c.part)
        shown[definition.key] = [tuple(row) for row in union.conn.execute(parts)]
    shown["pots"] = [tuple(row) for row in union.conn.execute(sa.select(fund).order_by(fund.c.id))]
    return shown


@pytest.fixture(scope="module")
def on_file(founded: sa.Engine) -> Iterator[Union]:
    """Import the sample families into a transaction that is rolled back."""
    with founded.connect() as conn:
        union = Union(conn)
        # The transaction is open for the whole module, and idle while a test writes its spreadsheets.
        conn.execute(sa.text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        union.bring(SAMPLES / "04-households.xlsx")
        yield union
        conn.rollback()


@pytest.fixture
def union(on_file: Union) -> Iterator[Union]:
    """Yield the same transaction; what a test writes is rolled back."""
    savepoint = on_file.conn.begin_nested()
    try:
        yield on_file
    finally:
        savepoint.rollback()


@pytest.fixture(scope="module")
def once(on_file: Union) -> dict[str, Any]:
    """Return the figures of one import of the sample sheets."""
    with on_file.conn.begin_nested() as savepoint:
        on_file.bring(*(SAMPLES / f"{name}.xlsx" for name in SHEETS.values()))
        shown = figures(on_file)
        savepoint.rollback()
    return shown


@pytest.mark.timeout(400)
@given(seed=st.integers(0, 10**6))
@settings(
    max_examples=2, phases=[Phase.generate], deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_sheets_saved_again_give_the_figures_of_one_import(
    on_file: Union, once: dict[str, Any], tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """Why: 42 visits became 84 when a sheet was opened and saved. Rounds: columns moved, rows added, sheets split."""
    chance, folder = random.Random(seed), tmp_path_factory.mktemp("again")
    files: list[list[Path]] = []
    for title, name in SHEETS.items():
        rows = permuted(cells(name)[title], chance)
        cut = chance.randint(1, len(rows) - 1)
        parts = ([rows[0], *rows[1:cut]], [rows[0], *rows[cut:]], rows)
        files += [[save(folder / f"{name}-{number}.xlsx", {title: part})] for number, part in enumerate(parts)]
    together = [path for [path] in chance.sample(files, len(files) // 2)]
    rounds = [*files, together, *chance.sample(files, 3)]
    # Visits come before the gifts that were handed over on them.
    rounds = [[path for [path] in files if "05-visits" in path.name], *chance.sample(rounds, len(rounds))]
    savepoint = on_file.conn.begin_nested()
    try:
        for paths in rounds:
            import_files(on_file.conn, chance.sample(paths, len(paths)), on_file.seconded())
        shown = figures(on_file)
    finally:
        savepoint.rollback()
    assert {key: value for key, value in shown.items() if once[key] != value} == {}


@pytest.mark.parametrize("name", SETUP)
def test_set_up_workbook_saved_again_writes_nothing(union: Union, tmp_path: Path, name: str) -> None:
    before = figures(union)
    again = save(
        tmp_path / "again.xlsx", {title: permuted(rows, random.Random(1)) for title, rows in cells(name).items()}
    )
    imported = union.bring(again)
    assert imported.written() == {}
    rows = sum(len(rows) - 1 for rows in cells(name).values())
    in_families = 111 + 138 if name == "04-households" else 0
    assert len(imported.repeats) == rows - in_families
    assert {each.code for each in imported.repeats} <= {"listed_already", "recorded_already", "file_recorded"}
    assert figures(union) == before


def test_one_receipt_in_a_sheet_of_its_own_is_a_repeat(union: Union, tmp_path: Path) -> None:
    """A receipt added 30,000 that never came, while the command said "已导入：资金 0"."""
    receipts = cells("03-funds")["到账"]
    again = union.bring(save(tmp_path / "r.xlsx", {"到账": receipts[:2], "资金": cells("03-funds")["资金"][:1]}))
    assert [(each.sheet, each.row, each.code) for each in again.repeats] == [("到账", 2, "recorded_already")]
    new = [receipts[0], [value if value != "银收2025-011" else "银收2025-099" for value in receipts[1]]]
    imported = union.bring(save(tmp_path / "n.xlsx", {"到账": new}))
    assert (imported.sheets["到账"].written, imported.sheets["到账"].fen) == (1, 6_000_000)
    assert union.rows(fund_receipt) == 8


def test_second_receipt_of_one_document_is_confirmed_by_a_word(union: Union, tmp_path: Path) -> None:
    header, row = cells("03-funds")["到账"][:2]
    index = header.index("重复登记")
    sheet = [header, [*row[:index], "确属另一次", *row[index + 1 :]]]
    assert union.bring(save(tmp_path / "r.xlsx", {"到账": sheet})).written() == {"到账": 1}


def test_file_on_record_with_other_content_is_named_and_not_written(union: Union, tmp_path: Path) -> None:
    union.bring(family_file(tmp_path / "a.xlsx"))
    changed = family_file(tmp_path / "b.xlsx", household={"人员身份": "在岗"}, line={"十二个月金额": "1.00"})
    [repeat] = union.bring(changed).repeats
    assert (repeat.code, repeat.values["sheets"]) == ("file_differs", ["家庭", "收支"])


def test_sheets_of_one_family_split_over_files_are_read_together(union: Union, tmp_path: Path) -> None:
    whole = CalamineWorkbook.from_path(family_file(tmp_path / "a.xlsx"))
    parts = [
        save(tmp_path / f"{number}.xlsx", {title: whole.get_sheet_by_name(title).to_python()})
        for number, title in enumerate(whole.sheet_names)
    ]
    assert union.bring(*parts).written() == {"家庭": 1, "成员": 2, "收支": 1}
    assert union.refused(parts[1]) == [("家庭", None, None, "sheet_missing"), ("收支", None, None, "sheet_missing")]


def test_two_copies_of_one_file_in_one_import_are_written_once(union: Union, tmp_path: Path) -> None:
    first, second = (family_file(tmp_path / name) for name in ("a.xlsx", "b.xlsx"))
    imported = union.bring(first, second)
    assert imported.written() == {"家庭": 1, "成员": 2, "收支": 1}
    assert {each.file for each in imported.repeats} == {"b.xlsx"}


def test_equal_rows_of_one_sheet_are_named_as_repeats(union: Union, tmp_path: Path) -> None:
    row: dict[str, Cell] = {"单位": "临澜县工业局工会", "日期": YEAR_END, "名称": "读书会", "类别": "文化"}
    row |= {"支出金额": "1.00", "会计科目": "501", "登记人": "luo.xin"}
    imported = union.bring(workbook(tmp_path / "a.xlsx", 活动=[row, row]))
    assert imported.written() == {"活动": 1}
    assert [(each.row, each.code) for each in imported.repeats] == [(3, "recorded_already")]
