"""Evidence holds only for what it saw: visits, checks, notices and objections, over the API (docs/decisions/0033)."""

import json
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from service.integrity.replay_sources import StoredSources
from service.tables.cases import case_duty
from service.tables.events import event
from service.tables.notices import notice
from service.tables.notifications import notification
from service.tables.policies import calendar_day, calendar_year
from tests.api_client import ApiClient, refusal
from tests.factories import create_account, grant
from tests.lives import CHECK, ILLNESS, PAPERS, Life, award, start
from workflows.replay import CaseReplay, Decided

SHORTER = date(2025, 9, 6)
"""A Saturday in a notice of 1 September."""


@pytest.fixture
def life(desk: ApiClient, engine: sa.Engine) -> Life:
    return start(desk, engine, "hardship", "LIV", {})


def edit(life: Life, method: str, path: str, body: dict[str, Any]) -> Any:
    """Change the family's file as its registrar, at the version that stands."""
    file = f"/households/{life.family.household_id}"
    headers = life.desk.headers("registrar", **{"If-Match": life.desk.get("registrar", file).headers["ETag"]})
    return life.desk.http.open(f"/api/v1{file}{path}", method=method, json=body, headers=headers)


def say_income(life: Life, yuan: str) -> None:
    lines = [{"side": "income", "kind": "wage", "amount": yuan}]
    response = edit(life, "PUT", "/finances", {"as_of": life.desk.today.isoformat(), "lines": lines})
    assert response.status_code == 204, response.get_json()


def observe(life: Life, *codes: str) -> Any:
    return edit(life, "PATCH", "", {"observed": list(codes)})


def objected(life: Life, outcome: str = "upheld") -> Life:
    """Post the award, object to it, let another reviewer answer, and return the case to review."""
    life.to("notice")
    life.act("registrar", "object", source="phone", objection="家里有车")
    life.act("reviewer_2", "answer_objection", outcome=outcome, answer="经查属实")
    life.act("reviewer", "return_to_review", reason="重新核实")
    return life


def test_upheld_objection_is_not_passed_again_unchanged(life: Life) -> None:
    objected(life)
    again = award(life.desk)
    assert life.no("reviewer", "pass_review", **again) == [
        "objected_award_own",
        "objected_unchanged",
        "objection_met_missing",
    ]
    met = {"objection_met": "已重新核实"}
    assert life.no("reviewer_2", "pass_review", **again, **met) == ["objected_unchanged"]
    assert life.no("reviewer", "pass_review", **award(life.desk, "1000.00"), **met) == ["objected_award_own"]
    assert life.act("reviewer_2", "pass_review", **award(life.desk, "1000.00"), **met) == "notice"


def test_approver_sees_every_objection_of_the_case(life: Life) -> None:
    objected(life).act("reviewer_2", "pass_review", **award(life.desk, "1000.00"), objection_met="金额已经调低")
    seen = life.desk.get("approver_1", f"/cases/{life.case_id}").get_json()["objections"]
    ready = life.desk.get("approver_1", f"/cases/{life.case_id}/actions").get_json()["objections"]
    assert seen == ready
    ((first,),) = (seen,)
    assert (first["outcome"], first["award"], first["posted_by"]) == ("upheld", "1500.00", "reviewer")


def test_objection_is_answered_by_another_reviewer_in_words(life: Life, engine: sa.Engine) -> None:
    life.to("notice")
    life.act("registrar", "object", source="phone", objection="家里有车")
    assert life.no("reviewer", "answer_objection", outcome="cleared", answer="经查不实") == ["objection_own_award"]
    wordless = life.desk.act("reviewer_2", life.case_id, "answer_objection", outcome="cleared", answer="无")
    assert refusal(wordless) == (422, ["words_missing"])
    life.act("reviewer_2", "answer_objection", outcome="cleared", answer="经查不实")
    told = sa.select(notification.c.account_id).where(notification.c.case_id == life.case_id)
    with engine.connect() as conn:
        asked = set(conn.scalars(told.where(notification.c.kind == "objection_answered")))
    assert asked == {life.desk.office.people["registrar"]}


def test_income_cut_after_the_survey_needs_a_new_visit(life: Life) -> None:
    life.to("review")
    say_income(life, "6000.00")
    assert life.no("reviewer", "pass_review", **award(life.desk)) == ["check_void", "survey_void"]
    life.act("reviewer", "return_to_survey", reason="收入改过", again=["verification"])
    life.visit()
    life.act("registrar", "finish_survey")
    life.act("verifier", "record_check", replied_on=life.desk.today.isoformat(), **CHECK)
    assert life.act("reviewer", "pass_review", **award(life.desk)) == "notice"


def test_income_cut_after_the_notice_is_not_approved(life: Life) -> None:
    life.to("approval")
    say_income(life, "6000.00")
    assert life.no("approver_1", "approve") == ["content_changed"]


