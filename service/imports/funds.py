"""This module imports fund lines (资金), their receipts (到账) and allocations (资金开放)."""

from collections.abc import Mapping

from service.actions import fund_allocations, fund_receipts, funds
from service.actions.context import ActionContext
from service.actions.fund_allocations import NewFundAllocation
from service.actions.fund_receipts import NewReceipt
from service.actions.funds import NewFund
from service.imports import cells, labels, repeats
from service.imports.household_sheets import KEEPER, REPEAT
from service.imports.import_context import ImportContext
from service.imports.sheet_reader import Column, Row, Sheet, Workbook
from service.imports.synonyms import SYNONYMS

FUNDS = Sheet(
    "资金",
    (
        Column("资金编号", "code", cells.code),
        Column("资金名称", "title", cells.words),
        Column("所属单位", "unit_id", cells.words),
        Column("来源", "source", cells.chosen(labels.SOURCES, SYNONYMS["source"])),
        Column("年度", "year", cells.year),
        Column("依据文号", "document", cells.words),
        Column("预计到账", "expected", cells.money, required=False),
        Column("可用项目", "items", cells.several(cells.chosen(labels.ITEMS, SYNONYMS["item"]))),
        Column(
            "适用困难类别",
            "categories",
            cells.several(cells.chosen(labels.CATEGORIES, SYNONYMS["category"])),
            required=False,
            default=(),
        ),
        Column("启用日期", "opens_on", cells.day),
        Column("截止日期", "expires_on", cells.day),
        Column("结算截止日期", "settles_until", cells.day, required=False),
        KEEPER,
    ),
    optional=True,
)

RECEIPTS = Sheet(
    "到账",
    (
        Column("资金编号", "fund_id", cells.code),
        Column("所属单位", "unit_id", cells.words),
        Column("年度", "year", cells.year),
        Column("到账日期", "on", cells.day),
        Column("到账金额", "fen", cells.money),
        Column("到账凭证", "document", cells.words),
        REPEAT,
        KEEPER,
    ),
    optional=True,
)


ALLOCATIONS = Sheet(
    "资金开放",
    (
        Column("资金编号", "fund_id", cells.code),
        Column("所属单位", "owner", cells.words),
        Column("年度", "year", cells.year),
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


def write_funds(import_run: ImportContext, sheets: Mapping[str, list[Row]]) -> None:
    """Add the fund lines, their receipts, and their allocations to units."""
    for row in import_run.with_progress(sheets[FUNDS.title]):
        with import_run.savepoint(row):
            context = _signed_context(import_run, row)
            fields = {key: value for key, value in row.cells.items() if key != "keeper"}
            new = NewFund(**{**fields, "unit_id": import_run.unit(row["unit_id"])[0]})
            repeats.refuse_same_fund(import_run.conn, new)
            import_run.made(funds.open_line(import_run.conn, new, context))
    for row in import_run.with_progress(sheets[RECEIPTS.title]):
        with import_run.savepoint(row):
            context = _signed_context(import_run, row)
            fund_id = import_run.fund(row["fund_id"], row["year"], import_run.unit(row["unit_id"])[1])
            import_run.refuse_closed(fund_id)
            new_receipt = NewReceipt(row["fen"], row["document"], row["on"], row["confirmed_repeat"])
            import_run.made(fund_receipts.record_receipt(import_run.conn, fund_id, new_receipt, context))
    for row in import_run.with_progress(sheets[ALLOCATIONS.title]):
        with import_run.savepoint(row):
            allocation, context = _new_allocation(import_run, row), _signed_context(import_run, row)
            repeats.refuse_same_allocation(import_run.conn, allocation)
            allocation_id = fund_allocations.allocate_to_unit(import_run.conn, allocation, context, from_paper=True)
            import_run.made(allocation_id)


def _signed_context(import_run: ImportContext, row: Row) -> ActionContext:
    """Return the context of the keeper of a row about money, who confirms it in person."""
    context = import_run.keeper_context(row)
    import_run.sign_for_money(import_run.account(row["keeper"], "keeper"))
    return context


def _new_allocation(import_run: ImportContext, row: Row) -> NewFundAllocation:
    fields = {key: row[key] for key in ("with_below", "from_on", "until_on", "ceiling", "document")}
    fund_id = import_run.fund(row["fund_id"], row["year"], import_run.unit(row["owner"], "owner")[1])
    return NewFundAllocation(fund_id=fund_id, unit_id=import_run.unit(row["unit_id"])[0], **fields)


FUND_WORKBOOK = Workbook("funds", (FUNDS, RECEIPTS, ALLOCATIONS), write_funds)
