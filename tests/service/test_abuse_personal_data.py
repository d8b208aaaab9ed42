"""Who learns what: looks without an event, answers that outlive a right, and personal data where it may not stand."""

import json
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from service.crypto.encryption import blind_index, encrypt_field
from service.tables.accounts import role_grant
from service.tables.cases import case
from service.tables.events import event
from service.tables.persons import person
from tests.api_client import ApiClient, refusal
from tests.factories import RING, Family, create_family, create_organisation, grant
from tests.lives import start

PHONE, WORDS = "13812345678", "示例丁患尿毒症"


NUMBERS = (
    "370123197001010098",
    "370123197001010186",
    "370123197001010274",
    "370123197001010362",
    "370123197001010450",
    "370123197001010549",
)


def number(order: int) -> str:
    """A valid identity number of nobody; these few pass also where the check digit is reckoned over 16 places."""
    return NUMBERS[order]


@pytest.fixture
def family(desk: ApiClient, engine: sa.Engine) -> Family:
    with engine.begin() as conn:
        made = create_family(conn, desk.office)
        sealed = {"phone_sealed": encrypt_field(RING, "person.phone", made.head_id, PHONE)}
        indexed = {"phone_index": blind_index(RING, "phone", PHONE)}
        conn.execute(person.update().where(person.c.id == made.head_id).values(**sealed, **indexed))
    return made


def looks(engine: sa.Engine, family: Family) -> int:
    with engine.connect() as conn:
        mine = sa.and_(event.c.subject_id == family.head_id, event.c.action == "reveal")
        return conn.scalar(sa.select(sa.func.count()).where(mine)) or 0


def test_every_look_at_full_values_leaves_an_event(desk: ApiClient, engine: sa.Engine, family: Family) -> None:
    """The same key sent again shows the same full values, and nothing is written."""
    headers, path = desk.headers("registrar"), f"/api/v1/persons/{family.head_id}/reveal"
    shown = [desk.http.post(path, json={"purpose": "survey"}, headers=headers) for _ in range(5)]
    assert [each.status_code for each in shown] == [200] * 5
    seen = sum(PHONE in each.get_data(as_text=True) for each in shown)
    assert looks(engine, family) == seen


def test_a_kept_answer_ends_with_the_right_to_it(desk: ApiClient, engine: sa.Engine, family: Family) -> None:
    """The registrar's grant over this unit is revoked; he still holds one over another."""
    headers, path = desk.headers("registrar"), f"/api/v1/persons/{family.head_id}/reveal"
    assert desk.http.post(path, json={"purpose": "survey"}, headers=headers).status_code == 200
    with engine.begin() as conn:
        mine = role_grant.c.account_id == desk.office.people["registrar"]
        conn.execute(role_grant.update().where(mine).values(revoked_on=date(2025, 9, 2)))
        other = create_organisation(conn)
        other.people["guest"] = desk.office.people["registrar"]
        grant(conn, other, "guest", "visitor")
    desk.today = date(2026, 9, 1)
    headers["X-Songnuan-Date"] = "2026-09-01T09:30:00+08:00"
    assert refusal(desk.get("registrar", f"/persons/{family.head_id}")) == (404, ["not_found"])
    again = desk.http.post(path, json={"purpose": "survey"}, headers=headers)
    assert refusal(again) == (404, ["not_found"])
    assert PHONE not in again.get_data(as_text=True)


def test_a_number_in_a_code_does_not_reach_the_trail(desk: ApiClient, engine: sa.Engine) -> None:
    """Codes and names of offices stand in plain and for ever; the house has a finder of such numbers and asks nobody."""
    life = start(desk, engine, "hardship", "LIV", {})
    bad = number(2)
    life.to("survey")
    assert refusal(desk.act("registrar", life.case_id, "add_papers", papers=[bad])) == (422, ["looks_personal"])
    life.to("verification")
    check = {"authority": f"{WORDS} {PHONE}", "request_no": bad, "outcome": "clear", "replied_on": "2025-09-01"}
    assert refusal(desk.act("verifier", life.case_id, "record_check", **check)) == (422, ["looks_personal"] * 2)
    with engine.connect() as conn:
        told = "".join(conn.scalars(sa.select(event.c.body).where(event.c.subject_id == life.case_id)))
    assert [each for each in (bad, PHONE, WORDS) if each in told] == []


