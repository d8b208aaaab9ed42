"""This module imports donations (捐款) and activities (活动)."""

from collections.abc import Mapping
from typing import Any

from service.actions import activities, donations
from service.actions.activities import NewActivity
from service.actions.donations import NewDonation
from service.imports import cells, labels
from service.imports.household_sheets import KEEPER, REPEAT
from service.imports.import_context import ImportContext
from service.imports.sheet_reader import Column, Row, Sheet, Workbook
from service.imports.synonyms import SYNONYMS

DONATIONS = Sheet(
    "捐款",
    (
        Column("单位", "unit_id", cells.words),
        Column("日期", "on", cells.day),
        Column("方向", "direction", cells.chosen(labels.DIRECTIONS, SYNONYMS["direction"])),
        Column("活动名称", "campaign", cells.words),
        Column("组织单位", "organiser", cells.words),
        Column("捐款人数", "donors", cells.whole, required=False),
        Column("金额", "fen", cells.money),
        Column("交付何处", "handed_to", cells.words),
        Column("收据号", "receipt_no", cells.number, required=False),
        REPEAT,
        KEEPER,
    ),
)

ACTIVITIES = Sheet(
    "活动",
    (
        Column("单位", "unit_id", cells.words),
        Column("日期", "on", cells.day),
        Column("名称", "title", cells.words),
        Column("类别", "kind", cells.chosen(labels.ACTIVITY_KINDS)),
        Column("参加人数", "participants", cells.whole, required=False),
        Column("支出金额", "fen", cells.money),
        Column("会计科目", "account_code", cells.code),
        REPEAT,
        KEEPER,
    ),
)


def write_donations(import_run: ImportContext, sheets: Mapping[str, list[Row]]) -> None:
    """Record every donation."""
    rows = sheets[DONATIONS.title]
    for row in import_run.with_progress(rows):
        with import_run.savepoint(row):
            new, context = NewDonation(**_action_fields(import_run, row)), import_run.keeper_context(row)
            import_run.made(donations.record_donation(import_run.conn, new, context))


def write_activities(import_run: ImportContext, sheets: Mapping[str, list[Row]]) -> None:
    """Record every activity."""
    rows = sheets[ACTIVITIES.title]
    for row in import_run.with_progress(rows):
        with import_run.savepoint(row):
            new, context = NewActivity(**_action_fields(import_run, row)), import_run.keeper_context(row)
            import_run.made(activities.record_activity(import_run.conn, new, context))


def _action_fields(import_run: ImportContext, row: Row) -> dict[str, Any]:
    fields = {key: value for key, value in row.cells.items() if key != "keeper"}
    return fields | {"unit_id": import_run.unit(row["unit_id"])[0]}


DONATION_WORKBOOK = Workbook("donations", (DONATIONS,), write_donations)
ACTIVITY_WORKBOOK = Workbook("activities", (ACTIVITIES,), write_activities)
