"""This module imports units (单位), staff accounts (人员) and their roles (授权)."""

from collections.abc import Mapping

import sqlalchemy as sa

from service.actions import accounts, units
from service.actions.accounts import NewAccount, NewGrant
from service.imports import cells, labels, repeats
from service.imports.import_context import ImportContext
from service.imports.problems import Unreadable
from service.imports.sheet_reader import Column, Row, Sheet, Workbook
from service.tables.units import unit
from workflows.vocabulary import Reason, Refused, Role

TIERS = {f"{numeral}级": tier for tier, numeral in enumerate("一二三四五六七八九", start=1)}


def read_tier(value: object) -> int:
    """Return a tier of approval from 一级, 二级, 三级 or a number. Raises Unreadable."""
    text = cells.words(value)
    return TIERS[text] if text in TIERS else cells.whole(value)


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
        Column("登录名", "login", cells.code),
        Column("姓名", "display_name", cells.words),
        Column("所属单位", "unit_id", cells.words),
        Column("电子邮箱", "email", cells.code, required=False),
        Column("身份证号", "id_no", cells.digits, required=False),
    ),
)

GRANTS = Sheet(
    "授权",
    (
        Column("登录名", "account_id", cells.code),
        Column("单位", "unit_id", cells.words),
        Column("角色", "role", cells.chosen(labels.ROLES)),
        Column("审批级别", "tier", read_tier, required=False, default=0),
        Column("起始日期", "from_on", cells.day),
        Column("截止日期", "until_on", cells.day),
        Column("代行何人", "for_account_id", cells.code, required=False),
        Column("追溯理由", "reason", cells.words, required=False),
    ),
)


def write_units(import_run: ImportContext, sheets: Mapping[str, list[Row]]) -> None:
    """Add units in the order of the sheet; a row without 上级单位 names the root unit, which exists already."""
    for row in import_run.with_progress(sheets[UNITS.title]):
        with import_run.savepoint(row):
            if row["parent_id"] is None:
                _check_root(import_run, row["name"])
            else:
                parent, _ = import_run.unit(row["parent_id"], "parent_id")
                repeats.refuse_same_unit(import_run.conn, parent, row["name"], row["kind"], row["division"])
                new = row["name"], row["kind"], row["division"]
                import_run.made(units.add_unit(import_run.conn, *new, parent, import_run.context))


def _check_root(import_run: ImportContext, name: str) -> None:
    # `songnuan init` creates the root unit; a sheet made for another union names another root.
    root = import_run.conn.scalar(sa.select(unit.c.name).where(unit.c.parent_id.is_(None)))
    if name != root:
        raise Unreadable("unit_not_root", field="name", found=name, root=root)
    raise Refused(Reason.of("listed_already"))


def write_staff(import_run: ImportContext, sheets: Mapping[str, list[Row]]) -> None:
    """Add accounts, then role grants, also to existing accounts."""
    people, grants = sheets[PEOPLE.title], sheets[GRANTS.title]
    for row in import_run.with_progress(people):
        with import_run.savepoint(row):
            unit_id, _ = import_run.unit(row["unit_id"])
            new = NewAccount(**{**row.cells, "unit_id": unit_id})
            repeats.refuse_same_account(import_run.conn, new)
            import_run.made(accounts.add_account(import_run.conn, new, import_run.context))
    for row in import_run.with_progress(grants):
        with import_run.savepoint(row):
            grant = _new_grant(import_run, row)
            repeats.refuse_same_grant(import_run.conn, grant)
            import_run.made(accounts.grant_role(import_run.conn, grant, import_run.context))


def _new_grant(import_run: ImportContext, row: Row) -> NewGrant:
    unit_id, _ = import_run.unit(row["unit_id"])
    principal = row["for_account_id"]
    if row["role"] == Role.APPROVER and not row["tier"]:
        raise Unreadable("cell_missing", field="tier")
    return NewGrant(
        account_id=import_run.account(row["account_id"], "account_id"),
        unit_id=unit_id,
        role=Role(row["role"]),
        from_on=row["from_on"],
        until_on=row["until_on"],
        tier=row["tier"],
        for_account_id=import_run.account(principal, "for_account_id") if principal else None,
        reason=row["reason"] or import_run.options.late.strip(),
    )


UNIT_WORKBOOK = Workbook("units", (UNITS,), write_units)
STAFF_WORKBOOK = Workbook("staff", (PEOPLE, GRANTS), write_staff)
