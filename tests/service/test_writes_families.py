"""Writes about families are refused by code when wrong, and stored when right."""

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
from service.actions.gift_checks import NewGift
from service.actions.household_changes.exits import Exit, end_file
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
from tests.application_role import as_owner
from tests.service.import_fixtures import RING, Union, codes, founded, founded_url, union
from workflows.vocabulary import Fen

__all__ = ["founded", "founded_url", "union"]

BUREAU = "临澜县工业局工会"
DAY = date(2025, 6, 2)


def head(**changes: Any) -> Person:
    """Return the head of a household."""
    return replace(Person("head", "测甲", id_no="371099197001019001"), **changes)


def new_file(union: Union, **changes: Any) -> NewHousehold:
    """Return the form of a household file."""
    form = NewHousehold(
        unit_id=union.unit(BUREAU),
        file_no="T-1",
        kind="worker",
        identity="laid_off",
        division="371099",
        cause="unemployed",
        filed_on=DAY,
        members=(head(),),
    )
    return replace(form, **changes)


def create_file(union: Union, **changes: Any) -> UUID:
    """Create a household file and return its id."""
    return households.create_household(union.conn, new_file(union, **changes), union.context("luo.xin"))


def test_household_file_with_a_number_in_use_is_refused(union: Union) -> None:
    create_file(union)
    same_number = new_file(union, members=(head(id_no=None),))
    assert codes(lambda: households.create_household(union.conn, same_number, union.context("luo.xin"))) == [
        "file_no_taken"
    ]
    wrong = new_file(union, file_no="编 号", filed_on=date(2027, 1, 1), members=())
    assert codes(lambda: households.create_household(union.conn, wrong, union.context("luo.xin"))) == [
        "file_no_shape",
        "in_the_future",
        "head_missing",
    ]
    with pytest.raises(NotFound):
        households.create_household(union.conn, new_file(union, file_no="T-2"), union.context("meng.fei"))


def test_household_edit_is_stored_under_a_new_version(union: Union) -> None:
    household_id, context = create_file(union), union.context("luo.xin")
    changes = {"identity": "retired", "observed": ["vehicle"], "story": "一段情况"}
    households.edit_household(union.conn, household_id, changes, replace(context, version=1))
    household_row = union.conn.execute(sa.select(household).where(household.c.id == household_id)).one()
    assert (household_row.identity, household_row.observed, household_row.version) == ("retired", ["vehicle"], 2)
    assert decrypt_field(RING, "household.story", household_id, household_row.story_sealed) == "一段情况"
    with pytest.raises(VersionConflict):
        households.edit_household(union.conn, household_id, {"cause": "other"}, replace(context, version=1))
    assert codes(lambda: households.edit_household(union.conn, household_id, {"unit_id": "x"}, context)) == [
        "not_a_choice"
    ]
    assert codes(lambda: households.edit_household(union.conn, household_id, {"cause": "luck"}, context)) == [
        "not_a_choice"
    ]
    bodies = str(union.conn.execute(sa.select(event.c.body).where(event.c.subject_id == household_id)).all())
    assert "一段情况" not in bodies


def test_household_keeps_one_head_and_its_payee_among_the_members(union: Union) -> None:
    household_id, context = create_file(union), union.context("luo.xin")
    child = Person("child", "测乙", student_stage="senior", phone="0631-0000001")
    persons.add_person(union.conn, household_id, child, context)
    assert codes(lambda: persons.add_person(union.conn, household_id, Person("head", "测丙"), context)) == [
        "head_twice"
    ]
    assert codes(lambda: persons.add_person(union.conn, household_id, Person("uncle", " "), context)) == [
        "not_a_choice",
        "not_text",
    ]
    persons.edit_person(union.conn, child.id, {"name": "测小乙", "phone": None}, replace(context, version=1))
    person_row = union.conn.execute(sa.select(person).where(person.c.id == child.id)).one()
    assert decrypt_field(RING, "person.name", child.id, person_row.name_sealed) == "测小乙"
    assert (person_row.phone_sealed, person_row.version) == (None, 2)
    head_id = union.conn.scalars(sa.select(person.c.id).where(person.c.relation == "head")).one()
    assert codes(lambda: persons.edit_person(union.conn, head_id, {"relation": "parent"}, context)) == ["head_missing"]
    assert codes(lambda: persons.deactivate_person(union.conn, head_id, context)) == ["head_missing"]
    payees.set_payee(union.conn, household_id, Payee(child.id, "示例银行", "9999 0000 0000 1"), context)
    assert codes(lambda: persons.deactivate_person(union.conn, child.id, context)) == ["person_is_payee"]
    payees.set_payee(union.conn, household_id, Payee(head_id, "示例银行", "9999000000002"), context)
    persons.deactivate_person(union.conn, child.id, context)
    with pytest.raises(NotFound):
        persons.edit_person(union.conn, child.id, {"name": "x"}, context)


