"""An import of money, powers or rules waits for the people it names; a name in a cell is nobody's signature."""

from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from service.actions import confirmations
from service.actions.context import ActionContext
from service.imports.import_context import ImportOptions
from service.imports.problems import InvalidSheets
from service.imports.proposed_import import ALL_WRITES, Outcome, import_or_propose
from service.queries.confirmations import confirmers_of
from service.tables.accounts import account, role_grant
from service.tables.fund_receipts import fund_receipt
from service.tables.notifications import notification
from tests.second_person import confirm_all
from tests.service.import_fixtures import YEAR_END, Cell, Union, codes, founded, founded_url, union, workbook

__all__ = ["founded", "founded_url", "union"]

RECEIPT: dict[str, Cell] = {
    "资金编号": "B-OWN-2025",
    "所属单位": "临澜县工业局工会",
    "年度": 2025,
    "到账日期": date(2025, 12, 1),
    "到账金额": "20000.00",
    "到账凭证": "银收2025-777",
    "登记人": "pan.jie",
}
PERSON: dict[str, Cell] = {"登录名": "xin.lai", "姓名": "新来", "所属单位": "临澜县总工会"}
GRANT: dict[str, Cell] = {
    "登录名": "xin.lai",
    "单位": "临澜县总工会",
    "角色": "出纳",
    "起始日期": YEAR_END,
    "截止日期": date(2026, 12, 31),
}


def bring(union: Union, *paths: Path, day: date = YEAR_END, late: str = "") -> Outcome:
    return import_or_propose(union.conn, paths, union.context(day=day), options=ImportOptions(late=late))


def asked(union: Union, outcome: Outcome) -> list[str]:
    """Return the logins of the named people, and the roles, that a proposed import waits for."""
    assert outcome.proposal is not None
    found: list[str] = []
    for confirmer in confirmers_of(union.conn, [outcome.proposal.id]):
        login = union.conn.scalar(sa.select(account.c.login).where(account.c.id == confirmer.account_id))
        found += [login] if login else confirmer.roles
    return found


def as_person(union: Union) -> "_As":
    return _As(union)


class _As:
    """Returns the context of any account of the union on the last day of the year."""

    def __init__(self, union: Union) -> None:
        self.union = union

    def __call__(self, account_id: UUID) -> ActionContext:
        login = self.union.conn.scalars(sa.select(account.c.login).where(account.c.id == account_id)).one()
        return self.union.context(login)


def test_receipt_of_a_sheet_waits_for_the_cashier_named_in_it(union: Union, tmp_path: Path) -> None:
    outcome = bring(union, workbook(tmp_path / "a.xlsx", 到账=[RECEIPT]))
    before = union.rows(fund_receipt)
    assert asked(union, outcome) == ["pan.jie"]
    told = sa.select(notification.c.kind).where(notification.c.account_id == union.account("pan.jie"))
    assert "confirmation_due" in set(union.conn.scalars(told))
    assert confirm_all(union.conn, as_person(union)) == 1
    assert union.rows(fund_receipt) == before + 1


def test_importer_named_in_the_sheet_needs_another_person(union: Union, tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", 到账=[RECEIPT])
    outcome = import_or_propose(union.conn, [path], union.context("pan.jie"))
    assert asked(union, outcome) == ["approver", "cashier"]


def test_gift_of_money_waits_for_its_approver_its_recorder_and_who_handed_it_over(union: Union) -> None:
    samples = Path(__file__).parents[2] / "samples"
    union.bring(samples / "04-households.xlsx", samples / "05-visits.xlsx")
    outcome = bring(union, samples / "06-gifts.xlsx")
    approvers, keeper, handing_over = (
        ["chen.shan", "lin.hai", "song.yuan"],
        ["luo.xin"],
        ["bai.lu", "gu.yue", "jin.tao"],
    )
    assert sorted(asked(union, outcome)) == sorted([*approvers, *keeper, *handing_over])


def test_account_and_role_of_a_sheet_wait_for_a_second_person(union: Union, tmp_path: Path) -> None:
    path = workbook(tmp_path / "staff.xlsx", 人员=[PERSON], 授权=[GRANT])
    outcome = bring(union, path)
    assert asked(union, outcome) == ["approver", "admin"]
    assert union.conn.scalar(sa.select(account.c.id).where(account.c.login == "xin.lai")) is None
    confirm_all(union.conn, as_person(union))
    new = union.account("xin.lai")
    assert union.conn.scalars(sa.select(role_grant.c.role).where(role_grant.c.account_id == new)).all() == ["cashier"]


def test_role_of_a_sheet_is_not_dated_back(union: Union, tmp_path: Path) -> None:
    """Why: the API refused it, and the import did not (the same checks hold for every way in)."""
    path = workbook(tmp_path / "staff.xlsx", 人员=[PERSON], 授权=[{**GRANT, "起始日期": date(2025, 1, 1)}])
    with pytest.raises(InvalidSheets) as error:
        bring(union, path)
    assert [problem.code for problem in error.value.problems] == ["grant_dated_back"]
    with_reason = {**GRANT, "起始日期": date(2025, 1, 1), "追溯理由": "补录全年走访"}
    assert bring(union, workbook(tmp_path / "s.xlsx", 人员=[PERSON], 授权=[with_reason])).proposal is not None


def test_money_on_a_closed_line_needs_a_reason(union: Union, tmp_path: Path) -> None:
    path, late = workbook(tmp_path / "a.xlsx", 到账=[RECEIPT]), date(2026, 6, 1)
    with pytest.raises(InvalidSheets) as error:
        bring(union, path, day=late)
    assert [problem.code for problem in error.value.problems] == ["period_closed"]
    assert bring(union, path, day=late, late="审计要求补记").proposal is not None


def test_import_without_money_powers_or_rules_is_done_at_once(union: Union) -> None:
    samples = Path(__file__).parents[2] / "samples"
    outcome = bring(union, samples / "08-activities.xlsx")
    assert outcome.proposal is None
    assert outcome.imported.written() == {"活动": 16}


def test_import_that_the_record_has_outrun_is_refused_whole(union: Union, tmp_path: Path) -> None:
    path = workbook(tmp_path / "staff.xlsx", 人员=[PERSON], 授权=[GRANT])
    outcome = bring(union, path)
    other = workbook(tmp_path / "other.xlsx", 人员=[{**PERSON, "姓名": "另一人"}], 授权=[GRANT])
    union.bring(other)
    assert outcome.proposal is not None
    proposal, chair = outcome.proposal, union.context("chair")
    refused = codes(lambda: confirmations.confirm(union.conn, proposal.id, proposal.digest, chair, ALL_WRITES))
    assert refused == ["import_not_possible"]
