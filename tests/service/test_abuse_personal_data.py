"""Personal data is revealed only with an event, and never stored in plain columns."""

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

PHONE, SICKNESS_TEXT = "13812345678", "示例丁患尿毒症"


NUMBERS = (
    "370123197001010098",
    "370123197001010186",
    "370123197001010274",
    "370123197001010362",
    "370123197001010450",
    "370123197001010549",
)


def number(order: int) -> str:
    """Return a valid identity number of nobody; it is valid also with the check digit computed over 16 digits."""
    return NUMBERS[order]


@pytest.fixture
def family(client: ApiClient, engine: sa.Engine) -> Family:
    with engine.begin() as conn:
        family_row = create_family(conn, client.office)
        sealed = {"phone_sealed": encrypt_field(RING, "person.phone", family_row.head_id, PHONE)}
        indexed = {"phone_index": blind_index(RING, "phone", PHONE)}
        conn.execute(person.update().where(person.c.id == family_row.head_id).values(**sealed, **indexed))
    return family_row


def count_reveals(engine: sa.Engine, family: Family) -> int:
    with engine.connect() as conn:
        condition = sa.and_(event.c.subject_id == family.head_id, event.c.action == "reveal")
        return conn.scalar(sa.select(sa.func.count()).where(condition)) or 0


def test_every_reveal_of_full_values_leaves_an_event(client: ApiClient, engine: sa.Engine, family: Family) -> None:
    """Each response with full values has its own event, also when an idempotency key is sent again."""
    headers, path = client.headers("registrar"), f"/api/v1/persons/{family.head_id}/reveal"
    responses = [client.http.post(path, json={"purpose": "survey"}, headers=headers) for _ in range(5)]
    assert [each.status_code for each in responses] == [200] * 5
    responses_in_full = sum(PHONE in each.get_data(as_text=True) for each in responses)
    assert count_reveals(engine, family) == responses_in_full


def test_stored_reveal_is_not_replayed_after_its_grant_is_revoked(
    client: ApiClient, engine: sa.Engine, family: Family
) -> None:
    """The registrar's grant over this unit is revoked; they still hold one over another unit."""
    headers, path = client.headers("registrar"), f"/api/v1/persons/{family.head_id}/reveal"
    assert client.http.post(path, json={"purpose": "survey"}, headers=headers).status_code == 200
    with engine.begin() as conn:
        condition = role_grant.c.account_id == client.office.people["registrar"]
        conn.execute(role_grant.update().where(condition).values(revoked_on=date(2025, 9, 2)))
        other = create_organisation(conn)
        other.people["guest"] = client.office.people["registrar"]
        grant(conn, other, "guest", "visitor")
    client.today = date(2026, 9, 1)
    headers["X-Songnuan-Date"] = "2026-09-01T09:30:00+08:00"
    assert refusal(client.get("registrar", f"/persons/{family.head_id}")) == (404, ["not_found"])
    replayed = client.http.post(path, json={"purpose": "survey"}, headers=headers)
    assert refusal(replayed) == (404, ["not_found"])
    assert PHONE not in replayed.get_data(as_text=True)


def test_identity_number_in_a_code_field_is_refused_and_not_logged(client: ApiClient, engine: sa.Engine) -> None:
    """Codes and names of authorities are stored in plain text for ever, so personal values in them are refused."""
    life = start(client, engine, "hardship", "LIV", {})
    id_number = number(2)
    life.to("survey")
    assert refusal(client.act("registrar", life.case_id, "add_papers", papers=[id_number])) == (422, ["looks_personal"])
    life.to("verification")
    check = {
        "authority": f"{SICKNESS_TEXT} {PHONE}",
        "request_no": id_number,
        "outcome": "clear",
        "replied_on": "2025-09-01",
    }
    assert refusal(client.act("verifier", life.case_id, "record_check", **check)) == (422, ["looks_personal"] * 2)
    with engine.connect() as conn:
        event_bodies = "".join(conn.scalars(sa.select(event.c.body).where(event.c.subject_id == life.case_id)))
    assert [each for each in (id_number, PHONE, SICKNESS_TEXT) if each in event_bodies] == []


def test_identity_number_as_school_year_is_refused_and_not_stored(client: ApiClient, engine: sa.Engine) -> None:
    id_number = number(3)
    tuition_form = {"school_year": id_number, "stage": "bachelor", "institution_kind": "public"}
    with engine.begin() as conn:
        family = create_family(conn, client.office)
    family_ids = {"household_id": str(family.household_id), "beneficiary_id": str(family.child_id)}
    body = {"programme": "tuition", **family_ids, "item": "EDU", "requested": "1.00", "answers": tuition_form}
    assert refusal(client.post("registrar", "/cases", body)) == (422, ["not_school_year"])
    with engine.connect() as conn:
        stored_answers = conn.scalars(sa.select(case.c.answers).where(case.c.household_id == family.household_id)).all()
    assert id_number not in json.dumps(stored_answers)


