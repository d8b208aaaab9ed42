"""Photos of visits: chosen or sent with the form, bound by the visit's event, and never exchanged while it stands."""

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from service.actions import cases, documents
from service.actions.confirmations import confirm
from service.actions.errors import refusal_of
from service.actions.proposals.content import from_plain
from service.actions.proposals.records import RECORD_WRITES
from service.integrity.verify import verify
from service.queries import confirmations as read
from service.tables.confirmations import confirmation
from service.tables.documents import document, stored_file
from service.tables.events import event
from service.tables.households import household
from service.tables.visits import visit, visit_photo
from tests.api_client import ApiClient, refusal
from tests.document_files import photo
from tests.factories import RING, Family, create_family
from tests.lives import Life, case_at
from tests.service.browser import Browser, Page, browser_of
from tests.service.test_concurrent_steps import run_with_second_waiting

Open = Callable[[str], Browser]
PREFIX = "/api/v1"


@pytest.fixture
def open_as(shared_app: Flask, engine: sa.Engine, desk: ApiClient) -> Open:
    """Return a function that opens the browser of a member of staff on the day of the client."""
    return lambda name: browser_of(shared_app, engine, desk, name)


@pytest.fixture
def family(desk: ApiClient, engine: sa.Engine) -> Family:
    """Return a family of the organisation."""
    with engine.begin() as conn:
        return create_family(conn, desk.office)


def file_no(engine: sa.Engine, family: Family) -> str:
    with engine.connect() as conn:
        return str(conn.scalar(sa.select(household.c.file_no).where(household.c.id == family.household_id)))


def on_file(desk: ApiClient, path: str, seed: int, kind: str = "visit_photo") -> str:
    """Add a photo to a family or a case, and return its id."""
    answer = desk.send_files("visitor_1", f"{PREFIX}{path}/documents", (f"{seed}.jpg", photo(seed)), kind=kind)
    assert answer.status_code == 201, answer.get_json()
    return str(answer.get_json()["ids"][0])


def visited(browser: Browser, desk: ApiClient, number: str, *photos: tuple[str, bytes], **more: Any) -> Page:
    """Send the form of a visit outside cases, with photos that are taken at the door."""
    typed = {"kind": "festival", "occasion": "mid_autumn", "place": "home", "household_id": number}
    typed |= {"visitors": str(desk.office.people["visitor_1"])}
    files = [(BytesIO(content), name) for name, content in photos]
    return browser.send("/visits/new", browser.open(f"/visits/new?file_no={number}"), photo_files=files, **typed | more)


def to_home(desk: ApiClient, household_id: object) -> dict[str, Any]:
    """Return the body of a visit to a family at home, today."""
    day, people = desk.today.isoformat(), [str(desk.office.people["visitor_1"])]
    body = {"unit_id": str(desk.office.unit_id), "kind": "hardship", "on": day, "place": "home"}
    return {**body, "household_id": str(household_id), "visitors": people}


def photos_of(engine: sa.Engine, visit_id: object) -> dict[str, str]:
    """Return the photos of a visit, each with its digest."""
    with engine.connect() as conn:
        rows = sa.select(visit_photo).where(visit_photo.c.visit_id == visit_id)
        return {str(each.document_id): each.sha256.hex() for each in conn.execute(rows)}


def event_of(engine: sa.Engine, subject_id: object, action: str) -> dict[str, Any]:
    with engine.connect() as conn:
        rows = sa.select(sa.cast(event.c.body, sa.JSON())).where(event.c.subject_id == subject_id)
        body: Any = conn.scalars(rows.where(event.c.action == action)).one()
        return dict(body)


def survey_with_photo(desk: ApiClient, engine: sa.Engine, seed: int) -> tuple[Life, str]:
    """Lead a case to its survey, with a visit that names a photo of the case."""
    life = case_at("survey", desk, engine)
    photo_id = on_file(desk, f"/cases/{life.case_id}", seed)
    life.act("visitor_1", "record_visit", **life.visited(), photos=[photo_id])
    return life, photo_id


