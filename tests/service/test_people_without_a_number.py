"""A person without an identity number gets money only with a confirmed reason; what files share is shown to deciders."""

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from service.actions import persons
from service.tables.accounts import account
from service.tables.number_absences import number_absence
from service.tables.payees import bank_account
from tests.api_client import ApiClient, refusal
from tests.factories import Family, create_family, create_organisation, take_number
from tests.identity_numbers import identity_number
from tests.lives import Life, award, start

REASON = {"reason": "lost", "document": "补办回执 0312", "until_on": "2025-12-31"}


@pytest.fixture
def life(client: ApiClient, engine: sa.Engine) -> Life:
    return start(client, engine, "hardship", "LIV", {})


def without_number(engine: sa.Engine, person_id: Any) -> None:
    with engine.begin() as conn:
        take_number(conn, person_id)


def explain(life: Life, **changed: Any) -> Any:
    return life.desk.post("registrar", f"/persons/{life.family.head_id}/number-absences", REASON | changed)


def test_award_to_a_person_without_a_number_waits_for_a_confirmed_reason(life: Life, engine: sa.Engine) -> None:
    """A15: three files of the same two names, without numbers, got three grants."""
    without_number(engine, life.family.head_id)
    missing = ["beneficiary_number_missing", "payee_number_missing"]
    assert life.to("review").no("reviewer", "pass_review", **award(life.desk)) == missing
    proposed = explain(life)
    assert life.no("reviewer", "pass_review", **award(life.desk)) == missing
    assert refusal(life.desk.confirm("registrar", proposed)) == (409, ["confirmer_not_asked"])
    assert life.desk.confirm("verifier", proposed).get_json()["done"]
    life.to("payment")


def test_confirmed_reason_ends_on_its_day(life: Life, engine: sa.Engine) -> None:
    without_number(engine, life.family.head_id)
    last = life.desk.today + timedelta(days=7)
    life.desk.confirm("verifier", explain(life, until_on=last.isoformat()))
    life.to("approval")
    assert life.desk.today > last
    assert life.no("approver_1", "approve") == ["beneficiary_number_due", "payee_number_due"]


def test_payee_without_a_number_is_asked_for_by_itself(life: Life, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        of_family = bank_account.c.household_id == life.family.household_id
        conn.execute(bank_account.update().where(of_family).values(person_id=life.family.child_id))
    without_number(engine, life.family.child_id)
    assert life.to("review").no("reviewer", "pass_review", **award(life.desk)) == ["payee_number_missing"]


@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        ({"reason": "forgotten"}, ["not_a_choice"]),
        ({"until_on": "2025-08-31"}, ["dates_reversed"]),
        ({"until_on": "2026-09-03"}, ["number_absence_long"]),
        ({"document": "a\u202eb"}, ["control_characters"]),
    ],
)
def test_reason_is_a_known_one_with_a_document_and_ends_within_a_year(
    life: Life, engine: sa.Engine, changed: dict[str, str], codes: list[str]
) -> None:
    without_number(engine, life.family.head_id)
    assert refusal(explain(life, **changed)) == (422, codes)


def test_person_with_a_number_needs_no_reason(life: Life) -> None:
    assert refusal(explain(life)) == (409, ["number_on_file"])


def test_relative_does_not_confirm_a_reason(life: Life, engine: sa.Engine) -> None:
    without_number(engine, life.family.head_id)
    body = {"account_id": str(life.desk.office.people["reviewer"]), "relation": "sibling"}
    life.desk.post("admin", f"/households/{life.family.household_id}/kinship", body)
    proposed = explain(life)
    assert refusal(life.desk.confirm("reviewer", proposed)) == (409, ["confirmer_gains"])


def test_reason_is_written_once(life: Life, engine: sa.Engine) -> None:
    without_number(engine, life.family.head_id)
    life.desk.confirm("verifier", explain(life))
    with engine.connect() as conn, pytest.raises(sa.exc.DBAPIError, match="written once"):
        conn.execute(number_absence.update().values(until_on=date(2099, 1, 1)))


# ---- what files and staff share (insiders A15, A16)


def shown(life: Life, staff_name: str) -> dict[str, Any]:
    answer = life.desk.get(staff_name, f"/cases/{life.case_id}/actions").get_json()
    found: dict[str, Any] = answer["shared_details"]
    return found


def second_family(engine: sa.Engine) -> Family:
    with engine.begin() as conn:
        return create_family(conn, create_organisation(conn))


@pytest.mark.parametrize(("staff_name", "offered"), [("reviewer", True), ("registrar", False), ("auditor", False)])
def test_card_of_two_files_is_shown_to_those_who_decide(
    life: Life, engine: sa.Engine, staff_name: str, offered: bool
) -> None:
    other = second_family(engine)
    life.to("review")
    with engine.begin() as conn:
        card = sa.select(bank_account.c.card_index).where(bank_account.c.household_id == life.family.household_id)
        theirs = bank_account.update().where(bank_account.c.household_id == other.household_id)
        conn.execute(theirs.values(card_index=card.scalar_subquery()))
    found = shown(life, staff_name)
    assert [each["shares"] for each in found["items"]] == ([["card"]] if offered else [])
    assert [each["household_id"] for each in found["items"]] == ([None] if offered else [])


@pytest.mark.parametrize("sign", ["phone", "address", "birth"])
def test_birth_phone_and_address_are_compared_across_files(life: Life, engine: sa.Engine, sign: str) -> None:
    one, other = (identity_number(f"371099{'19900101'}{order}") for order in ("001", "002"))
    of_sign = {
        "phone": ({"phone": "13812345678"}, {"phone": "13812345678"}),
        "address": ({"address": "乳山市 示例路１号"}, {"address": "乳山市示例路1号"}),
        "birth": ({"name": "孪示例", "id_no": one}, {"name": "孪 示例", "id_no": other}),
    }
    mine, theirs = of_sign[sign]
    life.to("review")
    with engine.begin() as conn:
        elsewhere = create_organisation(conn)
        other_family = create_family(conn, elsewhere)
        for office, family, columns in ((life.desk.office, life.family, mine), (elsewhere, other_family, theirs)):
            context = office.context(conn, "registrar", life.desk.today)
            persons.edit_person(conn, family.child_id, columns, context)
    assert [each["shares"] for each in shown(life, "reviewer")["items"]] == [[sign]]


def test_member_of_a_staff_members_name_is_shown_until_the_kinship_is_known(life: Life, engine: sa.Engine) -> None:
    """A16: a member named as a registrar, without a number."""
    life.to("review")
    with engine.begin() as conn:
        witness = account.c.id == life.desk.office.people["witness"]
        conn.execute(account.update().where(witness).values(display_name="示例 乙"))
    [namesake] = shown(life, "reviewer")["staff"]
    assert (namesake["display_name"], namesake["account_id"]) == ("示例 乙", str(life.desk.office.people["witness"]))
    body = {"account_id": str(life.desk.office.people["witness"]), "relation": "sibling"}
    declared = life.desk.post("admin", f"/households/{life.family.household_id}/kinship", body)
    assert declared.status_code == 201, declared.get_json()
    assert shown(life, "reviewer")["staff"] == []
