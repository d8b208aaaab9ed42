"""What changed since the latest signature: each field a signature covers has its label and its words on the case page."""

from collections.abc import Callable
from dataclasses import fields
from html import unescape
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from service.i18n.catalogue import LANGUAGES, catalogue
from service.tables.documents import document
from service.web import signed_changes
from tests.api_client import ApiClient
from tests.document_files import photo
from tests.lives import start
from tests.service.browser import Browser, browser_of
from workflows.approval_digest import ApprovalContent
from workflows.code_lists import Category, Identity, MisfortuneKind, Observation
from workflows.programmes import PROGRAMMES

Open = Callable[[str], Browser]


@pytest.fixture
def open_as(shared_app: Flask, engine: sa.Engine, desk: ApiClient) -> Open:
    """Return a function that opens the browser of a member of staff on the day of the client."""
    return lambda name: browser_of(shared_app, engine, desk, name)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_field_that_a_signature_covers_has_a_label(lang: str) -> None:
    """Why: `documents` had none, and the page of each case whose scans changed after its signature was an error."""
    assert {f"forms.signed.{each.name}" for each in fields(ApprovalContent)} <= catalogue(lang).keys()


def test_scan_replaced_after_the_signature_is_shown_by_its_kind(
    desk: ApiClient, engine: sa.Engine, open_as: Open
) -> None:
    registrar = open_as("registrar")
    life = start(desk, engine, "hardship", "LIV", {}).to("survey", "1500.00")
    scan = [(BytesIO(photo(71)), "证.jpg")]
    assert registrar.fill(f"/cases/{life.case_id}/documents/new", files=scan, kind="identity").status == 303
    with engine.connect() as conn:
        [row] = conn.execute(sa.select(document).where(document.c.household_id == life.family.household_id))
    life.act("registrar", "add_papers", papers=["identity"], documents=[str(row.id)])
    life.to("payment", "1500.00")
    path = f"/cases/{life.case_id}"
    assert open_as("approver_1").open(path).text.count("材料扫描件") == 0
    better = [(BytesIO(photo(72)), "清楚.jpg")]
    assert registrar.fill(f"/documents/{row.id}/supersede", files=better, reason="原件模糊").status == 303
    page = open_as("approver_1").open(path)
    assert page.status == 200
    section = unescape(page.text)[page.text.index('id="signed-title"') :]
    assert "材料扫描件" in section
    assert section.count("身份证 ") == 1, "the new scan has not been seen as a paper yet"


CODES: tuple[tuple[str, Any], ...] = (
    *(("category", each.value) for each in Category),
    *(("identity", each.value) for each in Identity),
    *(("misfortune", each.value) for each in MisfortuneKind),
    *(("observed", [each.value]) for each in Observation),
    ("method", "cash"),
    ("cash_reason", "urgent"),
    ("item", "LIV"),
    ("papers", ["identity"]),
)


@pytest.mark.parametrize(("name", "value"), CODES, ids=str)
def test_signed_value_is_shown_in_words(shared_app: Flask, name: str, value: Any) -> None:
    """Why: the office reads words, and a code such as `two_homes` is none."""
    with shared_app.test_request_context():
        shown = signed_changes.in_words(PROGRAMMES["hardship"], name, value, {})
    code = value[0] if isinstance(value, list) else value
    assert shown
    assert code not in shown


def test_signed_answers_are_shown_as_the_application_shows_them(shared_app: Flask) -> None:
    with shared_app.test_request_context():
        answers = {"school_year": 2025, "stage": "bachelor", "tuition_part": 123_456, "new_student": True}
        shown = signed_changes.in_words(PROGRAMMES["tuition"], "form", answers, {})
    for words in ("2025", "1,234.56", "是否新入学：是", "学段："):
        assert words in shown
    assert "bachelor" not in shown
