"""Writes about the organisation and its funds are refused by code when wrong."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.actions import accounts as account_actions
from service.actions import activities, bootstrap, donations, fund_receipts, funds, policies, units
from service.actions.accounts import NewAccount, NewGrant
from service.actions.activities import NewActivity
from service.actions.bootstrap import Founder
from service.actions.donations import NewDonation
from service.actions.errors import NotFound, VersionConflict
from service.actions.fund_receipts import NewReceipt
from service.actions.funds import NewFund
from service.imports.import_files import import_files
from service.integrity.verify import verify
from service.queries import accounts
from service.tables.accounts import role_grant, token
from service.tables.events import event
from service.tables.funds import fund
from service.tables.units import unit
from tests.application_role import as_owner
from tests.service.import_fixtures import (
    COUNTY,
    FOUNDED,
    RING,
    SAMPLES,
    Cell,
    Union,
    codes,
    founded,
    founded_url,
    instant,
    union,
    workbook,
)
from workflows.vocabulary import Fen, Role

__all__ = ["founded", "founded_url", "union"]

BUREAU = "临澜县工业局工会"
DAY = date(2025, 6, 2)


def test_union_that_exists_cannot_be_set_up_again(union: Union) -> None:
    assert codes(lambda: bootstrap.set_up_union(union.conn, COUNTY, instant(FOUNDED), FOUNDED, RING)) == [
        "founded_already"
    ]
    wrong = replace(COUNTY, administrator=Founder("Admin", "系统管理员"), division="37", kind="club")
    assert codes(lambda: bootstrap.set_up_union(union.conn, wrong, instant(FOUNDED), FOUNDED, RING)) == [
        "not_a_choice",
        "not_a_division",
        "login_shape",
    ]
    clock = accounts.caller_by_login(union.conn, bootstrap.CLOCK_LOGIN, DAY)
    assert clock is not None
    assert clock.roles == {Role.CLOCK}


def test_unit_is_added_and_renamed_by_an_administrator_in_scope(union: Union) -> None:
    parent_id, context = union.unit(BUREAU), union.context()
    unit_id = units.add_unit(union.conn, "新厂工会", "grass_roots", "371099", parent_id, context)
    path = union.conn.scalars(sa.select(unit.c.path).where(unit.c.id == unit_id)).one()
    assert path.endswith(f"/{parent_id.hex}/{unit_id.hex}/")
    add_unit = units.add_unit
    assert codes(lambda: add_unit(union.conn, "新厂工会", "grass_roots", "371099", parent_id, context)) == [
        "unit_name_taken"
    ]
    assert codes(lambda: add_unit(union.conn, "", "grass_roots", "37", parent_id, context)) == [
        "not_text",
        "not_a_division",
    ]
    assert codes(
        lambda: add_unit(union.conn, "又一厂", "grass_roots", "371099", parent_id, union.context("luo.xin"))
    ) == ["role_missing"]
    units.rename_unit(union.conn, unit_id, "改名厂工会", replace(context, version=1))
    with pytest.raises(VersionConflict):
        units.rename_unit(union.conn, unit_id, "再改名", replace(context, version=1))
    with pytest.raises(NotFound):
        units.rename_unit(union.conn, unit_id, "再改名", union.context("meng.fei"))


def test_account_with_a_wrong_or_taken_field_is_refused(union: Union) -> None:
    new = NewAccount("new.one", "新人", union.unit(BUREAU), "new@example.org", "371099197001019001")
    account_actions.add_account(union.conn, new, union.seconded())
    attempts = [
        (new, ["login_taken", "id_no_taken"]),
        (replace(new, login="X"), ["login_shape"]),
        (replace(new, login="x.y", email="x", id_no="1"), ["email_wrong", "id_no_length"]),
    ]
    for account, expected in attempts:
        assert codes(lambda new=account: account_actions.add_account(union.conn, new, union.context())) == expected  # type: ignore[misc]


def test_role_grant_that_is_incompatible_or_without_principal_is_refused(union: Union) -> None:
    bureau_id, context = union.unit(BUREAU), union.seconded()
    days = (DAY, DAY + timedelta(days=9))
    new = NewGrant(union.account("luo.xin"), bureau_id, Role.VISITOR, *days, reason="补录")
    grant_id = account_actions.grant_role(union.conn, new, context)
    caller = accounts.caller_by_login(union.conn, "luo.xin", DAY)
    assert caller is not None
    assert caller.roles == {Role.REGISTRAR, Role.VISITOR}
    account_actions.revoke_role(union.conn, grant_id, replace(context, today=DAY))
    account_actions.revoke_role(union.conn, grant_id, replace(context, today=DAY))
    assert union.conn.scalar(sa.select(role_grant.c.revoked_on).where(role_grant.c.id == grant_id)) == DAY
    assert codes(lambda: account_actions.grant_role(union.conn, replace(new, role=Role.CLOCK), context)) == [
        "role_not_for_people"
    ]
    assert codes(lambda: account_actions.grant_role(union.conn, replace(new, role=Role.AUDITOR), context)) == [
        "roles_incompatible"
    ]
    delegation = replace(new, role=Role.CASHIER, for_account_id=union.account("pan.jie"))
    account_actions.grant_role(union.conn, delegation, context)
    outside_unit = replace(delegation, unit_id=union.unit("临澜县第三中学工会"))
    assert codes(lambda: account_actions.grant_role(union.conn, outside_unit, context)) == ["principal_without_role"]


def test_token_identifies_its_account_until_it_expires_or_is_revoked(union: Union) -> None:
    administrator, context, account_id = union.context(), union.context("luo.xin"), union.account("luo.xin")
    expires_at = context.at + timedelta(days=1)
    new_token = account_actions.create_token(union.conn, account_id, "桌面", expires_at, context)
    assert new_token.startswith("snt_")
    caller = accounts.caller_by_token(union.conn, account_actions.token_hash(new_token), context.at, DAY)
    assert caller is not None
    assert caller.login == "luo.xin"
    assert accounts.caller_by_token(union.conn, account_actions.token_hash(new_token), expires_at, DAY) is None
    past = context.at - timedelta(days=1)
    assert codes(lambda: account_actions.create_token(union.conn, account_id, "x", past, context)) == [
        "token_ends_in_past"
    ]
    for other in (union.context("tan.ying"), administrator):
        assert codes(
            lambda context=other: account_actions.create_token(union.conn, account_id, "x", expires_at, context)  # type: ignore[misc]
        ) == ["token_of_another"]
    token_id = union.conn.scalars(sa.select(token.c.id).where(token.c.label == "桌面")).one()
    assert codes(lambda: account_actions.revoke_token(union.conn, token_id, union.context("tan.ying"))) == [
        "role_missing"
    ]
    account_actions.revoke_token(union.conn, token_id, administrator)
    assert accounts.caller_by_token(union.conn, account_actions.token_hash(new_token), context.at, DAY) is None
    assert new_token not in str(union.conn.execute(sa.select(event.c.body)).all())


def test_fund_line_and_receipt_with_wrong_fields_are_refused(union: Union) -> None:
    context = union.seconded("pan.jie")
    new = NewFund(union.unit(BUREAU), "X-1", "试", "OWN", 2025, "文", ("LIV",), DAY, DAY)
    fund_id = funds.open_line(union.conn, new, context)
    assert codes(lambda: funds.open_line(union.conn, new, context)) == ["fund_code_taken"]
    wrong = replace(new, code="X-2", items=(), source="ABC", expires_on=DAY - timedelta(days=1))
    assert codes(lambda: funds.open_line(union.conn, wrong, context)) == [
        "not_a_choice",
        "answer_missing",
        "dates_reversed",
    ]
    fund_receipts.record_receipt(union.conn, fund_id, NewReceipt(Fen(500), "银收1", DAY), context)
    assert union.conn.scalar(sa.select(fund.c.available_fen).where(fund.c.id == fund_id)) == 500
    wrong_receipt = NewReceipt(Fen(0), "", date(2027, 1, 1))
    assert codes(lambda: fund_receipts.record_receipt(union.conn, fund_id, wrong_receipt, context)) == [
        "not_money",
        "not_text",
        "in_the_future",
    ]
    receipt, registrar = NewReceipt(Fen(1), "x", DAY), union.context("luo.xin")
    assert codes(lambda: fund_receipts.record_receipt(union.conn, fund_id, receipt, registrar)) == ["role_missing"]


def test_donation_and_activity_with_wrong_fields_are_refused(union: Union) -> None:
    bureau_id, context = union.unit(BUREAU), union.context("luo.xin")
    donation = NewDonation(bureau_id, DAY, "passed_on", "献爱心", "镇里", Fen(288_000), "镇慈善站", 72)
    donations.record_donation(union.conn, donation, context)
    wrong = replace(donation, direction="sideways", fen=Fen(0), donors=0)
    assert codes(lambda: donations.record_donation(union.conn, wrong, context)) == [
        "not_a_choice",
        "not_money",
        "not_a_number",
    ]
    activity = NewActivity(bureau_id, DAY, "读书会", "culture", Fen(0), "50101")
    activities.record_activity(union.conn, activity, context)
    aid_activity = replace(activity, account_code="502")
    assert codes(lambda: activities.record_activity(union.conn, aid_activity, context)) == ["account_not_of_activities"]


def test_policy_and_calendar_with_conflicts_are_refused(union: Union) -> None:
    text = (SAMPLES / "policy-2025.toml").read_text("utf-8")
    context = union.seconded()
    assert policies.load_policy(union.conn, text, context) == policies.load_policy(union.conn, f"# 注\n{text}", context)
    second_version = text.replace("version = 1", "version = 2")
    assert codes(lambda: policies.load_policy(union.conn, second_version, context)) == ["policies_overlap"]
    assert codes(lambda: policies.load_policy(union.conn, text, union.context("luo.xin"))) == ["role_missing"]
    calendar = (SAMPLES / "calendar-2026.csv").read_text("utf-8")
    assert codes(lambda: policies.load_calendar(union.conn, calendar, 2027, context)) == ["calendar_not_of_year"]
    count = policies.load_calendar(union.conn, calendar, 2026, context)
    corrected = calendar.replace("2026-01-01,休,元旦\n", "")
    assert policies.load_calendar(union.conn, corrected, 2026, context) == count - 1


def test_calendar_file_in_another_encoding_is_read(union: Union, tmp_path: Path) -> None:
    path = tmp_path / "calendar-gbk.csv"
    path.write_bytes("日期,类型,名称\n2026-10-01,休,国庆节\n".encode("gbk"))
    assert union.bring(path).rules == {"calendar": 1}


def test_row_that_the_database_refuses_is_named_with_its_number(union: Union, tmp_path: Path) -> None:
    with as_owner(union.conn):
        union.conn.execute(sa.text("ALTER TABLE donation ADD CONSTRAINT ck_donation_small CHECK (fen < 100)"))
    donation_row: dict[str, Cell] = {
        "单位": BUREAU,
        "日期": DAY,
        "方向": "转捐",
        "活动名称": "献爱心",
        "组织单位": "镇里",
        "金额": "1.00",
    }
    path = workbook(tmp_path / "d.xlsx", 捐款=[donation_row | {"交付何处": "镇里", "登记人": "luo.xin"}])
    assert union.refused(path) == [("捐款", 2, None, "conflicts_with_records")]


def test_imported_rows_verify_without_fault(union: Union) -> None:
    import_files(union.conn, [SAMPLES / "04-households.xlsx", SAMPLES / "05-visits.xlsx"], union.seconded())
    assert not verify(union.conn).faults
