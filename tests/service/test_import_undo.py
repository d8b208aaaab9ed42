"""The undo of an import reverses what nothing leans on, keeps the rest with its reason, and needs a second person."""

from datetime import date
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from service.actions import confirmations, donations, fund_receipts, households
from service.actions.case_application import CaseApplication
from service.actions.case_opening import open_case
from service.actions.confirmations import Proposal
from service.actions.errors import NotFound
from service.actions.gift_checks import NewGift
from service.actions.gifts import record_gift
from service.actions.household_changes.exits import Exit, FilingAgain, end_file, file_again
from service.actions.import_undo.plan import make_plan
from service.actions.import_undo.propose import propose_undo
from service.actions.kinship import declare_kinship
from service.actions.pairings import Pairing, record_pairing
from service.actions.proposals.write import Made
from service.actions.visits import NewVisit, record_visit
from service.imports.proposed_import import ALL_WRITES
from service.integrity.verify import verify
from service.queries import workbook_imports as read
from service.queries.possible_twins import possible_twins
from service.queries.record_numbers import addresses
from service.queries.shared_details import shared_details
from service.report.figure_definition import Scope, SharedRows
from service.report.figure_definitions import TABLE
from service.tables.accounts import role_grant
from service.tables.activities import activity
from service.tables.donations import donation
from service.tables.events import event
from service.tables.fund_receipts import fund_receipt
from service.tables.funds import fund
from service.tables.gifts import gift
from service.tables.households import household
from service.tables.pairings import pairing
from service.tables.payees import bank_account
from service.tables.payments import payment
from service.tables.persons import person
from service.tables.units import unit
from service.tables.visits import visit
from service.tables.workbook_imports import imported_row, workbook_import
from tests.document_files import add_photo
from tests.service.import_fixtures import (
    CHILD,
    HEAD,
    HOUSEHOLD,
    INCOME,
    YEAR_END,
    Cell,
    Union,
    codes,
    family_file,
    founded,
    founded_url,
    union,
    workbook,
)
from workflows.household_change_codes import ENTERED_BY_MISTAKE
from workflows.vocabulary import Fen

__all__ = ["founded", "founded_url", "union"]

GOES = ""
"""What the plan says of a row that an undo reverses."""

BUREAU = "临澜县工业局工会"
DONATION: dict[str, Cell] = {
    "单位": BUREAU,
    "日期": date(2025, 4, 15),
    "方向": "收到",
    "活动名称": "献爱心",
    "组织单位": "临澜县工业局",
    "金额": "300.00",
    "交付何处": "专户",
    "登记人": "luo.xin",
}
ACTIVITY: dict[str, Cell] = {
    "单位": BUREAU,
    "日期": date(2025, 5, 1),
    "名称": "歌会",
    "类别": "文化",
    "支出金额": "10.00",
    "会计科目": "501",
    "登记人": "luo.xin",
}
VISIT: dict[str, Cell] = {
    "走访单位": BUREAU,
    "类别": "结对走访",
    "日期": date(2025, 6, 21),
    "地点": "家中",
    "档案号": "T-1",
    "走访人": "gu.yue、wei.ran",
    "登记人": "luo.xin",
}
GOODS: dict[str, Cell] = {
    "慰问单位": BUREAU,
    "档案号": "T-1",
    "日期": date(2025, 6, 21),
    "项目": "实物",
    "用途": "慰问",
    "会计科目": "502",
    "经手人": "gu.yue",
    "家庭签收": "是",
    "随走访": "是",
    "物品": "大米",
    "计量单位": "袋",
    "数量": 1,
    "登记人": "luo.xin",
}
MONEY: dict[str, Cell] = {
    **{name: value for name, value in GOODS.items() if name not in {"物品", "计量单位", "数量", "随走访"}},
    "项目": "送温暖慰问",
    "金额": "300.00",
    "资金编号": "B-ADM-2025",
    "批准人": "chen.shan",
}
PAIR: dict[str, Cell] = {
    "档案号": "T-1",
    "结对单位": BUREAU,
    "帮扶活动名称": "结对帮扶",
    "发起单位": BUREAU,
    "起始日期": date(2025, 1, 1),
    "登记人": "luo.xin",
}
RECEIPT: dict[str, Cell] = {
    "资金编号": "B-OWN-2025",
    "所属单位": BUREAU,
    "年度": 2025,
    "到账日期": date(2025, 12, 1),
    "到账金额": "20000.00",
    "到账凭证": "银收2025-777",
    "登记人": "pan.jie",
}


