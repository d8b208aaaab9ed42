"""A case sent back is looked at anew: what was found before the return is not found again by nobody going there."""

from datetime import date

import pytest
import sqlalchemy as sa

from tests.api_client import ApiClient
from tests.factories import Family
from tests.lives import CHECK, ILLNESS, PAPERS, Life, award, start

TUITION = {"school_year": "2025-2026", "stage": "bachelor", "institution_kind": "public"}


@pytest.fixture
def life(desk: ApiClient, engine: sa.Engine) -> Life:
    """A hardship case on the reviewer's desk since 1 September; it is the 3rd."""
    life = start(desk, engine, "hardship", "LIV", {})
    life.to("review")
    desk.today = date(2025, 9, 3)
    return life


def test_a_case_sent_back_to_survey_is_visited_again(life: Life) -> None:
    life.act("reviewer", "return_to_survey", reason="与邻里所述不符")
    assert life.no("registrar", "finish_survey") == ["survey_not_repeated"]
    life.visit()
    life.act("registrar", "finish_survey")
    life.act("verifier", "record_check", replied_on="2025-09-01", **CHECK)
    life.act("reviewer", "pass_review", **award(life.desk))


def test_a_visit_before_the_return_does_not_count_even_on_the_same_day(desk: ApiClient, engine: sa.Engine) -> None:
    life = start(desk, engine, "tuition", "EDU", TUITION)
    life.to("review")
    life.act("reviewer", "return_to_survey", reason="x")
    assert life.no("registrar", "finish_survey") == ["survey_not_repeated"]
    life.visit()
    assert life.act("registrar", "finish_survey") == "review"


def test_what_the_return_names_is_done_anew(life: Life) -> None:
    life.act("reviewer", "return_to_survey", reason="收入证明过期", again=["papers", "verification"])
    life.visit()
    assert life.no("registrar", "finish_survey") == ["papers_not_repeated"]
    life.act("registrar", "add_papers", papers=PAPERS + ILLNESS)
    life.act("registrar", "finish_survey")
    assert life.no("verifier", "record_check", replied_on="2025-09-01", **CHECK) == ["verification_not_repeated"]
    life.act("verifier", "record_check", replied_on="2025-09-03", **CHECK)
    life.act("reviewer", "pass_review", **award(life.desk))


def test_a_check_covers_only_the_people_it_was_asked_about(life: Life) -> None:
    """A brother moves in after the civil-affairs check; nobody has asked about him."""
    joined(life.desk, life.family)
    assert life.no("reviewer", "pass_review", **award(life.desk)) == ["verification_of_others"]


def joined(desk: ApiClient, family: Family) -> None:
    added = desk.post("witness", f"/households/{family.household_id}/members", {"relation": "other", "name": "示例丁"})
    assert added.status_code == 201, added.get_json()