def test_photos_sent_with_the_form_are_kept_shown_and_bound(
    desk: ApiClient, engine: sa.Engine, open_as: Open, family: Family
) -> None:
    visitor, number = open_as("visitor_1"), file_no(engine, family)
    made = visited(visitor, desk, number, ("门口.jpg", photo(501)), ("屋里.jpg", photo(502)))
    assert made.status == 303, made.summary
    visit_id = made.leads_to.partition("?")[0].rpartition("/")[2]
    digests = photos_of(engine, visit_id)
    assert len(digests) == 2
    body = event_of(engine, visit_id, "record_visit")
    assert sorted(body["facts"]["photos"].split(",")) == sorted(digests.values())
    assert set(body["rows"]["visit_photo"]) == {f"{visit_id}/{each}" for each in digests}
    page = open_as("auditor").open(f"/visits/{visit_id}").text
    assert set(re.findall(r'src="/documents/([0-9a-f-]{36})/small.jpg"', page)) == set(digests)
    with engine.connect() as conn:
        kinds = conn.scalars(sa.select(document.c.kind).where(document.c.household_id == family.household_id))
        assert set(kinds) == {"visit_photo"}


def test_photo_on_file_is_offered_for_the_typed_family_and_chosen(
    desk: ApiClient, engine: sa.Engine, open_as: Open, family: Family
) -> None:
    path, number = f"/households/{family.household_id}", file_no(engine, family)
    photo_id, other_id = on_file(desk, path, 511), on_file(desk, path, 512, kind="identity")
    visitor = open_as("visitor_1")
    offered = visitor.open(f"/visits/new?file_no={number}").text
    assert photo_id in offered
    assert other_id not in offered
    assert 'name="photos"' not in visitor.open("/visits/new").text
    made = visited(visitor, desk, number, photos=[photo_id])
    assert made.status == 303, made.summary
    assert set(photos_of(engine, made.leads_to.partition("?")[0].rpartition("/")[2])) == {photo_id}


def test_bad_photo_is_named_at_its_field_and_nothing_is_kept(
    desk: ApiClient, engine: sa.Engine, open_as: Open, family: Family
) -> None:
    visitor, number = open_as("visitor_1"), file_no(engine, family)
    bad = visited(visitor, desk, number, ("好.jpg", photo(521)), ("坏.svg", b"<svg/>"))
    assert bad.refusal == (422, ["file_kind_unknown"])
    assert "坏.svg" in bad.problems_at("photo_files")[0]
    many = visited(visitor, desk, number, *((f"{each}.jpg", photo(each)) for each in range(21)))
    assert many.refusal == (422, ["too_many_files"])
    refused = visited(visitor, desk, "", ("好.jpg", photo(522)))
    assert refused.refusal == (409, ["photos_without_family"])
    visited(visitor, desk, number, on=desk.today.isoformat())
    again = visited(visitor, desk, number, ("好.jpg", photo(523)))
    assert again.refusal == (409, ["recorded_already"]), "the visit is judged before its photos are kept"
    with engine.connect() as conn:
        own = sa.select(sa.func.count()).select_from(document).where(document.c.household_id == family.household_id)
        assert conn.scalar(own) == 0


