"""Disclosure of persons on file is recorded, limited and masked."""

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from service.actions import personal_data_access
from service.actions.personal_data_access import MAX_MATCHES_PER_DAY
from service.crypto.encryption import blind_index, encrypt_field
from service.tables.cases import case_duty
from service.tables.events import event
from service.tables.persons import person
from service.tables.visits import visit
from tests.api_client import ApiClient
from tests.factories import RING, Family, create_family, create_organisation, grant
from tests.lives import ILLNESS, PAPERS, start

ID_NUMBER = "370123197001010098"


@pytest.fixture
def person_elsewhere(engine: sa.Engine) -> UUID:
    """Return a person on file in a unit outside the organisation's scope."""
    with engine.begin() as conn:
        other = create_organisation(conn, fen=0)
        family = create_family(conn, other)
        conn.execute(
            person.update().where(person.c.id_no_index == blind_index(RING, "id_no", ID_NUMBER)).values(active=False)
        )
        id_columns = {"id_no_sealed": encrypt_field(RING, "person.id_no", family.head_id, ID_NUMBER)}
        id_columns["id_no_index"] = blind_index(RING, "id_no", ID_NUMBER)
        conn.execute(person.update().where(person.c.id == family.head_id).values(**id_columns))
    return family.head_id


@pytest.fixture
def family(client: ApiClient, engine: sa.Engine) -> Family:
    with engine.begin() as conn:
        return create_family(conn, client.office)


def add_member(client: ApiClient, family: Family, number: str = ID_NUMBER) -> Any:
    member = {"relation": "other", "name": "示例丁", "id_no": number}
    return client.post("registrar", f"/households/{family.household_id}/members", member)


def match_events(engine: sa.Engine, person_id: UUID) -> list[str]:
    with engine.connect() as conn:
        condition = sa.and_(event.c.subject_id == person_id, event.c.action == "match_number")
        return list(conn.scalars(sa.select(event.c.body).where(condition)))


def test_match_in_another_file_is_recorded_on_the_person(
    client: ApiClient, engine: sa.Engine, family: Family, person_elsewhere: UUID
) -> None:
    first, second = add_member(client, family), add_member(client, family)
    assert client.codes(first) == client.codes(second) == ["person_in_other_file"]
    assert len(match_events(engine, person_elsewhere)) == 2
    values = first.get_json()["reasons"][0]["values"]
    assert values == {"field": "id_no", "file_no": "", "elsewhere": True}
    assert ID_NUMBER not in "".join(match_events(engine, person_elsewhere))
    assert str(client.office.people["registrar"]) in match_events(engine, person_elsewhere)[0]


def test_identity_numbers_cannot_be_tried_beyond_the_daily_limit(
    client: ApiClient, engine: sa.Engine, family: Family, person_elsewhere: UUID
) -> None:
    """After the limit of matches in a day, no further number is answered, on file or not."""
    with engine.begin() as conn:
        context = client.office.context(conn, "registrar", client.today)
        for _ in range(MAX_MATCHES_PER_DAY):
            personal_data_access.record_disclosed_match(conn, [family.head_id], context)
    assert client.codes(add_member(client, family)) == ["too_many_matches"]
    assert client.codes(add_member(client, family, "370123197001010186")) == ["too_many_matches"]
    assert match_events(engine, person_elsewhere) == []
    without = {"relation": "other", "name": "示例丁"}
    assert client.post("registrar", f"/households/{family.household_id}/members", without).status_code == 201


def test_registrar_that_saw_a_match_has_no_duty_on_that_file(client: ApiClient, engine: sa.Engine) -> None:
    """A disclosed match with a person of a family is no work on that family's file."""
    life = start(client, engine, "hardship", "LIV", {})
    with engine.begin() as conn:
        grant(conn, client.office, "approver_1", "registrar")
        id_columns = {"id_no_sealed": encrypt_field(RING, "person.id_no", life.family.head_id, "370123197001010274")}
        id_columns["id_no_index"] = blind_index(RING, "id_no", "370123197001010274")
        conn.execute(person.update().where(person.c.id_no_index == id_columns["id_no_index"]).values(active=False))
        conn.execute(person.update().where(person.c.id == life.family.head_id).values(**id_columns))
        other = create_family(conn, client.office)
    member = {"relation": "other", "name": "示例丁", "id_no": "370123197001010274"}
    refused = client.post("approver_1", f"/households/{other.household_id}/members", member)
    assert client.codes(refused) == ["person_in_other_file"]
    life.to("payment")
    with engine.connect() as conn:
        own_duties = sa.and_(
            case_duty.c.case_id == life.case_id, case_duty.c.account_id == client.office.people["approver_1"]
        )
        assert list(conn.scalars(sa.select(case_duty.c.duty).where(own_duties))) == ["approver_1"]


