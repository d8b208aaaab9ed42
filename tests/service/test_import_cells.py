"""Import cells are read exactly or refused, and workbooks are measured before unpacking."""

import random
import struct
import zipfile
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from service.imports import cells, xlsx
from service.imports.cell_values import Number1904, PaddedNumber
from service.imports.problems import Unreadable
from service.imports.sheet_reader import Column, Sheet, read_sheet

FIRST_OF_AUGUST = (
    *(
        "2025-08-01",
        "2025/08/01 ",
        "2025.8.1",
        "2025. 8. 1",
        "2025年8月1日",
        "2025年08月01日",
        "2025年8月1号",
        "2025、8、1",
    ),
    *("20250801", 20250801.0, "45870", 45870.0, "２０２５年８月１日", "2025－08－01", "2025—8—1", "2025–08–01"),
    *("2025-08-01 00:00:00", "2025-08-01T00:00", "2025年 8月 1日"),
)
TWELVE_THOUSAND = (
    *(
        "12000",
        "12,000.00元",
        "12000.0",
        "１２０００",
        "１２０００．００",
        "￥12000",
        "¥12,000.00",
        "12，000",
        "12 000",
    ),
    *("12000元整", "人民币12000元", "人民币 ￥12,000.00 元整", "1.2万元", "1.2万", "１．２万元"),
)
SHEET = Sheet("表", (Column("姓名", "name", cells.words), Column("金额", "fen", cells.money, required=False)))


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (cells.money, "2880.00", 288_000),
        (cells.money, 2880.0, 288_000),
        (cells.money, 4856.1, 485_610),
        (cells.money, "1,234,567.8元", 123_456_780),
        (cells.money, 0, 0),
        (cells.money, 434.99999999999994, 43_500),
        (cells.money, 0.1 + 0.2, 30),
        (cells.money, "12.500", 1_250),
        (cells.money, "1.2万元", 1_200_000),
        (cells.money, "0.000123万", 123),
        *((cells.money, text, 1_200_000) for text in TWELVE_THOUSAND),
        *((cells.day, text, date(2025, 8, 1)) for text in FIRST_OF_AUGUST),
        (cells.day, datetime(2025, 5, 4), date(2025, 5, 4)),  # noqa: DTZ001 - a spreadsheet's date has no zone
        (cells.digits, 13800138000.0, "13800138000"),
        (cells.digits, 62258801, "62258801"),
        (cells.digits, "３７１０９９１９７００１０１５０１９", "371099197001015019"),
        (cells.digits, "\u200b'3710 99", "371099"),
        (cells.digits, PaddedNumber(7, "0007"), "0007"),
        (cells.code, PaddedNumber(7, "LL-0007"), "LL-0007"),
        (cells.code, "0007", "0007"),
        (cells.number, " 银付 － １２　号", "银付-12号"),
        (cells.number, 12.0, "12"),
        (cells.code, " ＬＬ－０００７ ", "LL-0007"),
        (cells.money, PaddedNumber(7, "¥7"), 700),
        (cells.whole, "１，２００", 1_200),
        (cells.whole, 19.999999999999996, 20),
        (cells.year, "2025年度", 2025),
        (cells.year, 2025.0, 2025),
        (cells.words, "元旦\n联欢会", "元旦 联欢会"),
        (cells.story, "一行\r\n又一行", "一行\n又一行"),
        (cells.days, "2025、8、1", (date(2025, 8, 1),)),
        (cells.days, "2025-08-01、2025-08-04", (date(2025, 8, 1), date(2025, 8, 4))),
        (cells.digits, " 3710 99 ", "371099"),
        (cells.quantity, "数", None),
        (cells.quantity, 2.0, 2),
        (cells.words, 2025.0, "2025"),
        (cells.yes_no, "是", True),
        (cells.several(cells.words), "a、b, c a", ("a", "b", "c")),
        (cells.several(cells.day), date(2025, 5, 4), (date(2025, 5, 4),)),
    ],
)
def test_cell_in_a_known_form_is_read_exactly(read: Any, value: object, expected: object) -> None:
    assert read(value) == expected