def test_exclusion_that_a_visitor_saw_is_struck_out_only_after_a_visit_without_it(life: Life) -> None:
    assert observe(life, "vehicle").status_code == 200
    life.act("registrar", "submit")
    life.visit()
    assert refusal(observe(life)) == (409, ["exclusion_seen"])
    life.act("visitor_1", "record_visit", **life.visited(), gone=["vehicle"])
    assert observe(life).status_code == 200
    # The new visit counts once its second visitor confirms it; the one before saw the car.
    assert life.no("registrar", "finish_survey") == ["survey_void"]
    life.act("visitor_2", "confirm_visit")
    assert life.act("registrar", "finish_survey") == "verification"


def test_finances_of_more_than_a_year_ago_are_not_reviewed(life: Life) -> None:
    life.to("review")
    life.desk.today = date(2026, 7, 1)
    codes = life.no("reviewer", "pass_review", **award(life.desk))
    assert "finances_stale" in codes


def test_calendar_that_shortens_a_running_notice_does_not_end_it_early(life: Life, engine: sa.Engine) -> None:
    life.to("notice")
    with engine.begin() as conn:
        shown = conn.scalar(sa.select(notice.c.ends_on).where(notice.c.case_id == life.case_id))
        was = conn.scalar(sa.select(calendar_year.c.digest).where(calendar_year.c.year == SHORTER.year))
        conn.execute(calendar_day.insert().values(on=SHORTER, working=True, name="改为上班"))
        conn.execute(calendar_year.update().where(calendar_year.c.year == SHORTER.year).values(digest="shorter"))
    assert shown == date(2025, 9, 8)
    life.desk.today = shown
    try:
        assert life.no("clock", "end_notice") == ["notice_running"]
    finally:
        with engine.begin() as conn:
            conn.execute(calendar_day.delete().where(calendar_day.c.on == SHORTER))
            conn.execute(calendar_year.update().where(calendar_year.c.digest == "shorter").values(digest=was))


def test_visitor_who_was_never_asked_does_not_count(life: Life) -> None:
    life.act("registrar", "submit")
    life.act("visitor_1", "record_visit", **life.visited())
    life.act("registrar", "add_papers", papers=PAPERS + ILLNESS)
    assert life.no("registrar", "finish_survey") == ["visit_unconfirmed"]
    assert life.no("visitor_1", "confirm_visit") == ["no_visit_to_confirm"]
    assert life.no("follower", "confirm_visit") == ["no_visit_to_confirm"]
    life.act("visitor_2", "confirm_visit")
    assert life.act("registrar", "finish_survey") == "verification"


def test_one_person_does_not_make_check_witness_and_follow_up(life: Life, engine: sa.Engine) -> None:
    """The registrar with every role of the fieldwork."""
    with engine.begin() as conn:
        for role in ("visitor", "verifier"):
            grant(conn, life.desk.office, "registrar", role)
        grant(conn, life.desk.office, "verifier", "reviewer")
        grant(conn, life.desk.office, "approver_1", "registrar")
    life.to("verification")
    check = {**CHECK, "replied_on": life.desk.today.isoformat()}
    assert set(life.no("registrar", "record_check", **check)) == {"incompatible_duty"}
    life.to("review")
    assert life.no("verifier", "pass_review", **award(life.desk)) == ["incompatible_duty"]
    life.to("receipt")
    assert life.no("approver_1", "confirm_receipt", evidence="signature") == ["incompatible_duty"]
    life.act("registrar", "confirm_receipt", evidence="signature")
    by_registrar = life.visited("received", ("registrar",))
    assert "incompatible_duty" in life.no("registrar", "record_follow_up", **by_registrar)


def test_eight_people_of_one_unit_live_a_case(desk: ApiClient, engine: sa.Engine) -> None:
    """The staffing of docs/decisions/0033: nobody else takes a step."""
    with engine.begin() as conn:
        create_account(conn, desk.office, "eighth", "cashier")
        grant(conn, desk.office, "verifier", "visitor")
    life = start(desk, engine, "hardship", "LIV", {}).to("payment")
    life.act("cashier", "pay", method="bank", voucher=f"V-{life.case_id[:8]}")
    life.act("eighth", "confirm_payment", **life.advice())
    life.act("registrar", "confirm_receipt", evidence="signature")
    life.visit("record_follow_up", "received", ("verifier",))
    assert life.act("registrar", "close") == "closed"
    with engine.connect() as conn:
        people = sa.select(sa.func.count(case_duty.c.account_id.distinct())).where(case_duty.c.case_id == life.case_id)
        assert conn.scalar(people) == 8


def test_steps_about_evidence_are_decided_again(life: Life, engine: sa.Engine) -> None:
    """Why: `audit verify` asks the same rules of what the events keep."""
    objected(life).act("reviewer_2", "pass_review", **award(life.desk, "1000.00"), objection_met="金额已经调低")
    life.to("payment")
    counts = Decided()
    with engine.connect() as conn:
        replay = CaseReplay(StoredSources(conn), counts)
        events = sa.select(event.c.no, event.c.body).where(event.c.subject_id == life.case_id).order_by(event.c.seq)
        contradictions = [replay.apply(row.no, json.loads(row.body)) for row in conn.execute(events)]
    assert (contradictions, counts.undecided) == ([None] * len(contradictions), 0)