def bring(union: Union, *paths: Path) -> UUID:
    """Import files that two people have agreed on; return the import."""
    import_id = union.bring(*paths).import_id
    assert import_id is not None
    return import_id


def give(tmp_path: Path, **sheets: list[dict[str, Cell]]) -> Path:
    return workbook(tmp_path / f"{len(list(tmp_path.iterdir()))}.xlsx", **sheets)


def paired(tmp_path: Path) -> Path:
    """Return a file with a family and its pairing."""
    return give(tmp_path, 家庭=[HOUSEHOLD], 成员=[HEAD, CHILD], 收支=[INCOME], 结对=[PAIR])


def propose(union: Union, import_id: UUID, login: str = "admin") -> Proposal:
    return propose_undo(union.conn, import_id, "导错了文件", union.context(login))


def confirm(union: Union, proposal: Proposal, login: str = "song.yuan") -> Made | None:
    return confirmations.confirm(union.conn, proposal.id, proposal.digest, union.context(login), ALL_WRITES)


def undo(union: Union, import_id: UUID, login: str = "admin") -> None:
    confirm(union, propose(union, import_id, login))


def kept(union: Union, import_id: UUID) -> list[tuple[str, str]]:
    """Return the kind and the codes of each row that an undo kept."""
    rows = read.rows_of(union.conn, import_id)
    return [(row.kind, row.kept) for row in rows if row.undone_on is None and not row.is_repeat]


def planned(union: Union, import_id: UUID, login: str = "admin") -> list[tuple[str, str]]:
    """Return what the page of an import says of each row: its kind, and the codes that would keep it."""
    act = read.one(union.conn, import_id, union.context(login).caller)
    assert act is not None
    plan = make_plan(union.conn, act, union.context(login), lock=False)
    return [(row.kind, plan.against.get(row.record_id, GOES)) for row in plan.rows]


def state(union: Union, import_id: UUID) -> str:
    row = read.one(union.conn, import_id, union.context().caller)
    assert row is not None
    return str(row.state)


def live(union: Union, table: sa.Table) -> int:
    query = sa.select(sa.func.count()).select_from(table).where(table.c.voided_on.is_(None))
    return union.conn.scalars(query).one()


def figure(union: Union, key: str) -> int:
    """Return a figure of the whole union for the year: the number of rows that make it up."""
    path = union.conn.scalars(sa.select(unit.c.path).where(unit.c.parent_id.is_(None))).one()
    definition = next(each for each in TABLE if each.key == key)
    rows = definition.rows(SharedRows(Scope(path, date(2025, 1, 1), YEAR_END))).subquery()
    return union.conn.scalars(sa.select(sa.func.count()).select_from(rows)).one()


def test_undo_voids_what_an_import_made_and_the_same_file_is_new_again(union: Union, tmp_path: Path) -> None:
    path = give(tmp_path, 捐款=[DONATION, DONATION | {"金额": "400.00"}])
    other = give(tmp_path, 活动=[ACTIVITY])
    import_id = bring(union, path, other)
    assert planned(union, import_id) == [("donation", GOES), ("donation", GOES), ("activity", GOES)]
    proposal = propose(union, import_id)
    assert (live(union, donation), state(union, import_id)) == (2, "undo_proposed")
    confirm(union, proposal)
    assert (live(union, donation), live(union, activity), state(union, import_id)) == (0, 0, "undone")
    assert kept(union, import_id) == []
    again = union.bring(path, other)
    assert again.written() == {"捐款": 2, "活动": 1}
    assert (live(union, donation), live(union, activity)) == (2, 1)


def test_event_of_an_undo_names_the_second_person_and_each_void_has_its_own(union: Union, tmp_path: Path) -> None:
    import_id = bring(union, give(tmp_path, 捐款=[DONATION]))
    undo(union, import_id)
    done = union.conn.execute(sa.select(event).where(event.c.subject_id == import_id, event.c.action == "undo")).one()
    assert done.confirmation_id is not None
    assert str(union.account("song.yuan")) in done.body
    void = union.conn.execute(sa.select(event).where(event.c.action == "void_donation")).one()
    assert (void.confirmation_id, void.actor_id) == (done.confirmation_id, union.account("admin"))
    assert f'"import":"{import_id}"' in void.body
    assert f'"principal":"{union.account("luo.xin")}"' in void.body


def test_undo_twice_is_refused(union: Union, tmp_path: Path) -> None:
    import_id = bring(union, give(tmp_path, 捐款=[DONATION]))
    undo(union, import_id)
    assert codes(lambda: propose(union, import_id)) == ["import_undone"]


