"""What a step reads is bounded by the tables of the programmes, and a case that lacks something is refused, not dropped."""

from uuid import UUID

import sqlalchemy as sa

from service.queries.case_loading import plan, statement
from service.tables.cases import case
from tests.api_client import ApiClient
from tests.lives import start
from workflows import required_facts


def test_made_up_actions_leave_nothing_behind() -> None:
    """The name of an action comes from outside: what is kept of it would grow without end."""
    kept = (plan._plans, statement.lock_and_load, statement.load_unlocked, required_facts.required_facts)
    plan.plan_for("approve")
    before = [each.cache_info().currsize for each in kept]
    for number in range(300):
        plan.plan_for(f"made_up_{number}")
    assert [each.cache_info().currsize for each in kept] == before


def test_a_step_that_moves_money_is_refused_for_a_case_without_a_line(desk: ApiClient, engine: sa.Engine) -> None:
    """A case that stands at approval with neither award nor line, as only a wrong hand in the database leaves it."""
    life = start(desk, engine, "hardship", "LIV", {})
    with engine.begin() as conn:
        at = {"state": "approval", "phase": "approval"}
        conn.execute(case.update().where(case.c.id == UUID(life.case_id)).values(**at))
    assert life.no("approver_1", "approve") == ["notice_missing", "fund_missing"]
