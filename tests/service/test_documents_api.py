"""Documents over the JSON API: the rules, limits and masks of the pages, and what the two leave of a look."""

from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from service.tables.documents import document
from service.tables.events import event
from tests.api_client import ApiClient, refusal
from tests.document_files import pdf, photo, pixel_bomb
from tests.factories import create_family
from tests.lives import case_at

PREFIX = "/api/v1"


@pytest.fixture
def family(engine: sa.Engine, desk: ApiClient) -> UUID:
    """Return a newly filed family."""
    with engine.begin() as conn:
        return create_family(conn, desk.office).household_id


def upload(client: ApiClient, family: UUID, *files: tuple[str, bytes], by: str = "registrar", **fields: Any) -> Any:
    """Add documents to a family."""
    return client.send_files(by, f"{PREFIX}/households/{family}/documents", *files, **{"kind": "identity", **fields})


def added(client: ApiClient, family: UUID, seed: int, **fields: Any) -> str:
    """Add a photo to a family; return the id of the document."""
    answer = upload(client, family, ("证.jpg", photo(seed, place=True)), **fields)
    assert answer.status_code == 201, answer.get_json()
    [document_id] = answer.get_json()["ids"]
    return str(document_id)


def actions_on(engine: sa.Engine, document_id: str) -> list[str]:
    with engine.connect() as conn:
        rows = sa.select(event.c.action).where(event.c.subject_id == UUID(document_id)).order_by(event.c.seq)
        return list(conn.scalars(rows))


def count_of(engine: sa.Engine, family: UUID) -> int:
    with engine.connect() as conn:
        rows = sa.select(sa.func.count()).select_from(document).where(document.c.household_id == family)
        return conn.scalars(rows).one()


def test_photo_is_added_listed_and_taken_and_each_look_is_an_event(
    desk: ApiClient, engine: sa.Engine, family: UUID
) -> None:
    document_id = added(desk, family, 3)
    [listed] = desk.get("auditor", f"/documents?household_id={family}&kind=identity&state=in_force").get_json()["items"]
    assert (listed["id"], listed["media_type"], listed["pages"]) == (document_id, "image/jpeg", 1)
    assert (listed["taken_at"], "name" in listed) == ("2025-09-01T02:00:00+00:00", False)
    shown = desk.get("reviewer", f"/documents/{document_id}").get_json()
    assert (shown["sha256"], shown["household_id"]) == (listed["sha256"], str(family))
    small = desk.get("reviewer", f"/documents/{document_id}/thumbnail")
    assert (small.status_code, small.content_type) == (200, "image/jpeg")
    assert actions_on(engine, document_id) == ["add_document"]
    content = desk.get("reviewer", f"/documents/{document_id}/content")
    assert (content.status_code, content.content_type) == (200, "image/jpeg")
    assert f"identity-{UUID(document_id).hex[-8:]}.jpg" in content.headers["Content-Disposition"]
    assert b"Exif" not in content.data
    assert actions_on(engine, document_id) == ["add_document", "open_document"]


def test_name_of_the_file_is_shown_to_those_who_reveal_names(desk: ApiClient, family: UUID) -> None:
    document_id = added(desk, family, 5)
    names = {by: desk.get(by, f"/documents/{document_id}").get_json()["name"] for by in ("visitor_1", "auditor")}
    assert names == {"visitor_1": "证.jpg", "auditor": None}


REFUSED: tuple[tuple[tuple[str, bytes], dict[str, str], tuple[int, list[str]]], ...] = (
    (("a.svg", b"<svg/>"), {}, (422, ["file_kind_unknown"])),
    (("a.jpg", b""), {}, (422, ["file_empty"])),
    (("a.png", pixel_bomb()), {}, (422, ["picture_too_large"])),
    (("a.pdf", pdf(script=True)), {}, (422, ["pdf_acts"])),
    (("a.jpg", photo(7)), {"kind": ""}, (422, ["field_wrong"])),
    (("a.jpg", photo(7)), {"kind": "Identity"}, (422, ["not_code"])),
    (("a.jpg", photo(7)), {"made_up": "1"}, (422, ["field_unknown"])),
    (("a.jpg", photo(7)), {"household_id": str(uuid4())}, (422, ["field_unknown"])),
)


@pytest.mark.parametrize(("file", "fields", "expected"), REFUSED, ids=[each[2][1][0] for each in REFUSED])
def test_upload_is_refused_as_on_the_page(
    desk: ApiClient, engine: sa.Engine, family: UUID, file: tuple[str, bytes], fields: dict[str, str], expected: Any
) -> None:
    assert refusal(upload(desk, family, file, **fields)) == expected
    assert count_of(engine, family) == 0