def test_second_proposal_while_one_waits_is_refused(union: Union, tmp_path: Path) -> None:
    import_id = bring(union, give(tmp_path, 捐款=[DONATION]))
    first = propose(union, import_id)
    assert codes(lambda: propose(union, import_id)) == ["proposed_already"]
    confirmations.withdraw(union.conn, first.id, union.context())
    assert state(union, import_id) == "standing"
    propose(union, import_id)


def test_proposer_does_not_confirm_their_own_undo(union: Union, tmp_path: Path) -> None:
    import_id = bring(union, give(tmp_path, 捐款=[DONATION]))
    proposal = propose(union, import_id)
    assert codes(lambda: confirm(union, proposal, "admin")) == ["confirmer_not_asked"]
    assert live(union, donation) == 1


def test_cashier_cannot_confirm_the_undo_that_they_proposed(union: Union, tmp_path: Path) -> None:
    import_id = bring(union, give(tmp_path, 到账=[RECEIPT]))
    proposal = propose(union, import_id, "yan.qing")
    assert codes(lambda: confirm(union, proposal, "yan.qing")) == ["confirmer_proposed"]


def test_undo_needs_a_reason(union: Union, tmp_path: Path) -> None:
    import_id = bring(union, give(tmp_path, 捐款=[DONATION]))
    assert codes(lambda: propose_undo(union.conn, import_id, " ", union.context())) == ["not_text"]


def test_person_without_a_role_over_the_unit_does_not_undo(union: Union, tmp_path: Path) -> None:
    import_id = bring(union, give(tmp_path, 捐款=[DONATION]))
    with pytest.raises(NotFound):
        propose(union, import_id, "gu.yue")


def test_change_between_proposal_and_confirmation_is_refused_and_proposed_again(union: Union, tmp_path: Path) -> None:
    import_id = bring(union, give(tmp_path, 捐款=[DONATION, DONATION | {"金额": "400.00"}]))
    proposal = propose(union, import_id)
    first = union.conn.scalars(sa.select(donation.c.id).order_by(donation.c.id)).first()
    assert first is not None
    donations.void_donation(union.conn, first, "重复", union.seconded("luo.xin", by="song.yuan"))
    with union.conn.begin_nested() as savepoint:
        assert codes(lambda: confirm(union, proposal)) == ["undo_changed"]
        savepoint.rollback()
    assert live(union, donation) == 1
    confirmations.withdraw(union.conn, proposal.id, union.context())
    undo(union, import_id)
    assert kept(union, import_id) == [("donation", "undo_voided")]
    assert (live(union, donation), state(union, import_id)) == (0, "partly_undone")
    assert codes(lambda: propose(union, import_id)) == ["import_nothing_to_undo"]


def test_family_with_its_visit_gift_and_pairing_goes_as_a_whole(union: Union, tmp_path: Path) -> None:
    family = paired(tmp_path)
    others = give(tmp_path, 走访=[VISIT]), give(tmp_path, 慰问品=[GOODS])
    before = figure(union, "households_on_file"), figure(union, "households_filed")
    import_id = bring(union, family, *others)
    assert (figure(union, "households_on_file"), figure(union, "households_filed")) != before
    assert {each for _, each in planned(union, import_id)} == {GOES}
    undo(union, import_id)
    assert (state(union, import_id), kept(union, import_id)) == ("undone", [])
    assert [live(union, table) for table in (visit, gift, pairing)] == [0, 0, 0]
    [file] = union.conn.execute(sa.select(household)).all()
    assert (file.exit_reason, file.exited_on) == (ENTERED_BY_MISTAKE, YEAR_END)
    assert not any(union.conn.scalars(sa.select(person.c.active)))
    assert not any(union.conn.scalars(sa.select(bank_account.c.active)))
    assert (figure(union, "households_on_file"), figure(union, "households_filed")) == before


def test_same_families_are_imported_again_after_the_undo(union: Union, tmp_path: Path) -> None:
    path = family_file(tmp_path / "f.xlsx")
    undo(union, bring(union, path))
    assert union.bring(path).written() == {"家庭": 1, "成员": 2, "收支": 1}
    assert union.bring(path).written() == {}
    assert union.bring(give(tmp_path, 走访=[VISIT | {"类别": "困难走访"}])).written() == {"走访": 1}
    new = union.conn.scalars(sa.select(household.c.id).where(household.c.exited_on.is_(None))).one()
    assert union.conn.scalars(sa.select(visit.c.household_id)).one() == new


