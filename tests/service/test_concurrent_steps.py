"""A step that waited for a case reads its rows as they are now."""

import threading
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from service.actions import cases, finances, gifts
from service.actions.context import ActionContext
from service.actions.finances import FinanceLine, Finances
from service.actions.gift_checks import NewGift
from service.queries import households
from service.queries.case_loading import load
from service.queries.case_loading.plan import EVERYTHING
from tests.api_client import ApiClient
from tests.lives import Life, case_at, pots
from workflows.vocabulary import Fen

DAY = date(2025, 9, 1)
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
def life(client: ApiClient, engine: sa.Engine) -> Life:
    """Return a case in survey without a visit."""
    return case_at("survey", client, engine)


def run_with_second_waiting(
    engine: sa.Engine,
    first: Callable[[sa.Connection], object],
    second: Callable[[sa.Connection], object],
    then: Callable[[sa.Connection], object] = lambda _conn: None,
) -> None:
    """Start `second` while `first` holds the case; it goes on after `first`, and what it does `then`, commit."""

    def run_second() -> None:
        with engine.begin() as conn:
            second(conn)

    second_thread = threading.Thread(target=run_second)
    with engine.begin() as conn:
        first(conn)
        second_thread.start()
        with engine.connect() as monitor:
            while second_thread.is_alive() and not monitor.scalar(sa.text(WAITING)):
                monitor.rollback()
        then(conn)
    second_thread.join(30)
    assert not second_thread.is_alive()


def test_waiting_step_sees_a_visit_recorded_meanwhile(life: Life, engine: sa.Engine) -> None:
    organisation = life.desk.office
    life.act("visitor_1", "record_visit", **life.visited())

    def step(login: str, action: str, answers: Mapping[str, object]) -> Callable[[sa.Connection], object]:
        return lambda conn: cases.take_action(
            conn, UUID(life.case_id), action, answers, organisation.context(conn, login, DAY)
        )

    run_with_second_waiting(engine, step("visitor_2", "confirm_visit", {}), step("registrar", "finish_survey", {}))
    assert life.desk.get("registrar", f"/cases/{life.case_id}").get_json()["state"] == "verification"


def test_waiting_step_sees_a_file_changed_meanwhile(life: Life, engine: sa.Engine) -> None:
    read_values: list[str] = []
    corrected = Finances(date(2024, 12, 31), (FinanceLine("income", "wage", Fen(2_000_000)),))

    def correct(conn: sa.Connection) -> None:
        finances.replace_finances(
            conn, life.family.household_id, corrected, life.desk.office.context(conn, "registrar", DAY)
        )

    def load_locked_case(conn: sa.Connection) -> None:
        caller = life.desk.office.context(conn, "visitor_1", DAY).caller
        loaded_case = load.load_locked(conn, UUID(life.case_id), caller, DAY, EVERYTHING, None)
        assert loaded_case is not None
        read_values.append(loaded_case.facts.content)

    run_with_second_waiting(engine, correct, load_locked_case)
    with engine.connect() as conn:
        caller = life.desk.office.context(conn, "visitor_1", DAY).caller
        loaded_case = load.load_case(conn, UUID(life.case_id), caller, DAY)
    assert loaded_case is not None
    assert read_values == [loaded_case.facts.content]


def test_waiting_step_counts_a_gift_recorded_meanwhile(life: Life, engine: sa.Engine) -> None:
    """A gift changes no row of the case; the household's file shows that there was one."""
    organisation = life.desk.office
    new_gift = NewGift(
        organisation.unit_id, life.family.household_id, DAY, "SWN", "示例", "502", organisation.people["cashier"], True,
        fen=Fen(200_000), fund_id=organisation.fund_id, approved_by=organisation.people["approver_2"],
    )  # fmt: skip
    read_values: list[list[int]] = []

    def record_gift(conn: sa.Connection) -> None:
        gifts.record_gift(conn, new_gift, organisation.seconded(conn, "approver_2", DAY, by="cashier"))

    def load_locked_case(conn: sa.Connection) -> None:
        caller = organisation.context(conn, "visitor_1", DAY).caller
        loaded_case = load.load_locked(conn, UUID(life.case_id), caller, DAY, EVERYTHING, None)
        assert loaded_case is not None
        assert loaded_case.facts.finances is not None
        read_values.append([fen for _, fen, _ in loaded_case.facts.finances.prior_aid])

    run_with_second_waiting(engine, record_gift, load_locked_case)
    assert read_values == [[200_000]]


def test_waiting_step_counts_a_payment_of_another_case_made_meanwhile(life: Life, engine: sa.Engine) -> None:
    client, family = life.desk, life.family
    client.today = DAY
    family_ids = {"household_id": str(family.household_id), "beneficiary_id": str(family.head_id)}
    body = {"programme": "hardship", **family_ids, "item": "MED", "requested": "900.00", "answers": {}}
    other_case_id = UUID(client.post("registrar", "/cases", body).get_json()["id"])
    life.to("payment")
    payment_form, read_values = {"method": "bank", "voucher": "V-1"}, []

    def pay(conn: sa.Connection) -> None:
        cases.take_action(
            conn, UUID(life.case_id), "pay", payment_form, client.office.context(conn, "cashier", client.today)
        )

    def load_locked_case(conn: sa.Connection) -> None:
        caller = client.office.context(conn, "visitor_1", client.today).caller
        loaded_case = load.load_locked(conn, other_case_id, caller, client.today, EVERYTHING, None)
        assert loaded_case is not None
        assert loaded_case.facts.finances is not None
        read_values.append([fen for _, fen, _ in loaded_case.facts.finances.prior_aid])

    run_with_second_waiting(engine, pay, load_locked_case)
    assert read_values == [[150_000]]


def test_correction_of_a_gift_and_another_gift_to_the_family_take_turns(life: Life, engine: sa.Engine) -> None:
    """Regression: a correction locked the fund line before the family, whoever records a gift the family before the line."""
    office, family = life.desk.office, life.family.household_id

    def given(fen: int) -> NewGift:
        people = {"handed_by": office.people["visitor_1"], "approved_by": office.people["approver_3"]}
        what: dict[str, Any] = {
            "item": "SWN",
            "purpose": "慰问",
            "account_code": "502",
            "signed_by_family": True,
            **people,
        }
        return NewGift(office.unit_id, family, DAY, fen=Fen(fen), fund_id=office.fund_id, **what)

    def context(conn: sa.Connection) -> ActionContext:
        return office.seconded(conn, "approver_3", DAY, by="visitor_1")

    with engine.begin() as conn:
        first = gifts.record_gift(conn, given(10_000), context(conn))

    def begin(conn: sa.Connection) -> None:
        households.one(conn, family, context(conn).caller, lock=True)

    run_with_second_waiting(
        engine,
        begin,
        lambda conn: gifts.correct_gift(conn, first, given(20_000), "金额写错", context(conn)),
        then=lambda conn: gifts.record_gift(conn, given(30_000), context(conn)),
    )
    assert pots(engine, life.desk)["paid_fen"] == 50_000
