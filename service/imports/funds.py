"""Fund lines from spreadsheets: 资金, and what arrived in them: 到账."""

from collections.abc import Mapping

from service.actions import fund_allocations, funds
from service.actions.fund_allocations import NewFundAllocation
from service.actions.funds import NewFund
from service.imports import cells, labels
from service.imports.household_sheets import KEEPER
from service.imports.import_context import ImportContext
from service.imports.sheet_reader import Column, Row, Sheet, Workbook

FUNDS = Sheet(
    "资金",
    (
        Column("资金编号", "code", cells.words),
        Column("资金名称", "title", cells.words),
        Column("所属单位", "unit_id", cells.words),
        Column("来源", "source", cells.chosen(labels.SOURCES)),
        Column("年度", "year", cells.whole),
        Column("依据文号", "document", cells.words),
        Column("可用项目", "items", cells.several(cells.chosen(labels.ITEMS))),
        Column(
            "适用困难类别", "categories", cells.several(cells.chosen(labels.CATEGORIES)), required=False, default=()
        ),
        Column("启用日期", "opens_on", cells.day),
        Column("截止日期", "expires_on", cells.day),
        KEEPER,
    ),
)

RECEIPTS = Sheet(
    "到账",
    (
        Column("资金编号", "fund_id", cells.words),
        Column("所属单位", "unit_id", cells.words),
        Column("年度", "year", cells.whole),
        Column("到账日期", "on", cells.day),
        Column("到账金额", "fen", cells.money),
        Column("到账凭证", "document", cells.words),
        KEEPER,
    ),
)


OPENINGS = Sheet(
    "资金开放",
    (
        Column("资金编号", "fund_id", cells.words),
        Column("所属单位", "owner", cells.words),
        Column("年度", "year", cells.whole),
        Column("开放单位", "unit_id", cells.words),
        Column("含下属单位", "with_below", cells.yes_no, required=False, default=False),
        Column("起始日期", "from_on", cells.day),
        Column("截止日期", "until_on", cells.day),
        Column("限额", "ceiling", cells.money, required=False),
        Column("依据文号", "document", cells.words),
        KEEPER,
    ),
    optional=True,
)


def write_funds(desk: ImportContext, sheets: Mapping[str, list[Row]]) -> int:
    """Open the lines, let the money arrive, and open them to the units below that may spend it."""
    lines = sheets[FUNDS.title]
    for row in desk.each(lines):
        with desk.trying(row):
            context = desk.keeper(row)
            given = {key: value for key, value in row.cells.items() if key != "keeper"}
            funds.open_line(desk.conn, NewFund(**{**given, "unit_id": desk.unit(row["unit_id"])[0]}), context)
    for row in desk.each(sheets[RECEIPTS.title]):
        with desk.trying(row):
            context = desk.keeper(row)
            line = desk.fund(row["fund_id"], row["year"], desk.unit(row["unit_id"])[1])
            funds.receive(desk.conn, line, row["fen"], row["document"], row["on"], context)
    for row in desk.each(sheets[OPENINGS.title]):
        with desk.trying(row):
            fund_allocations.allocate_to_unit(desk.conn, _opening(desk, row), desk.keeper(row), from_paper=True)
    return len(lines)


def _opening(desk: ImportContext, row: Row) -> NewFundAllocation:
    given = {key: row[key] for key in ("with_below", "from_on", "until_on", "ceiling", "document")}
    line = desk.fund(row["fund_id"], row["year"], desk.unit(row["owner"], "owner")[1])
    return NewFundAllocation(fund_id=line, unit_id=desk.unit(row["unit_id"])[0], **given)


FUND_WORKBOOK = Workbook("funds", (FUNDS, RECEIPTS, OPENINGS), write_funds)