@pytest.mark.parametrize(
    ("read", "value", "code"),
    [
        (cells.money, 864.192, "cell_not_money"),
        (cells.money, "12.345", "cell_not_money"),
        (cells.money, "1.2345678万元", "cell_not_money"),
        (cells.money, "1 2", "cell_not_money"),
        (cells.money, "120 00", "cell_not_money"),
        (cells.money, "007", "cell_not_money"),
        (cells.money, "-3", "cell_not_money"),
        (cells.money, "1,23", "cell_not_money"),
        (cells.money, True, "cell_not_money"),
        (cells.money, float("nan"), "cell_not_money"),
        (cells.day, 45870.5, "cell_not_a_date"),
        (cells.day, 4587.0, "cell_not_a_date"),
        (cells.day, Number1904(45870.0), "cell_not_a_date"),
        (cells.day, "25.8.1", "cell_not_a_date"),
        (cells.day, "0025-08-01", "cell_not_a_date"),
        (cells.day, "2025年8月", "cell_not_a_date"),
        (cells.day, "2025-08-01 14:30", "cell_not_a_date"),
        (cells.day, "20250230", "cell_not_a_date"),
        (cells.day, "2025-02-30", "cell_not_a_date"),
        (cells.day, datetime(2025, 5, 4, 8), "cell_not_a_date"),  # noqa: DTZ001
        (cells.digits, 371099197001019001.0, "cell_number_too_long"),
        (cells.digits, 10**15, "cell_number_too_long"),
        (cells.digits, "3.71099E+17", "cell_number_too_long"),
        (cells.words, 1e15, "cell_number_too_long"),
        (cells.words, 2.5, "cell_not_text"),
        (cells.words, date(2025, 8, 1), "cell_not_text"),
        (cells.whole, 2.5, "cell_not_whole"),
        (cells.whole, "约20", "cell_not_whole"),
        (cells.whole, -5.0, "cell_not_whole"),
        (cells.whole, "-5", "cell_not_whole"),
        (cells.quantity, "一些", "cell_not_quantity"),
        (cells.yes_no, "也许", "cell_not_yes_no"),
        (cells.chosen({"下岗": "laid_off"}), "离岗", "cell_not_a_choice"),
        (cells.words, True, "cell_not_text"),
    ],
)
def test_cell_in_an_unclear_form_is_refused(read: Any, value: object, code: str) -> None:
    with pytest.raises(Unreadable) as error:
        read(value)
    assert error.value.reason.code == code


def test_headers_below_a_title_in_any_order_are_found() -> None:
    sheet = read_sheet("f", SHEET, [["某年某表", ""], ["金额", " 姓 名*"], ["3.50", "甲"], ["", ""], ["", "乙"]])
    assert [(row.number, dict(row.cells)) for row in sheet.rows] == [
        (3, {"name": "甲", "fen": 350}),
        (5, {"name": "乙", "fen": None}),
    ]


@pytest.mark.parametrize(
    ("header", "codes"),
    [
        (["姓名", "姓名"], ["column_twice"]),
        (["姓名", "金额元"], ["column_unknown"]),
        (["姓名", "瞎写的表头"], ["column_stray"]),
        (["金额"], ["column_missing"]),
        (["姓名", "备注", "错误"], []),
        (["序号", "姓名*", "金额（元）"], []),
    ],
)
def test_header_row_with_wrong_columns_reports_each(header: list[object], codes: list[str]) -> None:
    assert [each.code for each in read_sheet("f", SHEET, [header]).problems] == codes


def test_row_with_two_faults_reports_both() -> None:
    sheet = read_sheet("f", SHEET, [["姓名", "金额"], ["", "x"], ["甲", "1"]])
    assert [(each.row, each.column, each.code) for each in sheet.problems] == [
        (2, "姓名", "cell_missing"),
        (2, "金额", "cell_not_money"),
    ]
    assert [row.number for row in sheet.rows] == [3]


