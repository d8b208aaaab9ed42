"""The sheet 申请: a school year in any common spelling, or a named refusal."""

from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from service.imports.applications import read_applications
from service.imports.problems import InvalidSheets
from tests.service.import_fixtures import SAMPLES, Cell, workbook


def sheet(path: Path, school_year: Cell) -> Path:
    """Write the first tuition application of the samples with another school year."""
    headers, *rows = CalamineWorkbook.from_path(SAMPLES / "09-applications.xlsx").get_sheet_by_name("申请").to_python()
    names = [str(each) for each in headers]
    row = next(dict(zip(names, each, strict=True)) for each in rows if "金秋助学" in each)
    cells: dict[str, Cell] = {name: value or None for name, value in row.items()}  # type: ignore[misc]
    return workbook(path, 申请=[cells | {"学年": school_year}])


@pytest.mark.parametrize("written", ["2025", 2025, "2025/2026", "２０２５－２０２６学年"])
def test_school_year_of_an_application_is_read_as_one_spelling(tmp_path: Path, written: Cell) -> None:
    [application] = read_applications(sheet(tmp_path / "a.xlsx", written))
    assert application.answers["school_year"] == "2025-2026"


def test_school_year_in_another_form_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(InvalidSheets) as error:
        read_applications(sheet(tmp_path / "a.xlsx", "25-26"))
    assert [(each.sheet, each.row, each.column, each.code) for each in error.value.problems] == [
        ("申请", 2, "学年", "cell_not_school_year")
    ]
