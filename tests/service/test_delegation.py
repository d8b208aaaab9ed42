"""Acting for another person escapes no duty, kinship or approval tier."""

from typing import Any

import pytest
import sqlalchemy as sa

from service.queries import inbox
from service.queries.inbox import InboxList
from service.tables.cases import case_duty
from service.tables.events import event
from tests.api_client import ApiClient
from tests.factories import grant
from tests.lives import ILLNESS, PAPERS, Life, award, start


@pytest.fixture
def life(client: ApiClient, engine: sa.Engine) -> Life:
    return start(client, engine, "hardship", "LIV", {})


def add_role(
    engine: sa.Engine, client: ApiClient, login: str, role: str, tier: int = 0, for_whom: str | None = None
) -> None:
    """Give an account one more role."""
    with engine.begin() as conn:
        grant(conn, client.office, login, role, tier, for_whom=for_whom)


def test_stand_in_visit_counts_as_a_visit_by_the_principal(life: Life, engine: sa.Engine) -> None:
    """The witness visits for the reviewer: the reviewer counts as a visitor and cannot review."""
    add_role(engine, life.desk, "reviewer", "visitor")
    add_role(engine, life.desk, "witness", "visitor", for_whom="reviewer")
    life.act("registrar", "submit")
    life.visit(visitors=("visitor_1", "witness"))
    with engine.connect() as conn:
        visitor_duties = sa.select(case_duty.c.account_id).where(
            case_duty.c.case_id == life.case_id, case_duty.c.duty == "visitor"
        )
        assert life.desk.office.people["reviewer"] in set(conn.scalars(visitor_duties))
    life.act("registrar", "add_papers", papers=PAPERS + ILLNESS)
    life.act("registrar", "finish_survey")
    assert life.to("review").no("reviewer", "pass_review", **award(life.desk)) == ["incompatible_duty"]


def test_stand_in_cannot_visit_for_the_reviewer_of_the_case(life: Life, engine: sa.Engine) -> None:
    add_role(engine, life.desk, "reviewer", "visitor")
    add_role(engine, life.desk, "witness", "visitor", for_whom="reviewer")
    life.to("review")
    life.act("reviewer", "return_to_survey", reason="x")
    assert life.no("visitor_1", "record_visit", **life.visited(visitors=("visitor_1", "witness"))) == [
        "visitor_has_incompatible_duty"
    ]


def test_stand_in_cannot_visit_for_a_relative_of_the_family(life: Life, engine: sa.Engine) -> None:
    """The principal is a relative of the family."""
    add_role(engine, life.desk, "auditor", "visitor")
    add_role(engine, life.desk, "follower", "visitor", for_whom="auditor")
    with engine.begin() as conn:
        conn.execute(
            sa.text("DELETE FROM role_grant WHERE account_id = :who AND for_account_id IS NULL"),
            account_parameter(life, "follower"),
        )
        kin = "INSERT INTO kinship (id, household_id, account_id, relation, declared_on, confirmed_on)"
        parameters = {"home": life.family.household_id, **account_parameter(life, "auditor")}
        conn.execute(
            sa.text(f"{kin} VALUES (gen_random_uuid(), :home, :who, 'sibling', '2025-09-01', '2025-09-01')"), parameters
        )
    life.act("registrar", "submit")
    assert life.no("visitor_1", "record_visit", **life.visited(visitors=("visitor_1", "follower"))) == [
        "visitor_is_family"
    ]


def account_parameter(life: Life, login: str) -> dict[str, Any]:
    return {"who": life.desk.office.people[login]}


def lead_to_approval_in_two_tiers(life: Life) -> None:
    """Lead the case to approval with an award of 3,000 yuan, which two tiers sign."""
    life.to("approval", "3000.00")


def test_approver_cannot_sign_two_tiers_as_a_stand_in(life: Life, engine: sa.Engine) -> None:
    """One person signs the first tier for themselves and the second for its approver."""
    add_role(engine, life.desk, "approver_1", "approver", 2, for_whom="approver_2")
    lead_to_approval_in_two_tiers(life)
    life.act("approver_1", "endorse")
    assert life.no("approver_1", "approve") == ["incompatible_duty"]
    assert life.act("approver_2", "approve") == "payment"


