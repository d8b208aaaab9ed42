"""A person without an identity number is offered as a possible twin, and each look-up is recorded."""

from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa

from service.actions import persons, possible_twins
from service.actions.personal_data_access import DISCLOSED_MATCH
from service.tables.events import event
from service.tables.households import household
from service.tables.persons import person
from tests.api_client import ApiClient
from tests.factories import create_family, create_organisation
from tests.identity_numbers import identity_number

BIRTH_DAYS = count(1)


@dataclass(frozen=True)
class Twin:
    """A name, two identity numbers and a phone that no other test uses."""

    name: str
    number: str
    other_number: str
    phone: str


@pytest.fixture
def twin() -> Twin:
    """Return a new person's data: the database keeps what earlier tests filed."""
    serial = next(BIRTH_DAYS)
    number, other_number = (identity_number(f"371099{born}0101{serial:03d}") for born in (2008, 1970))
    return Twin(f"孪{chr(0x4E00 + serial)}甲", number, other_number, f"138{serial:08d}")


def file_of(desk: ApiClient, *members: dict[str, Any], file_no: str) -> dict[str, Any]:
    """File a family over the API and return the answer."""
    body = {"unit_id": str(desk.office.unit_id), "file_no": file_no, "identity": "laid_off", "division": "371083"}
    head = {"relation": "head", "name": f"户主{file_no}"}
    body |= {"cause": "illness", "filed_on": "2025-09-01"}
    answer = desk.post("registrar", "/households", {**body, "members": [head, *members]})
    assert answer.status_code == 201, answer.get_json()
    filed: dict[str, Any] = answer.get_json()
    return filed


def child(twin: Twin, **columns: Any) -> dict[str, Any]:
    return {"relation": "child", "name": twin.name, **columns}


def test_person_without_a_number_is_offered_when_a_file_is_opened(desk: ApiClient, twin: Twin) -> None:
    first = file_of(desk, child(twin, id_no=twin.number), file_no="A-1")
    assert first["possible_twins"] == {"items": [], "withheld": False}
    [match] = file_of(desk, child(twin), file_no="A-2")["possible_twins"]["items"]
    assert (match["file_no"], match["household_id"], match["shares"]) == ("A-1", first["id"], ["unit"])
    assert (match["name"], match["active"]) == ("孪*甲", True)


def test_two_persons_with_different_numbers_are_no_twins(desk: ApiClient, twin: Twin) -> None:
    file_of(desk, child(twin, id_no=twin.number), file_no="A-1")
    second = file_of(desk, child(twin, id_no=twin.other_number), file_no="A-2")
    assert second["possible_twins"]["items"] == []


def test_namesake_who_shares_nothing_else_is_not_offered(desk: ApiClient, twin: Twin, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        other = create_organisation(conn)
    file_of(ApiClient(desk.http, other, desk.today), child(twin, id_no=twin.number), file_no="A-1")
    assert file_of(desk, child(twin), file_no="A-2")["possible_twins"]["items"] == []


def test_twin_outside_the_callers_units_shows_no_file(desk: ApiClient, twin: Twin, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        other = create_organisation(conn)
    phone = {"phone": twin.phone}
    file_of(ApiClient(desk.http, other, desk.today), child(twin, id_no=twin.number, **phone), file_no="A-1")
    [match] = file_of(desk, child(twin, **phone), file_no="A-2")["possible_twins"]["items"]
    assert (match["file_no"], match["household_id"], match["shares"]) == (None, None, ["phone"])
    assert set(match) == {"person_id", "name", "unit", "file_no", "household_id", "active", "shares"}


def test_twin_in_the_other_parents_file_shares_a_relative(desk: ApiClient, twin: Twin, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        other = create_organisation(conn)
    mother = {"relation": "spouse", "name": f"{twin.name}母"}
    file_of(ApiClient(desk.http, other, desk.today), child(twin), mother, file_no="A-1")
    items = file_of(desk, child(twin), mother, file_no="A-2")["possible_twins"]["items"]
    assert sorted(each["shares"] for each in items) == [["relative"], ["relative"]]


@pytest.mark.parametrize(("staff_name", "offered"), [("reviewer", True), ("registrar", False), ("auditor", False)])
def test_twin_is_offered_to_those_who_decide_on_an_award(
    desk: ApiClient, twin: Twin, engine: sa.Engine, staff_name: str, offered: bool
) -> None:
    file_of(desk, child(twin, id_no=twin.number), file_no="A-1")
    filed = file_of(desk, child(twin), file_no="A-2")
    member = desk.get("registrar", f"/households/{filed['id']}").get_json()["members"][1]["id"]
    ids = {"household_id": filed["id"], "beneficiary_id": member}
    body = {"programme": "hardship", **ids, "item": "LIV", "requested": "1500.00", "answers": {}}
    opened = desk.post("registrar", "/cases", body).get_json()
    assert len(opened["possible_twins"]["items"]) == 1
    with engine.begin() as conn:
        conn.execute(sa.text("UPDATE \"case\" SET state = 'review' WHERE id = :id"), {"id": opened["id"]})
    shown = desk.get(staff_name, f"/cases/{opened['id']}/actions").get_json()["possible_twins"]
    assert bool(shown["items"]) is offered


def test_look_up_of_a_twin_is_recorded_once_a_day_on_the_twins_chain(
    desk: ApiClient, twin: Twin, engine: sa.Engine
) -> None:
    filed = file_of(desk, child(twin, id_no=twin.number), file_no="A-1")
    with engine.connect() as conn:
        numbered = (person.c.household_id == filed["id"], person.c.id_no_index.is_not(None))
        twin_id = conn.scalars(sa.select(person.c.id).where(*numbered)).one()
    for number in (2, 3):
        file_of(desk, child(twin), file_no=f"A-{number}")
    looked_up = sa.select(event.c.actor_id).where(event.c.subject_id == twin_id, event.c.action == DISCLOSED_MATCH)
    with engine.connect() as conn:
        assert list(conn.scalars(looked_up)) == [desk.office.people["registrar"]]


def test_twins_are_withheld_after_the_matches_of_a_day(
    desk: ApiClient, twin: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(possible_twins, "MAX_MATCHES_PER_DAY", 0)
    file_of(desk, child(twin, id_no=twin.number), file_no="A-1")
    assert file_of(desk, child(twin), file_no="A-2")["possible_twins"] == {"items": [], "withheld": True}


def test_member_who_came_from_another_file_is_no_possible_twin_of_themselves(conn: sa.Connection, twin: Twin) -> None:
    organisation = create_organisation(conn)
    family, other = create_family(conn, organisation), create_family(conn, organisation)
    context = organisation.context(conn, "registrar", household_day(conn))
    joined = persons.add_person(conn, other.household_id, persons.Person("other", twin.name), context)
    first = persons.add_person(conn, family.household_id, persons.Person("other", twin.name), context)
    assert len(possible_twins.offer_twins(conn, [joined], context).items) == 1
    conn.execute(person.update().where(person.c.id == joined).values(first_person_id=first))
    assert possible_twins.offer_twins(conn, [joined], context).items == ()


def household_day(conn: sa.Connection) -> Any:
    """Return a day after the households were filed."""
    return conn.scalars(sa.select(sa.func.max(household.c.filed_on))).one()
