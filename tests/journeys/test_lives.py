"""Tests of whole cases over HTTP, from opening to each end state."""

from datetime import date

import pytest
import sqlalchemy as sa

from service.tables.cases import approval
from service.tables.ledger import ledger_entry
from service.tables.notices import notice
from service.tables.payments import payment
from tests.api_client import ApiClient
from tests.lives import Life, award, pots, start


@pytest.fixture
def life(desk: ApiClient, engine: sa.Engine) -> Life:
    return start(desk, engine, "hardship", "LIV", {})


def test_hardship_case_is_closed_after_follow_up(life: Life, engine: sa.Engine) -> None:
    life.to("payment")
    assert pots(engine, life.desk)["committed_fen"] == 150_000
    assert life.act("cashier", "pay", method="bank", voucher="V-1") == "transit"
    assert pots(engine, life.desk)["in_transit_fen"] == 150_000
    assert life.act("cashier_2", "confirm_payment", **life.advice()) == "receipt"
    assert life.act("witness", "confirm_receipt", evidence="signature") == "follow_up"
    assert life.no("registrar", "close") == ["follow_up_missing"]
    life.visit("record_follow_up", "received", ("follower",))
    assert life.act("registrar", "close") == "closed"
    assert pots(engine, life.desk) == {
        "available_fen": 9_850_000,
        "committed_fen": 0,
        "in_transit_fen": 0,
        "paid_fen": 150_000,
        "recovering_fen": 0,
        "written_off_fen": 0,
    }


def test_tuition_is_granted_once_per_school_year(desk: ApiClient, engine: sa.Engine) -> None:
    form = {"school_year": "2025-2026", "stage": "bachelor", "institution_kind": "public", "living_part": "600.00"}
    life = start(desk, engine, "tuition", "EDU", form)
    life.to("payment", "600.00")
    life.pay("600.00")
    life.act("witness", "confirm_receipt", evidence="call_back")
    life.visit("record_follow_up", "received", ("follower",))
    assert life.act("registrar", "close") == "closed"
    applicant = {"household_id": str(life.family.household_id), "beneficiary_id": str(life.family.child_id)}
    body = {"programme": "tuition", **applicant, "item": "EDU", "requested": "600.00", "answers": form}
    second_case = Life(desk, life.family, desk.post("registrar", "/cases", body).get_json()["id"])
    assert second_case.to("review").no("reviewer", "pass_review", **award(desk, "600.00")) == ["student_repeated"]


def test_payment_returned_by_the_bank_is_committed_until_paid_again(life: Life, engine: sa.Engine) -> None:
    life.to("payment")
    life.pay()
    assert life.take_back() == "payment"
    assert pots(engine, life.desk)["committed_fen"] == 150_000
    assert life.act("cashier", "pay", method="bank", voucher="V-2") == "transit"
    assert life.act("approver_3", "confirm_payment", **life.advice()) == "receipt"
    with engine.connect() as conn:
        rows = conn.scalars(sa.select(payment.c.state).where(payment.c.case_id == life.case_id).order_by(payment.c.seq))
        assert list(rows) == ["returned", "live"]


def test_recalled_payment_is_recovered_in_parts(life: Life, engine: sa.Engine) -> None:
    life.to("payment")
    life.pay()
    assert life.act("approver_1", "recall", amount="1500.00", ground="paid_in_error", reason="重复") == "recalling"
    assert life.no("cashier", "recover_part", voucher="H-1", **life.advice("1500.00")) == ["over_outstanding"]
    assert life.recover("500.00", "recover_part") == "recalling"
    assert life.recover("1000.00") == "recovered"
    assert pots(engine, life.desk)["available_fen"] == 10_000_000
    with engine.connect() as conn:
        moved = conn.execute(
            sa.select(ledger_entry.c.source_pot, ledger_entry.c.target_pot, ledger_entry.c.fen)
            .where(ledger_entry.c.case_id == life.case_id)
            .order_by(ledger_entry.c.seq)
        ).all()
    assert [tuple(row) for row in moved] == [
        ("available", "committed", 150_000),
        ("committed", "in_transit", 150_000),
        ("in_transit", "paid", 150_000),
        ("paid", "recovering", 150_000),
        ("recovering", "available", 50_000),
        ("recovering", "available", 100_000),
    ]


def test_upheld_objection_returns_case_to_review_and_ends_the_notice(life: Life, engine: sa.Engine) -> None:
    life.to("notice")
    posted = life.desk.get("registrar", f"/notices?case_id={life.case_id}").get_json()["items"][0]
    assert posted["shown"]["name"].startswith("示例")
    assert "id_no" not in posted["shown"]
    objected = life.desk.post(
        "registrar", f"/notices/{posted['id']}/objections", {"source": "phone", "objection": "家里有车"}
    )
    assert objected.status_code == 201
    life.desk.today = date(2025, 9, 15)
    assert life.no("clock", "end_notice") == ["objection_open"]
    life.act("reviewer_2", "answer_objection", outcome="upheld", answer="经查属实")
    assert life.no("clock", "end_notice") == ["objection_upheld"]
    assert life.act("reviewer", "return_to_review", reason="重新核实") == "review"
    with engine.connect() as conn:
        assert conn.scalar(sa.select(notice.c.ended_on).where(notice.c.case_id == life.case_id)) == date(2025, 9, 15)


def test_approval_is_void_after_payee_changes(life: Life, engine: sa.Engine) -> None:
    life.to("payment")
    payee = {"person": str(life.family.head_id), "bank": "示例银行", "card": "6222020200112233445"}
    changed = life.desk.post("registrar", f"/households/{life.family.household_id}/payee", payee)
    assert changed.status_code == 201, changed.get_json()
    assert life.no("cashier", "pay", method="bank", voucher="V-1") == ["signatures_void"]
    assert life.act("approver_2", "cancel_award", reason="账户变更") == "review"
    with engine.connect() as conn:
        live = sa.select(sa.func.count()).where(approval.c.case_id == life.case_id, approval.c.voided_seq.is_(None))
        assert conn.scalar(live) == 0
    assert pots(engine, life.desk)["available_fen"] == 10_000_000


def test_suspended_case_takes_no_step_until_resumed(life: Life) -> None:
    life.to("review")
    assert life.no("reviewer", "suspend", until="2025-08-01", ground="query", reason="有疑点") == ["hold_not_ahead"]
    life.act("reviewer", "suspend", until="2025-09-20", ground="query", reason="有疑点")
    assert life.no("reviewer", "pass_review", **award(life.desk)) == ["case_suspended"]
    assert life.act("reviewer", "resume", reason="已查清") == "review"
    assert life.act("reviewer", "decline", reason="不符合条件") == "declined"


def test_withdrawn_case_releases_its_committed_money(life: Life, engine: sa.Engine) -> None:
    life.to("payment")
    assert life.act("registrar", "withdraw", reason="家庭撤回") == "withdrawn"
    assert pots(engine, life.desk)["available_fen"] == 10_000_000
