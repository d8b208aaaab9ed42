"""Units, staff, funds, rules and the rest of the year: each refusal by its code, and what a write leaves."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.actions import (
    activities,
    donations,
    founding,
    funds,
    policies,
    staff,
    units,
)
from service.actions.activities import NewActivity
from service.actions.donations import NewDonation
from service.actions.funds import NewFund
from service.actions.staff import NewAccount, NewGrant
from service.actions.trail import Stale, Unknown
from service.audit.chain import verify
from service.exchange.folder import import_files
from service.queries import accounts
from service.tables.events import event
from service.tables.funds import fund
from service.tables.units import role_grant, token, unit
from tests.service.builders_import import (
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
from workflows.terms import Fen, Role

__all__ = ["founded", "founded_url", "union"]

BUREAU = "临澜县工业局工会"
DAY = date(2025, 6, 2)


def test_a_union_is_founded_once(union: Union) -> None:
    assert codes(lambda: founding.found(union.tx, COUNTY, instant(FOUNDED), FOUNDED, RING)) == ["founded_already"]
    wrong = replace(COUNTY, login="Admin", division="37", kind="club")
    assert codes(lambda: founding.found(union.tx, wrong, instant(FOUNDED), FOUNDED, RING)) == [
        "not_a_choice",
        "not_a_division",
        "login_shape",
    ]
    clock = accounts.caller_named(union.tx, founding.CLOCK, DAY)
    assert clock is not None
    assert clock.roles == {Role.CLOCK}


def test_units(union: Union) -> None:
    parent, asked = union.unit(BUREAU), union.asked()
    row = units.add_unit(union.tx, "新厂工会", "grass_roots", "371099", parent, asked)
    path = union.tx.scalars(sa.select(unit.c.path).where(unit.c.id == row)).one()
    assert path.endswith(f"/{parent.hex}/{row.hex}/")
    add = units.add_unit
    assert codes(lambda: add(union.tx, "新厂工会", "grass_roots", "371099", parent, asked)) == ["unit_name_taken"]
    assert codes(lambda: add(union.tx, "", "grass_roots", "37", parent, asked)) == ["not_text", "not_a_division"]
    assert codes(lambda: add(union.tx, "又一厂", "grass_roots", "371099", parent, union.asked("luo.xin"))) == [
        "role_missing"
    ]
    units.rename(union.tx, row, "改名厂工会", replace(asked, version=1))
    with pytest.raises(Stale):
        units.rename(union.tx, row, "再改名", replace(asked, version=1))
    with pytest.raises(Unknown):
        units.rename(union.tx, row, "再改名", union.asked("meng.fei"))


def test_accounts(union: Union) -> None:
    new = NewAccount("new.one", "新人", union.unit(BUREAU), "new@example.org", "371099197001019001")
    staff.add_account(union.tx, new, union.asked())
    again = [
        (new, ["login_taken", "id_no_taken"]),
        (replace(new, login="X"), ["login_shape"]),
        (replace(new, login="x.y", email="x", id_no="1"), ["email_wrong", "id_no_shape"]),
    ]
    for each, expected in again:
        assert codes(lambda each=each: staff.add_account(union.tx, each, union.asked())) == expected  # type: ignore[misc]


def test_grants(union: Union) -> None:
    bureau, asked = union.unit(BUREAU), union.asked()
    new = NewGrant(union.account("luo.xin"), bureau, Role.VISITOR, DAY, DAY + timedelta(days=9))
    row = staff.grant_role(union.tx, new, asked)
    caller = accounts.caller_named(union.tx, "luo.xin", DAY)
    assert caller is not None
    assert caller.roles == {Role.REGISTRAR, Role.VISITOR}
    staff.revoke(union.tx, row, replace(asked, today=DAY))
    staff.revoke(union.tx, row, replace(asked, today=DAY))
    assert union.tx.scalar(sa.select(role_grant.c.revoked_on).where(role_grant.c.id == row)) == DAY
    assert codes(lambda: staff.grant_role(union.tx, replace(new, role=Role.CLOCK), asked)) == ["role_not_for_people"]
    assert codes(lambda: staff.grant_role(union.tx, replace(new, role=Role.AUDITOR), asked)) == ["roles_clash"]
    stand_in = replace(new, role=Role.CASHIER, for_account_id=union.account("pan.jie"))
    staff.grant_role(union.tx, stand_in, asked)
    outside = replace(stand_in, unit_id=union.unit("临澜县第三中学工会"))
    assert codes(lambda: staff.grant_role(union.tx, outside, asked)) == ["principal_without_role"]


def test_tokens(union: Union) -> None:
    asked, holder = union.asked(), union.account("luo.xin")
    ends = asked.at + timedelta(days=1)
    shown = staff.make_token(union.tx, holder, "桌面", ends, asked)
    assert shown.startswith("snt_")
    caller = accounts.caller_with(union.tx, staff.token_hash(shown), asked.at, DAY)
    assert caller is not None
    assert caller.login == "luo.xin"
    assert accounts.caller_with(union.tx, staff.token_hash(shown), ends, DAY) is None
    staff.make_token(union.tx, holder, "自己的", ends, union.asked("luo.xin"))
    late = asked.at - timedelta(days=1)
    assert codes(lambda: staff.make_token(union.tx, holder, "x", late, asked)) == ["token_ends_in_past"]
    assert codes(lambda: staff.make_token(union.tx, holder, "x", ends, union.asked("tan.ying"))) == ["role_missing"]
    token_id = union.tx.scalars(sa.select(token.c.id).where(token.c.label == "桌面")).one()
    staff.revoke_token(union.tx, token_id, asked)
    assert accounts.caller_with(union.tx, staff.token_hash(shown), asked.at, DAY) is None
    assert shown not in str(union.tx.execute(sa.select(event.c.body)).all())


def test_funds(union: Union) -> None:
    asked = union.asked("pan.jie")
    new = NewFund(union.unit(BUREAU), "X-1", "试", "OWN", 2025, "文", ("LIV",), DAY, DAY)
    row = funds.open_line(union.tx, new, asked)
    assert codes(lambda: funds.open_line(union.tx, new, asked)) == ["fund_code_taken"]
    wrong = replace(new, code="X-2", items=(), source="ABC", expires_on=DAY - timedelta(days=1))
    assert codes(lambda: funds.open_line(union.tx, wrong, asked)) == [
        "not_a_choice",
        "answer_missing",
        "dates_reversed",
    ]
    funds.receive(union.tx, row, Fen(500), "银收1", DAY, asked)
    assert union.tx.scalar(sa.select(fund.c.available_fen).where(fund.c.id == row)) == 500
    assert codes(lambda: funds.receive(union.tx, row, Fen(0), "", date(2027, 1, 1), asked)) == [
        "not_money",
        "not_text",
        "in_the_future",
    ]
    assert codes(lambda: funds.receive(union.tx, row, Fen(1), "x", DAY, union.asked("luo.xin"))) == ["role_missing"]


def test_donations_and_activities(union: Union) -> None:
    bureau, asked = union.unit(BUREAU), union.asked("luo.xin")
    given = NewDonation(bureau, DAY, "passed_on", "献爱心", "镇里", Fen(288_000), "镇慈善站", 72)
    donations.record_donation(union.tx, given, asked)
    wrong = replace(given, direction="sideways", fen=Fen(0), donors=0)
    assert codes(lambda: donations.record_donation(union.tx, wrong, asked)) == [
        "not_a_choice",
        "not_money",
        "not_a_number",
    ]
    held = NewActivity(bureau, DAY, "读书会", "culture", Fen(0), "50101")
    activities.record_activity(union.tx, held, asked)
    aid = replace(held, account_code="502")
    assert codes(lambda: activities.record_activity(union.tx, aid, asked)) == ["account_not_of_activities"]


def test_policies_and_calendars(union: Union) -> None:
    text = (SAMPLES / "policy-2025.toml").read_text("utf-8")
    asked = union.asked()
    assert policies.load_policy(union.tx, text, asked) == policies.load_policy(union.tx, f"# 注\n{text}", asked)
    later = text.replace("version = 1", "version = 2")
    assert codes(lambda: policies.load_policy(union.tx, later, asked)) == ["policies_overlap"]
    assert codes(lambda: policies.load_policy(union.tx, text, union.asked("luo.xin"))) == ["role_missing"]
    days = (SAMPLES / "calendar-2026.csv").read_text("utf-8")
    assert codes(lambda: policies.load_calendar(union.tx, days, 2027, asked)) == ["calendar_not_of_year"]
    count = policies.load_calendar(union.tx, days, 2026, asked)
    corrected = days.replace("2026-01-01,休,元旦\n", "")
    assert policies.load_calendar(union.tx, corrected, 2026, asked) == count - 1


def test_a_file_in_another_encoding(union: Union, tmp_path: Path) -> None:
    path = tmp_path / "calendar-gbk.csv"
    path.write_bytes("日期,类型,名称\n2026-10-01,休,国庆节\n".encode("gbk"))
    assert union.refused(path) == [(None, None, None, "file_not_utf8")]


def test_what_the_database_refuses_is_told_with_its_row(union: Union, tmp_path: Path) -> None:
    union.tx.execute(sa.text("ALTER TABLE donation ADD CONSTRAINT ck_donation_small CHECK (fen < 100)"))
    row: dict[str, Cell] = {
        "单位": BUREAU,
        "日期": DAY,
        "方向": "转捐",
        "活动名称": "献爱心",
        "组织单位": "镇里",
        "金额": "1.00",
    }
    path = workbook(tmp_path / "d.xlsx", 捐款=[row | {"交付何处": "镇里", "登记人": "luo.xin"}])
    assert union.refused(path) == [("捐款", 2, None, "conflicts_with_records")]


def test_every_write_stands_in_the_trail(union: Union) -> None:
    import_files(union.tx, [SAMPLES / "04-households.xlsx", SAMPLES / "05-visits.xlsx"], union.asked())
    assert not verify(union.tx).faults
