"""Every change of a family in a browser: saved, refused at the field with what was typed kept, stale, or proposed."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pyotp
import pytest
import sqlalchemy as sa
from flask import Flask

from service.actions.one_time_codes import new_secret, set_totp
from service.clock import now
from service.tables.cases import case
from service.tables.confirmations import confirmation
from service.tables.consents import consent
from service.tables.finances import finance_line
from service.tables.households import household
from service.tables.kinship import kinship
from service.tables.pairings import pairing
from service.tables.payees import bank_account
from service.tables.persons import person
from tests.api_client import ApiClient
from tests.factories import Family, create_family
from tests.identity_numbers import another_number
from tests.service.browser import Browser, Page, browser_of


@pytest.fixture
def registrar(shared_app: Flask, engine: sa.Engine, desk: ApiClient) -> Browser:
    """Return the browser of the registrar."""
    return browser_of(shared_app, engine, desk, "registrar")


@pytest.fixture
def family(engine: sa.Engine, desk: ApiClient) -> Family:
    """Return a family of head, spouse and child."""
    with engine.begin() as conn:
        return create_family(conn, desk.office)


@pytest.fixture
def path(family: Family) -> str:
    """Return the address of the family."""
    return f"/households/{family.household_id}"


def value(engine: sa.Engine, column: sa.ColumnElement[Any], *conditions: Any) -> Any:
    """Return one value of the record."""
    with engine.connect() as conn:
        return conn.scalar(sa.select(column).where(*conditions))


def member(engine: sa.Engine, family: Family, relation: str) -> UUID:
    """Return the active member with this relation."""
    of_family = sa.and_(person.c.household_id == family.household_id, person.c.active)
    found: UUID = value(engine, person.c.id, of_family, person.c.relation == relation)
    return found


def refused_at(page: Page, field: str, code: str, status: int = 422) -> bool:
    """Return whether a page is refused for this reason, at the field, which its summary names too."""
    return page.refusal == (status, [code]) and bool(page.problems_at(field)) and field in page.summary


def test_facts_are_corrected_and_those_left_alone_stay(registrar: Browser, path: str) -> None:
    sent = registrar.fill(f"{path}/edit", cause="disability", observed=["vehicle"])
    assert (sent.status, sent.leads_to) == (303, f"{path}?done=yes")
    shown = registrar.open(f"{path}/edit").form
    assert (shown["cause"], shown["identity"], shown["observed"]) == (["disability"], ["laid_off"], ["vehicle"])
    wrong = registrar.fill(f"{path}/edit", division="37", story="一段说明")
    assert refused_at(wrong, "division", "not_a_division")
    assert (wrong.form["division"], wrong.form["story"]) == (["37"], ["一段说明"])


def test_stale_form_keeps_what_was_typed_and_is_saved_when_sent_again(
    registrar: Browser, engine: sa.Engine, family: Family, path: str
) -> None:
    stale = registrar.open(f"{path}/edit")
    assert registrar.fill(f"{path}/edit", cause="accident").status == 303
    page = registrar.send(f"{path}/edit", stale, cause="schooling")
    assert page.refusal == (412, ["stale"])
    assert page.form["cause"] == ["schooling"]
    others = page.text.partition("别人已办理")[2].partition("</div>")[0]
    assert ("更正档案" in others, "registrar" in others) == (True, True)
    assert registrar.send(f"{path}/edit", page).status == 303
    assert value(engine, household.c.cause, household.c.id == family.household_id) == "schooling"


def test_member_is_added_corrected_and_taken_off(
    registrar: Browser, engine: sa.Engine, family: Family, path: str
) -> None:
    typed = {"relation": "parent", "name": "测试老人", "id_no": another_number(1945), "phone": "13800000001"}
    wrong = registrar.fill(f"{path}/members/new", **typed | {"phone": "12"})
    assert refused_at(wrong, "phone", "phone_shape")
    assert wrong.form["name"] == ["测试老人"]
    assert registrar.send(f"{path}/members/new", wrong, phone=typed["phone"]).status == 303
    parent = member(engine, family, "parent")
    assert "测试老人" not in registrar.open(f"/persons/{parent}/edit").text
    head = registrar.fill(f"/persons/{parent}/edit", relation="head")
    assert refused_at(head, "relation", "head_twice", 409)
    assert registrar.fill(f"/persons/{parent}/edit", address="示例路1号", cleared=["phone"]).status == 303
    row = (person.c.id == parent,)
    assert value(engine, person.c.phone_sealed, *row) is None
    assert value(engine, person.c.address_sealed, *row) is not None
    assert registrar.fill(f"/persons/{parent}/remove").status == 303
    assert value(engine, person.c.active, *row) is False
    head_id = member(engine, family, "head")
    assert registrar.fill(f"/persons/{head_id}/remove").refusal == (409, ["head_missing", "person_is_payee"])


def test_finances_are_replaced_as_a_whole(registrar: Browser, engine: sa.Engine, family: Family, path: str) -> None:
    shown = registrar.open(f"{path}/finances")
    assert shown.form["lines.1.amount"] == ["30000.00"]
    typed = {"lines__1__amount": "1,200", "lines__2__what": "spending.illness", "lines__2__amount": "90.5"}
    typed |= {"as_of": "2025-08-31", "lines__2__person": str(family.child_id)}
    grown = registrar.send(f"{path}/finances", shown, _add="lines", **typed)
    assert "lines.2.amount" in grown.text
    wrong = registrar.send(f"{path}/finances", grown, **typed | {"lines__2__amount": "90.555"})
    assert refused_at(wrong, "lines.2.amount", "not_money")
    assert wrong.form["lines.2.amount"] == ["90.555"]
    assert registrar.send(f"{path}/finances", wrong, **typed).status == 303
    with engine.connect() as conn:
        live = sa.and_(finance_line.c.household_id == family.household_id, finance_line.c.ended_on.is_(None))
        rows = conn.execute(sa.select(finance_line.c.kind, finance_line.c.fen).where(live)).all()
    assert sorted(map(tuple, rows)) == [("illness", 9050), ("wage", 120_000)]


def test_payee_and_consent_are_recorded(registrar: Browser, engine: sa.Engine, family: Family, path: str) -> None:
    card = {"person": str(family.head_id), "bank": "新银行", "card": "62220000 99998888"}
    wrong = registrar.fill(f"{path}/payee", **card | {"card": "1"})
    assert refused_at(wrong, "card", "card_shape")
    assert registrar.send(f"{path}/payee", wrong, **card).status == 303
    live = (bank_account.c.household_id == family.household_id, bank_account.c.active)
    assert value(engine, bank_account.c.bank, *live) == "新银行"
    signed = {
        "signed_on": "2025-09-01",
        "until_on": "2027-08-31",
        "text_version": "鲁承〔2025〕 ２号",
        "adults_signed": "2",
    }
    wrong = registrar.fill(f"{path}/consent", **signed | {"signed_on": "2025-09-02"})
    assert refused_at(wrong, "signed_on", "in_the_future")
    assert registrar.send(f"{path}/consent", wrong, **signed).status == 303
    assert value(engine, sa.func.count(), consent.c.household_id == family.household_id) == 2
    assert value(engine, sa.func.max(consent.c.text_version), consent.c.household_id == family.household_id) == (
        "鲁承〔2025〕2号"
    )


def test_head_changes_after_its_effects_were_shown(
    registrar: Browser, engine: sa.Engine, family: Family, path: str
) -> None:
    spouse = member(engine, family, "spouse")
    address = f"{path}/changes/change_head"
    typed = {"change_head__new_head": str(spouse), "change_head__reason": "other"}
    kept = typed | {"change_head__old_head_relation": "spouse"}
    wrong = registrar.fill(address, **kept | {"change_head__reason": ""})
    assert refused_at(wrong, "change_head.reason", "answer_missing")
    shown = registrar.send(address, wrong, **kept)
    assert shown.status == 200
    assert member(engine, family, "head") == family.head_id
    assert registrar.send(address, shown).status == 303
    assert member(engine, family, "head") == spouse
    dead = registrar.fill(address, **typed | {"change_head__new_head": str(family.head_id)})
    assert dead.status == 200


def test_file_ends_and_is_filed_again(registrar: Browser, engine: sa.Engine, family: Family, path: str) -> None:
    ended = (household.c.exited_on, household.c.id == family.household_id)
    shown = registrar.fill(f"{path}/changes/exit", exit__reason="requested", document="示例〔2025〕9号")
    assert (shown.status, value(engine, *ended)) == (200, None)
    assert registrar.send(f"{path}/changes/exit", shown).status == 303
    assert value(engine, *ended) == registrar.day
    back = {"file_again__reason": "relapse", "file_again__members__1__person_id": str(family.head_id)}
    shown = registrar.fill(f"{path}/changes/file_again", **back, file_again__members__1__relation="head")
    assert shown.status == 200, shown.summary
    assert registrar.send(f"{path}/changes/file_again", shown).status == 303
    assert value(engine, *ended) is None


def test_change_that_is_refused_says_why_before_it_is_made(registrar: Browser, path: str, desk: ApiClient) -> None:
    shown = registrar.fill(f"{path}/changes/move", move__reason="other", move__to_unit_id=str(desk.office.unit_id))
    assert shown.refusal == (409, ["same_unit"])
    assert "_seen" not in shown.form


def test_member_moves_to_the_file_that_its_number_names(
    registrar: Browser, engine: sa.Engine, desk: ApiClient, family: Family, path: str
) -> None:
    with engine.begin() as conn:
        other = create_family(conn, desk.office)
    number = value(engine, household.c.file_no, household.c.id == other.household_id)
    typed = {"transfer__reason": "marriage", "transfer__relation": "other", "transfer__person_id": str(family.child_id)}
    address = f"{path}/changes/transfer"
    unknown = registrar.fill(address, **typed, transfer__to_household_id="没有-1")
    assert refused_at(unknown, "transfer.to_household_id", "file_no_unknown")
    shown = registrar.send(address, unknown, transfer__to_household_id=number)
    assert shown.status == 200, shown.summary
    assert registrar.send(address, shown).status == 303
    assert value(engine, person.c.active, person.c.id == family.child_id) is False


def test_kinship_is_declared_by_one_and_confirmed_by_the_relative(
    shared_app: Flask, registrar: Browser, engine: sa.Engine, desk: ApiClient, path: str, family: Family
) -> None:
    address, relative = f"{path}/kinship", str(desk.office.people["visitor_1"])
    wrong = registrar.fill(address, account_id=relative, relation="")
    assert refused_at(wrong, "relation", "answer_missing")
    assert wrong.form["account_id"] == [relative]
    assert registrar.send(address, wrong, relation="sibling").status == 303
    declared = value(engine, kinship.c.id, kinship.c.household_id == family.household_id)
    visitor = browser_of(shared_app, engine, desk, "visitor_1")
    shown = visitor.open(address)
    fields = {name: shown.form[name][0] for name in ("_csrf", "_key")}
    answer = visitor.http.post(f"{address}/{declared}/confirm", data=fields, headers=visitor.headers)
    assert answer.status_code == 303
    assert value(engine, kinship.c.confirmed_on, kinship.c.id == declared) == desk.today


def test_administrator_proposes_the_end_of_a_kinship_and_sees_no_family(
    shared_app: Flask, registrar: Browser, engine: sa.Engine, desk: ApiClient, path: str, family: Family
) -> None:
    registrar.fill(f"{path}/kinship", account_id=str(desk.office.people["visitor_1"]), relation="sibling")
    with engine.begin() as conn:
        secret = new_secret()
        set_totp(conn, secret, pyotp.TOTP(secret).now(), now(), desk.office.context(conn, "admin", desk.today))
    admin = browser_of(shared_app, engine, desk, "admin")
    assert admin.open(path).refusal == (403, ["role_missing"])
    shown = admin.open(f"{path}/kinship")
    number = value(engine, household.c.file_no, household.c.id == family.household_id)
    assert number not in shown.text
    declared = value(engine, kinship.c.id, kinship.c.household_id == family.household_id)
    wrong = admin.fill(f"{path}/kinship/{declared}/end", reason="")
    assert refused_at(wrong, "reason", "answer_missing")
    answer = admin.send(f"{path}/kinship/{declared}/end", wrong, reason="登记错误")
    assert (answer.status, "proposed=" in answer.leads_to) == (303, True)
    assert value(engine, kinship.c.ended_on, kinship.c.id == declared) is None


def test_missing_number_is_explained_by_a_proposal_that_says_whom_it_waits_for(
    registrar: Browser, engine: sa.Engine, family: Family, path: str
) -> None:
    assert registrar.fill(f"{path}/members/new", relation="other", name="测试婴儿").status == 303
    baby = member(engine, family, "other")
    typed = {"reason": "being_issued", "document": "受理回执", "until_on": "2025-12-31"}
    wrong = registrar.fill(f"/persons/{baby}/number-absence", **typed | {"until_on": "2027-12-31"})
    assert refused_at(wrong, "until_on", "number_absence_long")
    sent = registrar.send(f"/persons/{baby}/number-absence", wrong, **typed)
    assert sent.status == 303, sent.summary
    assert "notice-wait" in registrar.open(sent.leads_to).text
    assert value(engine, confirmation.c.act, confirmation.c.id == UUID(sent.leads_to.partition("=")[2])) == (
        "number_absence"
    )
    again = registrar.fill(f"/persons/{baby}/number-absence", **typed)
    assert again.refusal == (409, ["proposed_already"])
    assert f'<a href="/confirmations/{sent.leads_to.partition("=")[2]}">同样的“没有身份证号的原因”' in again.text


def test_pairing_is_recorded_and_its_correction_proposed(
    registrar: Browser, engine: sa.Engine, desk: ApiClient, family: Family, path: str
) -> None:
    unit = str(desk.office.unit_id)
    typed = {"unit_id": unit, "programme_name": "结对", "issued_by": "示例总工会", "from_on": "2025-09-01"}
    wrong = registrar.fill(f"{path}/pairings/new", **typed | {"until_on": "2025-08-01"})
    assert refused_at(wrong, "until_on", "dates_reversed")
    assert registrar.send(f"{path}/pairings/new", wrong, until_on="").status == 303
    made = value(engine, pairing.c.id, pairing.c.household_id == family.household_id)
    shown = registrar.open(f"/pairings/{made}/correction")
    assert shown.form["programme_name"] == ["结对"]
    sent = registrar.send(f"/pairings/{made}/correction", shown, until_on="2025-12-31", reason="补记止期")
    assert (sent.status, "proposed=" in sent.leads_to) == (303, True)
    sent = registrar.fill(f"/pairings/{made}/void", reason="并无此事")
    assert (sent.status, "proposed=" in sent.leads_to) == (303, True)
    assert value(engine, pairing.c.voided_on, pairing.c.id == made) is None


def test_case_is_opened_in_one_form_with_the_income_test_beside_it(
    registrar: Browser, engine: sa.Engine, family: Family, path: str
) -> None:
    address = f"{path}/cases/new?programme=hardship"
    shown = registrar.open(address)
    assert "test-title" in shown.text
    typed = {"item": "LIV", "beneficiary_id": str(family.head_id), "requested": "¥2,000"}
    wrong = registrar.send(address, shown, **typed | {"requested": "2000.001"})
    assert refused_at(wrong, "requested", "not_money")
    assert wrong.form["requested"] == ["2000.001"]
    sent = registrar.send(address, wrong, **typed)
    assert sent.status == 303, sent.summary
    assert value(engine, case.c.requested_fen, case.c.household_id == family.household_id) == 200_000
    again = registrar.fill(address, **typed)
    assert again.refusal == (409, ["case_already_open"])


def test_second_item_is_opened_with_a_warning_on_the_next_page(registrar: Browser, family: Family, path: str) -> None:
    assert registrar.fill(f"{path}/edit", category="relative").status == 303
    address, typed = f"{path}/cases/new?programme=hardship", {"beneficiary_id": str(family.head_id)}
    answers = [registrar.fill(address, **typed, item=item, requested="1000") for item in ("LIV", "TMP", "ACC")]
    assert [each.status for each in answers] == [303] * 3, answers[-1].summary
    sent = answers[-1]
    assert sent.leads_to.endswith("/opened")
    assert "notice-wait" in registrar.open(sent.leads_to).text


def test_consent_that_ends_soon_is_the_next_duty(registrar: Browser, path: str) -> None:
    registrar.day += timedelta(days=465)
    assert f'href="{path}/consent"' in registrar.open(path).text.partition("duties-title")[2].partition("</section>")[0]


def test_visitor_records_the_consent_that_was_signed_at_the_visit(
    shared_app: Flask, engine: sa.Engine, desk: ApiClient, family: Family, path: str
) -> None:
    """Why: it is signed at the family's home; the page and the API let a visitor in, and the act refused them."""
    visitor = browser_of(shared_app, engine, desk, "visitor_1")
    assert f"{path}/consent" in visitor.open(path).text
    signed = {"signed_on": "2025-09-01", "until_on": "2026-08-31", "text_version": "2025-2", "adults_signed": "2"}
    assert visitor.fill(f"{path}/consent", **signed).status == 303
    body = {**signed, "adults_signed": 2, "text_version": "2025-3"}
    assert desk.post("visitor_2", f"/households/{family.household_id}/consents", body).status_code == 201
    with engine.connect() as conn:
        of_family = consent.c.household_id == family.household_id
        versions = conn.scalars(sa.select(consent.c.text_version).where(of_family)).all()
    assert {"2025-2", "2025-3"} <= set(versions)
