"""Mail addresses are ASCII or have a Chinese domain, wherever they are written."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial

import pytest

from service.actions import accounts, bootstrap, households
from service.actions.accounts import NewAccount
from service.actions.bootstrap import Founder
from service.actions.households import NewHousehold
from service.actions.persons import Person
from service.config import BadSetting, read_settings
from tests.service.import_fixtures import COUNTY, FOUNDED, RING, Union, codes, founded, founded_url, instant, union

__all__ = ["founded", "founded_url", "union"]

BUREAU = "临澜县工业局工会"


def write_account(union: Union, address: str) -> None:
    accounts.add_account(union.conn, NewAccount("new.one", "新人", union.unit(BUREAU), address), union.seconded())


def write_person(union: Union, address: str) -> None:
    head = replace(Person("head", "新人"), email=address)
    new = NewHousehold(
        *(union.unit(BUREAU), "T-1", "worker", "laid_off", "371099", "unemployed", date(2025, 3, 3)), (head,)
    )
    households.create_household(union.conn, new, union.context("luo.xin"))


def found(union: Union, address: str) -> None:
    bootstrap.set_up_union(
        union.conn,
        replace(COUNTY, administrator=Founder("admin", "系统管理员", address)),
        instant(FOUNDED),
        FOUNDED,
        RING,
    )


WRITERS: dict[str, Callable[[Union, str], None]] = {"account": write_account, "person": write_person, "founding": found}
WRONG = ("wang", "wang@", "wang@host", "wa ng@a.example", "王@a.example", "wang@a..example", "wang@a.example\n")
INVISIBLE = ("\u2028", "\u2029", "\u0085", "\u200b", "\u202e", "\u2066", "\u00ad", "\u3164", "\u00a0")


@pytest.mark.parametrize("written", WRITERS)
def test_address_that_is_none_or_hides_a_letter_is_refused(union: Union, written: str) -> None:
    hidden = [f"wang{letter}@a.example" for letter in INVISIBLE] + [f"wang@a{letter}.example" for letter in INVISIBLE]
    for address in (*WRONG, *hidden):
        assert codes(partial(WRITERS[written], union, address)) == ["email_wrong"], ascii(address)


@pytest.mark.parametrize("address", ["wang@a.example", "li.san+office@mail.union.example", "wang@总工会.example"])
def test_address_in_ascii_or_with_a_chinese_domain_is_accepted(union: Union, address: str) -> None:
    assert codes(lambda: write_account(union, address)) == []


@pytest.mark.parametrize(
    "sender", ["送温暖 <post\u2028@union.example>", "送\u2028温暖 <post@union.example>", "工会@union.example"]
)
def test_sender_with_a_hidden_letter_is_refused(sender: str) -> None:
    with pytest.raises(BadSetting, match="MAIL_FROM"):
        read_settings({"MAIL_FROM": sender})
