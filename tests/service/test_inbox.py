"""Inboxes hold the cases that wait for their reader, what they did and were told, and nothing of another unit."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from service.actions.cases import preview_actions
from service.queries import case_list, inbox
from service.queries.case_list import ListedCases, Sort
from service.queries.inbox import InboxList
from service.queries.people_awaited import people_awaited
from service.tables.kinship import kinship
from service.tables.notifications import notification
from tests.api_client import ApiClient
from tests.factories import create_organisation, grant
from tests.lives import Life, case_at, start
from tests.service.statement_log import statements_of
from workflows.vocabulary import Role

Listing = Callable[..., ListedCases]


@pytest.fixture
def listed(client: ApiClient, engine: sa.Engine) -> Listing:
    """Return the function that reads a page of a list of a member of staff."""

    def read(staff_name: str, which: InboxList = InboxList.TO_DO, size: int = 50, **filters: Any) -> ListedCases:
        with engine.connect() as conn:
            caller = client.office.context(conn, staff_name, client.today).caller
            return inbox.page(conn, caller, which, filters, client.today, None, size)

    return read


def ids(page: ListedCases) -> list[str]:
    """Return the ids of the cases of a page, whose number and sum are those of the list."""
    assert (page.total.count, page.total.fen) == (len(page.rows), sum(row["fen"] for row in page.rows))
    return [str(row["id"]) for row in page.rows]


def test_todo_follows_the_case_from_person_to_person(client: ApiClient, engine: sa.Engine, listed: Listing) -> None:
    life = start(client, engine, "hardship", "LIV", {})

    def waits_for() -> set[str]:
        return {name for name in client.office.people if ids(listed(name)) == [life.case_id]}

    assert waits_for() == {"registrar", "witness"}
    life.to("survey")
    assert waits_for() == {"visitor_1", "visitor_2", "follower"}
    life.visit()
    assert waits_for() == {"visitor_1", "visitor_2", "follower", "registrar", "witness"}
    life.act("registrar", "finish_survey")
    assert waits_for() == {"verifier"}
    life.to("review")
    assert waits_for() == {"reviewer", "reviewer_2"}
    life.act("reviewer_2", "suspend", ground="query", reason="x", until=(client.today + timedelta(days=3)).isoformat())
    assert waits_for() == set()
    client.today += timedelta(days=4)
    assert waits_for() == {"reviewer", "reviewer_2", "approver_1", "approver_2", "approver_3"}
    life.act("reviewer_2", "resume", reason="x")
    assert waits_for() == {"reviewer", "reviewer_2"}


def test_approver_who_signed_and_a_lower_tier_have_the_case_no_longer(
    client: ApiClient, engine: sa.Engine, listed: Listing
) -> None:
    life = case_at("approval", client, engine, "3000.00")
    life.act("approver_1", "endorse")
    assert ids(listed("approver_1")) == []
    assert ids(listed("approver_1", InboxList.DONE)) == [life.case_id]
    assert ids(listed("approver_2")) == ids(listed("approver_3")) == [life.case_id]


def test_stand_in_has_the_case_unless_their_principal_worked_on_it(
    client: ApiClient, engine: sa.Engine, listed: Listing
) -> None:
    life = case_at("approval", client, engine, "3000.00")
    with engine.begin() as conn:
        grant(conn, client.office, "auditor", "approver", 2, for_whom="approver_2")
    assert ids(listed("auditor")) == [life.case_id]
    life.act("approver_2", "endorse")
    assert ids(listed("auditor")) == []
    assert ids(listed("approver_3")) == [life.case_id]


def test_case_that_a_stand_in_worked_on_is_copied_to_the_principal(
    client: ApiClient, engine: sa.Engine, listed: Listing
) -> None:
    life = case_at("approval", client, engine, "3000.00")
    with engine.begin() as conn:
        grant(conn, client.office, "auditor", "approver", 2, for_whom="approver_2")
    assert ids(listed("approver_2", InboxList.COPIED)) == []
    life.act("auditor", "endorse")
    assert ids(listed("approver_2", InboxList.COPIED)) == [life.case_id]
    assert ids(listed("auditor", InboxList.DONE)) == [life.case_id]


def test_case_with_a_notification_in_the_inbox_is_copied(client: ApiClient, engine: sa.Engine, listed: Listing) -> None:
    life = case_at("approval", client, engine)
    with engine.begin() as conn:
        mine = sa.and_(notification.c.case_id == life.case_id, notification.c.channel == "inbox")
        conn.execute(notification.update().where(mine).values(state="delivered", delivered_at=sa.func.now()))
    assert ids(listed("approver_1", InboxList.COPIED)) == [life.case_id]
    assert ids(listed("cashier", InboxList.COPIED)) == []


def test_case_of_the_own_family_is_in_no_todo(client: ApiClient, engine: sa.Engine, listed: Listing) -> None:
    life = case_at("review", client, engine)
    told = {"relation": "sibling", "declared_on": date(2025, 1, 2), "confirmed_on": date(2025, 1, 2)}
    with engine.begin() as conn:
        relative = {"household_id": life.family.household_id, "account_id": client.office.people["reviewer"]}
        conn.execute(kinship.insert().values(id=UUID(int=int(life.case_id[-8:], 16)), **relative, **told))
    assert ids(listed("reviewer")) == []
    assert ids(listed("reviewer_2")) == [life.case_id]


def test_registrar_who_became_reviewer_has_no_case_they_registered(
    client: ApiClient, engine: sa.Engine, listed: Listing
) -> None:
    life = case_at("review", client, engine)
    with engine.begin() as conn:
        grant(conn, client.office, "registrar", "reviewer")
        grant(conn, client.office, "witness", "reviewer")
    assert ids(listed("registrar")) == []
    assert ids(listed("witness")) == [life.case_id]


def test_inboxes_of_another_unit_are_empty(client: ApiClient, engine: sa.Engine) -> None:
    life = case_at("review", client, engine)
    with engine.begin() as conn:
        other = create_organisation(conn)
    with engine.connect() as conn:
        for staff_name in other.people:
            caller = other.context(conn, staff_name, client.today).caller
            totals = inbox.totals(conn, caller, client.today)
            assert {total.count for total in totals.values()} == {0}
            for which in InboxList:
                found = inbox.neighbours(conn, caller, which, {}, client.today, UUID(life.case_id))
                assert (found.previous, found.following, found.position) == (None, None, None)


def test_case_seen_no_longer_is_not_among_what_was_done(client: ApiClient, engine: sa.Engine, listed: Listing) -> None:
    life = case_at("review", client, engine)
    assert ids(listed("verifier", InboxList.DONE)) == [life.case_id]
    with engine.begin() as conn:
        mine = {"who": client.office.people["verifier"]}
        conn.execute(sa.text("UPDATE role_grant SET until_on = '2025-08-31' WHERE account_id = :who"), mine)
    assert ids(listed("verifier", InboxList.DONE)) == []


def test_mine_leaves_out_ended_cases_unless_asked(client: ApiClient, engine: sa.Engine, listed: Listing) -> None:
    open_case, ended = case_at("draft", client, engine), case_at("draft", client, engine)
    ended.act("registrar", "withdraw", reason="x")
    assert ids(listed("registrar", InboxList.MINE)) == [open_case.case_id]
    assert ids(listed("registrar", InboxList.MINE, ended=True)) == [ended.case_id, open_case.case_id]
    assert ids(listed("witness", InboxList.MINE, ended=True)) == []


def test_visitor_sees_which_visits_wait_for_their_confirmation(
    client: ApiClient, engine: sa.Engine, listed: Listing
) -> None:
    life, other = case_at("survey", client, engine), case_at("survey", client, engine)
    life.act("visitor_1", "record_visit", **life.visited())
    assert set(ids(listed("visitor_2"))) == {life.case_id, other.case_id}
    assert ids(listed("visitor_2", names_me=True)) == [life.case_id]
    life.act("visitor_2", "confirm_visit")
    assert ids(listed("visitor_2", names_me=True)) == ids(listed("visitor_1", names_me=True)) == []


def three_cases(client: ApiClient, engine: sa.Engine) -> list[Life]:
    """Return three cases in review, which are due on following days."""
    lives = []
    for _ in range(3):
        lives.append(case_at("review", client, engine))
        client.today += timedelta(days=1)
    return lives


def test_pages_and_neighbours_follow_the_order_of_due_days(client: ApiClient, engine: sa.Engine) -> None:
    lives = [UUID(life.case_id) for life in three_cases(client, engine)]
    with engine.connect() as conn:
        caller = client.office.context(conn, "reviewer", client.today).caller
        first = inbox.page(conn, caller, InboxList.TO_DO, {}, client.today, None, 2)
        second = inbox.page(conn, caller, InboxList.TO_DO, {}, client.today, first.last, 2)
        assert [row["id"] for row in (*first.rows, *second.rows)] == lives
        assert (first.total, second.last) == (second.total, None)
        assert [row["workdays_left"] for row in first.rows] == sorted(row["workdays_left"] for row in first.rows)
        found = inbox.neighbours(conn, caller, InboxList.TO_DO, {}, client.today, lives[1])
        assert (found.previous, found.following, found.position) == (lives[0], lives[2], 2)
        gone = inbox.neighbours(conn, caller, InboxList.TO_DO, {"overdue": True}, client.today, lives[1])
        assert (gone.previous, gone.following, gone.position) == (None, None, None)


FILTERS: tuple[tuple[dict[str, Any], int], ...] = (
    ({"programme": "hardship"}, 3),
    ({"programme": "tuition"}, 0),
    ({"state": "review"}, 3),
    ({"overdue": True}, 0),
    ({"waiting": 1}, 2),
    ({"waiting": 5}, 0),
    ({"fen_from": 300_000, "fen_to": 300_000}, 3),
    ({"fen_from": 300_001}, 0),
    ({"year": 2025}, 3),
    ({"opened_from": date(2025, 9, 2), "opened_to": date(2025, 9, 3)}, 2),
)


def test_filters_of_both_lists_leave_the_same_cases(client: ApiClient, engine: sa.Engine, listed: Listing) -> None:
    three_cases(client, engine)
    for filters, count in FILTERS:
        assert len(ids(listed("reviewer", **filters))) == count, filters
        assert len(ids(case_page(client, engine, filters))) == count, filters


def case_page(
    client: ApiClient,
    engine: sa.Engine,
    filters: dict[str, Any],
    sort: Sort = Sort.NEWEST,
    after: list[str] | None = None,
) -> ListedCases:
    with engine.connect() as conn:
        caller = client.office.context(conn, "auditor", client.today).caller
        return case_list.page(conn, caller, filters, sort, client.today, after, 50 if after is None else 1)


def test_case_list_is_sorted_by_opening_and_by_due_day(client: ApiClient, engine: sa.Engine) -> None:
    lives = [life.case_id for life in three_cases(client, engine)]
    assert ids(case_page(client, engine, {})) == lives[::-1]
    assert ids(case_page(client, engine, {}, Sort.OLDEST)) == lives
    assert ids(case_page(client, engine, {}, Sort.DUE)) == lives
    first = case_page(client, engine, {}, Sort.DUE).rows[0]
    assert (first["unit_name"], first["days_waiting"], first["requested_fen"]) == ("示例县总工会", 3, 300_000)
    after = [first["due_on"].isoformat(), str(first["id"])]
    second = case_page(client, engine, {}, Sort.DUE, after)
    assert [str(row["id"]) for row in second.rows] == lives[1:2]
    assert second.total.count == len(lives)


def test_list_beyond_the_limit_is_counted_only_when_asked(client: ApiClient, engine: sa.Engine) -> None:
    three_cases(client, engine)
    with engine.connect() as conn:
        caller = client.office.context(conn, "auditor", client.today).caller
        total = case_list.page(conn, caller, {}, Sort.NEWEST, client.today, None, 50, 2).total
        assert (total.count, total.fen, total.has_more) == (2, None, True)
        every = case_list.page(conn, caller, {}, Sort.NEWEST, client.today, None, 1, None).total
        assert (every.count, every.fen, every.has_more) == (3, 900_000, False)
        assert case_list.exact_count(conn, caller, {}, Sort.NEWEST, client.today) == 3


def test_lists_take_few_selects(client: ApiClient, engine: sa.Engine) -> None:
    life = case_at("approval", client, engine)
    with engine.connect() as conn:
        caller = client.office.context(conn, "approver_1", client.today).caller
        inbox.page(conn, caller, InboxList.TO_DO, {}, client.today, None, 50)  # the calendar is read once
        with statements_of(conn) as statements:
            for which in InboxList:
                inbox.page(conn, caller, which, {}, client.today, None, 50)
        assert len(InboxList) <= len(statements) <= 2 * len(InboxList)
        with statements_of(conn) as statements:
            inbox.totals(conn, caller, client.today)
            people_awaited(conn, [UUID(life.case_id)], client.today)
            inbox.neighbours(conn, caller, InboxList.TO_DO, {}, client.today, UUID(life.case_id))
        assert len(statements) == 3


def test_totals_do_not_count_again_what_the_page_has_counted(client: ApiClient, engine: sa.Engine) -> None:
    case_at("approval", client, engine)
    with engine.connect() as conn:
        for staff_name in ("approver_1", "registrar", "admin"):
            caller = client.office.context(conn, staff_name, client.today).caller
            pages = {which: inbox.page(conn, caller, which, {}, client.today, None, 50) for which in InboxList}
            totals = inbox.totals(conn, caller, client.today)
            assert totals == {which: page.total for which, page in pages.items()}
            for which, page in pages.items():
                known = inbox.totals(conn, caller, client.today, {which: page.total})
                assert known == totals
                assert list(known) == list(InboxList), "the lists stand in their order on the page"


def test_inbox_is_planned_for_its_reader_however_often_it_is_read(client: ApiClient, engine: sa.Engine) -> None:
    """Why: planned without its values, the statement took a city for a small part of the cases, and twice as long."""
    plans = sa.text("SELECT statement FROM pg_prepared_statements WHERE statement LIKE '%listed%'")
    with engine.connect() as conn:
        caller = client.office.context(conn, "approver_1", client.today).caller
        for _ in range(12):
            for which in InboxList:
                inbox.page(conn, caller, which, {}, client.today, None, 50)
            inbox.totals(conn, caller, client.today)
        assert conn.scalars(plans).all() == []


def test_case_waits_for_everybody_who_may_take_its_next_step(client: ApiClient, engine: sa.Engine) -> None:
    life = case_at("approval", client, engine, "3000.00")
    life.act("approver_1", "endorse")
    with engine.connect() as conn:
        people = people_awaited(conn, [UUID(life.case_id)], client.today)[UUID(life.case_id)]
    assert [(each.display_name, each.role, each.tier) for each in people] == [
        ("approver_2", Role.APPROVER, 2),
        ("approver_3", Role.APPROVER, 2),
    ]


def test_refused_action_names_who_can_take_it(client: ApiClient, engine: sa.Engine) -> None:
    life = case_at("approval", client, engine, "3000.00")
    life.act("approver_1", "endorse")
    with engine.connect() as conn:
        preview = preview_actions(conn, UUID(life.case_id), client.office.context(conn, "approver_1", client.today))
        auditor = preview_actions(conn, UUID(life.case_id), client.office.context(conn, "auditor", client.today))
    by_action = {each.step.action: each for each in preview.actions}
    approve, endorse = by_action["approve"], by_action["endorse"]
    assert "incompatible_duty" in {reason.code for reason in approve.available.reasons}
    assert [each.display_name for each in approve.able] == ["approver_2", "approver_3"]
    assert approve.is_awaited
    assert not by_action["suspend"].is_awaited
    assert "last_tier" in {reason.code for reason in endorse.available.reasons}
    assert endorse.able == (), "nobody can send it to a tier that does not follow"
    assert "withdraw" not in by_action, "an action of another role is not listed"
    assert auditor.actions == ()


def test_preview_reads_the_case_once(client: ApiClient, engine: sa.Engine) -> None:
    life = case_at("approval", client, engine)
    with engine.connect() as conn:
        context = client.office.context(conn, "approver_1", client.today)
        preview_actions(conn, UUID(life.case_id), context)
        with statements_of(conn) as statements:
            preview_actions(conn, UUID(life.case_id), context)
    assert len(statements) <= 3