@pytest.mark.parametrize("other", ["unknown", "another family", "of a case", "no photo", "ended"])
def test_visit_outside_cases_names_photos_of_its_family_alone(
    desk: ApiClient, engine: sa.Engine, family: Family, other: str
) -> None:
    own = f"/households/{family.household_id}"
    if other == "another family":
        with engine.begin() as conn:
            other_id = create_family(conn, desk.office).household_id
        photo_id = on_file(desk, f"/households/{other_id}", 531)
    elif other == "of a case":
        life = case_at("survey", desk, engine)
        own, photo_id = f"/households/{life.family.household_id}", on_file(desk, f"/cases/{life.case_id}", 532)
    else:
        kind = "identity" if other == "no photo" else "visit_photo"
        photo_id = str(uuid4()) if other == "unknown" else on_file(desk, own, 533, kind)
    if other == "ended":
        assert desk.post("visitor_1", f"/documents/{photo_id}/end", {"reason": "拍错了"}).status_code == 204
    body = to_home(desk, own.rpartition("/")[2])
    refused = desk.post("visitor_1", "/visits", {**body, "photos": [photo_id]})
    assert refusal(refused) == (409, ["photo_not_on_file"])


def test_api_records_and_lists_a_visit_with_its_photos(desk: ApiClient, family: Family) -> None:
    photo_id = on_file(desk, f"/households/{family.household_id}", 541)
    body = to_home(desk, family.household_id)
    made = desk.post("visitor_1", "/visits", {**body, "photos": [photo_id, photo_id]})
    assert made.status_code == 201, made.get_json()
    [shown] = desk.get("auditor", f"/visits?household_id={family.household_id}").get_json()["items"]
    assert (shown["id"], shown["photos"]) == (made.get_json()["id"], [photo_id])
    too_many = desk.post("visitor_1", "/visits", {**body, "photos": [str(uuid4()) for _ in range(21)]})
    assert refusal(too_many) == (422, ["field_wrong"])


def test_survey_names_photos_of_the_case_and_they_are_bound(desk: ApiClient, engine: sa.Engine, open_as: Open) -> None:
    life = case_at("survey", desk, engine)
    of_case = on_file(desk, f"/cases/{life.case_id}", 551)
    of_family = on_file(desk, f"/households/{life.family.household_id}", 552)
    scan = on_file(desk, f"/cases/{life.case_id}", 553, kind="identity")
    assert life.no("visitor_1", "record_visit", **life.visited(), photos=[scan]) == ["photo_not_on_file"]
    page = open_as("visitor_1").open(f"/cases/{life.case_id}").text
    assert f"/cases/{life.case_id}/documents/new?kind=visit_photo" in page
    assert set(re.findall(r'name="photos" value="([0-9a-f-]{36})"', page)) == {of_case, of_family}
    life.act("visitor_1", "record_visit", **life.visited(), photos=[of_case, of_family])
    with engine.connect() as conn:
        visit_id = conn.scalars(sa.select(visit.c.id).where(visit.c.case_id == life.case_id)).one()
        of_files = sa.select(document.c.id, stored_file.c.sha256).join(
            stored_file, stored_file.c.id == document.c.file_id
        )
        expected = {str(each.id): each.sha256.hex() for each in conn.execute(of_files)}
    photos = photos_of(engine, visit_id)
    assert photos == {each: expected[each] for each in (of_case, of_family)}
    assert len(event_of(engine, life.case_id, "record_visit")["rows"]["visit_photo"]) == 2
    shown = open_as("auditor").open(f"/visits/{visit_id}").text
    assert all(f"/documents/{each}/small.jpg" in shown for each in photos)


def test_whoever_uploaded_a_photo_of_the_survey_does_not_pay(desk: ApiClient, engine: sa.Engine) -> None:
    life = case_at("survey", desk, engine)
    path, file = f"{PREFIX}/cases/{life.case_id}/documents", ("门口.jpg", photo(557))
    [photo_id] = desk.send_files("cashier", path, file, kind="visit_photo").get_json()["ids"]
    life.act("visitor_1", "record_visit", **life.visited(), photos=[photo_id])
    life.to("payment", "1500.00")
    assert life.no("cashier", "pay", method="bank", voucher="银付-1") == ["incompatible_duty"]