def test_a_number_as_school_year_does_not_stand_in_the_case(desk: ApiClient, engine: sa.Engine) -> None:
    bad = number(3)
    form = {"school_year": bad, "stage": "bachelor", "institution_kind": "public"}
    with engine.begin() as conn:
        family = create_family(conn, desk.office)
    who = {"household_id": str(family.household_id), "beneficiary_id": str(family.child_id)}
    body = {"programme": "tuition", **who, "item": "EDU", "requested": "1.00", "answers": form}
    assert refusal(desk.post("registrar", "/cases", body)) == (422, ["looks_personal"])
    with engine.connect() as conn:
        kept = conn.scalars(sa.select(case.c.answers).where(case.c.household_id == family.household_id)).all()
    assert bad not in json.dumps(kept)


@pytest.mark.parametrize("answer", [PHONE, f"{WORDS} {PHONE}"])
def test_a_person_does_not_stand_in_the_name_of_an_office(desk: ApiClient, engine: sa.Engine, answer: str) -> None:
    life = start(desk, engine, "hardship", "LIV", {})
    life.to("verification")
    check = {"authority": answer, "request_no": "HD-1", "outcome": "clear", "replied_on": "2025-09-01"}
    assert refusal(desk.act("verifier", life.case_id, "record_check", **check)) == (422, ["looks_personal"])
    with engine.connect() as conn:
        told = "".join(conn.scalars(sa.select(event.c.body).where(event.c.subject_id == life.case_id)))
    assert answer not in told


def test_nothing_personal_in_answers_notifications_or_keys(desk: ApiClient, engine: sa.Engine) -> None:
    """A whole life, then a search of every plain column of the database for what was entered."""
    bad = number(5)
    member = {"relation": "head", "name": "赵某某甲", "id_no": bad, "phone": "13900001111", "email": "zhao@example.org"}
    filed: dict[str, Any] = {
        "unit_id": str(desk.office.unit_id),
        "file_no": "P-1",
        "identity": "retired",
        "cause": "other",
    }
    filed |= {"division": "371083", "filed_on": "2025-09-01", "story": WORDS}
    filed |= {"payee": {"person": "a", "bank": "示例银行", "card": "6222020200998877665"}}
    made = desk.post("registrar", "/households", {**filed, "members": [{**member, "key": "a"}]})
    home = made.get_json()["id"]
    with engine.connect() as conn:
        head = str(conn.scalar(sa.select(person.c.id).where(person.c.household_id == home)))
    desk.post("registrar", f"/persons/{head}/reveal", {"purpose": "survey"})
    who = {"household_id": home, "beneficiary_id": head}
    body = {"programme": "hardship", **who, "item": "LIV", "requested": "1.00", "answers": {"cause_text": WORDS}}
    opened = desk.post("registrar", "/cases", body)
    desk.act("registrar", opened.get_json()["id"], "withdraw", reason=WORDS)
    secrets = (bad, "13900001111", "赵某某甲", "zhao@example.org", "6222020200998877665", WORDS)
    found = []
    with engine.connect() as conn:
        mine = "SELECT body FROM event WHERE subject_id = ANY(:ids)"
        told = str(conn.execute(sa.text(mine), {"ids": [home, head, opened.get_json()["id"]]}).all())
        keys = conn.execute(sa.text("SELECT * FROM idempotency WHERE account_id = :id"), {"id": _registrar(desk)}).all()
        notifications = conn.execute(sa.text("SELECT * FROM notification")).all()
        cases = conn.execute(sa.text('SELECT * FROM "case" WHERE household_id = :id'), {"id": home}).all()
        households = conn.execute(sa.text("SELECT * FROM household WHERE id = :id"), {"id": home}).all()
    for place, text in (
        ("event", told),
        ("key", str(keys)),
        ("notification", str(notifications)),
        ("case", str(cases)),
    ):
        found += [(place, each) for each in secrets if each in text]
    found += [("household", each) for each in secrets if each in str(households)]
    assert found == []


def _registrar(desk: ApiClient) -> Any:
    return desk.office.people["registrar"]


def test_a_person_who_left_is_not_looked_at_any_more(desk: ApiClient, family: Family) -> None:
    """Taken out of the file a year ago; the full values are still there for the asking, for a survey."""
    headers = desk.headers("registrar", **{"If-Match": '"1"'})
    assert desk.http.delete(f"/api/v1/persons/{family.child_id}", headers=headers).status_code == 204
    desk.today = date(2026, 9, 1)
    shown = desk.post("visitor_1", f"/persons/{family.child_id}/reveal", {"purpose": "survey"})
    assert refusal(shown) == (404, ["not_found"])
