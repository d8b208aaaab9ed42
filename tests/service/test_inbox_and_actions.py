"""待办 is what available_actions() says, over random cases and everybody on the staff."""

import os
from dataclasses import replace
from datetime import date
from random import Random
from uuid import UUID

import pytest
import sqlalchemy as sa

from service.actions.case_input import unfilled_input
from service.queries import inbox
from service.queries.case_loading import load
from service.queries.inbox import InboxList
from service.queries.people_awaited import people_awaited
from tests.service.random_cases import TODAY, Town, found_town, write_case
from workflows import state_machine
from workflows.awaited_steps import about_the_person, is_awaited, waits_for_actor
from workflows.facts import RuleInput
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import Actor

CASES = int(os.environ.get("SONGNUAN_INBOX_CASES", "40"))
SEED = int(os.environ.get("SONGNUAN_INBOX_SEED", "1"))


@pytest.fixture
def town(conn: sa.Connection) -> tuple[Town, list[UUID]]:
    """Return a town with random cases, which is rolled back."""
    dice = Random(SEED)
    town = found_town(conn, dice, 10)
    return town, [write_case(conn, town, dice, number) for number in range(CASES)]


def in_inbox(case: RuleInput, programme: str, actor: Actor, *, hold_over: bool) -> bool:
    """Return whether the case waits for a step against which available_actions() says nothing about the person."""
    own = replace(case, actor=actor)
    table = PROGRAMMES[programme]
    open_to_actor = {
        each.action: not about_the_person(each.reasons) for each in state_machine.available_actions(table, own)
    }
    awaited = [step for step in table.steps_from(case.facts.state) if is_awaited(step, own, hold_over=hold_over)]
    expected = any(open_to_actor[step.action] for step in awaited)
    assert waits_for_actor(table, own, hold_over=hold_over) == expected
    return expected


def test_todo_of_everybody_equals_the_actions_that_are_open_to_them(
    conn: sa.Connection, town: tuple[Town, list[UUID]]
) -> None:
    everybody, case_ids = town
    contexts = {login: office.context(conn, name, TODAY) for login, (office, name) in everybody.people.items()}
    seer = everybody.city.context(conn, "auditor", TODAY)
    expected: dict[str, set[UUID]] = {login: set() for login in contexts}
    for case_id in case_ids:
        loaded = load.load_case(conn, case_id, seer.caller, TODAY)
        assert loaded is not None
        held, unfilled = loaded.row.held_until, unfilled_input(conn, loaded, seer)
        for login, context in contexts.items():
            actor = context.caller.actor_over(loaded.row.unit_path)
            if in_inbox(unfilled, loaded.row.programme, actor, hold_over=held is not None and held < TODAY):
                expected[login].add(case_id)
    awaited = people_awaited(conn, case_ids, TODAY)
    for login, context in contexts.items():
        page = inbox.page(conn, context.caller, InboxList.TO_DO, {}, TODAY, None, 10 * CASES)
        listed = {row["id"] for row in page.rows}
        assert listed == expected[login], login
        assert page.total.count == len(page.rows) == len(listed)
        filtered = inbox.page(conn, context.caller, InboxList.TO_DO, {"opened_from": date.min}, TODAY, None, 10 * CASES)
        assert filtered == page, "the statement of a filter says the same as the one that is built once"
        assert listed == {
            each for each, people in awaited.items() if context.caller.account in {p.account for p in people}
        }
    assert sum(map(len, expected.values())) > CASES
