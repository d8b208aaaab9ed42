"""Tokens of the API on pages, and the work of an account as numbers."""

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from service.tables.accounts import token
from service.tables.events import event
from tests.api_client import ApiClient
from tests.factories import create_organisation
from tests.lives import case_at
from tests.service.browser import Browser, Page, browser_of

Open = Callable[[str], Browser]


@pytest.fixture
def open_as(shared_app: Flask, engine: sa.Engine, desk: ApiClient) -> Open:
    """Return a function that opens the browser of a member of staff on the day of the client."""
    return lambda name: browser_of(shared_app, engine, desk, name)


def tokens_of(engine: sa.Engine, desk: ApiClient, name: str) -> list[sa.Row[tuple[object, ...]]]:
    """Return the tokens of a member of staff, oldest first."""
    with engine.connect() as conn:
        mine = token.c.account_id == desk.office.people[name]
        return list(conn.execute(sa.select(token).where(mine).order_by(token.c.id)))


def test_token_is_made_by_its_owner_with_a_proof_and_shown_once(
    desk: ApiClient, engine: sa.Engine, open_as: Open
) -> None:
    registrar = open_as("registrar")
    assert registrar.fill("/account/tokens", label="台账", days="0").refusal == (422, ["not_a_number"])
    assert registrar.fill("/account/tokens", label="", days="30").refusal == (422, ["not_text"])
    wrong = registrar.fill("/account/tokens", label="台账", days="30", proof="not the password")
    assert wrong.refusal == (409, ["proof_wrong"])
    assert len(tokens_of(engine, desk, "registrar")) == 1
    made = registrar.fill("/account/tokens", label="台账程序", days="30")
    assert made.status == 200
    [secret] = re.findall(r'<code class="secret">(snt_[^<]+)</code>', made.text)
    headers = {"Authorization": f"Bearer {secret}", "X-Songnuan-Date": registrar.headers["X-Songnuan-Date"]}
    assert registrar.http.get("/api/v1/me", headers=headers).status_code == 200
    again = registrar.open("/account/tokens").text
    assert "台账程序" in again
    assert secret not in again
    with engine.connect() as conn:
        latest = sa.select(event.c.body).where(event.c.subject_id == desk.office.people["registrar"])
        assert secret not in "".join(conn.scalars(latest))
    mine = next(each for each in tokens_of(engine, desk, "registrar") if each.label == "台账程序")
    form = registrar.open("/account/tokens").form
    hidden = {name: form[name] for name in ("_csrf", "_key")}
    ended = registrar.http.post(f"/account/tokens/{mine.id}/end", data=hidden, headers=registrar.headers)
    assert ended.status_code == 303
    refused = registrar.http.get("/api/v1/me", headers=headers)
    assert (refused.status_code, refused.get_json()["code"]) == (401, "token_invalid")


def test_administrator_ends_a_token_of_their_units_and_makes_none_for_others(
    shared_app: Flask, desk: ApiClient, engine: sa.Engine, open_as: Open
) -> None:
    admin, account = open_as("admin"), desk.office.people["witness"]
    [of_witness] = tokens_of(engine, desk, "witness")
    page = admin.open(f"/staff/{account}").text
    assert f"/tokens/{of_witness.id}/revocation" in page
    assert desk.office.tokens["witness"] not in page
    with engine.begin() as conn:
        elsewhere = ApiClient(desk.http, create_organisation(conn), desk.today)
    stranger = browser_of(shared_app, engine, elsewhere, "admin")
    assert stranger.open(f"/tokens/{of_witness.id}/revocation").refusal == (404, ["not_found"])
    assert admin.fill(f"/tokens/{of_witness.id}/revocation").status == 303
    assert tokens_of(engine, desk, "witness")[0].revoked_at is not None
    assert "没有令牌" in admin.open(f"/staff/{account}").text


def numbers(page: Page) -> dict[str, str]:
    """Return the numbers of a page of work by their labels."""
    return dict(re.findall(r"<dt>([^<]+?)\s*</dt><dd>(\d+)</dd>", page.text))


def test_work_of_an_account_is_numbers_without_a_case_or_a_family(
    desk: ApiClient, engine: sa.Engine, open_as: Open
) -> None:
    life = case_at("payment", desk, engine)
    admin = open_as("admin")
    before = numbers(admin.open(f"/staff/{desk.office.people['cashier']}/work"))
    assert before["等本人办的个案"] == "1"
    assert before["其中没有别人能办的"] == "0", "another cashier could pay"
    reviewer = admin.open(f"/staff/{desk.office.people['reviewer']}/work")
    assert re.search(r"审核.*?</th><td class=\"right\">1</td>", reviewer.text)
    assert life.case_id not in reviewer.text
    assert "示例" not in re.sub(r"示例县总工会", "", reviewer.text.partition("<main")[2])
    with engine.begin() as conn:
        other = desk.office.people["cashier_2"]
        conn.execute(
            sa.text("UPDATE role_grant SET revoked_on = :on WHERE account_id = :who"), {"on": desk.today, "who": other}
        )
    alone = numbers(admin.open(f"/staff/{desk.office.people['cashier']}/work"))
    assert alone["其中没有别人能办的"] == "1"
    admin.fill(f"/staff/{desk.office.people['follower']}/end", reason="调离")
    assert "这个账号已停用" in admin.open(f"/staff/{desk.office.people['follower']}/work").text
