"""The account to pay is shown in full to those who record it and pay into it, once for each stated purpose."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from service.crypto.encryption import decrypt_field
from service.queries import households
from service.tables.events import event
from tests.api_client import ApiClient
from tests.factories import RING
from tests.lives import case_at
from tests.service.browser import Browser, browser_of

Open = Callable[[str], Browser]


@pytest.fixture
def open_as(shared_app: Flask, engine: sa.Engine, desk: ApiClient) -> Open:
    """Return a function that opens the browser of a member of staff on the day of the client."""
    return lambda name: browser_of(shared_app, engine, desk, name)


def test_cashier_and_registrar_see_the_account_in_full_once_and_each_look_is_recorded(
    desk: ApiClient, engine: sa.Engine, open_as: Open
) -> None:
    life = case_at("payment", desk, engine)
    with engine.connect() as conn:
        row = households.payee(conn, life.family.household_id)
    assert row is not None
    card = decrypt_field(RING, "bank_account.card", row["id"], row["card_sealed"])
    for staff_name, path in (
        ("cashier", f"/cases/{life.case_id}"),
        ("registrar", f"/households/{life.family.household_id}"),
    ):
        browser = open_as(staff_name)
        page = browser.open(path)
        assert card not in page.text
        assert f"示*甲 示例银行 ****{card[-4:]}" in page.text or "/households/" in path
        fields = {"_csrf": page.form["_csrf"], "_key": f"{staff_name}-reveal", "purpose": "payment"}
        for _time in range(2):
            answer = browser.http.post(f"{path}/payee/reveal", data=fields, headers=browser.headers)
            assert answer.status_code == 200
            assert all(each in answer.text for each in (card, "示例甲", "示例银行"))
            assert answer.headers["Cache-Control"] == "no-store"
        assert browser.open(f"{path}/payee/reveal").status == 303
    with engine.connect() as conn:
        reveals = sa.and_(event.c.subject_id == life.family.head_id, event.c.action == "reveal")
        bodies = list(conn.scalars(sa.select(event.c.body).where(reveals)))
    assert len(bodies) == 4
    assert all(f'"account":"{row["id"]}"' in each and '"purpose":"payment"' in each for each in bodies)
    assert not any(card in each for each in bodies)


def test_account_is_revealed_with_a_purpose_and_to_nobody_else(
    desk: ApiClient, engine: sa.Engine, open_as: Open
) -> None:
    life = case_at("payment", desk, engine)
    path = f"/cases/{life.case_id}/payee/reveal"
    cashier = open_as("cashier")
    page = cashier.open(f"/cases/{life.case_id}")
    assert cashier.send(path, page, purpose="").refusal == (422, ["answer_missing"])
    for staff_name in ("visitor_1", "reviewer", "approver_1"):
        browser = open_as(staff_name)
        page = browser.open(f"/cases/{life.case_id}")
        assert "/payee/reveal" not in page.text
        assert browser.send(path, page, purpose="payment").refusal == (403, ["role_missing"])
    household = f"/households/{life.family.household_id}/payee/reveal"
    assert desk.post("cashier", household, {"purpose": "payment"}).get_json()["name"] == "示例甲"
