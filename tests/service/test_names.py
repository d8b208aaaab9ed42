"""Names with invisible letters are refused wherever they are written, and names that look alike are one name."""

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from service.actions import accounts, activities, donations, funds, households, names, units
from service.actions.accounts import NewAccount
from service.actions.activities import NewActivity
from service.actions.donations import NewDonation
from service.actions.funds import NewFund
from service.actions.households import NewHousehold
from service.actions.persons import Person
from tests.service.import_fixtures import Union, codes, founded, founded_url, union
from workflows.vocabulary import Fen

__all__ = ["founded", "founded_url", "union"]

BUREAU, DAY = "临澜县工业局工会", date(2025, 3, 3)
INVISIBLE = (
    "\u200b",
    "\u202e",
    "\u2066",
    "\u2028",
    "\u0085",
    "\u00ad",
    "\u200d",
    "\ufeff",
    "\u3164",
    "\u2060",
    "\ufe0f",
    "\n",
)


def write_unit(union: Union, name: str) -> None:
    units.add_unit(union.conn, name, "grass_roots", "371099", union.unit(BUREAU), union.context())


def rename_unit(union: Union, name: str) -> None:
    units.rename_unit(union.conn, union.unit("临澜县机械厂工会"), name, union.context())


def write_account(union: Union, name: str) -> None:
    accounts.add_account(union.conn, NewAccount("new.one", name, union.unit(BUREAU)), union.seconded())


def write_person(union: Union, name: str) -> None:
    new = NewHousehold(
        *(union.unit(BUREAU), "T-1", "worker", "laid_off", "371099", "unemployed", DAY), (Person("head", name),)
    )
    households.create_household(union.conn, new, union.context("luo.xin"))


def write_fund(union: Union, name: str) -> None:
    new = NewFund(union.unit(BUREAU), "X-1", name, "OWN", 2025, "文", ("LIV",), DAY, DAY)
    funds.open_line(union.conn, new, union.seconded("pan.jie"))


def write_activity(union: Union, name: str) -> None:
    new = NewActivity(union.unit(BUREAU), DAY, name, "culture", Fen(100), "501")
    activities.record_activity(union.conn, new, union.context("luo.xin"))


def write_campaign(union: Union, name: str) -> None:
    new = NewDonation(union.unit(BUREAU), DAY, "received", name, "镇政府", Fen(100), "镇里")
    donations.record_donation(union.conn, new, union.context("luo.xin"))


WRITERS: dict[str, Callable[[Union, str], None]] = {
    "unit": write_unit,
    "unit renamed": rename_unit,
    "account": write_account,
    "person": write_person,
    "fund": write_fund,
    "activity": write_activity,
    "campaign": write_campaign,
}


@pytest.mark.parametrize("written", WRITERS)
@pytest.mark.parametrize("letter", INVISIBLE, ids=lambda letter: f"U+{ord(letter):04X}")
def test_name_with_an_invisible_letter_is_refused(union: Union, written: str, letter: str) -> None:
    assert codes(lambda: WRITERS[written](union, f"新{letter}名")) == ["control_characters"]


@pytest.mark.parametrize("written", WRITERS)
@pytest.mark.parametrize("name", ["\u200b", "\u3164", "\u3000", "·", "\u202e\u200b "])
def test_name_with_nothing_to_see_is_refused(union: Union, written: str, name: str) -> None:
    assert codes(lambda: WRITERS[written](union, name)) == ["not_text"]


@pytest.mark.parametrize("written", WRITERS)
def test_name_without_invisible_letters_is_accepted(union: Union, written: str) -> None:
    assert codes(lambda: WRITERS[written](union, "新名")) == []


@pytest.mark.parametrize("name", ["临澜县 机械厂工会", "临澜县\u3000机械厂工会", " 临澜县机械厂工 会"])
def test_unit_that_looks_like_another_is_refused(union: Union, name: str) -> None:
    elsewhere = union.unit("临澜县第三中学工会")
    add_unit = units.add_unit
    assert codes(lambda: add_unit(union.conn, name, "grass_roots", "371099", elsewhere, union.context())) == [
        "unit_name_alike"
    ]
    assert codes(lambda: units.rename_unit(union.conn, elsewhere, name, union.context())) == ["unit_name_alike"]
    own_name = units.rename_unit
    assert codes(lambda: own_name(union.conn, union.unit("临澜县机械厂工会"), name, union.context())) == []


def test_account_that_looks_like_another_is_refused_and_a_namesake_accepted(union: Union) -> None:
    write_account(union, "阿依古丽·买买提")
    new = NewAccount("new.two", "阿依古丽•买买提", union.unit(BUREAU))
    assert codes(lambda: accounts.add_account(union.conn, new, union.context())) == ["account_name_alike"]
    namesake = replace(new, display_name="阿依古丽·买买提")
    assert codes(lambda: accounts.add_account(union.conn, namesake, union.seconded())) == []


def test_every_control_and_format_character_is_invisible() -> None:
    for character in map(chr, range(0x110000)):
        if unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"} and character != "\0":
            assert names.has_invisible(f"甲{character}乙"), hex(ord(character))


ALIKE = ["张 三", "张\u3000三", "张\u200b三", " 张三", "张\u202e三"]


@pytest.mark.parametrize("name", [*ALIKE, "Ａ．Ｂ", "A•B", "A・B", "A‧B", "A．B", "A·B"])
def test_normal_form_of_a_name_is_the_same_in_sql(union: Union, name: str) -> None:
    expected = "张三" if "张" in name else "A·B"
    assert names.normal(name) == expected
    assert union.conn.scalar(sa.select(names.normal_in_sql(sa.literal(name)))) == expected


def test_story_may_have_lines_and_no_letters_that_turn_it_around(union: Union) -> None:
    def write(story: str) -> Any:
        person_file = NewHousehold(
            *(union.unit(BUREAU), "T-1", "worker", "laid_off", "371099", "unemployed", DAY), (Person("head", "甲"),)
        )
        return households.create_household(union.conn, replace(person_file, story=story), union.context("luo.xin"))

    assert codes(lambda: write("一行\u202e又一行")) == ["control_characters"]
    assert codes(lambda: write("一行\n又一行 👨\u200d👩\u200d👧")) == []
