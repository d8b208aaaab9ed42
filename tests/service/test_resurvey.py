"""A case returned to survey needs new visits, and new papers or checks where named."""

from datetime import date

import pytest
import sqlalchemy as sa

from tests.api_client import ApiClient
from tests.factories import Family
from tests.lives import CHECK, ILLNESS, PAPERS, Life, award, start

TUITION = {"school_year": "2025-2026", "stage": "bachelor", "institution_kind": "public"}


@pytest.fixture
def life(desk: ApiClient, engine: sa.Engine) -> Life:
    """A hardship case in review since 1 September, with today set to 3 September."""
    life = start(desk, engine, "hardship", "LIV", {})
    life.to("review")
    desk.today = date(2025, 9, 3)
    return life


def test_case_returned_to_survey_needs_a_new_visit(life: Life) -> None:
    life.act("reviewer", "return_to_survey", reason="与邻里所述不符")
    assert life.no("registrar", "finish_survey") == ["survey_not_repeated"]
    life.visit()
    life.act("registrar", "finish_survey")
    life.act("verifier", "record_check", replied_on="2025-09-01", **CHECK)
    life.act("reviewer", "pass_review", **award(life.desk))


def test_visit_before_the_return_on_the_same_day_does_not_count(desk: ApiClient, engine: sa.Engine) -> None:
    life = start(desk, engine, "tuition", "EDU", TUITION)
    life.to("review")
    life.act("reviewer", "return_to_survey", reason="x")
    assert life.no("registrar", "finish_survey") == ["survey_not_repeated"]
    life.visit()
    assert life.act("registrar", "finish_survey") == "review"


def test_papers_and_check_named_by_the_return_are_repeated(life: Life) -> None:
    life.act("reviewer", "return_to_survey", reason="收入证明过期", again=["papers", "verification"])
    life.visit()
    assert life.no("registrar", "finish_survey") == ["papers_not_repeated"]
    life.act("registrar", "add_papers", papers=PAPERS + ILLNESS)
    life.act("registrar", "finish_survey")
    assert life.no("verifier", "record_check", replied_on="2025-09-01", **CHECK) == ["verification_not_repeated"]
    life.act("verifier", "record_check", replied_on="2025-09-03", **CHECK)
    life.act("reviewer", "pass_review", **award(life.desk))


def test_check_does_not_cover_a_member_who_joined_after_it(life: Life) -> None:
    """A relative joins the household after the civil-affairs check, so the check did not cover them."""
    add_member(life.desk, life.family)
    assert life.no("reviewer", "pass_review", **award(life.desk)) == ["verification_of_others", "survey_void"]


def add_member(client: ApiClient, family: Family) -> None:
    answer = client.post(
        "witness", f"/households/{family.household_id}/members", {"relation": "other", "name": "示例丁"}
    )
    assert answer.status_code == 201, answer.get_json()
