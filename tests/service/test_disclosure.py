"""What is said of people in passing: a refusal that tells who is on file, names on a page, numbers in plain words."""

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from service.actions import personal_data_access
from service.actions.persons import MAX_MATCHES_PER_DAY
from service.crypto.encryption import blind_index, encrypt_field
from service.tables.cases import case_duty
from service.tables.events import event
from service.tables.persons import person
from service.tables.visits import visit
from tests.api_client import ApiClient
from tests.factories import RING, Family, create_family, create_organisation, grant
from tests.lives import ILLNESS, PAPERS, start

NUMBER = "370123197001010098"


@pytest.fixture
def elsewhere(engine: sa.Engine) -> UUID:
    """Somebody on file in a unit that the office does not see."""
    with engine.begin() as conn:
        other = create_organisation(conn, fen=0)
        family = create_family(conn, other)
        conn.execute(
            person.update().where(person.c.id_no_index == blind_index(RING, "id_no", NUMBER)).values(active=False)
        )
        kept = {"id_no_sealed": encrypt_field(RING, "person.id_no", family.head_id, NUMBER)}
        kept["id_no_index"] = blind_index(RING, "id_no", NUMBER)
        conn.execute(person.update().where(person.c.id == family.head_id).values(**kept))
    return family.head_id


@pytest.fixture
def family(desk: ApiClient, engine: sa.Engine) -> Family:
    with engine.begin() as conn:
        return create_family(conn, desk.office)


def ask_about(desk: ApiClient, family: Family, number: str = NUMBER) -> Any:
    member = {"relation": "other", "name": "示例丁", "id_no": number}
    return desk.post("registrar", f"/households/{family.household_id}/members", member)


def matches(engine: sa.Engine, who: UUID) -> list[str]:
    with engine.connect() as conn:
        about = sa.and_(event.c.subject_id == who, event.c.action == "match_number")
        return list(conn.scalars(sa.select(event.c.body).where(about)))


def test_who_is_told_that_somebody_is_on_file_is_recorded_with_that_file(
    desk: ApiClient, engine: sa.Engine, family: Family, elsewhere: UUID
) -> None:
    first, second = ask_about(desk, family), ask_about(desk, family)
    assert desk.codes(first) == desk.codes(second) == ["person_in_other_file"]
    assert len(matches(engine, elsewhere)) == 2
    told = first.get_json()["reasons"][0]["values"]
    assert told == {"field": "id_no", "file_no": "", "elsewhere": True}
    assert NUMBER not in "".join(matches(engine, elsewhere))
    assert str(desk.office.people["registrar"]) in matches(engine, elsewhere)[0]


def test_numbers_are_not_tried_one_after_the_other(
    desk: ApiClient, engine: sa.Engine, family: Family, elsewhere: UUID
) -> None:
    """After so many answers in a day nothing is answered about any number, on file or not."""
    with engine.begin() as conn:
        context = desk.office.context(conn, "registrar", desk.today)
        for _ in range(MAX_MATCHES_PER_DAY):
            personal_data_access.record_disclosed_match(conn, [family.head_id], context)
    assert desk.codes(ask_about(desk, family)) == ["too_many_matches"]
    assert desk.codes(ask_about(desk, family, "370123197001010186")) == ["too_many_matches"]
    assert matches(engine, elsewhere) == []
    without = {"relation": "other", "name": "示例丁"}
    assert desk.post("registrar", f"/households/{family.household_id}/members", without).status_code == 201


def test_who_was_told_has_not_written_the_other_familys_file(desk: ApiClient, engine: sa.Engine) -> None:
    """Being told about a person of a family is no work on that family's file."""
    life = start(desk, engine, "hardship", "LIV", {})
    with engine.begin() as conn:
        grant(conn, desk.office, "approver_1", "registrar")
        kept = {"id_no_sealed": encrypt_field(RING, "person.id_no", life.family.head_id, "370123197001010274")}
        kept["id_no_index"] = blind_index(RING, "id_no", "370123197001010274")
        conn.execute(person.update().where(person.c.id_no_index == kept["id_no_index"]).values(active=False))
        conn.execute(person.update().where(person.c.id == life.family.head_id).values(**kept))
        other = create_family(conn, desk.office)
    member = {"relation": "other", "name": "示例丁", "id_no": "370123197001010274"}
    refused = desk.post("approver_1", f"/households/{other.household_id}/members", member)
    assert desk.codes(refused) == ["person_in_other_file"]
    life.to("payment")
    with engine.connect() as conn:
        mine = sa.and_(case_duty.c.case_id == life.case_id, case_duty.c.account_id == desk.office.people["approver_1"])
        assert list(conn.scalars(sa.select(case_duty.c.duty).where(mine))) == ["approver_1"]