def test_family_names_are_masked_until_revealed(client: ApiClient, engine: sa.Engine, family: Family) -> None:
    for login in ("registrar", "visitor_1", "approver_1", "auditor"):
        page = client.get(login, f"/households/{family.household_id}").get_data(as_text=True)
        assert not any(name in page for name in ("示例甲", "示例乙", "示例丙"))
    revealed = client.post("registrar", f"/persons/{family.head_id}/reveal", {"purpose": "survey"}).get_json()
    assert revealed["name"] == "示例甲"
    with engine.connect() as conn:
        reveals = sa.and_(event.c.subject_id == family.head_id, event.c.action == "reveal")
        assert conn.scalar(sa.select(sa.func.count()).where(reveals)) == 1


PERSONAL = {"purpose": f"给{ID_NUMBER}", "goods": "大米13812345678"}


@pytest.mark.parametrize("field", PERSONAL)
def test_gift_text_that_identifies_a_person_is_refused(client: ApiClient, family: Family, field: str) -> None:
    gift = {"on": client.today.isoformat(), "item": "KIND", "purpose": "慰问", "account_code": "502"}
    recipient = {"unit_id": str(client.office.unit_id), "household_id": str(family.household_id)}
    goods = {
        "goods": "大米",
        "goods_unit": "袋",
        "handed_by": str(client.office.people["visitor_1"]),
        "signed_by_family": True,
    }
    refused = client.post("registrar", "/gifts", {**gift, **recipient, **goods, field: PERSONAL[field]})
    assert (refused.status_code, client.codes(refused)) == (422, ["looks_personal"])
    assert ID_NUMBER not in refused.get_data(as_text=True)
    assert client.post("registrar", "/gifts", {**gift, **recipient, **goods}).status_code == 201


@pytest.mark.parametrize("field", ["campaign", "handed_to", "organiser", "receipt_no"])
def test_donation_text_that_identifies_a_person_is_refused(client: ApiClient, field: str) -> None:
    donation = {"on": client.today.isoformat(), "direction": "passed_on", "campaign": "献爱心", "organiser": "镇政府"}
    details = {
        "amount": "100.00",
        "handed_to": "镇政府",
        "unit_id": str(client.office.unit_id),
        "receipt_no": "0012345678901234",
    }
    refused = client.post("registrar", "/donations", {**donation, **details, field: ID_NUMBER})
    assert (refused.status_code, client.codes(refused)) == (422, ["looks_personal"])
    assert client.post("registrar", "/donations", {**donation, **details}).status_code == 201


def test_receipt_number_typed_with_other_spaces_is_the_same_receipt(client: ApiClient) -> None:
    donation = {"on": client.today.isoformat(), "direction": "passed_on", "campaign": "献爱心", "organiser": "镇政府"}
    donation |= {"amount": "100.00", "handed_to": "镇政府", "unit_id": str(client.office.unit_id)}
    assert client.post("registrar", "/donations", {**donation, "receipt_no": "鲁票〔2025〕31号"}).status_code == 201
    again = client.post("registrar", "/donations", {**donation, "receipt_no": "鲁票〔２０２５〕 31 号"})
    assert client.codes(again) == ["recorded_already"]
    long = client.post("registrar", "/donations", {**donation, "receipt_no": "字" * 65})
    assert (long.status_code, client.codes(long)) == (422, ["field_wrong"])


def test_file_number_that_is_an_identity_number_is_refused(client: ApiClient) -> None:
    head = {"relation": "head", "name": "示例甲"}
    columns = {
        "kind": "worker",
        "identity": "laid_off",
        "division": "371083",
        "cause": "illness",
        "filed_on": "2025-09-01",
    }
    body = {"unit_id": str(client.office.unit_id), "file_no": ID_NUMBER, **columns, "members": [head]}
    refused = client.post("registrar", "/households", body)
    assert (refused.status_code, client.codes(refused)) == (422, ["looks_personal"])


def test_sealed_story_accepts_a_telephone_number(client: ApiClient, engine: sa.Engine) -> None:
    """The story of a visit is sealed, so a telephone number in it is accepted."""
    life = start(client, engine, "hardship", "LIV", {})
    life.act("registrar", "submit")
    ids = [str(client.office.people[each]) for each in ("visitor_1", "visitor_2")]
    form = {"on": "2025-09-01", "visitors": ids, "place": "home", "conclusion": "confirmed", "story": "电话13812345678"}
    life.act("visitor_1", "record_visit", **form)
    life.act("registrar", "add_papers", papers=PAPERS + ILLNESS)
    with engine.connect() as conn:
        case_id = UUID(life.case_id)
        story = conn.scalars(sa.select(visit.c.story_sealed).where(visit.c.case_id == case_id)).one()
        event_bodies = " ".join(conn.scalars(sa.select(event.c.body).where(event.c.subject_id == case_id)))
    assert story
    assert "13812345678" not in event_bodies
