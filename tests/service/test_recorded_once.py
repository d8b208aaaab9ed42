"""What happened once counts once, and what was typed wrong can be corrected or voided."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from service.actions import activities, donations, fund_receipts, gifts, pairings, visits
from service.actions.activities import NewActivity
from service.actions.confirmations import confirm, propose
from service.actions.context import ActionContext
from service.actions.donations import NewDonation
from service.actions.errors import SecondPersonMissing
from service.actions.fund_receipts import NewReceipt
from service.actions.gift_checks import NewGift
from service.actions.pairings import Pairing
from service.actions.proposals.money import GiftCorrection
from service.actions.proposals.registry import WRITES
from service.actions.proposals.write import VoidContent
from service.actions.visits import NewVisit
from service.queries.confirmations import confirmers_of
from service.report.figure_definition import Scope
from service.tables.activities import activity
from service.tables.donations import donation
from service.tables.fund_receipts import fund_receipt
from service.tables.funds import fund
from service.tables.gifts import gift
from service.tables.pairings import pairing
from service.tables.visits import visit
from tests.factories import Family, Organisation, create_family, create_organisation, grant, open_fund
from tests.service.figure_rows import figure_amount
from tests.service.import_fixtures import codes
from tests.service.org_tree import TODAY
from tests.service.report_fixtures import a_case, go
from workflows.vocabulary import Fen


class Records:
    """One record of each kind outside cases in one unit, and the functions that write them."""

    def __init__(self, conn: sa.Connection) -> None:
        self.conn = conn
        self.organisation: Organisation = create_organisation(conn)
        self.family: Family = create_family(conn, self.organisation)
        unit_id, people = self.organisation.unit_id, self.organisation.people
        household_id, visitor = self.family.household_id, people["visitor_1"]
        self.gift = NewGift(
            unit_id, household_id, TODAY, "SWN", "慰问", "502", visitor, True,
            fen=Fen(30_000), fund_id=self.organisation.fund_id, approved_by=people["approver_1"],
        )  # fmt: skip
        self.visit = NewVisit(unit_id, "hardship", TODAY, "home", (visitor,), household_id)
        self.donation = NewDonation(unit_id, TODAY, "received", "献爱心", "县", Fen(3_000_000), "县", receipt_no="JZ-1")
        self.activity = NewActivity(unit_id, TODAY, "读书会", "culture", Fen(100_000), "501")
        self.pairing = Pairing(unit_id, "连心", "县", TODAY)
        self.receipt = NewReceipt(Fen(3_000_000), "银收2025-027", TODAY)

    def context(self, staff: str = "registrar") -> ActionContext:
        return self.organisation.context(self.conn, staff, TODAY)

    def seconded(self, staff: str = "registrar", by: str = "cashier") -> ActionContext:
        """Return the context of a write that `by` has confirmed."""
        return self.organisation.seconded(self.conn, staff, TODAY, by)

    def receive(self, new: NewReceipt) -> UUID:
        context = self.seconded("cashier", by="approver_3")
        return fund_receipts.record_receipt(self.conn, self.organisation.fund_id, new, context)

    def give(self, new: NewGift) -> UUID:
        return gifts.record_gift(self.conn, new, self.seconded("approver_1", by="visitor_1"))

    def pots(self) -> tuple[int, int]:
        row = self.conn.execute(
            sa.select(fund.c.available_fen, fund.c.paid_fen).where(fund.c.id == self.organisation.fund_id)
        ).one()
        return row.available_fen, row.paid_fen

    def figure(self, key: str) -> int:
        scope = Scope(self.organisation.unit_path, TODAY.replace(month=1, day=1), TODAY.replace(month=12, day=31))
        return figure_amount(self.conn, key, scope)


@pytest.fixture
def records(conn: sa.Connection) -> Records:
    return Records(conn)


def test_second_receipt_of_one_document_is_refused(records: Records) -> None:
    records.receive(records.receipt)
    available, _ = records.pots()
    for document in ("银收2025-027", " 银收 2025－027", "银收２０２５-027"):
        assert codes(lambda: records.receive(replace(records.receipt, document=document))) == ["recorded_already"]  # noqa: B023
    assert records.pots()[0] == available


def test_receipt_confirmed_as_another_is_written_and_its_event_says_so(records: Records) -> None:
    records.receive(records.receipt)
    second = records.receive(replace(records.receipt, confirmed_repeat=True))
    of_fund = sa.select(fund_receipt.c.repeat_no).where(fund_receipt.c.fund_id == records.organisation.fund_id)
    numbers = records.conn.scalars(of_fund.order_by(fund_receipt.c.repeat_no))
    assert list(numbers) == [0, 1]
    body = records.conn.scalar(
        sa.text("SELECT body FROM event WHERE action = 'receive' AND body LIKE :said"), {"said": f"%{second}%"}
    )
    assert '"repeat_no":1' in str(body)


def repeats(records: Records) -> list[tuple[str, Callable[[Any], UUID], Any, Any]]:
    """Return each kind with its writer, its record, and the same record with a detail that does not make another."""
    conn, context = records.conn, records.context()
    return [
        ("gift", records.give, records.gift, replace(records.gift, purpose="春节慰问")),
        ("visit", lambda new: visits.record_visit(conn, new, context), records.visit, replace(records.visit, companions=3)),
        ("donation", lambda new: donations.record_donation(conn, new, context), records.donation,
         replace(records.donation, campaign="献 爱 心", handed_to="镇")),
        ("activity", lambda new: activities.record_activity(conn, new, context), records.activity,
         replace(records.activity, title=" 读书会", participants=9)),
        ("pairing", lambda new: pairings.record_pairing(conn, records.family.household_id, new, context),
         records.pairing, replace(records.pairing, programme_name="连心行动")),
    ]  # fmt: skip


def test_record_made_twice_is_refused_whatever_its_details(records: Records) -> None:
    for name, write, first, again in repeats(records):
        write(first)
        assert codes(lambda: write(again)) == ["recorded_already"], name  # noqa: B023


def test_donation_without_receipt_number_is_known_by_day_sum_and_campaign(records: Records) -> None:
    context, new = records.context(), replace(records.donation, receipt_no=None)
    donations.record_donation(records.conn, new, context)
    assert codes(lambda: donations.record_donation(records.conn, new, context)) == ["recorded_already"]
    donations.record_donation(records.conn, replace(new, fen=Fen(1)), context)
    donations.record_donation(records.conn, replace(new, campaign="另一场"), context)


def test_two_records_in_one_moment_are_refused_by_the_database(records: Records) -> None:
    visits.record_visit(records.conn, records.visit, records.context())
    copy = "INSERT INTO visit SELECT gen_random_uuid(), {} FROM visit WHERE natural_key IS NOT NULL"
    names = ", ".join(f'"{column.name}"' for column in visit.columns if column.name != "id")
    with pytest.raises(sa.exc.IntegrityError, match="ex_visit_recorded_once"), records.conn.begin_nested():
        records.conn.execute(sa.text(copy.format(names).replace("visit SELECT", f"visit (id, {names}) SELECT")))


def test_voided_gift_returns_its_money_and_leaves_every_figure(records: Records) -> None:
    before = records.pots()
    gift_id = records.give(records.gift)
    assert records.figure("condolence_money") == 30_000
    gifts.void_gift(records.conn, gift_id, "没有发出", records.seconded("approver_1"))
    assert (records.pots(), records.figure("condolence_money")) == (before, 0)
    row = records.conn.execute(sa.select(gift).where(gift.c.id == gift_id)).one()
    assert (row.voided_on, row.void_reason, row.fen) == (TODAY, "没有发出", 30_000)
    assert codes(lambda: gifts.void_gift(records.conn, gift_id, "x", records.context("approver_1"))) == [
        "voided_already"
    ]


def test_voided_record_is_not_written_again_unless_confirmed(records: Records) -> None:
    """A sheet saved again must not bring back what was voided."""
    gift_id = records.give(records.gift)
    gifts.void_gift(records.conn, gift_id, "没有发出", records.seconded("approver_1"))
    assert codes(lambda: records.give(records.gift)) == ["recorded_and_voided"]
    records.give(replace(records.gift, confirmed_repeat=True))


def test_corrected_gift_moves_only_the_difference(records: Records) -> None:
    gift_id = records.give(records.gift)
    before = records.pots()
    corrected = gifts.correct_gift(
        records.conn, gift_id, replace(records.gift, fen=Fen(20_000)), "多记一百元", records.seconded("approver_1")
    )
    assert records.pots() == (before[0] + 10_000, before[1] - 10_000)
    assert records.figure("condolence_money") == 20_000
    rows = {row.id: row for row in records.conn.execute(sa.select(gift))}
    assert (rows[corrected].corrects_id, rows[gift_id].voided_on) == (gift_id, TODAY)
    purpose_only = replace(records.gift, fen=Fen(20_000), purpose="元旦慰问")
    gifts.correct_gift(records.conn, corrected, purpose_only, "用途写错", records.seconded("approver_1"))
    assert records.figure("condolence_money") == 20_000


def test_correction_of_a_gift_is_confirmed_by_who_may_void_it_too(records: Records) -> None:
    """Why: who hands the new gift over confirms it, and may have no word about the money of the old one."""
    gift_id, writes = records.give(records.gift), WRITES
    content = GiftCorrection(gift_id, replace(records.gift, fen=Fen(20_000)), "多记一百元")
    proposal = propose(records.conn, "gift_correction", content, records.context("approver_1"), writes)
    asked = [(each.account_id, each.roles) for each in confirmers_of(records.conn, [proposal.id])]
    assert asked == [(records.organisation.people["visitor_1"], []), (None, ["cashier", "approver"])]
    by_hander = confirm(records.conn, proposal.id, proposal.digest, records.context("visitor_1"), writes)
    assert by_hander is None
    assert confirm(records.conn, proposal.id, proposal.digest, records.context("cashier"), writes)


def test_gift_of_money_is_voided_only_by_an_approver_who_did_not_hand_it_over(records: Records) -> None:
    gift_id = records.give(records.gift)
    grant(records.conn, records.organisation, "visitor_1", "approver", 3)
    assert codes(lambda: gifts.void_gift(records.conn, gift_id, "x", records.context("visitor_1"))) == [
        "approver_hands_over"
    ]
    assert codes(lambda: gifts.void_gift(records.conn, gift_id, "x", records.context())) == ["role_missing"]
    assert codes(lambda: gifts.void_gift(records.conn, gift_id, " ", records.context("approver_1"))) == ["not_text"]


def test_voided_records_leave_their_figures(records: Records) -> None:
    context = records.seconded()
    ids = {name: write(first) for name, write, first, _ in repeats(records) if name != "pairing"}
    assert [records.figure(key) for key in ("worker_visits", "donation_received_money", "activity_money")] == [
        1, 3_000_000, 100_000,
    ]  # fmt: skip
    visits.void_visit(records.conn, ids["visit"], "没有去", context)
    donations.void_donation(records.conn, ids["donation"], "记重", context)
    activities.void_activity(records.conn, ids["activity"], "没有办", context)
    assert [records.figure(key) for key in ("worker_visits", "donation_received_money", "activity_money")] == [0, 0, 0]
    for table in (visit, donation, activity):
        of_unit = sa.select(sa.func.count()).where(table.c.unit_id == records.organisation.unit_id)
        assert records.conn.scalar(of_unit) == 1


def test_corrected_donation_and_activity_count_once(records: Records) -> None:
    context, seconded = records.context(), records.seconded()
    donation_id = donations.record_donation(records.conn, records.donation, context)
    donations.correct_donation(
        records.conn, donation_id, replace(records.donation, fen=Fen(300_000)), "多写一个零", seconded
    )
    activity_id = activities.record_activity(records.conn, records.activity, context)
    activities.correct_activity(
        records.conn, activity_id, replace(records.activity, title="朗诵会"), "名称写错", seconded
    )
    assert (records.figure("donation_received_money"), records.figure("activities")) == (300_000, 1)


def test_visit_with_gifts_is_not_voided(records: Records) -> None:
    context = records.context()
    visit_id = visits.record_visit(records.conn, records.visit, context)
    records.give(replace(records.gift, visit_id=visit_id))
    with records.conn.begin_nested() as savepoint:
        assert codes(lambda: visits.void_visit(records.conn, visit_id, "没有去", context)) == ["visit_has_gifts"]
        savepoint.rollback()
    corrected = replace(records.visit, companions=4)
    visits.correct_visit(records.conn, visit_id, corrected, "随行人数", records.seconded())


def test_receipt_is_voided_by_its_recorder_only_when_another_person_confirms(records: Records) -> None:
    conn, before = records.conn, records.pots()
    receipt_id = records.receive(records.receipt)
    assert codes(lambda: fund_receipts.void_receipt(conn, receipt_id, "x", records.context())) == ["role_missing"]
    recorder, recorded = records.context("cashier"), records.pots()
    with pytest.raises(SecondPersonMissing):
        fund_receipts.void_receipt(conn, receipt_id, "款未到", recorder)
    grant(conn, records.organisation, "cashier", "approver", 3)
    proposal = propose(conn, "receipt_void", VoidContent(receipt_id, "款未到"), recorder)
    own_word = records.context("cashier")
    assert codes(lambda: confirm(conn, proposal.id, proposal.digest, own_word)) == ["confirmer_proposed"]
    assert records.pots() == recorded
    confirm(conn, proposal.id, proposal.digest, records.context("approver_3"))
    assert records.pots() == before


def test_receipt_whose_money_is_spent_is_not_voided_below_it(records: Records) -> None:
    fund_id = open_fund(records.conn, records.organisation, 0)
    receipt = replace(records.receipt, fen=Fen(50_000))
    recorder = records.seconded("cashier", by="approver_3")
    receipt_id = fund_receipts.record_receipt(records.conn, fund_id, receipt, recorder)
    records.give(replace(records.gift, fund_id=fund_id))
    approver = records.context("approver_3")
    assert codes(lambda: fund_receipts.void_receipt(records.conn, receipt_id, "款未到", approver)) == ["receipt_in_use"]
    too_low, enough = (replace(receipt, fen=Fen(fen)) for fen in (29_999, 30_000))
    assert codes(lambda: fund_receipts.correct_receipt(records.conn, receipt_id, too_low, "写错", approver)) == [
        "receipt_in_use"
    ]
    fund_receipts.correct_receipt(records.conn, receipt_id, enough, "写错", records.seconded("approver_3"))
    assert records.conn.scalar(sa.select(fund.c.available_fen).where(fund.c.id == fund_id)) == 0


@pytest.mark.parametrize("fen", [1_000_000, 5_000_000])
def test_corrected_receipt_moves_only_the_difference(records: Records, fen: int) -> None:
    before = records.pots()
    receipt_id = records.receive(records.receipt)
    corrected = fund_receipts.correct_receipt(
        records.conn, receipt_id, replace(records.receipt, fen=Fen(fen)), "金额写错", records.seconded("approver_3")
    )
    assert records.pots() == (before[0] + fen, before[1])
    assert codes(lambda: records.receive(records.receipt)) == ["recorded_already"]
    rows = {row.id: row.corrects_id for row in records.conn.execute(sa.select(fund_receipt))}
    assert rows[corrected] == receipt_id


def test_pairing_with_visits_is_not_voided_but_its_end_is_corrected(records: Records) -> None:
    context, household_id = records.context(), records.family.household_id
    pairing_id = pairings.record_pairing(records.conn, household_id, records.pairing, context)
    visits.record_visit(records.conn, replace(records.visit, kind="pairing"), context)
    with records.conn.begin_nested() as savepoint:
        assert codes(lambda: pairings.void_pairing(records.conn, pairing_id, "x", context)) == ["pairing_has_visits"]
        savepoint.rollback()
    ended = replace(records.pairing, until_on=TODAY)
    corrected = pairings.correct_pairing(records.conn, pairing_id, ended, "结束", records.seconded())
    of_household = sa.select(pairing).where(pairing.c.household_id == household_id)
    rows = {row.id: row.until_on for row in records.conn.execute(of_household)}
    assert rows == {pairing_id: None, corrected: TODAY}


def test_gift_to_a_member_of_another_household_is_refused(records: Records) -> None:
    other = create_family(records.conn, records.organisation)
    assert codes(lambda: records.give(replace(records.gift, person_id=other.head_id))) == ["recipient_not_member"]
    records.give(replace(records.gift, person_id=records.family.head_id))


def test_visit_of_a_case_is_not_voided_outside_it(records: Records) -> None:
    case_id = a_case(records.conn, records.organisation, records.family, "LIV", state="review", on=TODAY)
    visit_id = go(records.conn, records.organisation, "survey", TODAY, case_id=case_id)
    with records.conn.begin_nested() as savepoint:
        assert codes(lambda: visits.void_visit(records.conn, visit_id, "没有去", records.context())) == [
            "visit_of_case"
        ]
        savepoint.rollback()


def test_gift_that_the_policy_counts_as_aid_is_aid_and_not_condolence(records: Records) -> None:
    """Why: whether 慰问 is aid is policy data; it is never counted in both."""
    gift_id = records.give(records.gift)
    assert (records.figure("aid_money"), records.figure("condolence_money")) == (0, 30_000)
    records.conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
    records.conn.execute(gift.update().where(gift.c.id == gift_id).values(counts_as_aid=True))
    figures = ("aid_money", "aid_grants", "aid_households", "condolence_money")
    assert [records.figure(key) for key in figures] == [30_000, 1, 1, 0]
