"""The page of a family: what it shows, to whom, at what cost; and a new file in the browser."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa
from flask import Flask

from service.actions import cases
from service.actions.one_time_codes import new_secret, set_totp
from service.clock import now
from service.tables.cases import case
from service.tables.events import event
from service.tables.households import household
from service.tables.persons import person
from tests.api_client import ApiClient
from tests.factories import Family, create_family, create_organisation
from tests.identity_numbers import another_number
from tests.lives import start
from tests.service.browser import Browser, browser_of
from tests.service.statement_log import reading, statements_of

MOST_SELECTS = 15


@pytest.fixture
def registrar(shared_app: Flask, engine: sa.Engine, desk: ApiClient) -> Browser:
    """Return the browser of the registrar."""
    return browser_of(shared_app, engine, desk, "registrar")


@pytest.fixture
def family(engine: sa.Engine, desk: ApiClient) -> Family:
    """Return a family of the organisation."""
    with engine.begin() as conn:
        return create_family(conn, desk.office)


def selects_of(app: Flask, run: Any) -> list[str]:
    """Return the SELECTs that a request sends."""
    with statements_of(app.extensions["songnuan"].engine) as statements:
        run()
    return reading(statements)


def test_family_page_shows_each_part_masked_in_at_most_fifteen_selects(
    shared_app: Flask, engine: sa.Engine, desk: ApiClient, registrar: Browser
) -> None:
    life = start(desk, engine, "hardship", "LIV", {})
    path = f"/households/{life.family.household_id}"
    registrar.open(path)  # the policy set is read once for each process
    found: list[Any] = []
    selects = selects_of(shared_app, lambda: found.append(registrar.open(path)))
    [page] = found
    assert page.status == 200
    assert "示例甲" not in page.text
    assert len(selects) <= MOST_SELECTS, selects
    with engine.connect() as conn:
        case_no = conn.scalar(sa.select(case.c.case_no).where(case.c.id == life.case_id))
    assert str(case_no) in page.text


def test_income_test_of_the_page_is_that_of_a_case(engine: sa.Engine, desk: ApiClient, registrar: Browser) -> None:
    life = start(desk, engine, "hardship", "LIV", {})
    path = f"/households/{life.family.household_id}"
    with engine.connect() as conn:
        context = desk.office.context(conn, "registrar", desk.today)
        as_case, _limits = cases.assess_today(conn, life.case_id, context)  # type: ignore[arg-type]
    page = registrar.open(path)
    assert as_case is not None
    assert f"{Decimal(str(as_case['per_head'])):,}" in page.text
    assert re.findall("第 (.) 条：", page.text) == [str(number + 1) for number in range(len(as_case["rules"]))]  # type: ignore[arg-type]


def test_choices_of_the_list_are_in_the_language_of_each_reader(registrar: Browser) -> None:
    words = {"zh_CN": "深度困难", "en": "deep hardship"}
    for lang in ("zh_CN", "en", "zh_CN"):
        registrar.open(f"/language/{lang}")
        page = registrar.open("/households").text
        assert [each for each, word in words.items() if f">{word}</option>" in page] == [lang]


def test_income_that_aid_is_part_of_says_how_much(shared_app: Flask, engine: sa.Engine, desk: ApiClient) -> None:
    life = start(desk, engine, "hardship", "LIV", {}).to("receipt")
    registrar = browser_of(shared_app, engine, desk, "registrar")
    page = registrar.open(f"/households/{life.family.household_id}").text
    with engine.connect() as conn:
        paid = conn.scalar(sa.select(case.c.award_fen).where(case.c.id == life.case_id))
    assert paid
    assert f"含已获救助 {paid / 100:,.2f}" in page


def test_family_of_another_unit_is_not_found(registrar: Browser, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        other = create_family(conn, create_organisation(conn))
    for path in ("", "/edit", "/finances", "/payee", "/consent", "/members/new", "/changes/exit", "/cases/new"):
        assert registrar.open(f"/households/{other.household_id}{path}").refusal == (404, ["not_found"])
    for path in ("/edit", "/remove", "/number-absence"):
        assert registrar.open(f"/persons/{other.head_id}{path}").refusal == (404, ["not_found"])
    assert registrar.open(f"/households/{other.household_id}/kinship").refusal == (404, ["not_found"])


def test_auditor_reads_the_page_without_any_form_on_it(
    shared_app: Flask, engine: sa.Engine, desk: ApiClient, family: Family
) -> None:
    with engine.begin() as conn:
        secret = new_secret()
        context = desk.office.context(conn, "auditor", desk.today)
        set_totp(conn, secret, pyotp.TOTP(secret).now(), now(), context)
    auditor = browser_of(shared_app, engine, desk, "auditor")
    page = auditor.open(f"/households/{family.household_id}")
    assert page.status == 200
    assert page.text.count("<form") == 1  # signing out
    assert f"{family.household_id}/edit" not in page.text
    assert auditor.open(f"/persons/{family.head_id}/edit").refusal == (403, ["role_missing"])


def test_reader_without_the_registrar_role_gets_no_form(
    shared_app: Flask, engine: sa.Engine, desk: ApiClient, family: Family
) -> None:
    visitor = browser_of(shared_app, engine, desk, "visitor_1")
    page = visitor.open(f"/households/{family.household_id}")
    assert page.status == 200
    assert f"{family.household_id}/edit" not in page.text
    assert f"/persons/{family.head_id}/reveal" in page.text
    assert visitor.open(f"/households/{family.household_id}/edit").refusal == (403, ["role_missing"])


def test_reveal_shows_the_values_once_and_records_the_purpose(
    registrar: Browser, engine: sa.Engine, family: Family
) -> None:
    shown = registrar.open(f"/households/{family.household_id}")
    first = {"_csrf": shown.form["_csrf"], "_key": shown.form["_key"], "purpose": "survey"}
    path = f"/persons/{family.head_id}/reveal"
    for _time in range(2):
        answer = registrar.http.post(path, data=first, headers=registrar.headers)
        assert answer.status_code == 200
        assert "示例甲" in answer.text
        assert answer.headers["Cache-Control"] == "no-store"
    with engine.connect() as conn:
        reveals = sa.and_(event.c.subject_id == family.head_id, event.c.action == "reveal")
        assert conn.scalar(sa.select(sa.func.count()).where(reveals)) == 2


def test_list_is_filtered_by_a_category_and_by_having_none(
    registrar: Browser, engine: sa.Engine, desk: ApiClient, family: Family
) -> None:
    with engine.begin() as conn:
        judged = create_family(conn, desk.office)
        conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
        conn.execute(household.update().where(household.c.id == judged.household_id).values(category="deep"))
    deep, unjudged = (registrar.open(f"/households?category={each}").text for each in ("deep", "unjudged"))
    assert f"/households/{judged.household_id}" in deep
    assert f"/households/{family.household_id}" not in deep
    assert f"/households/{family.household_id}" in unjudged
    assert f"/households/{judged.household_id}" not in unjudged
    assert "未认定类别 ×" in unjudged


def test_list_shows_the_files_of_the_callers_units_only(registrar: Browser, engine: sa.Engine, family: Family) -> None:
    with engine.begin() as conn:
        other = create_family(conn, create_organisation(conn))
        numbers = {row.id: row.file_no for row in conn.execute(sa.select(household.c.id, household.c.file_no))}
    page = registrar.open("/households")
    assert numbers[family.household_id] in page.text
    assert numbers[other.household_id] not in page.text


NEW: dict[str, Any] = {
    "identity": "laid_off",
    "cause": "illness",
    "members__1__relation": "head",
    "members__1__name": "测试甲",
    "members__3__relation": "child",
    "members__3__name": "测试丙",
    "finances__as_of": "2025-08-31",
    "finances__lines__1__what": "income.wage",
    "finances__lines__1__amount": "24,000 元",
    "finances__lines__2__what": "spending.illness",
    "finances__lines__2__amount": "9000",
    "finances__lines__2__reimbursed": "1500.50",
    "finances__lines__2__person": "3",
    "payee__person": "1",
    "payee__bank": "示例银行",
    "payee__card": "6222 0000 1111 2222",
    "consent__signed_on": "2025-09-01",
    "consent__until_on": "2026-08-31",
    "consent__text_version": "2025-1",
    "consent__adults_signed": "2",
}


def new_file(number: str, **more: Any) -> dict[str, Any]:
    """Return what is typed for a new file; the second row of members stays empty."""
    id_no = another_number(1970)
    return {**NEW, "file_no": number, "members__1__id_no": id_no, "members__3__id_no": another_number(2010), **more}


def test_new_file_is_saved_with_members_finances_consent_and_payee(registrar: Browser, engine: sa.Engine) -> None:
    sent = registrar.fill("/households/new", **new_file("新-0001"))
    assert sent.status == 303, sent.summary
    page = registrar.open(sent.leads_to)
    assert "新-0001" in page.text
    assert "24,000.00" in page.text
    assert "7,499.50" in page.text
    assert "2222" in page.text
    with engine.connect() as conn:
        id_of_file = sa.select(household.c.id).where(household.c.file_no == "新-0001")
        members = sa.select(sa.func.count()).where(person.c.household_id.in_(id_of_file))
        assert conn.scalar(members) == 2


def test_new_file_with_wrong_fields_is_refused_at_each_field_and_keeps_what_was_typed(registrar: Browser) -> None:
    wrong = new_file("新-0002", identity="", members__3__id_no="123", finances__lines__2__reimbursed="99999")
    page = registrar.fill("/households/new", **wrong | {"payee__card": "12", "consent__until_on": "2024-01-01"})
    assert page.refusal == (422, ["answer_missing"])
    assert page.form["members.1.name"] == ["测试甲"]
    assert page.problems_at("identity")
    page = registrar.send("/households/new", page, identity="laid_off")
    assert page.refusal == (422, ["card_shape", "dates_reversed", "id_no_length", "reimbursed_too_much"])
    fields = ("members.3.id_no", "finances.lines.2.reimbursed", "payee.card", "consent.until_on")
    assert [bool(page.problems_at(field)) for field in fields] == [True] * 4, page.summary
    assert page.form["finances.lines.1.amount"] == ["24,000 元"]


def test_button_adds_a_row_without_script_and_saves_nothing(registrar: Browser, engine: sa.Engine) -> None:
    page = registrar.fill("/households/new", **new_file("新-0003"), _add="members")
    assert page.status == 200
    assert "members.4.name" in page.text
    assert page.form["members.3.name"] == ["测试丙"]
    with engine.connect() as conn:
        assert conn.scalar(sa.select(household.c.id).where(household.c.file_no == "新-0003")) is None


def test_person_of_another_file_is_refused_at_the_number(
    registrar: Browser, desk: ApiClient, engine: sa.Engine
) -> None:
    typed = new_file("新-0004")
    assert registrar.fill("/households/new", **typed).status == 303
    page = registrar.fill("/households/new", **typed | {"file_no": "新-0005"})
    assert page.refusal == (409, ["person_in_other_file"])
    assert page.problems_at("members.1.id_no")
    assert page.problems_at("members.3.id_no")
    with engine.connect() as conn:
        matched = sa.and_(event.c.action == "match_number", event.c.actor_id == desk.office.people["registrar"])
        assert conn.scalar(sa.select(sa.func.count()).where(matched)) == 2


def test_possible_twin_is_shown_before_the_file_is_saved(registrar: Browser, engine: sa.Engine) -> None:
    name = "测试双子"
    assert registrar.fill("/households/new", **new_file("新-0006", members__1__name=name)).status == 303
    typed = new_file("新-0007", members__1__name=name, members__1__id_no="")
    page = registrar.fill("/households/new", **typed)
    assert page.status == 200
    assert "新-0006" in page.text
    with engine.connect() as conn:
        assert conn.scalar(sa.select(household.c.id).where(household.c.file_no == "新-0007")) is None
    assert registrar.send("/households/new", page).status == 303


def test_page_on_a_day_without_policy_says_that_there_is_no_test(registrar: Browser, family: Family) -> None:
    registrar.day = date(2024, 6, 1)
    assert registrar.open(f"/households/{family.household_id}").status == 200
