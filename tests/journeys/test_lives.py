"""One life per programme over HTTP, and the ways a life can turn: each step by its own person."""

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from service.tables.cases import approval, notice
from service.tables.funds import entry, fund, payment
from tests.client import Desk
from tests.office import Family, file_family

PAPERS = ["application", "identity", "household_register", "authorisation", "income_proof", "bank_card"]
ILLNESS = ["diagnosis", "medical_bills", "insurance_settlement"]


class Life:
    """A case and its people."""

    def __init__(self, desk: Desk, family: Family, case_id: str) -> None:
        self.desk, self.family, self.case_id = desk, family, case_id

    def act(self, who: str, action: str, **answers: Any) -> str:
        """Take an action that must succeed; the state it leads to."""
        response = self.desk.act(who, self.case_id, action, **answers)
        assert response.status_code == 200, response.get_json()
        return str(response.get_json()["state"])

    def no(self, who: str, action: str, **answers: Any) -> list[str]:
        """Take an action that must be refused; its codes."""
        response = self.desk.act(who, self.case_id, action, **answers)
        assert response.status_code == 409, response.get_json()
        return self.desk.codes(response)

    def visit(
        self,
        action: str = "record_visit",
        conclusion: str = "confirmed",
        who: tuple[str, ...] = ("visitor_1", "visitor_2"),
    ) -> str:
        """Two people go to the family's home today."""
        ids = [str(self.desk.office.people[each]) for each in who]
        form = {"on": self.desk.today.isoformat(), "visitors": ids, "place": "home", "conclusion": conclusion}
        return self.act(who[0], action, **form)

    def to_review(self) -> None:
        """From the request to the reviewer's desk."""
        self.act("registrar", "submit")
        self.visit()
        self.act("registrar", "add_papers", papers=PAPERS + ILLNESS)
        if self.act("registrar", "finish_survey") == "verification":
            check = {"authority": "示例核对中心", "request_no": "HD-1", "outcome": "clear"}
            self.act("verifier", "record_check", replied_on=self.desk.today.isoformat(), **check)

    def to_payment(self, award: str = "1500.00") -> None:
        """From the reviewer's desk to the cashier's, one tier."""
        form = {"award": award, "fund": str(self.desk.office.fund_id), "places": ["unit_board"]}
        self.act("reviewer", "pass_review", **form)
        self.desk.today = date(2025, 9, 15)
        self.act("clock", "end_notice")
        self.act("approver_1", "approve")


@pytest.fixture
def life(desk: Desk, engine: sa.Engine) -> Life:
    return start(desk, engine, "hardship", "LIV", {})


def start(desk: Desk, engine: sa.Engine, programme: str, item: str, answers: dict[str, Any]) -> Life:
    with engine.begin() as tx:
        family = file_family(tx, desk.office)
    beneficiary = family.child_id if programme == "tuition" else family.head_id
    who = {"household_id": str(family.household_id), "beneficiary_id": str(beneficiary)}
    body = {"programme": programme, **who, "item": item, "asked": "3000.00", "answers": answers}
    opened = desk.post("registrar", "/cases", body)
    assert opened.status_code == 201, opened.get_json()
    return Life(desk, family, opened.get_json()["id"])


def pots(engine: sa.Engine, desk: Desk) -> dict[str, int]:
    names = ("available_fen", "committed_fen", "paid_fen", "recovering_fen", "written_off_fen")
    with engine.connect() as tx:
        row = tx.execute(sa.select(fund).where(fund.c.id == desk.office.fund_id)).mappings().one()
        return {name: row[name] for name in names}


def test_hardship_from_request_to_close(life: Life, engine: sa.Engine) -> None:
    life.to_review()
    life.to_payment()
    assert pots(engine, life.desk)["committed_fen"] == 150_000
    assert life.act("cashier", "pay", method="bank", voucher="V-1") == "receipt"
    assert life.act("witness", "confirm_receipt", evidence="signature") == "follow_up"
    assert life.no("registrar", "close") == ["follow_up_missing"]
    life.visit("record_follow_up", "received", ("follower",))
    assert life.act("registrar", "close") == "closed"
    assert pots(engine, life.desk) == {
        "available_fen": 9_850_000,
        "committed_fen": 0,
        "paid_fen": 150_000,
        "recovering_fen": 0,
        "written_off_fen": 0,
    }


def test_tuition_from_request_to_close_and_only_once_a_school_year(desk: Desk, engine: sa.Engine) -> None:
    form = {"school_year": "2025-2026", "stage": "bachelor", "institution_kind": "public", "living_part": "600.00"}
    life = start(desk, engine, "tuition", "EDU", form)
    life.to_review()
    life.to_payment("600.00")
    life.act("cashier", "pay", method="bank", voucher="V-2")
    life.act("witness", "confirm_receipt", evidence="call_back")
    life.visit("record_follow_up", "received", ("follower",))
    assert life.act("registrar", "close") == "closed"
    who = {"household_id": str(life.family.household_id), "beneficiary_id": str(life.family.child_id)}
    body = {"programme": "tuition", **who, "item": "EDU", "asked": "600.00", "answers": form}
    again = Life(desk, life.family, desk.post("registrar", "/cases", body).get_json()["id"])
    again.to_review()
    award = {"award": "600.00", "fund": str(desk.office.fund_id), "places": ["unit_board"]}
    assert again.no("reviewer", "pass_review", **award) == ["student_repeated"]


