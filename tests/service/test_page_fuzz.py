"""Random requests to pages cause no fault of the server, are escaped, and leave nothing half-written."""

import os
import random
from datetime import date

import pytest
import sqlalchemy as sa

from tests.api_client import ApiClient, serving
from tests.factories import create_organisation
from tests.lives import case_at
from tests.page_client import PageClient
from tests.page_table import CHANGES
from tests.service.page_fuzzing import PageFuzz, forms_of

TODAY = date(2025, 9, 15)
REQUESTS = int(os.environ.get("PAGE_FUZZ", "150"))
STATES = ("draft", "survey", "review", "notice", "approval", "payment", "transit", "receipt", "follow_up")
DESKS = {
    "draft": ("registrar",),
    "survey": ("visitor_1", "registrar"),
    "review": ("reviewer", "registrar"),
    "notice": ("registrar", "reviewer_2"),
    "approval": ("approver_1", "approver_2"),
    "payment": ("cashier", "approver_1"),
    "transit": ("cashier_2",),
    "receipt": ("registrar", "cashier"),
    "follow_up": ("follower", "registrar"),
}
"""Who opens the page of a case in a state."""

OF_FILE = ("", "/edit", "/members/new", "/finances", "/payee", "/consent", "/kinship", "/pairings/new", "/cases/new")


@pytest.mark.parametrize("seed", [20261129, 20261130])
@pytest.mark.timeout(900)
def test_random_requests_to_pages_cause_no_fault(
    engine: sa.Engine, database_url: str, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    with engine.begin() as conn:
        office = create_organisation(conn)
    with serving(database_url, tmp_path_factory.mktemp("var")) as app:
        desk = ApiClient(app.test_client(), office, date(2025, 9, 1))
        paths: dict[str, list[str]] = {"registrar": ["/households/new", "/households", "/cases", "/search", "/inbox"]}
        for state in STATES:
            desk.today = date(2025, 9, 1)
            life = case_at(state, desk, engine)
            file = f"/households/{life.family.household_id}"
            for name in DESKS[state]:
                paths.setdefault(name, []).append(f"/cases/{life.case_id}")
            paths["registrar"] += [file + each for each in OF_FILE]
            paths["registrar"] += [f"{file}/changes/{kind}" for kind in CHANGES.split(",")]
            paths["registrar"] += [f"/persons/{life.family.child_id}{each}" for each in ("/edit", "/remove", "/reveal")]
        fuzz = PageFuzz(PageClient(app, engine, office, TODAY), random.Random(seed), paths)
        fuzz.run(REQUESTS)
    assert not fuzz.wrong, "\n".join(fuzz.wrong[:20])
    assert fuzz.counts[422] > REQUESTS // 10, fuzz.counts
    assert fuzz.counts[303] > 0, "some forms are right, and write"


def test_finder_of_forms_reads_names_choices_and_addresses() -> None:
    text = (
        '<form method="get"><input name="q"></form><form method="post" action="/a"><input type="radio" name="x" value="1">'
        '<select name="y"><option value="">…</option><option value="2"></select></form>'
        '<form method="post" action="/sign-out"><input name="_csrf" value="z"></form>'
    )
    [form] = forms_of(text)
    assert (form.action, form.inputs) == ("/a", {"x": ["1"], "y": ["", "", "2"]})
