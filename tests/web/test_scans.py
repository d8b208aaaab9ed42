"""Scans in the browser: several at once, one that is refused, with and without script, and beside the decision."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Locator, expect

from service.tables.households import household
from tests.document_files import certificate, photo
from tests.factories import create_family
from tests.web.conftest import TODAY, Union
from tests.web.people import PHONE, People

DECODED = 30_000
"""Milliseconds in which two files are decoded, also on a busy machine."""

DRAWN_WIDTH = "each => each.decode().then(() => each.naturalWidth)"
"""The width in pixels of a picture, once it is there."""

Upload = dict[str, str | bytes]


def files(*named: tuple[str, bytes]) -> list[Upload]:
    """Return files as the browser is given them."""
    return [{"name": name, "mimeType": "application/octet-stream", "buffer": content} for name, content in named]


def chooses(form: Locator, kind: str, *named: tuple[str, bytes]) -> None:
    """Choose a kind and files in the form of an upload."""
    form.locator("[name='kind']").select_option(kind)
    form.locator("#document-files").set_input_files(files(*named))  # type: ignore[arg-type]


@pytest.mark.parametrize("scripts", [True, False], ids=["with script", "without script"])
def test_registrar_uploads_scans_and_one_bad_file_is_named(people: People, union: Union, scripts: bool) -> None:
    life = union.life_in("survey")
    registrar = people("registrar", union.office, TODAY, scripts=scripts).has_session()
    registrar.opens(f"/cases/{life.case_id}/documents/new")
    registrar.watch.expected = {422}
    page, main = registrar.page, registrar.page.locator("main")
    form = main.locator("form[enctype]")
    good = (("诊断一.jpg", photo(301)), ("诊断二.pdf", certificate(2)))
    chooses(form, "diagnosis", *good, ("诊断三.doc", b"\xd0\xcf\x11\xe0" + bytes(200)))
    form.locator("button").click()
    expect(main.locator(".error-summary")).to_contain_text("诊断三.doc", timeout=DECODED)
    if scripts:
        chosen = form.locator("#document-files").evaluate("each => each.files.length")
        assert chosen == 3, "the files stay chosen, so that the bad one can be taken out"
        registrar.takes_picture("scans-refused")
    chooses(form, "diagnosis", *good)
    form.locator("button").click()
    expect(page).to_have_url(f"{registrar.address}/cases/{life.case_id}#documents", timeout=DECODED)
    expect(main.locator("#documents .document")).to_have_count(2)
    if scripts:
        main.locator("#documents").scroll_into_view_if_needed()
        registrar.takes_picture("scans-case")


def test_papers_are_seen_in_scans_and_the_reviewer_looks(people: People, union: Union) -> None:
    life = union.life_in("survey")
    registrar = people("registrar", union.office, TODAY).has_session()
    registrar.opens(f"/cases/{life.case_id}/documents/new")
    chooses(registrar.page.locator("main form[enctype]"), "diagnosis", ("诊断.pdf", certificate(2)))
    registrar.page.locator("main form[enctype] button").click()
    expect(registrar.page.locator("#documents .document")).to_have_count(1, timeout=DECODED)
    action = registrar.page.locator("#action-add_papers")
    action.locator("summary").click()
    action.locator("[name='papers'][value='diagnosis']").check()
    action.locator("[name='documents']").check()
    action.locator("button").click()
    expect(registrar.page.locator("#documents .tag-good")).to_be_visible()
    viewer = registrar.page.locator("#documents .document-viewer")
    assert viewer.locator("img").first.evaluate("each => each.complete && each.naturalWidth > 0") is False, (
        "no look yet"
    )
    viewer.locator("summary").click()
    assert viewer.locator("img").first.evaluate(DRAWN_WIDTH) > 1000
    registrar.page.evaluate("window.scrollTo(0, document.getElementById('documents').offsetTop - 60)")
    registrar.takes_picture("scan-beside-the-decision")
    reviewer = people("reviewer", union.office, TODAY, size=PHONE).has_session().opens(f"/cases/{life.case_id}")
    reviewer.page.locator("#documents .document a").first.click()
    pages = reviewer.page.locator(".document-pages img")
    expect(pages).to_have_count(2)
    assert pages.first.evaluate(DRAWN_WIDTH) > 1000
    reviewer.takes_picture("scan-on-a-phone")


@pytest.mark.parametrize("scripts", [True, False], ids=["with script", "without script"])
def test_visitor_takes_photos_at_the_door_with_a_phone(people: People, union: Union, scripts: bool) -> None:
    life = union.life_in("survey")
    visitor = people("visitor_1", union.office, TODAY, size=PHONE, scripts=scripts).has_session()
    page, main = visitor.page, visitor.page.locator("main")
    visitor.opens(f"/cases/{life.case_id}")
    action = main.locator("#action-record_visit")
    if not action.evaluate("each => each.open"):
        action.locator("summary").click()
    action.get_by_role("link", name="拍照或上传照片").click()
    camera = main.locator("#document-camera")
    assert camera.get_attribute("capture") == "environment"
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    camera.set_input_files(files(("IMG_1.jpg", photo(311 + scripts))))  # type: ignore[arg-type]
    main.locator("form[enctype] button").click()
    expect(main.locator("#documents .document")).to_have_count(1, timeout=DECODED)
    if not action.evaluate("each => each.open"):
        action.locator("summary").click()
    action.locator("[name='on']").fill(TODAY.isoformat())
    for each in ("visitor_1", "visitor_2"):
        action.locator(f"[name='visitors'][value='{union.office.people[each]}']").check()
    action.locator("[name='place'][value='home']").check()
    action.locator("[name='conclusion'][value='confirmed']").check()
    action.locator("[name='photos']").check()
    with page.expect_response(lambda answer: answer.request.method == "POST") as recorded:
        action.locator("button").click()
    assert recorded.value.status == 303
    visitor.opens("/visits?kind=survey")
    main.locator("tbody th a").first.click()
    expect(main.locator(".document img")).to_have_count(1)
    visitor.takes_picture("visit-photos-on-a-phone" if scripts else "")


def test_photos_are_sent_with_the_form_of_a_visit_without_script(people: People, union: Union) -> None:
    with union.engine.begin() as conn:
        family = household.c.id == create_family(conn, union.office).household_id
        number = str(conn.scalar(sa.select(household.c.file_no).where(family)))
    visitor = people("visitor_1", union.office, TODAY, size=PHONE, scripts=False).has_session()
    main = visitor.opens("/visits/new").page.locator("main")
    camera = main.locator("input[capture]")
    assert (camera.get_attribute("accept"), camera.get_attribute("name")) == ("image/*", "photo_files")
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    main.locator("[name='kind']").select_option("festival")
    main.locator("[name='occasion']").select_option("daily")
    main.locator("[name='place']").select_option("home")
    main.locator("[name='household_id']").fill(number)
    main.locator(f"[name='visitors'][value='{union.office.people['visitor_1']}']").check()
    camera.set_input_files(files(("IMG_1.jpg", photo(315))))  # type: ignore[arg-type]
    main.locator("#visit-photo_files-more").set_input_files(
        files(("IMG_2.jpg", photo(316)), ("IMG_3.jpg", photo(317)))  # type: ignore[arg-type]
    )
    main.locator("form[enctype] button:visible").click()
    expect(main.locator(".document img")).to_have_count(3, timeout=DECODED)


@pytest.mark.parametrize("scripts", [True, False], ids=["with script", "without script"])
def test_refused_visit_says_what_is_wrong_at_each_field(people: People, union: Union, scripts: bool) -> None:
    visitor = people("visitor_1", union.office, TODAY, scripts=scripts).has_session()
    main = visitor.opens("/visits/new").page.locator("main")
    visitor.watch.expected = {422}
    for _ in range(2):
        main.get_by_role("button", name="保存").click()
        expect(main.locator(".field-wrong .problem")).to_have_text(
            ["“类别”还没有填写。", "“地点”还没有填写。", "“走访人”还没有填写。"]
        )
    main.locator("[name='place']").select_option("home")
    main.get_by_role("button", name="保存").click()
    expect(main.locator(".field-wrong .problem")).to_have_text(["“类别”还没有填写。", "“走访人”还没有填写。"])
    expect(main.locator("[name='kind']")).to_have_attribute("aria-invalid", "true")


def test_scan_has_one_address_and_leaves_no_copy_in_the_cache(people: People, union: Union, tmp_path: Path) -> None:
    life = union.life_in("survey")
    registrar = people("registrar", union.office, TODAY).has_session()
    registrar.opens(f"/cases/{life.case_id}/documents/new")
    chooses(registrar.page.locator("main form[enctype]"), "identity", ("证.jpg", photo(303)))
    registrar.page.locator("main form[enctype] button").click()
    expect(registrar.page.locator("#documents .document")).to_have_count(1, timeout=DECODED)
    registrar.page.locator("#documents .document a").first.click()
    answer = registrar.page.request.get(f"{registrar.page.url}/pages/0")
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    with registrar.page.expect_download() as taken:
        registrar.page.get_by_role("link", name="下载原文件").click()
    path = tmp_path / "taken.jpg"
    taken.value.save_as(path)
    assert path.read_bytes().startswith(b"\xff\xd8\xff")
