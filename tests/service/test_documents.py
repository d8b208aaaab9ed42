"""Documents: what may be uploaded, who sees it, what a look leaves, and what a signature covers."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from PIL import Image

from service.actions import documents as actions
from service.actions.documents import NewDocument
from service.crypto.encryption import DecryptionError, decrypt_bytes
from service.db.columns import new_id
from service.files.received import LARGEST, receive
from service.files.refused_file import RefusedFile
from service.files.store import FolderStore, NoSuchFile
from service.queries import documents as read
from service.tables.documents import document, stored_file
from service.tables.events import event
from service.tables.households import household
from service.tables.units import unit
from tests.api_client import ApiClient
from tests.document_files import EICAR, pdf, photo, pixel_bomb
from tests.factories import RING, create_family, create_organisation
from tests.lives import Life, case_at, start
from tests.service.browser import Browser, Page, browser_of
from workflows.vocabulary import Refused

Open = Callable[[str], Browser]


@pytest.fixture
def open_as(shared_app: Flask, engine: sa.Engine, desk: ApiClient) -> Open:
    """Return a function that opens the browser of a member of staff on the day of the client."""
    return lambda name: browser_of(shared_app, engine, desk, name)


@pytest.fixture
def store(shared_app: Flask) -> FolderStore:
    """Return the file store of the web process."""
    found = shared_app.extensions["songnuan"].files
    assert isinstance(found, FolderStore)
    return found


@pytest.fixture
def family(engine: sa.Engine, desk: ApiClient) -> UUID:
    """Return a newly filed family."""
    with engine.begin() as conn:
        return create_family(conn, desk.office).household_id


def upload(browser: Browser, path: str, *files: tuple[str, bytes], **typed: Any) -> Page:
    """Send files by the form of a page."""
    sent = [(BytesIO(content), name) for name, content in files]
    return browser.fill(path, files=sent, **typed)


def documents_of(engine: sa.Engine, household_id: UUID) -> list[Any]:
    """Return the documents of a family with their files, the first first."""
    with engine.connect() as conn:
        rows = sa.select(document, stored_file.c.media_type, stored_file.c.sha256, stored_file.c.pages)
        found = rows.join(stored_file, stored_file.c.id == document.c.file_id)
        return list(conn.execute(found.where(document.c.household_id == household_id).order_by(document.c.id)))


def names_in(store: FolderStore) -> set[str]:
    """Return the names of all files of a store."""
    return {each.name for each in store.names()}


def actions_on(engine: sa.Engine, document_id: UUID) -> list[str]:
    """Return the actions of a document's events, the first first."""
    with engine.connect() as conn:
        rows = sa.select(event.c.action).where(event.c.subject_id == document_id).order_by(event.c.seq)
        return list(conn.scalars(rows))


def test_photo_is_kept_upright_without_where_it_was_taken(
    engine: sa.Engine, open_as: Open, family: UUID, store: FolderStore
) -> None:
    answer = upload(
        open_as("registrar"),
        f"/households/{family}/documents/new",
        ("户口簿.jpg", photo(3, place=True)),
        kind="household_register",
    )
    assert (answer.status, answer.leads_to) == (303, f"/households/{family}#documents")
    [row] = documents_of(engine, family)
    assert (row.kind, row.media_type, row.pages) == ("household_register", "image/jpeg", 1)
    assert row.taken_at.isoformat() == "2025-09-01T02:00:00+00:00"
    plain = decrypt_bytes(RING, "stored_file.content", row.file_id, store.read(row.file_id.hex))
    kept = Image.open(BytesIO(plain))
    assert (kept.size, dict(kept.getexif())) == ((240, 320), {})
    assert b"Exif" not in plain
    assert photo(3, place=True)[:64] not in store.read(row.file_id.hex)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "HEIF"])
def test_other_kinds_of_photo_become_jpeg(engine: sa.Engine, open_as: Open, family: UUID, kind: str) -> None:
    upload(open_as("visitor_1"), f"/households/{family}/documents/new", ("a.bin", photo(7, kind=kind)), kind="identity")
    [row] = documents_of(engine, family)
    assert row.media_type == "image/jpeg"


def test_pdf_is_kept_as_it_came_and_shown_page_by_page(
    engine: sa.Engine, open_as: Open, family: UUID, store: FolderStore
) -> None:
    registrar, content = open_as("registrar"), pdf(3)
    upload(registrar, f"/households/{family}/documents/new", ("收入.pdf", content), kind="income_proof")
    [row] = documents_of(engine, family)
    assert (row.media_type, row.pages) == ("application/pdf", 3)
    assert decrypt_bytes(RING, "stored_file.content", row.file_id, store.read(row.file_id.hex)) == content
    drawn = registrar.http.get(f"/documents/{row.id}/pages/2", headers=registrar.headers)
    assert (drawn.status_code, drawn.content_type) == (200, "image/jpeg")
    assert registrar.open(f"/documents/{row.id}/pages/3").refusal == (404, ["not_found"])
    taken = registrar.http.get(f"/documents/{row.id}/file", headers=registrar.headers)
    assert taken.get_data() == content
    assert "attachment" in taken.headers["Content-Disposition"]
    assert actions_on(engine, row.id) == ["add_document", "open_document", "open_document"]