def test_file_that_was_undone_takes_no_record_and_is_not_filed_again(union: Union, tmp_path: Path) -> None:
    """Regression: money was given to it on a day before the undo, and one registrar took back what two people had done."""
    undo(union, bring(union, family_file(tmp_path / "f.xlsx")))
    [file_id] = union.conn.scalars(sa.select(household.c.id)).all()
    line = union.conn.scalars(sa.select(fund.c.id).where(fund.c.code == "B-ADM-2025")).one()
    bureau, on, conn = union.unit(BUREAU), date(2025, 6, 21), union.conn
    gift_of = partial(
        NewGift, bureau, file_id, on, "SWN", "慰问", "502", union.account("gu.yue"), signed_by_family=True
    )
    money = gift_of(fen=Fen(1), fund_id=line, approved_by=union.account("chen.shan"))
    visited = NewVisit(bureau, "hardship", on, "home", (union.account("gu.yue"),), file_id)
    paired_with = Pairing(bureau, "结对帮扶", BUREAU, on)
    heads = conn.scalars(sa.select(person.c.id).where(person.c.relation == "head")).all()
    back = FilingAgain(on=YEAR_END, reason="other", members=dict.fromkeys(heads, "head"))
    refused = ["file_entered_by_mistake"]
    by = union.context("luo.xin")
    assert codes(lambda: record_gift(conn, money, union.seconded("chen.shan", by="gu.yue"))) == refused
    assert codes(lambda: record_visit(conn, visited, by)) == refused
    assert codes(lambda: record_pairing(conn, file_id, paired_with, by)) == refused
    assert codes(lambda: file_again(conn, file_id, back, by)) == refused


def test_family_that_somebody_touched_stays(union: Union, tmp_path: Path) -> None:
    import_id = bring(union, family_file(tmp_path / "f.xlsx"))
    household_id = union.conn.scalars(sa.select(household.c.id)).one()
    households.edit_household(union.conn, household_id, {"cause": "illness"}, union.context("luo.xin"))
    assert planned(union, import_id) == [("household", "undo_touched")]
    assert codes(lambda: propose(union, import_id)) == ["import_nothing_to_undo"]


def test_family_visited_from_another_file_stays_until_that_import_is_undone(union: Union, tmp_path: Path) -> None:
    families = bring(union, family_file(tmp_path / "f.xlsx"))
    visits = bring(union, give(tmp_path, 走访=[VISIT | {"类别": "困难走访"}]))
    assert planned(union, families) == [("household", "undo_has_records")]
    undo(union, visits)
    undo(union, families)
    assert state(union, families) == "undone"


def test_visit_with_a_gift_of_another_file_stays(union: Union, tmp_path: Path) -> None:
    bring(union, paired(tmp_path))
    visits = bring(union, give(tmp_path, 走访=[VISIT]))
    bring(union, give(tmp_path, 慰问品=[GOODS]))
    assert planned(union, visits) == [("visit", "undo_has_gifts")]


def test_pairing_with_a_visit_of_another_file_stays(union: Union, tmp_path: Path) -> None:
    bring(union, family_file(tmp_path / "f.xlsx"))
    pairings = bring(union, paired(tmp_path))
    bring(union, give(tmp_path, 走访=[VISIT]))
    assert ("pairing", "undo_has_visits") in planned(union, pairings)


def test_family_with_a_case_stays(union: Union, tmp_path: Path) -> None:
    import_id = bring(union, family_file(tmp_path / "f.xlsx"))
    head = union.conn.execute(sa.select(person.c.id, person.c.household_id).where(person.c.relation == "head")).one()
    application = CaseApplication("hardship", head.household_id, head.id, "LIV", Fen(300_000), {})
    open_case(union.conn, application, union.context("luo.xin"))
    assert planned(union, import_id) == [("household", "undo_has_cases")]


def test_row_that_the_right_file_names_too_stays(union: Union, tmp_path: Path) -> None:
    wrong = bring(union, give(tmp_path, 捐款=[DONATION, DONATION | {"金额": "1.00"}]))
    right = bring(union, give(tmp_path, 捐款=[DONATION, DONATION | {"金额": "2.00"}]))
    undo(union, wrong)
    assert kept(union, wrong) == [("donation", "undo_named_again")]
    assert live(union, donation) == 2
    undo(union, right)
    undo(union, wrong)
    assert live(union, donation) == 0


