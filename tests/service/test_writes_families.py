"""Families and what is handed to them: each refusal by its code, and what a write leaves."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from service.actions import (
    case_opening,
    economy,
    filing,
    gifts,
    kin,
    payees,
    persons,
    ties,
    visits,
)
from service.actions.case_rows import Opening
from service.actions.economy import Economy, Line
from service.actions.filing import NewFile
from service.actions.gifts import NewGift
from service.actions.payees import Payee
from service.actions.persons import Person
from service.actions.ties import Consent, Pairing
from service.actions.trail import Stale, Unknown
from service.actions.visits import NewVisit
from service.privacy import unseal
from service.tables.events import event
from service.tables.funds import fund
from service.tables.households import economy_line, household
from service.tables.people import person
from tests.service.builders_import import (
    RING,
    Union,
    codes,
    founded,
    founded_url,
    union,
)
from workflows.terms import Fen

__all__ = ["founded", "founded_url", "union"]

BUREAU = "临澜县工业局工会"
DAY = date(2025, 6, 2)


def head(**changes: Any) -> Person:
    """A head of household."""
    return replace(Person("head", "测甲", id_no="371099197001019001"), **changes)


def new_file(union: Union, **changes: Any) -> NewFile:
    """A family's file."""
    new = NewFile(
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
    return filing.file_household(union.tx, new_file(union, **changes), union.asked("luo.xin"))


def test_a_file_number_is_used_once(union: Union) -> None:
    filed(union)
    twice = new_file(union, members=(head(id_no=None),))
    assert codes(lambda: filing.file_household(union.tx, twice, union.asked("luo.xin"))) == ["file_no_taken"]
    strange = new_file(union, file_no="编 号", filed_on=date(2027, 1, 1), members=())
    assert codes(lambda: filing.file_household(union.tx, strange, union.asked("luo.xin"))) == [
        "not_code",
        "in_the_future",
        "head_missing",
    ]
    with pytest.raises(Unknown):
        filing.file_household(union.tx, new_file(union, file_no="T-2"), union.asked("meng.fei"))


def test_correcting_a_file(union: Union) -> None:
    row, asked = filed(union), union.asked("luo.xin")
    changes = {"identity": "retired", "observed": ["vehicle"], "story": "一段情况"}
    filing.edit_household(union.tx, row, changes, replace(asked, version=1))
    kept = union.tx.execute(sa.select(household).where(household.c.id == row)).one()
    assert (kept.identity, kept.observed, kept.version) == ("retired", ["vehicle"], 2)
    assert unseal(RING, "household.story", row, kept.story_sealed) == "一段情况"
    with pytest.raises(Stale):
        filing.edit_household(union.tx, row, {"cause": "other"}, replace(asked, version=1))
    assert codes(lambda: filing.edit_household(union.tx, row, {"unit_id": "x"}, asked)) == ["not_a_choice"]
    assert codes(lambda: filing.edit_household(union.tx, row, {"cause": "luck"}, asked)) == ["not_a_choice"]
    told = str(union.tx.execute(sa.select(event.c.body).where(event.c.subject_id == row)).all())
    assert "一段情况" not in told


def test_members(union: Union) -> None:
    row, asked = filed(union), union.asked("luo.xin")
    child = Person("child", "测乙", student_stage="senior", phone="0631-0000001")
    persons.add_person(union.tx, row, child, asked)
    assert codes(lambda: persons.add_person(union.tx, row, Person("head", "测丙"), asked)) == ["head_twice"]
    assert codes(lambda: persons.add_person(union.tx, row, Person("uncle", " "), asked)) == ["not_a_choice", "not_text"]
    persons.edit_person(union.tx, child.id, {"name": "测小乙", "phone": None}, replace(asked, version=1))
    kept = union.tx.execute(sa.select(person).where(person.c.id == child.id)).one()
    assert unseal(RING, "person.name", child.id, kept.name_sealed) == "测小乙"
    assert (kept.phone_sealed, kept.version) == (None, 2)
    first = union.tx.scalars(sa.select(person.c.id).where(person.c.relation == "head")).one()
    assert codes(lambda: persons.edit_person(union.tx, first, {"relation": "parent"}, asked)) == ["head_missing"]
    assert codes(lambda: persons.deactivate_person(union.tx, first, asked)) == ["head_missing"]
    payees.set_payee(union.tx, row, Payee(child.id, "示例银行", "9999 0000 0000 1"), asked)
    assert codes(lambda: persons.deactivate_person(union.tx, child.id, asked)) == ["person_is_payee"]
    payees.set_payee(union.tx, row, Payee(first, "示例银行", "9999000000002"), asked)
    persons.deactivate_person(union.tx, child.id, asked)
    with pytest.raises(Unknown):
        persons.edit_person(union.tx, child.id, {"name": "x"}, asked)


def test_what_points_to_members_points_into_the_household(union: Union) -> None:
    row, asked, stranger = filed(union), union.asked("luo.xin"), Person("child", "外人")
    line = Line("income", "wage", Fen(1), person_id=stranger.id)
    assert codes(lambda: economy.replace_economy(union.tx, row, Economy(DAY, (line,)), asked)) == ["not_a_member"]
    assert codes(lambda: payees.set_payee(union.tx, row, Payee(stranger.id, "示例银行", "1"), asked)) == [
        "card_shape",
        "not_a_member",
    ]
    twice = (Line("income", "wage", Fen(1)), Line("spending", "illness", Fen(5), Fen(6)))
    assert codes(lambda: economy.replace_economy(union.tx, row, Economy(DAY, twice), asked)) == ["reimbursed_too_much"]
    economy.replace_economy(union.tx, row, Economy(DAY, twice[:1]), asked)
    assert union.rows(economy_line) == 1


def test_ties(union: Union) -> None:
    row, asked = filed(union), union.asked("luo.xin")
    ties.give_consent(union.tx, row, Consent(DAY, DAY, "2025-1", 2), asked)
    back = Consent(DAY, DAY - timedelta(days=1), "2025-1", 0)
    assert codes(lambda: ties.give_consent(union.tx, row, back, asked)) == ["dates_reversed", "not_a_number"]
    relative = union.account("wei.ran")
    kin.declare(union.tx, row, relative, "sibling", asked)
    assert codes(lambda: kin.declare(union.tx, row, relative, "spouse", asked)) == ["kinship_known"]
    new = Pairing(union.unit(BUREAU), "结对", "县里", DAY)
    ties.pair(union.tx, row, new, asked)
    later = replace(new, from_on=DAY + timedelta(days=30))
    assert codes(lambda: ties.pair(union.tx, row, later, asked)) == ["paired_already"]


def test_a_file_ends_when_its_cases_have(union: Union) -> None:
    row, asked = filed(union), union.asked("luo.xin", DAY)
    first = union.tx.scalars(sa.select(person.c.id).where(person.c.household_id == row)).one()
    opening = Opening("hardship", row, first, "LIV", Fen(100_000), {})
    case_opening.open_case(union.tx, opening, asked)
    assert codes(lambda: case_opening.open_case(union.tx, opening, asked)) == ["case_already_open"]
    assert codes(lambda: filing.end_file(union.tx, row, DAY, asked)) == ["cases_open"]
    other = filed(union, file_no="T-2", members=(head(id_no="371099200806019046"),))
    filing.end_file(union.tx, other, DAY, asked)
    assert codes(lambda: filing.edit_household(union.tx, other, {"cause": "other"}, asked)) == ["household_not_filed"]
    filed(union, file_no="T-3", members=(head(id_no="371099200806019046"),))


def test_a_gift_is_tied_to_the_visit_of_that_day(union: Union) -> None:
    row, asked = filed(union), union.asked("luo.xin")
    went = NewVisit(union.unit(BUREAU), "hardship", DAY, "home", (union.account("bai.lu"),), row)
    visit_id = visits.record_visit(union.tx, went, asked)
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
    gifts.hand_over(union.tx, new, asked, from_paper=True)
    other_day = replace(new, on=DAY + timedelta(days=1))
    assert codes(lambda: gifts.hand_over(union.tx, other_day, asked)) == ["visit_of_others"]
    kin.declare(union.tx, row, union.account("bai.lu"), "sibling", union.asked("bai.lu"))
    assert codes(lambda: gifts.hand_over(union.tx, new, asked, from_paper=True)) == ["own_family"]


def test_money_of_a_gift_leaves_the_fund(union: Union) -> None:
    row, asked = filed(union), union.asked("luo.xin")
    line = union.tx.execute(sa.select(fund.c.id, fund.c.available_fen).where(fund.c.code == "B-ADM-2025")).one()
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
    gifts.hand_over(union.tx, new, asked, from_paper=True)
    after = union.tx.execute(sa.select(fund.c.available_fen, fund.c.paid_fen).where(fund.c.id == line.id)).one()
    assert tuple(after) == (line.available_fen - 30_000, 30_000)
    over = fund.update().where(fund.c.id == line.id).values(expires_on=new.on - timedelta(days=1))
    union.tx.execute(over)
    assert codes(lambda: gifts.hand_over(union.tx, new, asked, from_paper=True)) == ["fund_closed"]
    school_line = union.tx.scalars(sa.select(fund.c.id).where(fund.c.code == "S-OWN-2025")).one()
    assert codes(lambda: gifts.hand_over(union.tx, replace(new, fund_id=school_line), asked, from_paper=True)) == [
        "fund_missing"
    ]