@pytest.mark.parametrize("query", ["/visits/new?file_no=1", "/cases/{case}/documents/new?kind=visit_photo"])
def test_form_of_an_address_with_a_choice_posts_without_its_query(
    desk: ApiClient, engine: sa.Engine, open_as: Open, query: str
) -> None:
    """Why: the POST refused the parameter that the page had taken, and the form could not be sent."""
    path = query.format(case=case_at("survey", desk, engine).case_id)
    assert f'action="{path.partition("?")[0]}"' in open_as("visitor_1").open(path).text


def test_photo_that_is_ended_while_a_visit_names_it_is_refused(desk: ApiClient, engine: sa.Engine) -> None:
    life = case_at("survey", desk, engine)
    photo_id, refused = on_file(desk, f"/cases/{life.case_id}", 558), list[list[str]]()

    def end(conn: sa.Connection) -> None:
        documents.end_document(conn, UUID(photo_id), "拍错了", desk.office.context(conn, "visitor_1", desk.today))

    def record(conn: sa.Connection) -> None:
        answers = {**life.visited(), "photos": [photo_id]}
        context = desk.office.context(conn, "visitor_1", desk.today)
        with pytest.raises(sa.exc.IntegrityError) as found:
            cases.take_action(conn, UUID(life.case_id), "record_visit", answers, context)
        refused.append(refusal_of(found.value).codes)
        conn.rollback()

    run_with_second_waiting(engine, end, record)
    assert refused == [["photo_not_on_file"]]


def test_photo_of_a_visit_is_not_exchanged_after_the_verifier_signed(
    desk: ApiClient, engine: sa.Engine, open_as: Open
) -> None:
    life, photo_id = survey_with_photo(desk, engine, 561)
    life.act("visitor_2", "confirm_visit")
    life.act("registrar", "add_papers", papers=["application", "identity", "household_register"])
    path = f"/documents/{photo_id}"
    better = ("换.jpg", photo(562))
    assert refusal(desk.send_files("visitor_1", f"{PREFIX}{path}/supersede", better, reason="换一张")) == (
        409,
        ["document_of_visit"],
    )
    assert refusal(desk.post("visitor_1", f"{path}/end", {"reason": "拍错了"})) == (409, ["document_of_visit"])
    assert open_as("visitor_1").fill(f"{path}/end", reason="拍错了").refusal == (409, ["document_of_visit"])
    with engine.begin() as conn, pytest.raises(sa.exc.IntegrityError, match="a visit names it"):
        conn.execute(
            document.update().where(document.c.id == photo_id).values(ended_on=desk.today, end_reason="拍错了")
        )
    [listed] = desk.get("auditor", f"/documents?case_id={life.case_id}").get_json()["items"]
    assert (listed["id"], listed["ended_on"]) == (photo_id, None)


def test_database_takes_no_photo_that_is_not_on_file(desk: ApiClient, engine: sa.Engine, family: Family) -> None:
    life, photo_id = survey_with_photo(desk, engine, 571)
    other = on_file(desk, f"/households/{family.household_id}", 572)
    with engine.connect() as conn:
        visit_id = conn.scalars(sa.select(visit.c.id).where(visit.c.case_id == life.case_id)).one()
        digest = photos_of(engine, visit_id)[photo_id]
    for values in (
        {"document_id": UUID(other), "sha256": bytes.fromhex(digest)},
        {"document_id": UUID(photo_id), "sha256": bytes(32)},
    ):
        with engine.begin() as conn, pytest.raises(sa.exc.IntegrityError):
            conn.execute(visit_photo.insert().values(visit_id=visit_id, **values))


