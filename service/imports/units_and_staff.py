"""Units and staff from spreadsheets: 单位, and 人员 with 授权."""

from collections.abc import Mapping

import sqlalchemy as sa

from service.actions import accounts, units
from service.actions.accounts import NewAccount, NewGrant
from service.imports import cells, labels
from service.imports.import_context import ImportContext
from service.imports.problems import Unreadable
from service.imports.sheet_reader import Column, Row, Sheet, Workbook
from service.tables.units import unit
from workflows.vocabulary import Role

TIERS = {"一级": 1, "二级": 2, "三级": 3}


def _tier(value: object) -> int:
    written = cells.words(value)
    return TIERS[written] if written in TIERS else cells.whole(value)


UNITS = Sheet(
    "单位",
    (
        Column("单位名称", "name", cells.words),
        Column("单位类别", "kind", cells.chosen(labels.UNIT_KINDS)),
        Column("行政区划代码", "division", cells.digits),
        Column("上级单位", "parent_id", cells.words, required=False),
    ),
)

PEOPLE = Sheet(
    "人员",
    (
        Column("登录名", "login", cells.words),
        Column("姓名", "display_name", cells.words),
        Column("所属单位", "unit_id", cells.words),
        Column("电子邮箱", "email", cells.words, required=False),
        Column("身份证号", "id_no", cells.digits, required=False),
    ),
)

GRANTS = Sheet(
    "授权",
    (
        Column("登录名", "account_id", cells.words),
        Column("单位", "unit_id", cells.words),
        Column("角色", "role", cells.chosen(labels.ROLES)),
        Column("审批级别", "tier", _tier, required=False, default=0),
        Column("起始日期", "from_on", cells.day),
        Column("截止日期", "until_on", cells.day),
        Column("代行何人", "for_account_id", cells.words, required=False),
    ),
)


def write_units(desk: ImportContext, sheets: Mapping[str, list[Row]]) -> int:
    """Add units in the order of the sheet; a row without 上级单位 names the unit at the root, which is there already."""
    written = 0
    for row in desk.each(sheets[UNITS.title]):
        with desk.trying(row):
            if row["parent_id"] is None:
                _at_the_root(desk, row["name"])
            else:
                parent, _ = desk.unit(row["parent_id"], "parent_id")
                units.add_unit(desk.conn, row["name"], row["kind"], row["division"], parent, desk.context)
                written += 1
    return written


def _at_the_root(desk: ImportContext, name: str) -> None:
    """The unit at the root was made by `songnuan init`; a table made for another union names another."""
    root = desk.conn.scalar(sa.select(unit.c.name).where(unit.c.parent_id.is_(None)))
    if name != root:
        raise Unreadable("unit_not_root", field="name", found=name, root=root)


def write_staff(desk: ImportContext, sheets: Mapping[str, list[Row]]) -> int:
    """Add accounts, then grants; an account that is there already may be granted more."""
    people, grants = sheets[PEOPLE.title], sheets[GRANTS.title]
    for row in desk.each(people):
        with desk.trying(row):
            unit_id, _ = desk.unit(row["unit_id"])
            accounts.add_account(desk.conn, NewAccount(**{**row.cells, "unit_id": unit_id}), desk.context)
    for row in desk.each(grants):
        with desk.trying(row):
            accounts.grant_role(desk.conn, _grant(desk, row), desk.context)
    return len(people) + len(grants)


def _grant(desk: ImportContext, row: Row) -> NewGrant:
    unit_id, _ = desk.unit(row["unit_id"])
    other = row["for_account_id"]
    if row["role"] == Role.APPROVER and not row["tier"]:
        raise Unreadable("cell_missing", field="tier")
    return NewGrant(
        account_id=desk.account(row["account_id"], "account_id"),
        unit_id=unit_id,
        role=Role(row["role"]),
        from_on=row["from_on"],
        until_on=row["until_on"],
        tier=row["tier"],
        for_account_id=desk.account(other, "for_account_id") if other else None,
    )


UNIT_WORKBOOK = Workbook("units", (UNITS,), write_units)
STAFF_WORKBOOK = Workbook("staff", (PEOPLE, GRANTS), write_staff)