def archive(**parts: bytes) -> bytes:
    """Return a zip archive of the parts."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in parts.items():
            zipped.writestr(name, content)
    return buffer.getvalue()


def sample() -> bytes:
    """Return the bytes of a valid workbook."""
    return (Path(__file__).parents[2] / "samples" / "01-units.xlsx").read_bytes()


def with_part(name: str, content: bytes) -> bytes:
    """Return the valid workbook with one part replaced."""
    with zipfile.ZipFile(BytesIO(sample())) as zipped:
        parts = {part.filename: zipped.read(part) for part in zipped.infolist()}
    return archive(**parts | {name: content})


def test_workbook_that_unpacks_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MOST_UNPACKED", 10_000_000)
    with pytest.raises(Unreadable, match="file_unpacks_too_big"):
        xlsx.read_workbook(with_part("xl/worksheets/sheet1.xml", b"0" * 10_000_001))


def test_archive_with_false_sizes_in_its_directory_is_refused() -> None:
    content = bytearray(archive(**{"a.xml": b"0" * 5_000_000}))
    for marker, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        start = content.index(marker) + offset
        content[start : start + 4] = struct.pack("<I", 10)
    with pytest.raises(Unreadable, match="file_not_xlsx"):
        xlsx.read_workbook(bytes(content))


@pytest.mark.parametrize("reference", [b'<c r="XFD1048576">', b'<row spans="1:2" r="30000">', b"<x:c s='1' r='DA1'>"])
def test_sheet_with_a_far_cell_is_refused_before_its_grid_is_built(reference: bytes) -> None:
    xml = b"<worksheet><sheetData>" + b" " * (2**20 - 30) + reference
    with pytest.raises(Unreadable, match="too_many_cells"):
        xlsx.read_workbook(with_part("xl/worksheets/sheet1.xml", xml))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a zip at all", sample()[:900], archive(a=b"x")])
def test_file_that_is_no_workbook_is_refused(content: bytes) -> None:
    with pytest.raises(Unreadable, match="file_not_xlsx"):
        xlsx.read_workbook(content)


@pytest.mark.parametrize(
    ("name", "code"),
    [("走访.xls", "file_other_format"), ("走访.et", "file_other_format"), ("名单.docx", "file_not_table")],
)
def test_file_of_another_type_is_refused_by_its_name(tmp_path: Path, name: str, code: str) -> None:
    (tmp_path / name).write_bytes(b"\xd0\xcf\x11\xe0")
    with pytest.raises(Unreadable, match=code):
        xlsx.read_bytes(tmp_path / name)


def test_workbook_renamed_to_an_older_format_is_read(tmp_path: Path) -> None:
    (tmp_path / "单位.xls").write_bytes(sample())
    assert xlsx.read_workbook(xlsx.read_bytes(tmp_path / "单位.xls")) == xlsx.read_workbook(sample())


def test_folder_and_too_large_file_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unreadable, match="file_is_folder"):
        xlsx.read_bytes(tmp_path)
    large_file = tmp_path / "a.xlsx"
    large_file.write_bytes(b"0" * 11)
    monkeypatch.setattr(xlsx, "MOST_BYTES", 10)
    with pytest.raises(Unreadable, match="file_too_big"):
        xlsx.read_bytes(large_file)


def test_workbook_with_altered_bytes_is_refused_or_reads_the_same() -> None:
    rng, original, refused = random.Random(7), xlsx.read_workbook(sample()), 0
    for _ in range(300):
        content = bytearray(sample())
        for _ in range(rng.randint(1, 20)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        try:
            altered = xlsx.read_workbook(bytes(content))
        except Unreadable:
            refused += 1
        else:
            assert altered == original
    assert 0 < refused < 300