def test_same_file_imported_twice_does_not_name_its_rows_again(union: Union, tmp_path: Path) -> None:
    path = give(tmp_path, 捐款=[DONATION])
    first, second = bring(union, path), bring(union, path)
    assert (state(union, second), planned(union, first)) == ("nothing_new", [("donation", GOES)])
    assert codes(lambda: propose(union, second)) == ["import_nothing_to_undo"]


def test_money_given_goes_back_only_when_an_approver_proposes(union: Union, tmp_path: Path) -> None:
    bring(union, family_file(tmp_path / "f.xlsx"))
    line = sa.select(fund.c.available_fen).where(fund.c.code == "B-ADM-2025")
    before = union.conn.scalar(line)
    gifts = bring(union, give(tmp_path, 慰问品=[MONEY, GOODS | {"随走访": "否"}]))
    assert planned(union, gifts) == [("gift", "undo_role_missing"), ("gift", GOES)]
    undo(union, gifts)
    assert kept(union, gifts) == [("gift", "undo_role_missing")]
    assert union.conn.scalar(line) == (before or 0) - 30000
    confirm(union, propose(union, gifts, "song.yuan"), "lin.hai")
    assert (union.conn.scalar(line), state(union, gifts)) == (before, "undone")


def test_receipt_goes_and_one_whose_money_is_used_stays(union: Union, tmp_path: Path) -> None:
    bring(union, family_file(tmp_path / "f.xlsx"))
    import_id = bring(union, give(tmp_path, 到账=[RECEIPT]))
    assert planned(union, import_id) == [("fund_receipt", "undo_role_missing")], "an administrator takes no money back"
    undo(union, import_id, "yan.qing")
    assert live(union, fund_receipt) == union.rows(fund_receipt) - 1
    again = bring(union, give(tmp_path, 到账=[RECEIPT]))
    bring(union, give(tmp_path, 慰问品=[MONEY | {"资金编号": "B-OWN-2025"}]))
    of_line = fund_receipt.c.fund_id.in_(sa.select(fund.c.id).where(fund.c.code == "B-OWN-2025"))
    others = fund_receipt.c.document != RECEIPT["到账凭证"], fund_receipt.c.voided_on.is_(None)
    for receipt_id in union.conn.scalars(sa.select(fund_receipt.c.id).where(of_line, *others)).all():
        fund_receipts.void_receipt(union.conn, receipt_id, "重复", union.seconded("yan.qing"))
    assert planned(union, again, "yan.qing") == [("fund_receipt", "undo_money_in_use")]
    assert codes(lambda: propose(union, again, "yan.qing")) == ["import_nothing_to_undo"]


def test_what_has_ways_of_its_own_stays(union: Union, tmp_path: Path) -> None:
    staff: dict[str, Cell] = {"登录名": "xin.lai", "姓名": "新来", "所属单位": "临澜县总工会"}
    grant: dict[str, Cell] = {"登录名": "xin.lai", "单位": "临澜县总工会", "角色": "出纳"}
    grant |= {"起始日期": YEAR_END, "截止日期": date(2026, 12, 31)}
    import_id = bring(union, give(tmp_path, 人员=[staff], 授权=[grant]))
    stays = "undo_no_reversal"
    assert planned(union, import_id) == [("account", stays), ("role_grant", stays)]
    assert codes(lambda: propose(union, import_id)) == ["import_nothing_to_undo"]


def test_rows_altered_in_the_database_are_not_undone(union: Union, tmp_path: Path) -> None:
    import_id = bring(union, give(tmp_path, 捐款=[DONATION]))
    other = bring(union, give(tmp_path, 活动=[ACTIVITY]))
    union.conn.execute(sa.text("RESET ROLE"))
    union.conn.execute(sa.text("ALTER TABLE imported_row DISABLE TRIGGER only_may_change"))
    moved = {"import_id": import_id, "no": 2}
    union.conn.execute(imported_row.update().where(imported_row.c.import_id == other).values(moved))
    assert codes(lambda: propose(union, import_id)) == ["import_rows_differ"]


def test_record_verifies_after_an_undo(union: Union, tmp_path: Path) -> None:
    import_id = bring(
        union,
        paired(tmp_path),
        give(tmp_path, 走访=[VISIT]),
    )
    undo(union, import_id)
    assert verify(union.conn).faults == []


def test_import_that_wrote_nothing_is_no_act(union: Union, tmp_path: Path) -> None:
    before = union.rows(workbook_import)
    union.bring(give(tmp_path, 捐款=[DONATION]), dry_run=True)
    assert union.rows(workbook_import) == before


