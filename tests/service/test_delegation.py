"""Who acts for another is two people: no duty, kinship or tier is escaped by sending somebody in one's place."""

from typing import Any

import pytest
import sqlalchemy as sa

from service.tables.cases import case_duty
from service.tables.events import event
from tests.api_client import ApiClient
from tests.factories import grant
from tests.lives import ILLNESS, PAPERS, Life, award, start


@pytest.fixture
def life(desk: ApiClient, engine: sa.Engine) -> Life:
    return start(desk, engine, "hardship", "LIV", {})


def also(engine: sa.Engine, desk: ApiClient, who: str, role: str, tier: int = 0, for_whom: str | None = None) -> None:
    """Give somebody one more role."""
    with engine.begin() as conn:
        grant(conn, desk.office, who, role, tier, for_whom=for_whom)


def test_a_named_visitor_counts_as_whom_he_stands_in_for(life: Life, engine: sa.Engine) -> None:
    """The witness goes along in the reviewer's place: the reviewer has then visited, and does not review."""
    also(engine, life.desk, "reviewer", "visitor")
    also(engine, life.desk, "witness", "visitor", for_whom="reviewer")
    life.act("registrar", "submit")
    life.visit(who=("visitor_1", "witness"))
    with engine.connect() as conn:
        went = sa.select(case_duty.c.account_id).where(
            case_duty.c.case_id == life.case_id, case_duty.c.duty == "visitor"
        )
        assert life.desk.office.people["reviewer"] in set(conn.scalars(went))
    life.act("registrar", "add_papers", papers=PAPERS + ILLNESS)
    life.act("registrar", "finish_survey")
    assert life.to("review").no("reviewer", "pass_review", **award(life.desk)) == ["incompatible_duty"]


def test_a_named_visitor_does_not_go_for_one_who_has_reviewed(life: Life, engine: sa.Engine) -> None:
    also(engine, life.desk, "reviewer", "visitor")
    also(engine, life.desk, "witness", "visitor", for_whom="reviewer")
    life.to("review")
    life.act("reviewer", "return_to_survey", reason="x")
    assert life.no("visitor_1", "record_visit", **life.visited(who=("visitor_1", "witness"))) == [
        "visitor_has_incompatible_duty"
    ]


def test_a_named_visitor_does_not_go_for_a_relative(life: Life, engine: sa.Engine) -> None:
    """The person stood in for is the family's."""
    also(engine, life.desk, "auditor", "visitor")
    also(engine, life.desk, "follower", "visitor", for_whom="auditor")
    with engine.begin() as conn:
        conn.execute(
            sa.text("DELETE FROM role_grant WHERE account_id = :who AND for_account_id IS NULL"),
            named(life, "follower"),
        )
        kin = "INSERT INTO kinship (id, household_id, account_id, relation, declared_on, confirmed_on)"
        home = {"home": life.family.household_id, **named(life, "auditor")}
        conn.execute(
            sa.text(f"{kin} VALUES (gen_random_uuid(), :home, :who, 'sibling', '2025-09-01', '2025-09-01')"), home
        )
    life.act("registrar", "submit")
    assert life.no("visitor_1", "record_visit", **life.visited(who=("visitor_1", "follower"))) == ["visitor_is_family"]


def named(life: Life, who: str) -> dict[str, Any]:
    return {"who": life.desk.office.people[who]}


def two_tiers(life: Life) -> None:
    """An award of 3,000 yuan, which two tiers sign, waiting for the first."""
    life.to("approval", "3000.00")


def test_one_person_does_not_sign_two_tiers_for_another(life: Life, engine: sa.Engine) -> None:
    """He signs the first tier himself and the second in the place of its approver, or the other way about."""
    also(engine, life.desk, "approver_1", "approver", 2, for_whom="approver_2")
    two_tiers(life)
    life.act("approver_1", "endorse")
    assert life.no("approver_1", "approve") == ["incompatible_duty"]
    assert life.act("approver_2", "approve") == "payment"


def test_who_signs_the_first_tier_in_anothers_place_takes_the_second_from_him(life: Life, engine: sa.Engine) -> None:
    also(engine, life.desk, "witness", "approver", 2, for_whom="approver_2")
    two_tiers(life)
    life.act("witness", "endorse")
    assert life.no("approver_2", "approve") == ["incompatible_duty"]
    assert life.no("witness", "approve") == ["incompatible_duty"]
    assert life.act("approver_3", "approve") == "payment"


def paid(life: Life) -> None:
    two_tiers(life)
    life.act("approver_1", "endorse")
    life.act("approver_2", "approve")
    life.act("cashier", "pay", method="cash", voucher="V-1", cash_reason="urgent")


def test_a_recall_says_in_whose_place_a_lower_tier_decided_it(life: Life, engine: sa.Engine) -> None:
    """The first tier alone does not reach this sum; who lends his reach is named."""
    paid(life)
    assert life.no("approver_1", "recall", ground="paid_in_error", reason="x") == ["tier_too_low"]
    also(engine, life.desk, "approver_1", "approver", 2, for_whom="approver_2")
    life.act("approver_1", "recall", ground="paid_in_error", reason="x")
    with engine.connect() as conn:
        last = sa.select(event.c.principal_id).where(event.c.subject_id == life.case_id, event.c.action == "recall")
        assert conn.scalar(last) == life.desk.office.people["approver_2"]


def test_nobody_lends_his_reach_to_a_debt_he_paid_out(life: Life, engine: sa.Engine) -> None:
    paid(life)
    also(engine, life.desk, "cashier", "approver", 2)
    also(engine, life.desk, "approver_1", "approver", 2, for_whom="cashier")
    assert life.no("approver_1", "recall", ground="paid_in_error", reason="x") == ["tier_too_low"]


def test_who_made_the_case_does_not_forgive_the_debt(life: Life, engine: sa.Engine) -> None:
    """The registrar became an approver since; in his own place or another's, he writes nothing off."""
    paid(life)
    life.act("approver_2", "recall", ground="paid_in_error", reason="x")
    also(engine, life.desk, "registrar", "approver", 2)
    also(engine, life.desk, "witness", "approver", 2, for_whom="registrar")
    for who in ("registrar", "witness"):
        assert life.no(who, "write_off", minutes="示例〔2025〕9号", reason="x") == ["incompatible_duty"]
