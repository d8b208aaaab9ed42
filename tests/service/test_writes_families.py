"""Families and what is handed to them: each refusal by its code, and what a write leaves."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from service.actions import (
    case_opening,
    consents,
    finances,
    gifts,
    households,
    kinship,
    pairings,
    payees,
    persons,
    visits,
)
from service.actions.case_application import CaseApplication
from service.actions.consents import Consent
from service.actions.errors import NotFound, VersionConflict
from service.actions.finances import FinanceLine, Finances
from service.actions.gifts import NewGift
from service.actions.households import NewHousehold
from service.actions.pairings import Pairing
from service.actions.payees import Payee
from service.actions.persons import Person
from service.actions.visits import NewVisit
from service.crypto.encryption import decrypt_field
from service.tables.events import event
from service.tables.finances import finance_line
from service.tables.funds import fund
from service.tables.households import household
from service.tables.persons import person
from tests.service.import_fixtures import RING, Union, codes, founded, founded_url, union
from workflows.vocabulary import Fen

__all__ = ["founded", "founded_url", "union"]

BUREAU = "临澜县工业局工会"
DAY = date(2025, 6, 2)


def head(**changes: Any) -> Person:
    """A head of household."""
    return replace(Person("head", "测甲", id_no="371099197001019001"), **changes)


def new_file(union: Union, **changes: Any) -> NewHousehold:
    """A family's file."""
    new = NewHousehold(
        unit_id=union.unit(BUREAU),
        file_no="T-1",
        kind="worker",
        identity="laid_off",
        division="371099",
        cause="unemployed",
        filed_on=DAY,
        members=(head(),),
    )
    return replace(new, **changes)


def filed(union: Union, **changes: Any) -> UUID:
    """A family on file."""
    return households.create_household(union.conn, new_file(union, **changes), union.context("luo.xin"))


def test_a_file_number_is_used_once(union: Union) -> None:
    filed(union)
    twice = new_file(union, members=(head(id_no=None),))
    assert codes(lambda: households.create_household(union.conn, twice, union.context("luo.xin"))) == ["file_no_taken"]
    strange = new_file(union, file_no="编 号", filed_on=date(2027, 1, 1), members=())
    assert codes(lambda: households.create_household(union.conn, strange, union.context("luo.xin"))) == [
        "not_code",
        "in_the_future",
        "head_missing",
    ]
    with pytest.raises(NotFound):
        households.create_household(union.conn, new_file(union, file_no="T-2"), union.context("meng.fei"))


def test_correcting_a_file(union: Union) -> None:
    row, context = filed(union), union.context("luo.xin")
    changes = {"identity": "retired", "observed": ["vehicle"], "story": "一段情况"}
    households.edit_household(union.conn, row, changes, replace(context, version=1))
    kept = union.conn.execute(sa.select(household).where(household.c.id == row)).one()
    assert (kept.identity, kept.observed, kept.version) == ("retired", ["vehicle"], 2)
    assert decrypt_field(RING, "household.story", row, kept.story_sealed) == "一段情况"
    with pytest.raises(VersionConflict):
        households.edit_household(union.conn, row, {"cause": "other"}, replace(context, version=1))
    assert codes(lambda: households.edit_household(union.conn, row, {"unit_id": "x"}, context)) == ["not_a_choice"]
    assert codes(lambda: households.edit_household(union.conn, row, {"cause": "luck"}, context)) == ["not_a_choice"]
    told = str(union.conn.execute(sa.select(event.c.body).where(event.c.subject_id == row)).all())
    assert "一段情况" not in told


def test_members(union: Union) -> None:
    row, context = filed(union), union.context("luo.xin")
    child = Person("child", "测乙", student_stage="senior", phone="0631-0000001")
    persons.add_person(union.conn, row, child, context)
    assert codes(lambda: persons.add_person(union.conn, row, Person("head", "测丙"), context)) == ["head_twice"]
    assert codes(lambda: persons.add_person(union.conn, row, Person("uncle", " "), context)) == [
        "not_a_choice",
        "not_text",
    ]
    persons.edit_person(union.conn, child.id, {"name": "测小乙", "phone": None}, replace(context, version=1))
    kept = union.conn.execute(sa.select(person).where(person.c.id == child.id)).one()
    assert decrypt_field(RING, "person.name", child.id, kept.name_sealed) == "测小乙"
    assert (kept.phone_sealed, kept.version) == (None, 2)
    first = union.conn.scalars(sa.select(person.c.id).where(person.c.relation == "head")).one()
    assert codes(lambda: persons.edit_person(union.conn, first, {"relation": "parent"}, context)) == ["head_missing"]
    assert codes(lambda: persons.deactivate_person(union.conn, first, context)) == ["head_missing"]
    payees.set_payee(union.conn, row, Payee(child.id, "示例银行", "9999 0000 0000 1"), context)
    assert codes(lambda: persons.deactivate_person(union.conn, child.id, context)) == ["person_is_payee"]
    payees.set_payee(union.conn, row, Payee(first, "示例银行", "9999000000002"), context)
    persons.deactivate_person(union.conn, child.id, context)
    with pytest.raises(NotFound):
        persons.edit_person(union.conn, child.id, {"name": "x"}, context)