def test_money_that_the_bank_returns_is_not_paid_until_it_is_paid_again(life: Life, engine: sa.Engine) -> None:
    life.to_review()
    life.to_payment()
    life.act("cashier", "pay", method="bank", voucher="V-1")
    assert life.act("cashier", "payment_returned", bank_code="name_mismatch", voucher="T-1") == "payment"
    assert pots(engine, life.desk)["committed_fen"] == 150_000
    assert life.act("cashier", "pay", method="bank", voucher="V-2") == "receipt"
    with engine.connect() as tx:
        rows = tx.scalars(sa.select(payment.c.state).where(payment.c.case_id == life.case_id).order_by(payment.c.seq))
        assert list(rows) == ["returned", "live"]


def test_recall_and_recovery_in_parts(life: Life, engine: sa.Engine) -> None:
    life.to_review()
    life.to_payment()
    life.act("cashier", "pay", method="bank", voucher="V-1")
    assert life.act("approver_1", "recall", ground="paid_in_error", reason="重复") == "recalling"
    assert life.no("cashier", "recover_part", amount="1500.00", voucher="H-1") == ["over_outstanding"]
    assert life.act("cashier", "recover_part", amount="500.00", voucher="H-1") == "recalling"
    assert life.act("cashier", "recover", voucher="H-2") == "recovered"
    assert pots(engine, life.desk)["available_fen"] == 10_000_000
    with engine.connect() as tx:
        moved = tx.execute(
            sa.select(entry.c.source_pot, entry.c.target_pot, entry.c.fen)
            .where(entry.c.case_id == life.case_id)
            .order_by(entry.c.seq)
        ).all()
    assert [tuple(row) for row in moved] == [
        ("available", "committed", 150_000),
        ("committed", "paid", 150_000),
        ("paid", "recovering", 150_000),
        ("recovering", "available", 50_000),
        ("recovering", "available", 100_000),
    ]


def test_an_objection_that_is_upheld_sends_the_case_back_and_the_notice_down(life: Life, engine: sa.Engine) -> None:
    life.to_review()
    award = {"award": "1500.00", "fund": str(life.desk.office.fund_id), "places": ["unit_board"]}
    life.act("reviewer", "pass_review", **award)
    posted = life.desk.get("registrar", f"/notices?case_id={life.case_id}").get_json()["items"][0]
    assert posted["shown"]["name"].startswith("示例")
    assert "id_no" not in posted["shown"]
    objected = life.desk.post(
        "registrar", f"/notices/{posted['id']}/objections", {"source": "phone", "objection": "家里有车"}
    )
    assert objected.status_code == 201
    life.desk.today = date(2025, 9, 15)
    assert life.no("clock", "end_notice") == ["objection_open"]
    life.act("reviewer", "answer_objection", outcome="upheld", answer="属实")
    assert life.no("clock", "end_notice") == ["objection_upheld"]
    assert life.act("reviewer", "return_to_review", reason="重新核实") == "review"
    with engine.connect() as tx:
        assert tx.scalar(sa.select(notice.c.ended_on).where(notice.c.case_id == life.case_id)) == date(2025, 9, 15)


def test_a_signature_falls_when_the_payee_changes(life: Life, engine: sa.Engine) -> None:
    life.to_review()
    life.to_payment()
    payee = {"person": str(life.family.head_id), "bank": "示例银行", "card": "6222020200112233445"}
    changed = life.desk.post("registrar", f"/households/{life.family.household_id}/payee", payee)
    assert changed.status_code == 201, changed.get_json()
    assert life.no("cashier", "pay", method="bank", voucher="V-1") == ["signatures_void"]
    assert life.act("approver_2", "cancel_award", reason="账户变更") == "review"
    with engine.connect() as tx:
        live = sa.select(sa.func.count()).where(approval.c.case_id == life.case_id, approval.c.voided_seq.is_(None))
        assert tx.scalar(live) == 0
    assert pots(engine, life.desk)["available_fen"] == 10_000_000


def test_a_held_case_waits_and_goes_on(life: Life) -> None:
    life.to_review()
    assert life.no("reviewer", "suspend", until="2025-08-01", ground="query", reason="有疑点") == ["hold_not_ahead"]
    life.act("reviewer", "suspend", until="2025-09-20", ground="query", reason="有疑点")
    award = {"award": "1500.00", "fund": str(life.desk.office.fund_id), "places": ["unit_board"]}
    assert life.no("reviewer", "pass_review", **award) == ["case_suspended"]
    assert life.act("reviewer", "resume", reason="已查清") == "review"
    assert life.act("reviewer", "decline", reason="不符合条件") == "declined"


def test_a_withdrawal_gives_the_promised_money_back(life: Life, engine: sa.Engine) -> None:
    life.to_review()
    life.to_payment()
    assert life.act("registrar", "withdraw", reason="家庭撤回") == "withdrawn"
    assert pots(engine, life.desk)["available_fen"] == 10_000_000