def test_stand_in_signing_the_first_tier_bars_both_from_the_second(life: Life, engine: sa.Engine) -> None:
    add_role(engine, life.desk, "witness", "approver", 2, for_whom="approver_2")
    lead_to_approval_in_two_tiers(life)
    life.act("witness", "endorse")
    assert life.no("approver_2", "approve") == ["incompatible_duty"]
    assert life.no("witness", "approve") == ["incompatible_duty"]
    assert life.act("approver_3", "approve") == "payment"


def lead_to_paid(life: Life) -> None:
    lead_to_approval_in_two_tiers(life)
    life.act("approver_1", "endorse")
    life.act("approver_2", "approve")
    life.pay("3000.00")


def test_recall_by_a_lower_tier_records_the_principal(life: Life, engine: sa.Engine) -> None:
    """The first tier alone does not reach this sum; the event names the principal."""
    lead_to_paid(life)
    assert life.no("approver_1", "recall", amount="3000.00", ground="paid_in_error", reason="x") == ["tier_too_low"]
    add_role(engine, life.desk, "approver_1", "approver", 2, for_whom="approver_2")
    life.act("approver_1", "recall", amount="3000.00", ground="paid_in_error", reason="x")
    with engine.connect() as conn:
        principal = sa.select(event.c.principal_id).where(
            event.c.subject_id == life.case_id, event.c.action == "recall"
        )
        assert conn.scalar(principal) == life.desk.office.people["approver_2"]


def test_stand_in_cannot_recall_for_the_cashier_that_paid(life: Life, engine: sa.Engine) -> None:
    lead_to_paid(life)
    add_role(engine, life.desk, "cashier", "approver", 2)
    add_role(engine, life.desk, "approver_1", "approver", 2, for_whom="cashier")
    assert life.no("approver_1", "recall", amount="3000.00", ground="paid_in_error", reason="x") == ["tier_too_low"]


def test_registrar_of_the_case_cannot_write_off_its_debt(life: Life, engine: sa.Engine) -> None:
    """The registrar became an approver since; neither they nor their stand-in write anything off."""
    lead_to_paid(life)
    life.act("approver_2", "recall", amount="3000.00", ground="paid_in_error", reason="x")
    add_role(engine, life.desk, "registrar", "approver", 2)
    add_role(engine, life.desk, "witness", "approver", 2, for_whom="registrar")
    for who in ("registrar", "witness"):
        assert life.no(who, "write_off", minutes="示例〔2025〕9号", reason="x") == ["incompatible_duty"]


def test_principal_of_who_filed_the_family_does_not_approve_its_case(client: ApiClient, engine: sa.Engine) -> None:
    """Regression: who wrote in a file for somebody else was its filer alone, and the principal approved the case."""
    add_role(engine, client, "approver_1", "registrar")
    add_role(engine, client, "follower", "registrar", for_whom="approver_1")
    life = start(client, engine, "hardship", "LIV", {})
    path, version = f"/households/{life.family.household_id}", {"If-Match": '"1"'}
    answer = client.http.patch(
        f"/api/v1{path}", json={"identity": "on_post"}, headers=client.headers("follower", **version)
    )
    assert answer.status_code == 200, answer.get_json()
    life.to("approval")
    for who in ("approver_1", "follower"):
        assert life.case_id not in awaiting(client, engine, who)
    assert life.case_id in awaiting(client, engine, "approver_2")
    assert life.no("approver_1", "approve") == ["incompatible_duty"]
    assert life.act("approver_2", "approve") == "payment"


def awaiting(client: ApiClient, engine: sa.Engine, who: str) -> set[str]:
    """Return the cases that wait for a member of staff."""
    with engine.connect() as conn:
        caller = client.office.context(conn, who, client.today).caller
        return {str(each["id"]) for each in inbox.page(conn, caller, InboxList.TO_DO, {}, client.today, None, 50).rows}