def test_finances_and_payee_of_no_member_are_refused(union: Union) -> None:
    household_id, context, stranger = create_file(union), union.context("luo.xin"), Person("child", "外人")
    stranger_line = FinanceLine("income", "wage", Fen(1), person_id=stranger.id)
    assert codes(
        lambda: finances.replace_finances(union.conn, household_id, Finances(DAY, (stranger_line,)), context)
    ) == ["not_a_member"]
    assert codes(lambda: payees.set_payee(union.conn, household_id, Payee(stranger.id, "示例银行", "1"), context)) == [
        "card_shape",
        "not_a_member",
    ]
    lines = (FinanceLine("income", "wage", Fen(1)), FinanceLine("spending", "illness", Fen(5), Fen(6)))
    assert codes(lambda: finances.replace_finances(union.conn, household_id, Finances(DAY, lines), context)) == [
        "reimbursed_too_much"
    ]
    finances.replace_finances(union.conn, household_id, Finances(DAY, lines[:1]), context)
    assert union.rows(finance_line) == 1


def test_consent_kinship_and_pairing_with_conflicts_are_refused(union: Union) -> None:
    household_id, context = create_file(union), union.context("luo.xin")
    consents.record_consent(union.conn, household_id, Consent(DAY, DAY, "2025-1", 2), context)
    reversed_dates = Consent(DAY, DAY - timedelta(days=1), "2025-1", 0)
    assert codes(lambda: consents.record_consent(union.conn, household_id, reversed_dates, context)) == [
        "dates_reversed",
        "not_a_number",
    ]
    relative = union.account("wei.ran")
    kinship.declare_kinship(union.conn, household_id, relative, "sibling", context)
    assert codes(lambda: kinship.declare_kinship(union.conn, household_id, relative, "spouse", context)) == [
        "kinship_known"
    ]
    pairing = Pairing(union.unit(BUREAU), "结对", "县里", DAY)
    pairings.record_pairing(union.conn, household_id, pairing, context)
    second_pairing = replace(pairing, from_on=DAY + timedelta(days=30))
    assert codes(lambda: pairings.record_pairing(union.conn, household_id, second_pairing, context)) == [
        "paired_already"
    ]


def test_household_file_with_open_cases_cannot_be_closed(union: Union) -> None:
    household_id, context = create_file(union), union.context("luo.xin", DAY)
    head_id = union.conn.scalars(sa.select(person.c.id).where(person.c.household_id == household_id)).one()
    application = CaseApplication("hardship", household_id, head_id, "LIV", Fen(100_000), {})
    case_opening.open_case(union.conn, application, context)
    assert codes(lambda: case_opening.open_case(union.conn, application, context)) == ["case_already_open"]
    requested = Exit(on=DAY, reason="requested")
    assert codes(lambda: end_file(union.conn, household_id, requested, context)) == ["cases_open"]
    other_id = create_file(union, file_no="T-2", members=(head(id_no="371099200806019046"),))
    end_file(union.conn, other_id, requested, context)
    assert codes(lambda: households.edit_household(union.conn, other_id, {"cause": "other"}, context)) == [
        "household_not_filed"
    ]
    create_file(union, file_no="T-3", members=(head(id_no="371099200806019046"),))


def test_gift_of_another_day_than_its_visit_is_refused(union: Union) -> None:
    household_id, context = create_file(union), union.context("luo.xin")
    visit = NewVisit(union.unit(BUREAU), "hardship", DAY, "home", (union.account("bai.lu"),), household_id)
    visit_id = visits.record_visit(union.conn, visit, context)
    gift = NewGift(
        unit_id=union.unit(BUREAU),
        household_id=household_id,
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
    gifts.record_gift(union.conn, gift, context, from_paper=True)
    other_day = replace(gift, on=DAY + timedelta(days=1))
    assert codes(lambda: gifts.record_gift(union.conn, other_day, context)) == ["visit_of_others"]
    kinship.declare_kinship(union.conn, household_id, union.account("bai.lu"), "sibling", union.context("bai.lu"))
    second = replace(gift, confirmed_repeat=True)
    assert codes(lambda: gifts.record_gift(union.conn, second, context, from_paper=True)) == ["own_family"]


def test_gift_of_money_is_paid_from_the_fund(union: Union) -> None:
    household_id, context = create_file(union), union.seconded("luo.xin", by="bai.lu")
    fund_line = union.conn.execute(sa.select(fund.c.id, fund.c.available_fen).where(fund.c.code == "B-ADM-2025")).one()
    gift = NewGift(
        unit_id=union.unit(BUREAU),
        household_id=household_id,
        on=DAY,
        item="SWN",
        purpose="慰问",
        account_code="502",
        handed_by=union.account("bai.lu"),
        signed_by_family=True,
        fen=Fen(30_000),
        fund_id=fund_line.id,
        approved_by=union.account("chen.shan"),
    )
    gifts.record_gift(union.conn, gift, context, from_paper=True)
    pots = union.conn.execute(sa.select(fund.c.available_fen, fund.c.paid_fen).where(fund.c.id == fund_line.id)).one()
    assert tuple(pots) == (fund_line.available_fen - 30_000, 30_000)
    expiry = fund.update().where(fund.c.id == fund_line.id).values(expires_on=gift.on - timedelta(days=1))
    with as_owner(union.conn):
        union.conn.execute(expiry)
    second = replace(gift, confirmed_repeat=True)
    assert codes(lambda: gifts.record_gift(union.conn, second, context, from_paper=True)) == ["fund_closed"]
    school_fund_id = union.conn.scalars(sa.select(fund.c.id).where(fund.c.code == "S-OWN-2025")).one()
    assert codes(
        lambda: gifts.record_gift(union.conn, replace(second, fund_id=school_fund_id), context, from_paper=True)
    ) == ["fund_missing"]