@pytest.mark.parametrize("answer", [PHONE, f"{SICKNESS_TEXT} {PHONE}"])
def test_personal_value_as_authority_name_is_refused_and_not_logged(
    client: ApiClient, engine: sa.Engine, answer: str
) -> None:
    life = start(client, engine, "hardship", "LIV", {})
    life.to("verification")
    check = {"authority": answer, "request_no": "HD-1", "outcome": "clear", "replied_on": "2025-09-01"}
    assert refusal(client.act("verifier", life.case_id, "record_check", **check)) == (422, ["looks_personal"])
    with engine.connect() as conn:
        event_bodies = "".join(conn.scalars(sa.select(event.c.body).where(event.c.subject_id == life.case_id)))
    assert answer not in event_bodies


def test_entered_personal_values_are_in_no_plain_column(client: ApiClient, engine: sa.Engine) -> None:
    """File a household, open and withdraw a case, then search the rows for the values entered."""
    id_number = number(5)
    member = {
        "relation": "head",
        "name": "赵某某甲",
        "id_no": id_number,
        "phone": "13900001111",
        "email": "zhao@example.org",
    }
    filed: dict[str, Any] = {
        "unit_id": str(client.office.unit_id),
        "file_no": "P-1",
        "identity": "retired",
        "cause": "other",
    }
    filed |= {"division": "371083", "filed_on": "2025-09-01", "story": SICKNESS_TEXT}
    filed |= {"payee": {"person": "a", "bank": "示例银行", "card": "6222020200998877665"}}
    family_row = client.post("registrar", "/households", {**filed, "members": [{**member, "key": "a"}]})
    household_id = family_row.get_json()["id"]
    with engine.connect() as conn:
        head_id = str(conn.scalar(sa.select(person.c.id).where(person.c.household_id == household_id)))
    client.post("registrar", f"/persons/{head_id}/reveal", {"purpose": "survey"})
    family_ids = {"household_id": household_id, "beneficiary_id": head_id}
    body = {
        "programme": "hardship",
        **family_ids,
        "item": "LIV",
        "requested": "1.00",
        "answers": {"cause_text": SICKNESS_TEXT},
    }
    opened = client.post("registrar", "/cases", body)
    client.act("registrar", opened.get_json()["id"], "withdraw", reason=SICKNESS_TEXT)
    secrets = (id_number, "13900001111", "赵某某甲", "zhao@example.org", "6222020200998877665", SICKNESS_TEXT)
    leaks = []
    with engine.connect() as conn:
        condition = "SELECT body FROM event WHERE subject_id = ANY(:ids)"
        event_bodies = str(
            conn.execute(sa.text(condition), {"ids": [household_id, head_id, opened.get_json()["id"]]}).all()
        )
        idempotency_rows = conn.execute(
            sa.text("SELECT * FROM idempotency WHERE account_id = :id"), {"id": _registrar(client)}
        ).all()
        notification_rows = conn.execute(sa.text("SELECT * FROM notification")).all()
        case_rows = conn.execute(sa.text('SELECT * FROM "case" WHERE household_id = :id'), {"id": household_id}).all()
        household_rows = conn.execute(sa.text("SELECT * FROM household WHERE id = :id"), {"id": household_id}).all()
    for source, text in (
        ("event", event_bodies),
        ("key", str(idempotency_rows)),
        ("notification", str(notification_rows)),
        ("case", str(case_rows)),
    ):
        leaks += [(source, each) for each in secrets if each in text]
    leaks += [("household", each) for each in secrets if each in str(household_rows)]
    assert leaks == []


def _registrar(client: ApiClient) -> Any:
    return client.office.people["registrar"]


def test_removed_person_cannot_be_revealed(client: ApiClient, family: Family) -> None:
    """The person was removed from the file a year ago; a survey no longer reveals their full values."""
    headers = client.headers("registrar", **{"If-Match": '"1"'})
    assert client.http.delete(f"/api/v1/persons/{family.child_id}", headers=headers).status_code == 204
    client.today = date(2026, 9, 1)
    revealed = client.post("visitor_1", f"/persons/{family.child_id}/reveal", {"purpose": "survey"})
    assert refusal(revealed) == (404, ["not_found"])
