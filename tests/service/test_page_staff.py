"""Administrators' pages: staff and their roles, units; what gives power waits for a second person."""

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from service.tables.accounts import account, role_grant
from service.tables.confirmations import confirmation
from service.tables.events import event
from service.tables.units import unit
from tests.api_client import ApiClient
from tests.service.browser import Browser, browser_of

Open = Callable[[str], Browser]


@pytest.fixture
def open_as(shared_app: Flask, engine: sa.Engine, desk: ApiClient) -> Open:
    """Return a function that opens the browser of a member of staff on the day of the client."""
    return lambda name: browser_of(shared_app, engine, desk, name)


def proposed(engine: sa.Engine, desk: ApiClient, act: str) -> int:
    """Return how many proposals of the administrator wait."""
    own = confirmation.c.proposed_by == desk.office.people["admin"], confirmation.c.act == act
    with engine.connect() as conn:
        waiting = sa.select(sa.func.count()).where(*own, confirmation.c.state == "proposed")
        return conn.scalar(waiting) or 0


def test_staff_are_listed_with_their_roles_of_today_and_found_by_role(desk: ApiClient, open_as: Open) -> None:
    admin = open_as("admin")
    everybody = admin.open("/staff").text
    assert f"/staff/{desk.office.people['cashier']}" in everybody
    cashiers = admin.open("/staff?role=cashier").text
    assert f"/staff/{desk.office.people['cashier']}" in cashiers
    assert f"/staff/{desk.office.people['registrar']}" not in cashiers
    assert "没有符合条件的账号" in admin.open("/staff?unit_id=00000000-0000-0000-0000-000000000007").text


def test_refusals_are_listed_in_the_order_of_the_form(desk: ApiClient, open_as: Open) -> None:
    wrong = open_as("admin").fill("/staff/new", unit_id=str(desk.office.unit_id), display_name="", login="")
    assert re.findall("“([^”]+)”", wrong.summary) == ["姓名", "用户名"]


def test_page_that_takes_a_role_back_names_it_and_its_button_says_so(
    desk: ApiClient, engine: sa.Engine, open_as: Open
) -> None:
    held = role_grant.c.account_id == desk.office.people["cashier"], role_grant.c.role == "cashier"
    with engine.connect() as conn:
        grant_id, name = conn.execute(
            sa.select(role_grant.c.id, unit.c.name).join(unit, unit.c.id == role_grant.c.unit_id).where(*held)
        ).one()
    page = open_as("admin").open(f"/grants/{grant_id}/revocation").text
    assert f"出纳 · {name}" in page
    assert '<button class="button">收回角色</button>' in page
    assert ">保存<" not in page


def test_new_account_waits_for_a_second_person_and_shows_half_an_invitation_once(
    desk: ApiClient, engine: sa.Engine, open_as: Open
) -> None:
    admin, login = open_as("admin"), f"new.{desk.office.unit_id.hex[-8:]}"
    unit_id = str(desk.office.unit_id)
    wrong = admin.fill("/staff/new", unit_id=unit_id, display_name="", login="有空格 的")
    assert wrong.refusal == (422, ["answer_missing", "not_code"])
    shown = admin.fill("/staff/new", unit_id=unit_id, display_name="新来的", login=login)
    assert shown.status == 200
    [half] = re.findall(r"<code>([^<]+)</code>", shown.text)
    with engine.connect() as conn:
        bodies = list(conn.scalars(sa.select(event.c.body).order_by(event.c.no.desc()).limit(20)))
        assert conn.scalar(sa.select(account.c.id).where(account.c.login == login)) is None
    assert not any(half in each for each in bodies)
    assert proposed(engine, desk, "account") == 1


def test_role_is_proposed_and_revoked_on_the_page(desk: ApiClient, engine: sa.Engine, open_as: Open) -> None:
    admin, witness = open_as("admin"), desk.office.people["witness"]
    until = desk.today.replace(month=12, day=31)
    answer = admin.fill(f"/staff/{witness}/grants/new", role="verifier", from_on=desk.today, until_on=until)
    assert answer.status == 303
    assert "授权" in admin.open(answer.leads_to).text
    assert proposed(engine, desk, "grant") == 1
    with engine.connect() as conn:
        grant = conn.scalar(sa.select(role_grant.c.id).where(role_grant.c.account_id == witness))
    assert admin.fill(f"/grants/{grant}/revocation").status == 303
    with engine.connect() as conn:
        assert conn.scalar(sa.select(role_grant.c.revoked_on).where(role_grant.c.id == grant)) == desk.today


def test_account_ends_with_its_roles(desk: ApiClient, engine: sa.Engine, open_as: Open) -> None:
    admin, follower = open_as("admin"), desk.office.people["follower"]
    assert admin.fill(f"/staff/{follower}/end", reason="").refusal == (422, ["answer_missing"])
    assert admin.fill(f"/staff/{follower}/end", reason="调离").status == 303
    assert f"/staff/{follower}" not in admin.open("/staff").text
    assert f"/staff/{follower}" in admin.open("/staff?ended=1").text
    with engine.connect() as conn:
        assert conn.scalar(sa.select(account.c.disabled_at).where(account.c.id == follower)) is not None


def test_unit_is_added_below_another_and_renamed(desk: ApiClient, engine: sa.Engine, open_as: Open) -> None:
    admin, name = open_as("admin"), f"第{desk.office.unit_id.hex[-6:]}小学工会"
    made = admin.fill("/units/new", parent_id=str(desk.office.unit_id), name=name, kind="grass_roots")
    assert (made.status, made.leads_to) == (303, "/units?done=yes")
    assert name in admin.open("/units").text
    with engine.connect() as conn:
        unit_id = conn.scalar(sa.select(unit.c.id).where(unit.c.name == name))
    assert admin.fill(f"/units/{unit_id}/name", name=f"{name}联合会").status == 303
    assert f"{name}联合会" in admin.open("/units").text
    stale = admin.fill(f"/units/{unit_id}/name", name=name, _version="1")
    assert stale.refusal == (412, ["stale"])