def test_a_familys_names_are_masked_until_somebody_asks_for_them(
    desk: ApiClient, engine: sa.Engine, family: Family
) -> None:
    for who in ("registrar", "visitor_1", "approver_1", "auditor"):
        page = desk.get(who, f"/households/{family.household_id}").get_data(as_text=True)
        assert not any(name in page for name in ("示例甲", "示例乙", "示例丙"))
    shown = desk.post("registrar", f"/persons/{family.head_id}/reveal", {"purpose": "survey"}).get_json()
    assert shown["name"] == "示例甲"
    with engine.connect() as conn:
        looks = sa.and_(event.c.subject_id == family.head_id, event.c.action == "reveal")
        assert conn.scalar(sa.select(sa.func.count()).where(looks)) == 1


PERSONAL = {"purpose": f"给{NUMBER}", "goods": "大米13812345678"}


@pytest.mark.parametrize("field", PERSONAL)
def test_a_gift_says_nothing_that_identifies_a_person(desk: ApiClient, family: Family, field: str) -> None:
    given = {"on": desk.today.isoformat(), "item": "KIND", "purpose": "慰问", "account_code": "502"}
    where = {"unit_id": str(desk.office.unit_id), "household_id": str(family.household_id)}
    what = {
        "goods": "大米",
        "goods_unit": "袋",
        "handed_by": str(desk.office.people["visitor_1"]),
        "signed_by_family": True,
    }
    refused = desk.post("registrar", "/gifts", {**given, **where, **what, field: PERSONAL[field]})
    assert (refused.status_code, desk.codes(refused)) == (422, ["looks_personal"])
    assert NUMBER not in refused.get_data(as_text=True)
    assert desk.post("registrar", "/gifts", {**given, **where, **what}).status_code == 201


@pytest.mark.parametrize("field", ["campaign", "handed_to", "organiser", "receipt_no"])
def test_a_donation_says_nothing_that_identifies_a_person(desk: ApiClient, field: str) -> None:
    given = {"on": desk.today.isoformat(), "direction": "passed_on", "campaign": "献爱心", "organiser": "镇政府"}
    what = {
        "amount": "100.00",
        "handed_to": "镇政府",
        "unit_id": str(desk.office.unit_id),
        "receipt_no": "0012345678901234",
    }
    refused = desk.post("registrar", "/donations", {**given, **what, field: NUMBER})
    assert (refused.status_code, desk.codes(refused)) == (422, ["looks_personal"])
    assert desk.post("registrar", "/donations", {**given, **what}).status_code == 201


def test_a_file_is_not_numbered_by_somebodys_number(desk: ApiClient) -> None:
    head = {"relation": "head", "name": "示例甲"}
    told = {
        "kind": "worker",
        "identity": "laid_off",
        "division": "371083",
        "cause": "illness",
        "filed_on": "2025-09-01",
    }
    body = {"unit_id": str(desk.office.unit_id), "file_no": NUMBER, **told, "members": [head]}
    refused = desk.post("registrar", "/households", body)
    assert (refused.status_code, desk.codes(refused)) == (422, ["looks_personal"])


def test_what_is_kept_sealed_may_name_people(desk: ApiClient, engine: sa.Engine) -> None:
    """A telephone number in the story of a visit is where it belongs."""
    life = start(desk, engine, "hardship", "LIV", {})
    life.act("registrar", "submit")
    ids = [str(desk.office.people[each]) for each in ("visitor_1", "visitor_2")]
    form = {"on": "2025-09-01", "visitors": ids, "place": "home", "conclusion": "confirmed", "story": "电话13812345678"}
    life.act("visitor_1", "record_visit", **form)
    life.act("registrar", "add_papers", papers=PAPERS + ILLNESS)
    with engine.connect() as conn:
        case_id = UUID(life.case_id)
        kept = conn.scalars(sa.select(visit.c.story_sealed).where(visit.c.case_id == case_id)).one()
        said = " ".join(conn.scalars(sa.select(event.c.body).where(event.c.subject_id == case_id)))
    assert kept
    assert "13812345678" not in said
