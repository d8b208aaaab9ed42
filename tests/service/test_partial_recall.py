"""A recall names its sum; the rest stays an award, and what a family kept counts as given."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from service.integrity.faults import Fault
from service.integrity.stored_rows import case_sum_faults
from service.queries.case_loading.load import load_case
from service.queries.scope import Caller, HeldRole
from service.tables.payments import payment
from tests.api_client import ApiClient
from tests.lives import Life, award, case_at, pots
from tests.service.report_fixtures import family as report_family
from tests.service.report_fixtures import pay as report_pay
from tests.service.sample_year import the_year
from workflows.facts import Facts
from workflows.vocabulary import Role

REASON = {"ground": "paid_in_error", "reason": "多发"}
MINUTES = {"minutes": "示例〔2025〕9号", "reason": "无力偿还"}


def recall(life: Life, yuan: str, by: str = "approver_1") -> str:
    return life.act(by, "recall", amount=yuan, **REASON)


def no_recall(life: Life, yuan: str, by: str = "approver_1") -> list[str]:
    return life.no(by, "recall", amount=yuan, **REASON)


def sums(life: Life) -> dict[str, str]:
    """Return the sums of the case as the API shows them, in yuan."""
    row = life.desk.get("registrar", f"/cases/{life.case_id}").get_json()
    return {name: row[name] for name in ("award", "outstanding", "recovering", "written_off")}


def payments(engine: sa.Engine, life: Life) -> list[tuple[Any, ...]]:
    columns = (payment.c.state, payment.c.fen, payment.c.recalled_fen)
    with engine.connect() as conn:
        return [tuple(row) for row in conn.execute(sa.select(*columns).where(payment.c.case_id == life.case_id))]


@pytest.fixture
def life(client: ApiClient, engine: sa.Engine) -> Life:
    """A hardship case of which 1,500 yuan were paid and the receipt is confirmed."""
    return case_at("follow_up", client, engine)


def test_recalled_part_comes_back_and_the_rest_stays_paid(life: Life, engine: sa.Engine) -> None:
    assert recall(life, "500.00") == "recalling"
    assert sums(life) == {"award": "1500.00", "outstanding": "1500.00", "recovering": "500.00", "written_off": "0.00"}
    assert life.no("cashier", "recover_part", voucher="R-1", **life.advice("500.00")) == ["over_outstanding"]
    assert life.recover("500.00") == "recovered"
    assert sums(life) == {"award": "1500.00", "outstanding": "1000.00", "recovering": "0.00", "written_off": "0.00"}
    assert payments(engine, life) == [("live", 150_000, 50_000)]
    assert (pots(engine, life.desk)["paid_fen"], pots(engine, life.desk)["recovering_fen"]) == (100_000, 0)


def test_further_part_is_recalled_after_the_first_is_settled(life: Life, engine: sa.Engine) -> None:
    """More may turn out to be wrong later: what is still kept can be recalled, to the last fen and no further."""
    recall(life, "500.00")
    life.recover("500.00")
    assert no_recall(life, "1000.01") == ["over_kept"]
    recall(life, "0.01")
    life.act("approver_1", "write_off", **MINUTES)
    assert recall(life, "999.99") == "recalling"
    assert payments(engine, life) == [("recalled", 150_000, 150_000)]
    assert life.recover("999.99") == "recovered"
    assert no_recall(life, "0.01") == ["nothing_kept"]
    assert sums(life) == {"award": "1500.00", "outstanding": "0.00", "recovering": "0.00", "written_off": "0.01"}


def test_closed_case_is_recalled_in_part_and_again(life: Life) -> None:
    life.act("follower", "record_follow_up", **life.visited("received", ("follower",)))
    life.act("registrar", "close")
    for _ in range(2):
        assert recall(life, "500.00") == "recalling"
        assert life.recover("500.00") == "recovered"
    assert sums(life)["outstanding"] == "500.00"


@pytest.mark.parametrize(("yuan", "code"), [("0.00", "nothing_to_move"), ("1500.01", "over_kept")])
def test_recall_of_nothing_or_of_more_than_was_paid_is_refused(life: Life, yuan: str, code: str) -> None:
    assert no_recall(life, yuan) == [code]


def test_recall_without_a_sum_is_refused_and_the_form_asks_for_it(life: Life) -> None:
    response = life.desk.act("approver_1", life.case_id, "recall", **REASON)
    assert (response.status_code, life.desk.codes(response)) == (422, ["answer_missing"])
    actions = life.desk.get("approver_1", f"/cases/{life.case_id}/actions").get_json()["items"]
    form = next(each["form"] for each in actions if each["action"] == "recall")
    assert (form[0]["key"], form[0]["kind"]) == ("amount", "money")


def test_tier_of_a_recall_and_a_write_off_goes_by_their_sums_together(client: ApiClient, engine: sa.Engine) -> None:
    """Tier 1 reaches 2,000.00: it recalls that much of an award of tier 2, but not a fen more in a second recall."""
    life = case_at("approval", client, engine, "3000.00")
    life.act("approver_1", "endorse")
    life.act("approver_2", "approve")
    life.to("follow_up", "3000.00")
    assert no_recall(life, "2000.01") == ["tier_too_low"]
    recall(life, "2000.00")
    life.act("approver_1", "write_off", **MINUTES)
    assert no_recall(life, "0.01") == ["tier_too_low"]
    recall(life, "0.01", "approver_2")
    assert life.no("approver_1", "write_off", **MINUTES) == ["tier_too_low"]
    assert life.act("approver_2", "write_off", **MINUTES) == "written_off"


Course = Callable[[Life], object]


def _nothing_recalled(_life: Life) -> None:
    pass


def _part_recovered(life: Life) -> None:
    recall(life, "500.00")
    life.recover("500.00")


def _part_asked_for(life: Life) -> None:
    recall(life, "500.00")


def _all_written_off(life: Life) -> None:
    recall(life, "1500.00")
    life.act("approver_1", "write_off", **MINUTES)


def _some_recovered_and_the_rest_written_off(life: Life) -> None:
    recall(life, "1500.00")
    life.recover("400.00", "recover_part")
    life.act("approver_1", "write_off", **MINUTES)


def _all_recovered(life: Life) -> None:
    recall(life, "1500.00")
    life.recover("1500.00")


def facts_of(engine: sa.Engine, life: Life) -> Facts:
    office = life.desk.office
    reader = Caller(office.unit_id, "", "", office.unit_id, (HeldRole(Role.AUDITOR, 0, office.unit_path, None),))
    with engine.connect() as conn:
        loaded = load_case(conn, UUID(life.case_id), reader, life.desk.today)
    assert loaded is not None
    return loaded.facts


def second_request(life: Life) -> Life:
    """Open a second case for the same item and lead it to review."""
    ids = {"household_id": str(life.family.household_id), "beneficiary_id": str(life.family.child_id)}
    body = {"programme": "hardship", **ids, "item": "LIV", "requested": "3000.00", "answers": {}}
    response = life.desk.post("registrar", "/cases", body)
    assert response.status_code == 201, response.get_json()
    return Life(life.desk, life.family, response.get_json()["id"]).to("review")


@pytest.mark.parametrize(
    ("course", "given"),
    [
        (_nothing_recalled, 150_000),
        (_part_asked_for, 150_000),
        (_part_recovered, 100_000),
        (_all_written_off, 150_000),
        (_some_recovered_and_the_rest_written_off, 110_000),
        (_all_recovered, 0),
    ],
)
def test_what_did_not_come_back_counts_as_given(life: Life, engine: sa.Engine, course: Course, given: int) -> None:
    """For the limits of a year, the caps and the income test, whatever was recalled or written off."""
    course(life)
    again = second_request(life)
    facts = facts_of(engine, again)
    assert [(each.item, each.fen) for each in facts.others] == ([("LIV", given)] if given else [])
    assert facts.finances is not None
    assert [fen for _, fen, _ in facts.finances.prior_aid] == ([given] if given else [])
    if given:
        assert "item_repeated" in again.no("reviewer", "pass_review", **award(again.desk))
    else:
        assert again.act("reviewer", "pass_review", **award(again.desk)) == "notice"


def test_part_recalled_in_the_next_year_leaves_the_earlier_grant_given(life: Life, engine: sa.Engine) -> None:
    """The grant stays one of the year in which it was decided; the next year has its own."""
    life.desk.today = date(2026, 1, 5)
    _part_recovered(life)
    again = second_request(life)
    [other] = facts_of(engine, again).others
    assert (other.on.year, other.fen) == (2025, 100_000)
    assert again.act("reviewer", "pass_review", **award(again.desk)) == "notice"


def test_school_year_of_a_written_off_grant_is_taken_in_the_database_too(conn: sa.Connection) -> None:
    year, on = the_year(conn), date(2025, 8, 18)
    student, answers = report_family(conn, year.branch), {"school_year": "2025-2026"}
    first = report_pay(conn, year.branch, student, "EDU", 60_000, on, answers=answers)
    update = sa.text('UPDATE "case" SET outstanding_fen = 0, written_off_fen = 60000 WHERE id = :id')
    conn.execute(update, {"id": first})
    with pytest.raises(IntegrityError, match="uq_case_one_grant_per_school_year"):
        report_pay(conn, year.branch, student, "EDU", 60_000, on + timedelta(1), answers=answers)


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ('UPDATE "case" SET recovering_fen = 1 WHERE id = :id', "case"),
        ('UPDATE "case" SET written_off_fen = 1 WHERE id = :id', "case"),
        ("UPDATE payment SET recalled_fen = 1 WHERE case_id = :id", "payment"),
    ],
)
def test_sum_that_its_entries_do_not_make_is_a_fault(life: Life, engine: sa.Engine, statement: str, table: str) -> None:
    _part_recovered(life)
    with engine.connect() as conn:
        assert faults_of(conn, life) == []
        conn.execute(sa.text(statement), {"id": life.case_id})
        assert [(each.code, each.subject) for each in faults_of(conn, life)] == [("sum_differs", table)]
        conn.rollback()


def faults_of(conn: sa.Connection, life: Life) -> list[Fault]:
    own = {life.case_id, *map(str, conn.scalars(sa.select(payment.c.id).where(payment.c.case_id == life.case_id)))}
    return [each for each in case_sum_faults(conn) if each.key in own]
