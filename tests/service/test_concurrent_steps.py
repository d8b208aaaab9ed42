"""Whoever waits for a case sees it as it is when his turn comes, not as it was when he began to wait."""

import threading
from collections.abc import Callable, Mapping
from datetime import date
from uuid import UUID

import pytest
import sqlalchemy as sa

from service.actions import cases, finances, gifts
from service.actions.finances import FinanceLine, Finances
from service.actions.gifts import NewGift
from service.queries.case_loading import load
from service.queries.case_loading.plan import EVERYTHING
from tests.api_client import ApiClient
from tests.lives import Life, case_at
from workflows.vocabulary import Fen

DAY = date(2025, 9, 1)
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
def life(desk: ApiClient, engine: sa.Engine) -> Life:
    """A case in survey that nobody has visited."""
    return case_at("survey", desk, engine)


def one_after_the_other(
    engine: sa.Engine, first: Callable[[sa.Connection], object], second: Callable[[sa.Connection], object]
) -> None:
    """`second` begins while `first` holds the case, and goes on when it has been kept."""

    def follow() -> None:
        with engine.begin() as conn:
            second(conn)

    other = threading.Thread(target=follow)
    with engine.begin() as conn:
        first(conn)
        other.start()
        with engine.connect() as look:
            while other.is_alive() and not look.scalar(sa.text(WAITING)):
                look.rollback()
    other.join(30)
    assert not other.is_alive()


def test_a_step_that_waited_sees_the_visit_that_came_meanwhile(life: Life, engine: sa.Engine) -> None:
    office = life.desk.office
    visit = life.visited()

    def step(who: str, action: str, answers: Mapping[str, object]) -> Callable[[sa.Connection], object]:
        return lambda conn: cases.take_action(conn, UUID(life.case_id), action, answers, office.context(conn, who, DAY))

    one_after_the_other(engine, step("visitor_1", "record_visit", visit), step("registrar", "finish_survey", {}))
    assert life.desk.get("registrar", f"/cases/{life.case_id}").get_json()["state"] == "verification"


def test_a_step_that_waited_sees_the_file_that_changed_meanwhile(life: Life, engine: sa.Engine) -> None:
    seen: list[str] = []
    poorer = Finances(date(2024, 12, 31), (FinanceLine("income", "wage", Fen(2_000_000)),))

    def correct(conn: sa.Connection) -> None:
        finances.replace_finances(
            conn, life.family.household_id, poorer, life.desk.office.context(conn, "registrar", DAY)
        )

    def look(conn: sa.Connection) -> None:
        caller = life.desk.office.context(conn, "visitor_1", DAY).caller
        known = load.load_locked(conn, UUID(life.case_id), caller, DAY, EVERYTHING, None)
        assert known is not None
        seen.append(known.facts.content)

    one_after_the_other(engine, correct, look)
    with engine.connect() as conn:
        caller = life.desk.office.context(conn, "visitor_1", DAY).caller
        known = load.load_case(conn, UUID(life.case_id), caller, DAY)
    assert known is not None
    assert seen == [known.facts.content]


def test_a_step_that_waited_weighs_what_the_family_was_given_meanwhile(life: Life, engine: sa.Engine) -> None:
    """A gift leaves no mark on the case: the file it is given to says that there was one."""
    office = life.desk.office
    given = NewGift(
        office.unit_id, life.family.household_id, DAY, "LIV", "示例", "502", office.people["cashier"], True,
        fen=Fen(20_000), fund_id=office.fund_id, approved_by=office.people["approver_1"],
    )  # fmt: skip
    seen: list[tuple[int, ...]] = []

    def hand(conn: sa.Connection) -> None:
        gifts.record_gift(conn, given, office.context(conn, "approver_1", DAY))

    def look(conn: sa.Connection) -> None:
        caller = office.context(conn, "visitor_1", DAY).caller
        known = load.load_locked(conn, UUID(life.case_id), caller, DAY, EVERYTHING, None)
        assert known is not None
        seen.append(tuple(each.fen for each in known.facts.others))

    one_after_the_other(engine, hand, look)
    assert seen == [(20_000,)]


def test_a_step_that_waited_weighs_what_another_case_of_the_family_paid_meanwhile(
    life: Life, engine: sa.Engine
) -> None:
    desk, family = life.desk, life.family
    desk.today = DAY
    whose = {"household_id": str(family.household_id), "beneficiary_id": str(family.head_id)}
    wanted = {"programme": "hardship", **whose, "item": "MED", "requested": "900.00", "answers": {}}
    other = UUID(desk.post("registrar", "/cases", wanted).get_json()["id"])
    life.to("payment")
    paid, seen = {"method": "bank", "voucher": "V-1"}, []

    def pay(conn: sa.Connection) -> None:
        cases.take_action(conn, UUID(life.case_id), "pay", paid, desk.office.context(conn, "cashier", desk.today))

    def look(conn: sa.Connection) -> None:
        caller = desk.office.context(conn, "visitor_1", desk.today).caller
        known = load.load_locked(conn, other, caller, desk.today, EVERYTHING, None)
        assert known is not None
        assert known.facts.finances is not None
        seen.append([fen for _, fen, _ in known.facts.finances.prior_aid])

    one_after_the_other(engine, pay, look)
    assert seen == [[150_000]]
