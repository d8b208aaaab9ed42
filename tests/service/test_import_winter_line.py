"""A gift names its fund line by code; the line is one that is open on the day of the gift."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.actions import fund_receipts, funds
from service.actions.fund_receipts import NewReceipt
from service.actions.funds import NewFund
from service.imports.import_context import ImportContext
from service.imports.import_files import import_files
from service.imports.problems import Unreadable
from service.tables.gifts import gift
from service.tables.units import unit
from tests.service.import_fixtures import Cell, Union, family_file, founded, founded_url, union, workbook
from workflows.vocabulary import Fen

__all__ = ["founded", "founded_url", "union"]

BUREAU = "临澜县工业局工会"
JANUARY_20 = date(2026, 1, 20)


@pytest.fixture
def winter(union: Union) -> NewFund:
    """Return a line of the winter 2025 that is open to March 2026, with money."""
    new = NewFund(
        unit_id=union.unit(BUREAU),
        code="WINTER",
        title="冬季送温暖",
        source="ADM",
        year=2025,
        document="示例〔2025〕40号",
        items=("SWN",),
        opens_on=date(2025, 12, 1),
        expires_on=date(2026, 3, 31),
    )
    fund_id = funds.open_line(union.conn, new, union.seconded("pan.jie"))
    receipt = NewReceipt(Fen(100_000), "银收2025-90", date(2025, 12, 1))
    fund_receipts.record_receipt(union.conn, fund_id, receipt, union.seconded("pan.jie"))
    return new


def found(union: Union, on: date, year: int | None = None) -> str:
    """Return the year of the line that a gift of the day finds by its code, or the code of the problem."""
    path = union.conn.scalars(sa.select(unit.c.path).where(unit.c.name == BUREAU)).one()
    run = ImportContext(union.conn, union.context(), lambda *_: None)
    try:
        line_id = run.fund_open_on("WINTER", on, year, path)
    except Unreadable as problem:
        return problem.reason.code
    return str(union.conn.scalar(sa.text("SELECT year FROM fund WHERE id = :id"), {"id": line_id}))


@pytest.mark.usefixtures("winter")
def test_january_gift_finds_the_winter_line_of_the_year_before(union: Union) -> None:
    assert found(union, JANUARY_20) == "2025"


@pytest.mark.usefixtures("winter")
def test_gift_outside_every_line_is_led_to_the_line_of_its_year(union: Union) -> None:
    """Why: the refusal then names the days of that line."""
    assert (found(union, date(2025, 3, 3)), found(union, date(2026, 5, 4))) == ("2025", "fund_unknown")


def test_two_open_lines_of_one_code_are_told_apart_by_their_year(union: Union, winter: NewFund) -> None:
    later = replace(winter, year=2026, opens_on=date(2026, 1, 1), expires_on=date(2026, 12, 31))
    funds.open_line(union.conn, later, union.seconded("pan.jie"))
    assert found(union, JANUARY_20) == "fund_ambiguous"
    assert (found(union, JANUARY_20, 2025), found(union, JANUARY_20, 2026)) == ("2025", "2026")
    assert found(union, date(2026, 4, 1)) == "2026"


@pytest.mark.usefixtures("winter")
def test_january_gift_is_imported_from_the_winter_line(union: Union, tmp_path: Path) -> None:
    union.bring(family_file(tmp_path / "a.xlsx"))
    row: dict[str, Cell] = {
        "慰问单位": BUREAU,
        "档案号": "T-1",
        "日期": JANUARY_20,
        "项目": "送温暖慰问",
        "用途": "慰问",
    }
    row |= {"会计科目": "502", "经手人": "bai.lu", "家庭签收": "是", "金额": "300.00", "资金编号": "WINTER"}
    row |= {"批准人": "chen.shan", "登记人": "luo.xin"}
    path = workbook(tmp_path / "g.xlsx", 慰问品=[row])
    import_files(union.conn, [path], union.seconded(day=date(2026, 1, 31)))
    assert union.rows(gift) == 1
