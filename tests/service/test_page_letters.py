"""Letters at the desk: the list of those about one's cases, one letter as it is written, and failed ones sent again."""

import re
from collections.abc import Callable
from urllib.parse import urlencode
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from service.i18n.notification_text import STAFF, render
from service.tables.events import event
from service.tables.notifications import notification
from service.tables.persons import person
from tests.api_client import ApiClient
from tests.lives import Life, case_at
from tests.service.browser import Browser, browser_of

Open = Callable[[str], Browser]


@pytest.fixture
def open_as(shared_app: Flask, engine: sa.Engine, desk: ApiClient) -> Open:
    """Return a function that opens the browser of a member of staff on the day of the client."""
    return lambda name: browser_of(shared_app, engine, desk, name)


@pytest.fixture
def life(desk: ApiClient, engine: sa.Engine) -> Life:
    """Return a case about which letters were written."""
    return case_at("approval", desk, engine)


def cells(page: str, label: str) -> list[str]:
    """Return the texts of the cells under a column."""
    found = re.findall(rf'data-label="{label}"[^>]*>(.*?)</t[dh]>', page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", "", each).split()) for each in found]


def of_case(engine: sa.Engine, life: Life, *conditions: sa.ColumnElement[bool]) -> list[UUID]:
    """Return the letters about a case, the newest first."""
    rows = sa.select(notification.c.id).where(notification.c.case_id == life.case_id, *conditions)
    with engine.connect() as conn:
        return list(conn.scalars(rows.order_by(notification.c.id.desc())))


def fail(engine: sa.Engine, letter_id: UUID) -> None:
    """Let a letter fail as a mail server refuses it."""
    failed = {"state": "permanent_failure", "last_error": "SMTP 550"}
    with engine.begin() as conn:
        conn.execute(notification.update().where(notification.c.id == letter_id).values(**failed))


def test_list_shows_the_letters_of_a_case_and_filters_them(engine: sa.Engine, open_as: Open, life: Life) -> None:
    auditor = open_as("auditor")
    ids = of_case(engine, life)
    page = auditor.open("/letters").text
    assert f"共 {len(ids)} 条 <" in page
    assert all(f"/letters/{each}" in page for each in ids)
    assert set(cells(page, "状态")) <= {"待发送", "已送达"}
    mailed = of_case(engine, life, notification.c.channel == "email")
    assert cells(auditor.open("/letters?channel=email").text, "方式") == ["邮件"] * len(mailed)
    fail(engine, mailed[0])
    failed = auditor.open("/letters?letter_state=permanent_failure").text
    assert cells(failed, "状态") == ["未送达"]
    assert "未送达 ×" in failed
    assert "没有符合条件的记录" in auditor.open("/letters?case_no=HA1999-000001").text
    assert len(cells(auditor.open("/letters?channel=x&reader=x&letter_kind=x&letter_state=x").text, "方式")) == len(ids)
    kinds = cells(auditor.open("/letters?letter_kind=approval_due").text, "类别")
    assert set(kinds) == {"待审批"}


def test_letter_to_a_family_has_a_masked_reader_and_no_personal_word(
    desk: ApiClient, engine: sa.Engine, open_as: Open, life: Life
) -> None:
    [letter_id, *_] = of_case(engine, life, notification.c.channel == "email")
    with engine.begin() as conn:
        to_family = {"account_id": None, "person_id": life.family.head_id, "kind": "approved"}
        conn.execute(notification.update().where(notification.c.id == letter_id).values(**to_family))
        case_no = desk.get("registrar", f"/cases/{life.case_id}").get_json()["case_no"]
        has_mail = conn.scalar(sa.select(person.c.email_sealed).where(person.c.id == life.family.head_id))
    [reader] = cells(open_as("auditor").open("/letters?reader=family").text, "收件人")
    assert "*" in reader
    page = open_as("registrar").open(f"/letters/{letter_id}").text
    assert reader in page
    assert ("***@" in page) is bool(has_mail)
    body = page.partition('<p class="words">')[2].partition("</p>")[0]
    assert f"申请编号：{case_no}" in body
    assert reader[0] not in body, "a letter names nobody"


def test_link_of_a_letter_leads_through_signing_in_to_the_page_of_its_case(
    shared_app: Flask, open_as: Open, life: Life
) -> None:
    """Why: the link led to the API, which takes no session of a browser."""
    letter = render("overdue", STAFF, "zh_CN", case_no="1", case_id=UUID(life.case_id), home="https://x.example")
    [link] = re.findall(r"https://x\.example(/\S+)", letter.body)
    stranger = shared_app.test_client(use_cookies=False).get(link)
    assert (stranger.status_code, stranger.location) == (303, f"/sign-in?{urlencode({'next': link})}")
    assert f'action="/cases/{life.case_id}' in open_as("approver_1").open(link).text


def test_failed_letter_is_sent_again_by_those_who_are_asked_for_it(
    desk: ApiClient, engine: sa.Engine, open_as: Open, life: Life
) -> None:
    [letter_id, *_] = of_case(engine, life, notification.c.channel == "email")
    path = f"/letters/{letter_id}"
    assert "重新发送" not in open_as("registrar").open(path).text, "it has not failed"
    fail(engine, letter_id)
    assert "重新发送" not in open_as("auditor").open(path).text
    admin = open_as("admin")
    page = admin.open(path)
    assert "SMTP 550" in page.text
    assert "申请编号" not in page.text, "an administrator reads no case"
    assert f'href="/cases/{life.case_id}"' not in page.text
    assert cells(admin.open("/letters").text, "状态") == ["未送达"]
    sent = admin.send(f"{path}/resending", page)
    assert (sent.status, sent.leads_to) == (303, "/letters?done=yes")
    assert "已排入发送" in admin.open(sent.leads_to).text
    assert admin.open(path).refusal == (404, ["not_found"])
    with engine.connect() as conn:
        row = conn.execute(sa.select(notification).where(notification.c.id == letter_id)).one()
        acts = sa.select(event.c.action).where(event.c.subject_id == desk.office.people["admin"])
        assert "resend_notification" in set(conn.scalars(acts))
    assert (row.state, row.attempts, row.last_error) == ("created", 0, None)


def test_letter_that_has_not_failed_is_not_sent_again(engine: sa.Engine, open_as: Open, life: Life) -> None:
    [letter_id, *_] = of_case(engine, life, notification.c.channel == "email")
    registrar = open_as("registrar")
    fail(engine, letter_id)
    page = registrar.open(f"/letters/{letter_id}")
    assert registrar.send(f"/letters/{letter_id}/resending", page).status == 303
    with_new_key = registrar.open("/cases")
    form = {"_csrf": page.form["_csrf"], "_key": "another-time"}
    again = registrar.send(f"/letters/{letter_id}/resending", with_new_key, **form)
    assert again.refusal == (409, ["notification_not_dead"])


def test_letters_are_exported_masked(engine: sa.Engine, open_as: Open, life: Life) -> None:
    [letter_id, *_] = of_case(engine, life, notification.c.channel == "email")
    with engine.begin() as conn:
        to_family = {"account_id": None, "person_id": life.family.head_id}
        conn.execute(notification.update().where(notification.c.id == letter_id).values(**to_family))
    _note, header, row = open_as("auditor").take("/exports/notifications/csv?reader=family")
    exported = dict(zip(header, row, strict=True))
    assert "*" in exported["收件人"]
    assert exported["方式"] == "邮件"


def test_case_page_leads_to_the_list_of_its_letters(engine: sa.Engine, open_as: Open, life: Life) -> None:
    registrar = open_as("registrar")
    [address] = set(re.findall(r'href="(/letters\?case_no=[^"]+)"', registrar.open(f"/cases/{life.case_id}").text))
    page = registrar.open(address).text
    assert set(re.findall(r'href="/letters/([0-9a-f-]{36})"', page)) == {str(each) for each in of_case(engine, life)}
