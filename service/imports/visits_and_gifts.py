"""This module imports visits (走访) and gifts (慰问品) outside cases."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import gift_checks, gifts, visits
from service.actions.gift_checks import NewGift
from service.actions.natural_keys import find_recorded
from service.actions.visits import NewVisit
from service.imports import cells, labels
from service.imports.household_sheets import KEEPER, REPEAT
from service.imports.import_context import ImportContext
from service.imports.problems import Unreadable
from service.imports.sheet_reader import Column, Row, Sheet, Workbook
from service.imports.synonyms import SYNONYMS
from service.tables.gifts import gift
from service.tables.visits import visit

VISITS = Sheet(
    "走访",
    (
        Column("走访单位", "unit_id", cells.words),
        Column("类别", "kind", cells.chosen(labels.VISIT_KINDS)),
        Column("节日", "occasion", cells.chosen(labels.OCCASIONS, SYNONYMS["occasion"]), required=False),
        Column("日期", "on", cells.day),
        Column("地点", "place", cells.chosen(labels.PLACES, SYNONYMS["place"])),
        Column("档案号", "household_id", cells.code, required=False),
        Column("走访人", "visitors", cells.several(cells.code)),
        Column("与单位行政共同走访", "with_employer", cells.yes_no, required=False, default=False),
        Column("随行人数", "companions", cells.whole, required=False),
        Column("逝者关系", "relation_of_deceased", cells.chosen(labels.DECEASED, SYNONYMS["deceased"]), required=False),
        Column("情况说明", "story", cells.story, required=False),
        REPEAT,
        KEEPER,
    ),
)

GIFTS = Sheet(
    "慰问品",
    (
        Column("慰问单位", "unit_id", cells.words),
        Column("档案号", "household_id", cells.code),
        Column("日期", "on", cells.day),
        Column("项目", "item", cells.chosen(labels.ITEMS, SYNONYMS["item"])),
        Column("用途", "purpose", cells.words),
        Column("会计科目", "account_code", cells.code),
        Column("经手人", "handed_by", cells.code),
        Column("家庭签收", "signed_by_family", cells.yes_no),
        Column("随走访", "visit_id", cells.yes_no, required=False, default=False),
        Column("金额", "fen", cells.money, required=False),
        Column("资金编号", "fund_id", cells.code, required=False),
        Column("资金年度", "fund_year", cells.whole, required=False),
        Column("批准人", "approved_by", cells.code, required=False),
        Column("物品", "goods", cells.words, required=False),
        Column("计量单位", "goods_unit", cells.words, required=False),
        Column("数量", "quantity", cells.quantity, required=False),
        Column("受慰问人", "person_id", cells.words, required=False),
        REPEAT,
        KEEPER,
    ),
)


def write_visits(import_run: ImportContext, sheets: Mapping[str, list[Row]]) -> None:
    """Record every visit."""
    rows = sheets[VISITS.title]
    for row in import_run.with_progress(rows):
        with import_run.savepoint(row):
            context = import_run.keeper_context(row)
            fields = {key: value for key, value in row.cells.items() if key != "keeper"}
            unit_id, path = import_run.unit(row["unit_id"])
            file_no = row["household_id"]
            ids: dict[str, Any] = {
                "unit_id": unit_id,
                "visitors": tuple(import_run.account(login, "visitors") for login in row["visitors"]),
                "household_id": import_run.household(file_no, path) if file_no else None,
            }
            import_run.made(visits.record_visit(import_run.conn, NewVisit(**{**fields, **ids}), context))


def write_gifts(import_run: ImportContext, sheets: Mapping[str, list[Row]]) -> None:
    """Record every gift; 随走访 links it to the visit to that household on that day."""
    rows = sheets[GIFTS.title]
    for row in import_run.with_progress(rows):
        with import_run.savepoint(row):
            new, context = _new_gift(import_run, row), import_run.keeper_context(row)
            if new.fen is not None:
                import_run.refuse_closed(new.fund_id)
                import_run.sign_for_money(import_run.account(row["keeper"], "keeper"), new.approved_by, new.handed_by)
            import_run.made(gifts.record_gift(import_run.conn, new, context, from_paper=True))


def _new_gift(import_run: ImportContext, row: Row) -> NewGift:
    unit_id, path = import_run.unit(row["unit_id"])
    household_id = import_run.household(row["household_id"], path)
    approver, code = row["approved_by"], row["fund_id"]
    ids: dict[str, Any] = {
        "unit_id": unit_id,
        "household_id": household_id,
        "visit_id": None,
        "person_id": import_run.member(household_id, row["person_id"]) if row["person_id"] else None,
        "handed_by": import_run.account(row["handed_by"], "handed_by"),
        "approved_by": import_run.account(approver, "approved_by") if approver else None,
        "fund_id": import_run.fund_open_on(code, row["on"], row["fund_year"], path) if code else None,
    }
    new = NewGift(**{key: value for key, value in row.cells.items() if key not in {"keeper", "fund_year"}} | ids)
    # The visit of a gift on record may have been corrected since, so it is looked for only for a new gift.
    if not row["visit_id"] or find_recorded(import_run.conn, gift, gift_checks.key_of(new)):
        return new
    return replace(new, visit_id=_visit_id(import_run, household_id, row))


def _visit_id(import_run: ImportContext, household_id: UUID, row: Row) -> UUID:
    same_day = sa.and_(visit.c.household_id == household_id, visit.c.on == row["on"], visit.c.case_id.is_(None))
    same_day = sa.and_(same_day, visit.c.voided_on.is_(None))
    visit_ids: list[UUID] = list(import_run.conn.scalars(sa.select(visit.c.id).where(same_day).limit(2)))
    if len(visit_ids) != 1:
        column = GIFTS.header_of("visit_id")
        raise Unreadable("visit_unknown", field="visit_id", on=row["on"].isoformat(), column=column)
    return visit_ids[0]


VISIT_WORKBOOK = Workbook("visits", (VISITS,), write_visits)
GIFT_WORKBOOK = Workbook("gifts", (GIFTS,), write_gifts)