def test_what_points_to_members_points_into_the_household(union: Union) -> None:
    row, context, stranger = filed(union), union.context("luo.xin"), Person("child", "外人")
    line = FinanceLine("income", "wage", Fen(1), person_id=stranger.id)
    assert codes(lambda: finances.replace_finances(union.conn, row, Finances(DAY, (line,)), context)) == [
        "not_a_member"
    ]
    assert codes(lambda: payees.set_payee(union.conn, row, Payee(stranger.id, "示例银行", "1"), context)) == [
        "card_shape",
        "not_a_member",
    ]
    twice = (FinanceLine("income", "wage", Fen(1)), FinanceLine("spending", "illness", Fen(5), Fen(6)))
    assert codes(lambda: finances.replace_finances(union.conn, row, Finances(DAY, twice), context)) == [
        "reimbursed_too_much"
    ]
    finances.replace_finances(union.conn, row, Finances(DAY, twice[:1]), context)
    assert union.rows(finance_line) == 1


def test_ties(union: Union) -> None:
    row, context = filed(union), union.context("luo.xin")
    consents.record_consent(union.conn, row, Consent(DAY, DAY, "2025-1", 2), context)
    back = Consent(DAY, DAY - timedelta(days=1), "2025-1", 0)
    assert codes(lambda: consents.record_consent(union.conn, row, back, context)) == ["dates_reversed", "not_a_number"]
    relative = union.account("wei.ran")
    kinship.declare_kinship(union.conn, row, relative, "sibling", context)
    assert codes(lambda: kinship.declare_kinship(union.conn, row, relative, "spouse", context)) == ["kinship_known"]
    new = Pairing(union.unit(BUREAU), "结对", "县里", DAY)
    pairings.record_pairing(union.conn, row, new, context)
    later = replace(new, from_on=DAY + timedelta(days=30))
    assert codes(lambda: pairings.record_pairing(union.conn, row, later, context)) == ["paired_already"]


def test_a_file_ends_when_its_cases_have(union: Union) -> None:
    row, context = filed(union), union.context("luo.xin", DAY)
    first = union.conn.scalars(sa.select(person.c.id).where(person.c.household_id == row)).one()
    opening = CaseApplication("hardship", row, first, "LIV", Fen(100_000), {})
    case_opening.open_case(union.conn, opening, context)
    assert codes(lambda: case_opening.open_case(union.conn, opening, context)) == ["case_already_open"]
    assert codes(lambda: households.close_household_file(union.conn, row, DAY, context)) == ["cases_open"]
    other = filed(union, file_no="T-2", members=(head(id_no="371099200806019046"),))
    households.close_household_file(union.conn, other, DAY, context)
    assert codes(lambda: households.edit_household(union.conn, other, {"cause": "other"}, context)) == [
        "household_not_filed"
    ]
    filed(union, file_no="T-3", members=(head(id_no="371099200806019046"),))


def test_a_gift_is_tied_to_the_visit_of_that_day(union: Union) -> None:
    row, context = filed(union), union.context("luo.xin")
    went = NewVisit(union.unit(BUREAU), "hardship", DAY, "home", (union.account("bai.lu"),), row)
    visit_id = visits.record_visit(union.conn, went, context)
    new = NewGift(
        unit_id=union.unit(BUREAU),
        household_id=row,
        on=DAY,
        item="KIND",
        purpose="慰问",
        account_code="502",
        handed_by=union.account("bai.lu"),
        signed_by_family=True,
        visit_id=visit_id,
        goods="图书",
        goods_unit="套",
    )
    gifts.record_gift(union.conn, new, context, from_paper=True)
    other_day = replace(new, on=DAY + timedelta(days=1))
    assert codes(lambda: gifts.record_gift(union.conn, other_day, context)) == ["visit_of_others"]
    kinship.declare_kinship(union.conn, row, union.account("bai.lu"), "sibling", union.context("bai.lu"))
    assert codes(lambda: gifts.record_gift(union.conn, new, context, from_paper=True)) == ["own_family"]


def test_money_of_a_gift_leaves_the_fund(union: Union) -> None:
    row, context = filed(union), union.context("luo.xin")
    line = union.conn.execute(sa.select(fund.c.id, fund.c.available_fen).where(fund.c.code == "B-ADM-2025")).one()
    new = NewGift(
        unit_id=union.unit(BUREAU),
        household_id=row,
        on=DAY,
        item="SWN",
        purpose="慰问",
        account_code="502",
        handed_by=union.account("bai.lu"),
        signed_by_family=True,
        fen=Fen(30_000),
        fund_id=line.id,
        approved_by=union.account("chen.shan"),
    )
    gifts.record_gift(union.conn, new, context, from_paper=True)
    after = union.conn.execute(sa.select(fund.c.available_fen, fund.c.paid_fen).where(fund.c.id == line.id)).one()
    assert tuple(after) == (line.available_fen - 30_000, 30_000)
    over = fund.update().where(fund.c.id == line.id).values(expires_on=new.on - timedelta(days=1))
    union.conn.execute(over)
    assert codes(lambda: gifts.record_gift(union.conn, new, context, from_paper=True)) == ["fund_closed"]
    school_line = union.conn.scalars(sa.select(fund.c.id).where(fund.c.code == "S-OWN-2025")).one()
    assert codes(
        lambda: gifts.record_gift(union.conn, replace(new, fund_id=school_line), context, from_paper=True)
    ) == ["fund_missing"]