def test_photos_stay_with_a_corrected_visit_and_are_free_once_it_is_void(
    desk: ApiClient, engine: sa.Engine, family: Family
) -> None:
    path = f"/households/{family.household_id}"
    first, second = on_file(desk, path, 581), on_file(desk, path, 582)
    body = to_home(desk, family.household_id)
    visit_id = desk.post("visitor_1", "/visits", {**body, "photos": [first]}).get_json()["id"]
    corrected = {**body, "place": "hospital", "reason": "在医院见的", "photos": [second]}
    desk.confirmed("visitor_1", f"/visits/{visit_id}/correction", corrected, ("reviewer",))
    with engine.connect() as conn:
        later = conn.scalars(sa.select(visit.c.id).where(visit.c.corrects_id == visit_id)).one()
    assert set(photos_of(engine, visit_id)) == {first}, "what the visit said first stays"
    assert set(photos_of(engine, later)) == {first, second}
    assert refusal(desk.post("visitor_1", f"/documents/{first}/end", {"reason": "拍错了"})) == (
        409,
        ["document_of_visit"],
    )
    desk.confirmed("visitor_1", f"/visits/{later}/void", {"reason": "没有去"}, ("reviewer",))
    assert desk.post("visitor_1", f"/documents/{first}/end", {"reason": "拍错了"}).status_code == 204
    assert set(photos_of(engine, later)) == {first, second}


def test_waiting_correction_of_before_there_were_photos_is_still_confirmed(
    desk: ApiClient, engine: sa.Engine, family: Family
) -> None:
    """Why: its content was kept without the field."""
    body = to_home(desk, family.household_id)
    visit_id = desk.post("visitor_1", "/visits", body).get_json()["id"]
    proposed = desk.post(
        "visitor_1", f"/visits/{visit_id}/correction", {**body, "place": "hospital", "reason": "在医院"}
    )
    with engine.begin() as conn:
        row = conn.execute(
            sa.select(confirmation).where(confirmation.c.id == proposed.get_json()["confirmation"])
        ).one()
        content = read.content_of(row, RING)
        del content["new"]["photos"]
        assert from_plain(RECORD_WRITES["visit_correction"].content, content).new.photos == ()
        confirm(conn, row.id, row.digest.hex(), desk.office.context(conn, "reviewer", desk.today))


def test_photos_of_a_family_that_has_moved_are_not_shown_with_the_visit(
    desk: ApiClient, engine: sa.Engine, open_as: Open, family: Family
) -> None:
    made = visited(open_as("visitor_1"), desk, file_no(engine, family), ("门口.jpg", photo(591)))
    path = made.leads_to.partition("?")[0]
    [photo_id] = photos_of(engine, path.rpartition("/")[2])
    with engine.begin() as conn:
        moved = household.update().where(household.c.id == family.household_id)
        conn.execute(moved.values(unit_path="/elsewhere/"))
    page = open_as("auditor").open(path)
    assert page.status == 200
    assert photo_id not in page.text


TAMPERED = {
    "taken out": {"row_missing"},
    "exchanged": {"row_missing", "row_not_in_trail"},
    "put in": {"row_not_in_trail"},
}
"""What somebody with the database may do to the photo of a visit, and what the verifier says of it."""


@pytest.mark.parametrize("change", TAMPERED)
def test_photo_that_was_changed_behind_the_program_is_found(desk: ApiClient, engine: sa.Engine, change: str) -> None:
    life, photo_id = survey_with_photo(desk, engine, 601 + len(change))
    other = on_file(desk, f"/cases/{life.case_id}", 621 + len(change))
    of_photo = visit_photo.c.document_id == photo_id
    statements: dict[str, Any] = {
        "taken out": visit_photo.delete().where(of_photo),
        "exchanged": visit_photo.update().where(of_photo).values(document_id=UUID(other)),
        "put in": visit_photo.insert().from_select(
            ["visit_id", "document_id", "sha256"],
            sa.select(visit_photo.c.visit_id, sa.literal(UUID(other)), visit_photo.c.sha256).where(of_photo),
        ),
    }
    with engine.connect() as conn:
        before = {(each.code, each.key) for each in verify(conn).faults}
        conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
        conn.execute(statements[change])
        conn.execute(sa.text("SET LOCAL session_replication_role = origin"))
        found = {(each.code, each.key) for each in verify(conn).faults} - before
        conn.rollback()
    assert {code for code, _ in found} == TAMPERED[change]
