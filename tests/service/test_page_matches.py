"""Those who decide on a case look at what its family shares with others, and each look is recorded."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from service.queries import households
from service.tables.events import event
from tests.api_client import ApiClient
from tests.factories import create_family
from tests.lives import case_at
from tests.service.browser import Browser, browser_of

Open = Callable[[str], Browser]


@pytest.fixture
def open_as(shared_app: Flask, engine: sa.Engine, desk: ApiClient) -> Open:
    """Return a function that opens the browser of a member of staff on the day of the client."""
    return lambda name: browser_of(shared_app, engine, desk, name)


def test_those_who_decide_check_what_the_family_shares_and_each_look_is_recorded(
    desk: ApiClient, engine: sa.Engine, open_as: Open
) -> None:
    life = case_at("review", desk, engine)
    with engine.begin() as conn:
        other = create_family(conn, desk.office)
        card = households.payee(conn, life.family.household_id)
        assert card is not None
        mine = {"card": card["card_index"], "theirs": other.household_id}
        conn.execute(sa.text("UPDATE bank_account SET card_index = :card WHERE household_id = :theirs"), mine)
    path = f"/cases/{life.case_id}"
    assert "/matches" not in open_as("cashier").open(path).text
    reviewer = open_as("reviewer")
    page = reviewer.open(path)

    def looks() -> int:
        with engine.connect() as conn:
            shown = sa.and_(event.c.subject_id == other.head_id, event.c.action == "match_number")
            return conn.scalar(sa.select(sa.func.count()).where(shown)) or 0

    assert looks() == 0, "the page itself shows no match"
    assert "核对相同之处" in page.text
    answer = reviewer.send(f"{path}/matches", page)
    assert answer.status == 200
    assert "银行卡" in answer.text
    assert looks() == 1
    assert reviewer.open(f"{path}/matches").leads_to.endswith(path)


def test_matches_are_not_shown_to_those_who_do_not_decide_now(
    desk: ApiClient, engine: sa.Engine, open_as: Open
) -> None:
    life = case_at("payment", desk, engine)
    reviewer, path = open_as("reviewer"), f"/cases/{life.case_id}"
    page = reviewer.open(path)
    assert "/matches" not in page.text
    assert reviewer.send(f"{path}/matches", page).status == 303
