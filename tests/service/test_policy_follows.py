"""A policy set without a last day is followed by the next one of its region, also when cases cite it already."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from flask import Flask

from service.queries import policies
from service.tables.cases import case as table
from tests.api_client import ApiClient, refusal
from tests.service.browser import browser_of
from tests.service.policy_fixtures import apply_for, file_family, own_policy
from workflows.vocabulary import Plain

NEXT = (("version = 1", "version = 2"), ("effective_from = 2025-01-01", "effective_from = 2025-10-01"))


def changed(text: str) -> str:
    """Return the next version of a set, which begins in October."""
    for old, new in NEXT:
        text = text.replace(old, new)
    return text


def load(desk: ApiClient, text: str) -> str:
    """Load a policy set, confirmed by the auditor; return its id."""
    made = desk.confirmed("admin", "/policy-sets", {"source": text, "urgent": "示例"}, by=("auditor",))
    return str(made.get_json()["id"])


def shown(desk: ApiClient, set_id: str) -> dict[str, Plain]:
    """Return a set as the API shows it."""
    return dict(desk.get("admin", f"/policy-sets/{set_id}").get_json())


def test_cited_set_is_followed_by_the_next_one_of_its_region(
    desk: ApiClient, engine: sa.Engine, shared_app: Flask
) -> None:
    division, text = own_policy()
    first = load(desk, text)
    case, _warnings = apply_for(desk, file_family(desk, division=division), "LIV", "1000.00")
    with engine.connect() as conn:
        cited = conn.scalar(sa.select(table.c.policy_set_id).where(table.c.id == UUID(case.case_id)))
    assert str(cited) == first
    assert shown(desk, first)["last_on"] is None
    second = load(desk, changed(text))
    assert (shown(desk, first)["last_on"], shown(desk, second)["last_on"]) == ("2025-09-30", None)
    with engine.connect() as conn:
        days = {
            day: str(policies.in_force_on(conn, division, day)[0]) for day in (date(2025, 9, 30), date(2025, 10, 1))
        }
    assert days == {date(2025, 9, 30): first, date(2025, 10, 1): second}
    desk.today = date(2025, 10, 8)
    page = browser_of(shared_app, engine, desk, "admin").open(f"/policies/{first}").text
    assert "2025年9月30日" in page


def test_second_set_that_begins_on_the_same_day_is_refused(desk: ApiClient) -> None:
    _division, text = own_policy()
    load(desk, text)
    body = {"source": text.replace("version = 1", "version = 2"), "urgent": "示例"}
    assert refusal(desk.post("admin", "/policy-sets", body)) == (409, ["policies_overlap"])