REFUSED = (
    ("empty.jpg", b"", "file_empty"),
    ("page.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "file_kind_unknown"),
    ("photo.jpg", b"PK\x03\x04" + bytes(200), "file_kind_unknown"),
    ("photo.jpg", b"GIF89a" + bytes(200), "file_kind_unknown"),
    ("eicar.pdf", EICAR, "file_kind_unknown"),
    ("photo.jpg", b"\xff\xd8\xff\xe0" + bytes(400), "picture_broken"),
    ("photo.png", photo(5, kind="PNG")[:300], "picture_broken"),
    ("photo.png", pixel_bomb(), "picture_too_large"),
    ("scan.pdf", pdf(script=True), "pdf_acts"),
    ("scan.pdf", pdf(password="secret"), "pdf_locked"),
    ("scan.pdf", pdf(61), "pdf_too_long"),
    ("scan.pdf", pdf() + b"PK\x03\x04" + bytes(60), "pdf_carries_more"),
    ("scan.pdf", b"%PDF-1.7\nnothing at all\n%%EOF", "pdf_broken"),
    ("scan.pdf", b"%PDF-1.7\n" + bytes(500), "pdf_broken"),
)


@pytest.mark.parametrize(("name", "content", "code"), REFUSED, ids=[f"{name}-{code}" for name, _, code in REFUSED])
def test_file_that_may_not_be_kept_is_refused_by_its_content(
    engine: sa.Engine, open_as: Open, family: UUID, store: FolderStore, name: str, content: bytes, code: str
) -> None:
    before = names_in(store)
    answer = upload(open_as("registrar"), f"/households/{family}/documents/new", (name, content), kind="identity")
    assert answer.refusal == (422, [code])
    assert name in answer.problems_at("files")[0]
    assert documents_of(engine, family) == []
    assert names_in(store) == before


def test_file_over_the_limit_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(RefusedFile) as refused:
        receive("large.jpg", b"\xff\xd8\xff" + bytes(LARGEST), None)
    assert refused.value.code == "file_too_large"


def test_one_bad_file_keeps_none_and_names_it(
    engine: sa.Engine, open_as: Open, family: UUID, store: FolderStore
) -> None:
    before = names_in(store)
    files = (("good.jpg", photo(11)), ("bad.svg", b"<svg/>"), ("empty.png", b""))
    answer = upload(open_as("registrar"), f"/households/{family}/documents/new", *files, kind="identity")
    assert answer.refusal == (422, ["file_empty", "file_kind_unknown"])
    assert "good.jpg" not in answer.text
    assert (documents_of(engine, family), names_in(store)) == ([], before)


@pytest.mark.parametrize("name", ["../../../etc/passwd", "a\0b.jpg", "C:\\照片\\一.jpg", "", "名" * 400])
def test_name_of_a_file_is_only_a_name(engine: sa.Engine, open_as: Open, family: UUID, name: str) -> None:
    answer = upload(open_as("registrar"), f"/households/{family}/documents/new", (name, photo(13)), kind="identity")
    assert answer.refusal in ((303, []), (400, []), (422, ["answer_missing"]))
    for row in documents_of(engine, family):
        plain = decrypt_bytes(RING, "document.name", row.id, row.name_sealed).decode()
        assert not set(plain) & {"/", "\\", "\0"}
        assert len(plain) <= 120


def test_several_files_are_one_document_each_and_the_same_twice_is_refused(
    engine: sa.Engine, open_as: Open, family: UUID
) -> None:
    registrar, path = open_as("registrar"), f"/households/{family}/documents/new"
    assert upload(registrar, path, ("一.jpg", photo(21)), ("二.jpg", photo(22)), kind="identity").status == 303
    assert len(documents_of(engine, family)) == 2
    again = upload(registrar, path, ("三.jpg", photo(21)), kind="identity")
    assert again.refusal == (409, ["document_known"])
    twice = upload(registrar, path, ("四.jpg", photo(24)), ("五.jpg", photo(24)), kind="identity")
    assert twice.refusal == (409, ["document_twice"])
    assert upload(registrar, path, *((f"{n}.jpg", photo(n)) for n in range(21)), kind="identity").refusal == (
        422,
        ["too_many_files"],
    )
    assert upload(registrar, path, kind="identity").refusal == (422, ["answer_missing"])
    assert upload(registrar, path, ("六.jpg", photo(26)), kind="").refusal == (422, ["answer_missing"])
    assert len(documents_of(engine, family)) == 2


def test_same_bytes_for_two_families_are_stored_once_and_found(
    engine: sa.Engine, open_as: Open, desk: ApiClient, family: UUID, store: FolderStore
) -> None:
    with engine.begin() as conn:
        other = create_family(conn, desk.office).household_id
    registrar, before = open_as("registrar"), names_in(store)
    for each in (family, other):
        upload(registrar, f"/households/{each}/documents/new", ("门口.jpg", photo(31)), kind="visit_photo")
    [one], [two] = documents_of(engine, family), documents_of(engine, other)
    assert one.file_id == two.file_id
    assert names_in(store) - before == {one.file_id.hex, f"{one.file_id.hex}-small"}
    found = open_as("auditor").open("/documents?twice=1").text
    assert all(str(each.id) in found for each in (one, two))


def test_double_click_adds_once(engine: sa.Engine, open_as: Open, family: UUID) -> None:
    registrar, path = open_as("registrar"), f"/households/{family}/documents/new"
    shown = registrar.open(path)
    answers = [registrar.send(path, shown, files=[(BytesIO(photo(41)), "a.jpg")], kind="identity") for _ in range(2)]
    assert [each.status for each in answers] == [303, 303]
    assert len(documents_of(engine, family)) == 1
    other = registrar.send(path, shown, files=[(BytesIO(photo(42)), "a.jpg")], kind="identity")
    assert other.refusal == (422, ["idempotency_key_reused"])


def test_look_is_an_event_and_a_list_with_small_pictures_is_none(
    engine: sa.Engine, open_as: Open, family: UUID
) -> None:
    upload(open_as("registrar"), f"/households/{family}/documents/new", ("a.jpg", photo(51)), kind="identity")
    [row] = documents_of(engine, family)
    reviewer = open_as("reviewer")
    assert f"/documents/{row.id}/small.jpg" in reviewer.open(f"/households/{family}").text
    assert reviewer.http.get(f"/documents/{row.id}/small.jpg", headers=reviewer.headers).status_code == 200
    assert actions_on(engine, row.id) == ["add_document"]
    assert reviewer.http.get(f"/documents/{row.id}/pages/0", headers=reviewer.headers).status_code == 200
    reviewer.site = "cross-site"
    assert reviewer.open(f"/documents/{row.id}/pages/0").refusal == (404, ["not_found"])
    assert actions_on(engine, row.id) == ["add_document", "open_document"]


def test_administrator_adds_and_sees_none(open_as: Open, family: UUID) -> None:
    admin = open_as("admin")
    for path in ("/documents", f"/households/{family}/documents/new"):
        assert admin.open(path).refusal == (403, ["role_missing"])


def test_file_that_was_exchanged_or_lost_is_not_shown(
    engine: sa.Engine, open_as: Open, family: UUID, store: FolderStore
) -> None:
    registrar = open_as("registrar")
    upload(
        registrar, f"/households/{family}/documents/new", ("a.jpg", photo(61)), ("b.jpg", photo(62)), kind="identity"
    )
    one, two = documents_of(engine, family)
    store.write(one.file_id.hex, store.read(two.file_id.hex))
    with pytest.raises(DecryptionError):
        decrypt_bytes(RING, "stored_file.content", one.file_id, store.read(one.file_id.hex))
    assert registrar.open(f"/documents/{one.id}/file").refusal == (409, ["file_lost"])
    store.remove(two.file_id.hex)
    with pytest.raises(NoSuchFile):
        store.read(two.file_id.hex)
    assert registrar.open(f"/documents/{two.id}/file").refusal == (409, ["file_lost"])


def seen_scan(desk: ApiClient, engine: sa.Engine, keeper: Browser) -> tuple[Life, UUID]:
    """Lead a case to its survey, with papers seen in a scan of an identity card; return it with the document."""
    life = start(desk, engine, "hardship", "LIV", {}).to("survey", "1500.00")
    path = f"/cases/{life.case_id}/documents/new"
    assert upload(keeper, path, ("证.jpg", photo(71)), kind="identity").status == 303
    [row] = documents_of(engine, life.family.household_id)
    life.act("registrar", "add_papers", papers=["identity"], documents=[str(row.id)])
    return life, row.id


def test_signature_covers_the_scans_and_a_better_scan_voids_it(
    desk: ApiClient, engine: sa.Engine, open_as: Open
) -> None:
    registrar = open_as("registrar")
    life, document_id = seen_scan(desk, engine, registrar)
    life.to("payment", "1500.00")
    path = f"/documents/{document_id}/supersede"
    assert upload(registrar, path, ("清楚.jpg", photo(72)), reason="原件模糊").status == 303
    assert life.no("cashier", "pay", method="bank", voucher="银付-1") == ["signatures_void"]
    rows = documents_of(engine, life.family.household_id)
    assert [(each.ended_on is None, each.supersedes_id) for each in rows] == [(False, None), (True, document_id)]
    assert actions_on(engine, document_id) == ["add_document", "supersede_document"]
    again = upload(registrar, path, ("a.jpg", photo(73)), reason="再换")
    assert again.refusal == (409, ["document_ended"])


def test_whoever_recorded_the_scan_does_not_pay(desk: ApiClient, engine: sa.Engine, open_as: Open) -> None:
    life, _ = seen_scan(desk, engine, open_as("cashier"))
    life.to("payment", "1500.00")
    assert life.no("cashier", "pay", method="bank", voucher="银付-1") == ["incompatible_duty"]


def test_scan_of_another_family_is_no_evidence(desk: ApiClient, engine: sa.Engine, open_as: Open, family: UUID) -> None:
    registrar = open_as("registrar")
    upload(registrar, f"/households/{family}/documents/new", ("证.jpg", photo(81)), kind="identity")
    [other] = documents_of(engine, family)
    life = start(desk, engine, "hardship", "LIV", {}).to("survey", "1500.00")
    assert life.no("registrar", "add_papers", papers=["identity"], documents=[str(other.id)]) == [
        "document_not_on_file"
    ]
    upload(registrar, f"/cases/{life.case_id}/documents/new", ("证.jpg", photo(82)), kind="diagnosis")
    [own] = documents_of(engine, life.family.household_id)
    assert life.no("registrar", "add_papers", papers=["identity"], documents=[str(own.id)]) == [
        "document_of_other_paper"
    ]
    ended = registrar.fill(f"/documents/{own.id}/end", reason="拍错了")
    assert ended.status == 303
    assert life.no("registrar", "add_papers", papers=["diagnosis"], documents=[str(own.id)]) == ["document_not_on_file"]


def test_refused_addition_leaves_no_file(engine: sa.Engine, desk: ApiClient, tmp_path: Path, family: UUID) -> None:
    store, context = FolderStore(tmp_path / "files"), desk.office
    one, two = receive("a.jpg", photo(91), None), receive("b.jpg", photo(92), None)
    with engine.begin() as conn:
        by = context.context(conn, "registrar", desk.today)
        actions.add_documents(conn, store, [NewDocument(family, None, "identity", two)], by)
    before = names_in(store)
    new = [NewDocument(family, None, "identity", each) for each in (one, two)]
    with engine.begin() as conn, pytest.raises(Refused) as refused:
        actions.add_documents(conn, store, new, by)
    assert refused.value.codes == ["document_known"]
    assert names_in(store) == before


def test_document_is_written_once(engine: sa.Engine, open_as: Open, family: UUID) -> None:
    upload(open_as("registrar"), f"/households/{family}/documents/new", ("a.jpg", photo(95)), kind="identity")
    [row] = documents_of(engine, family)
    for statement in (
        document.update().where(document.c.id == row.id).values(kind="diagnosis"),
        document.delete().where(document.c.id == row.id),
        stored_file.update().where(stored_file.c.id == row.file_id).values(pages=9),
    ):
        with engine.begin() as conn, pytest.raises(sa.exc.IntegrityError):
            conn.execute(statement)


def test_document_is_seen_through_a_case_where_the_family_is_not(
    desk: ApiClient, engine: sa.Engine, open_as: Open
) -> None:
    """The family has moved to a unit that the reviewer does not see; the case has stayed."""
    life, registrar = case_at("survey", desk, engine), open_as("registrar")
    file = f"/households/{life.family.household_id}"
    for number, path in enumerate((f"/cases/{life.case_id}", file)):
        upload(registrar, f"{path}/documents/new", ("证.jpg", photo(97 + number)), kind="identity")
    of_case, of_family = documents_of(engine, life.family.household_id)
    with engine.begin() as conn:
        elsewhere = create_organisation(conn)
        stranger = elsewhere.context(conn, "reviewer", desk.today).caller
        reviewer = desk.office.context(conn, "reviewer", desk.today).caller
        assert [read.one(conn, each.id, stranger) for each in (of_case, of_family)] == [None, None]
        # Moved without its case, which no act does: the two scopes are told apart.
        conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
        moved = household.update().where(household.c.id == life.family.household_id)
        conn.execute(moved.values(unit_path=conn.scalar(sa.select(unit.c.path).where(unit.c.id == elsewhere.unit_id))))
        assert all(read.one(conn, each.id, reviewer) for each in (of_case, of_family))
        conn.execute(document.update().where(document.c.id == of_case.id).values(case_id=new_id()))
        assert read.one(conn, of_case.id, reviewer) is None, "it belongs to a case that the reviewer does not see"
        conn.rollback()
