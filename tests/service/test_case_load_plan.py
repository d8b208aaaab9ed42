"""A step's cached read plans are bounded, and an incomplete case is refused."""

from uuid import UUID

import sqlalchemy as sa

from service.queries.case_loading import plan, statement
from service.tables.cases import case
from tests.api_client import ApiClient
from tests.lives import start
from workflows import required_facts


def test_unknown_action_names_leave_nothing_in_the_caches() -> None:
    """Action names come from outside: caching unknown ones would grow without limit."""
    caches = (plan._plans, statement.lock_and_load, statement.load_unlocked, required_facts.required_facts)
    plan.plan_for("approve")
    sizes_before = [each.cache_info().currsize for each in caches]
    for number in range(300):
        plan.plan_for(f"made_up_{number}")
    assert [each.cache_info().currsize for each in caches] == sizes_before


def test_approval_of_a_case_without_a_fund_is_refused(client: ApiClient, engine: sa.Engine) -> None:
    """A case in approval with neither award nor fund, as only a direct change in the database leaves it."""
    life = start(client, engine, "hardship", "LIV", {})
    with engine.begin() as conn:
        approval_state = {"state": "approval", "phase": "approval"}
        conn.execute(case.update().where(case.c.id == UUID(life.case_id)).values(**approval_state))
    assert life.no("approver_1", "approve") == ["notice_missing", "fund_missing"]