def test_file_entered_by_mistake_is_no_twin_of_the_right_one_and_leaves_its_number(
    union: Union, tmp_path: Path
) -> None:
    path, reader = family_file(tmp_path / "f.xlsx"), union.context("luo.xin").caller
    undo(union, bring(union, path))
    assert addresses(union.conn, ["T-1"], reader) == {}
    bring(union, path)
    new = union.conn.scalars(sa.select(household.c.id).where(household.c.exited_on.is_(None))).one()
    members = union.conn.scalars(sa.select(person.c.id).where(person.c.household_id == new)).all()
    assert possible_twins(union.conn, members, reader) == []
    assert shared_details(union.conn, new, reader) == []
    assert addresses(union.conn, ["T-1"], reader) == {"T-1": f"/households/{new}"}


def test_family_with_a_document_stays(union: Union, tmp_path: Path) -> None:
    import_id = bring(union, family_file(tmp_path / "f.xlsx"))
    household_id = union.conn.scalars(sa.select(household.c.id)).one()
    add_photo(union.conn, tmp_path, household_id, union.context("luo.xin"))
    assert planned(union, import_id) == [("household", "undo_has_documents")]


def test_nobody_undoes_the_file_of_their_own_family(union: Union, tmp_path: Path) -> None:
    import_id = bring(union, family_file(tmp_path / "f.xlsx"))
    household_id = union.conn.scalars(sa.select(household.c.id)).one()
    declare_kinship(union.conn, household_id, union.account("admin"), "other", union.context("luo.xin"))
    assert planned(union, import_id) == [("household", "undo_own_family")]
    assert codes(lambda: propose(union, import_id)) == ["import_nothing_to_undo"]


def test_family_whose_file_ended_otherwise_stays_ended_as_it_was(union: Union, tmp_path: Path) -> None:
    import_id = bring(union, family_file(tmp_path / "f.xlsx"), give(tmp_path, 捐款=[DONATION]))
    household_id = union.conn.scalars(sa.select(household.c.id)).one()
    end_file(union.conn, household_id, Exit(on=YEAR_END, reason="requested"), union.context("luo.xin"))
    assert planned(union, import_id) == [("household", "undo_file_ended"), ("donation", GOES)]
    undo(union, import_id)
    assert kept(union, import_id) == [("household", "undo_file_ended")]
    assert union.conn.scalars(sa.select(household.c.exit_reason)).one() == "requested"


def test_family_that_was_paid_says_so_before_its_case(union: Union, tmp_path: Path) -> None:
    import_id = bring(union, family_file(tmp_path / "f.xlsx"))
    head = union.conn.execute(sa.select(person.c.id, person.c.household_id).where(person.c.relation == "head")).one()
    application = CaseApplication("hardship", head.household_id, head.id, "LIV", Fen(300_000), {})
    case_id = open_case(union.conn, application, union.context("luo.xin")).case_id
    line = union.conn.execute(sa.select(fund.c.id, fund.c.unit_path).where(fund.c.code == "B-ADM-2025")).one()
    paid = {
        "method": "cash",
        "cash_reason": "none",
        "voucher": "V-1",
        "voucher_year": 2025,
        "paid_on": date(2025, 6, 1),
    }
    paid |= {"paid_by": union.account("pan.jie"), "state": "sent", "case_id": case_id, "fund_id": line.id}
    union.conn.execute(payment.insert().values(id=case_id, unit_path=line.unit_path, seq=1, fen=300_000, **paid))
    assert planned(union, import_id) == [("household", "undo_was_paid")]


def test_money_over_the_approvers_tier_stays(union: Union, tmp_path: Path) -> None:
    bring(union, family_file(tmp_path / "f.xlsx"))
    grant = {"account_id": union.account("chen.shan"), "unit_id": union.unit("临澜县总工会"), "role": "approver"}
    dates = {"from_on": date(2025, 1, 1), "until_on": date(2025, 12, 31)}
    union.conn.execute(role_grant.insert().values(id=uuid4(), tier=1, **grant, **dates))
    second_tier: dict[str, Cell] = {"金额": "2600.00", "批准人": "lin.hai"}
    gifts = bring(union, give(tmp_path, 慰问品=[MONEY | second_tier, GOODS | {"随走访": "否"}]))
    confirm(union, propose(union, gifts, "chen.shan"), "song.yuan")
    assert kept(union, gifts) == [("gift", "undo_approver_needed")]