def test_body_without_a_file_or_of_another_type_is_refused(desk: ApiClient, family: UUID) -> None:
    path = f"/households/{family}/documents"
    assert refusal(upload(desk, family)) == (422, ["field_wrong"])
    assert refusal(desk.post("registrar", path, {"kind": "identity", "files": ["x"]})) == (
        415,
        ["unsupported_media_type"],
    )
    headers = desk.headers("registrar", **{"Content-Type": "multipart/form-data"})
    text = desk.http.post(f"{PREFIX}{path}", data={"kind": "identity", "files": "x"}, headers=headers)
    assert refusal(text) == (422, ["field_wrong"])
    other = {"kind": "identity", "photos": (photo_stream(9), "a.jpg"), "files": (photo_stream(11), "b.jpg")}
    assert refusal(desk.http.post(f"{PREFIX}{path}", data=other, headers=desk.headers("registrar"))) == (
        422,
        ["field_unknown"],
    )
    many = [(f"{number}.jpg", photo(number)) for number in range(21)]
    assert refusal(upload(desk, family, *many)) == (422, ["too_many_files"])


def photo_stream(seed: int) -> BytesIO:
    return BytesIO(photo(seed))


def test_same_key_adds_once_and_with_another_file_it_is_refused(
    desk: ApiClient, engine: sa.Engine, family: UUID
) -> None:
    path, headers = f"{PREFIX}/households/{family}/documents", desk.headers("registrar")
    answers = [
        desk.http.post(path, data={"kind": "identity", "files": (photo_stream(13), "a.jpg")}, headers=headers)
        for _ in range(2)
    ]
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].get_json() == answers[1].get_json()
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    other = desk.http.post(path, data={"kind": "identity", "files": (photo_stream(14), "a.jpg")}, headers=headers)
    assert refusal(other) == (422, ["idempotency_key_reused"])
    assert count_of(engine, family) == 1


def test_same_file_again_is_refused_and_a_better_one_takes_its_place(
    desk: ApiClient, engine: sa.Engine, family: UUID
) -> None:
    document_id = added(desk, family, 15)
    assert refusal(upload(desk, family, ("b.jpg", photo(15, place=True)))) == (409, ["document_known"])
    path = f"{PREFIX}/documents/{document_id}/supersede"
    better = ("清楚.jpg", photo(16))
    assert refusal(desk.send_files("registrar", path, better)) == (422, ["field_wrong"])
    assert refusal(desk.send_files("registrar", path, better, better, reason="模糊")) == (422, ["field_wrong"])
    assert refusal(desk.send_files("reviewer", path, better, reason="模糊")) == (403, ["role_missing"])
    answer = desk.send_files("registrar", path, better, reason="原件模糊")
    assert answer.status_code == 201
    later = answer.get_json()["id"]
    shown = desk.get("auditor", f"/documents/{document_id}").get_json()
    assert (shown["superseded_by"], shown["end_reason"]) == (later, "原件模糊")
    assert refusal(desk.send_files("registrar", path, ("c.jpg", photo(17)), reason="再换")) == (
        409,
        ["document_ended"],
    )
    assert desk.post("registrar", f"/documents/{later}/end", {"reason": "拍错了"}).status_code == 204
    assert actions_on(engine, later) == ["add_document", "end_document"]
    ended = desk.get("auditor", f"/documents?household_id={family}&state=ended").get_json()
    assert {each["id"] for each in ended["items"]} == {document_id, later}


def test_document_of_a_case_is_evidence_for_its_papers(desk: ApiClient, engine: sa.Engine) -> None:
    life = case_at("survey", desk, engine)
    path = f"{PREFIX}/cases/{life.case_id}/documents"
    answer = desk.send_files("visitor_1", path, ("证.pdf", pdf(2)), kind="identity")
    [document_id] = answer.get_json()["ids"]
    life.act("registrar", "add_papers", papers=["identity"], documents=[document_id])
    taken = desk.get("approver_1", f"/documents/{document_id}/content")
    assert (taken.content_type, taken.data) == ("application/pdf", pdf(2))
    [listed] = desk.get("auditor", f"/documents?case_id={life.case_id}").get_json()["items"]
    assert (listed["id"], listed["case_id"]) == (document_id, str(life.case_id))
    assert desk.get("auditor", f"/documents?case_id={life.case_id}&twice=true").get_json()["items"] == []
