"""A folder import reads every file or names it, and reads .csv files in UTF-8 and GB18030."""

import csv
from collections.abc import Sequence
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.imports.import_files import import_folder
from service.imports.problems import InvalidSheets
from service.imports.spreadsheets import documents, importable
from service.tables.activities import activity
from service.tables.policies import calendar_day
from tests.service.import_fixtures import SAMPLES, Union, founded, founded_url, union
from tests.service.raw_workbooks import RawCell
from tests.service.test_import_filled_sheets import ACTIVITY, HEAD, grid

__all__ = ["founded", "founded_url", "union"]

ENCODINGS = ["utf-8", "utf-8-sig", "gb18030", "utf-16"]
CALENDAR_2027 = "日期,类型,名称\n2027-10-01,休,国庆节\n"


def write_csv(path: Path, rows: Sequence[Sequence[RawCell]], encoding: str = "utf-8", delimiter: str = ",") -> Path:
    """Write rows as a .csv file, without the empty cells."""
    text = StringIO()
    csv.writer(text, delimiter=delimiter).writerows([["" if cell is None else cell for cell in row] for row in rows])
    path.write_bytes(text.getvalue().encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", ["calendar-2027.csv", "2026年工作日历.csv"])
def test_calendar_is_read_in_each_encoding_whatever_its_name(
    union: Union, tmp_path: Path, encoding: str, name: str
) -> None:
    (tmp_path / name).write_bytes(CALENDAR_2027.encode(encoding))
    assert import_folder(union.conn, tmp_path, union.seconded()).rules == {"calendar": 1}
    assert union.conn.scalar(sa.select(calendar_day.c.working).where(calendar_day.c.on == date(2027, 10, 1))) is False


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_sheet_is_read_from_a_csv_file_in_each_encoding(
    union: Union, tmp_path: Path, encoding: str, delimiter: str
) -> None:
    rows = grid([ACTIVITY | {"日期": "2025年8月1日", "支出金额": "1,200元"}])
    assert union.bring(write_csv(tmp_path / "八月.csv", rows, encoding, delimiter)).written() == {"活动": 1}
    assert union.conn.scalar(sa.select(activity.c.fen)) == 120_000


def test_problem_of_a_csv_file_names_sheet_row_and_column(union: Union, tmp_path: Path) -> None:
    rows = grid([ACTIVITY, ACTIVITY | {"支出金额": "#REF!"}])
    assert union.refused(write_csv(tmp_path / "a.csv", rows)) == [("活动", 3, "支出金额", "cell_error")]


def test_household_sheet_alone_names_the_families_it_lacks(union: Union, tmp_path: Path) -> None:
    assert union.refused(write_csv(tmp_path / "成员.csv", grid([HEAD]))) == [
        ("成员", 2, "档案号", "household_not_in_file")
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\x00\x01\x02", "file_not_text"),
        (b"\xff\xff\xff", "file_not_text"),
        ("甲,乙\n1,2\n".encode(), "csv_unknown"),
        (b"", "csv_unknown"),
        ('单位,日期,名称,类别,"支出'.encode(), "csv_quotes"),
    ],
)
def test_csv_file_that_is_no_sheet_is_refused(union: Union, tmp_path: Path, content: bytes, code: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    assert union.refused(tmp_path / "a.csv") == [(None, None, None, code)]


@pytest.mark.parametrize(
    ("name", "code"),
    [("走访.xls", "file_other_format"), ("名单.docx", "file_not_table"), ("未命名", "file_not_table")],
)
def test_folder_with_a_file_that_is_not_read_is_refused(union: Union, tmp_path: Path, name: str, code: str) -> None:
    """Why: a folder with 走访.xls was imported without it, and the command said that all was well."""
    write_csv(tmp_path / "活动.csv", grid([ACTIVITY]))
    (tmp_path / name).write_bytes(b"\xd0\xcf\x11\xe0")
    with pytest.raises(InvalidSheets) as error:
        import_folder(union.conn, tmp_path, union.seconded())
    assert [(problem.file, problem.code) for problem in error.value.problems] == [(name, code)]
    assert union.rows(activity) == 0


def test_folder_in_a_folder_is_refused_and_lock_files_are_not_seen(union: Union, tmp_path: Path) -> None:
    (tmp_path / "一季度").mkdir()
    for name in ("~$a.xlsx", ".~lock.a.xlsx#", "Thumbs.db"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(InvalidSheets) as error:
        import_folder(union.conn, tmp_path, union.seconded())
    assert [(problem.file, problem.code) for problem in error.value.problems] == [("一季度", "file_is_folder")]


def test_documents_of_the_samples_are_named_and_not_imported() -> None:
    assert {path.name for path in documents(SAMPLES)} >= {"README.md", "expected.json", "make_samples.py"}
    assert {path.suffix for path in importable(SAMPLES)} == {".xlsx", ".csv", ".toml"}
