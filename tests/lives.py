"""A case and the usual steps that lead it from state to state over HTTP."""

from collections.abc import Mapping
from datetime import date
from itertools import count
from typing import Any

import sqlalchemy as sa

from service.tables.funds import fund
from tests.api_client import ApiClient
from tests.factories import Family, create_family

PAPERS = ["application", "identity", "household_register", "authorisation", "income_proof", "bank_card"]
ILLNESS = ["diagnosis", "medical_bills", "insurance_settlement"]
CHECK = {"authority": "示例核对中心", "request_no": "HD-1", "outcome": "clear"}
NOTICE_OVER = date(2025, 9, 15)
"""The first day on which a notice posted on 1 September 2025 may end."""
NOBODY: Mapping[str, str] = {}


_NUMBERS = count(1)


def number(prefix: str) -> str:
    """Return a number of a voucher or an advice that no other payment has."""
    return f"{prefix}-{next(_NUMBERS)}"


def award(client: ApiClient, yuan: str = "1500.00", fund_id: object = None) -> dict[str, Any]:
    """Return the answers for pass_review: sum, fund (by default the organisation's) and place of the notice."""
    return {"award": yuan, "fund": str(fund_id or client.office.fund_id), "places": ["unit_board"]}


class Life:
    """A case with its client (`desk`), its family and its last known state."""

    def __init__(self, client: ApiClient, family: Family, case_id: str, state: str = "draft") -> None:
        self.desk, self.family, self.case_id, self.state = client, family, case_id, state

    def act(self, staff_name: str, action: str, **answers: Any) -> str:
        """Take an action that must succeed and return the new state."""
        response = self.desk.act(staff_name, self.case_id, action, **answers)
        assert response.status_code == 200, response.get_json()
        self.state = str(response.get_json()["state"])
        return self.state

    def no(self, staff_name: str, action: str, **answers: Any) -> list[str]:
        """Take an action that must be refused with 409 and return its reason codes."""
        response = self.desk.act(staff_name, self.case_id, action, **answers)
        assert response.status_code == 409, response.get_json()
        return self.desk.codes(response)

    def visited(
        self, conclusion: str = "confirmed", visitors: tuple[str, ...] = ("visitor_1", "visitor_2")
    ) -> dict[str, Any]:
        """Return the answers about a visit to the family's home today."""
        ids = [str(self.desk.office.people[each]) for each in visitors]
        return {"on": self.desk.today.isoformat(), "visitors": ids, "place": "home", "conclusion": conclusion}

    def visit(
        self,
        action: str = "record_visit",
        conclusion: str = "confirmed",
        visitors: tuple[str, ...] = ("visitor_1", "visitor_2"),
    ) -> str:
        """Record a visit of the visitors to the family's home today, let each confirm it, and return the new state."""
        state = self.act(visitors[0], action, **self.visited(conclusion, visitors))
        for each in visitors[1:] if action == "record_visit" else ():
            self.act(each, "confirm_visit")
        return state

    def award(self) -> str:
        """Return the award of the case in yuan."""
        return str(self.desk.get("registrar", f"/cases/{self.case_id}").get_json()["award"])

    def advice(self, yuan: str = "1500.00", advice_no: str | None = None) -> dict[str, Any]:
        """Return what a bank's advice of today says."""
        return {
            "advice_no": advice_no or number("HD"),
            "advised_on": self.desk.today.isoformat(),
            "amount": yuan,
        }

    def pay(self, yuan: str = "1500.00") -> str:
        """Pay the award and confirm that it arrived."""
        self.act("cashier", "pay", method="bank", voucher=number("V"))
        return self.act("cashier_2", "confirm_payment", **self.advice(yuan))

    def take_back(self, yuan: str = "1500.00") -> str:
        """State that the bank returned the payment, and confirm it."""
        advice = self.advice(yuan)
        self.act("cashier", "payment_returned", bank_code="wrong_number", voucher=number("T"), **advice)
        return self.act("cashier_2", "confirm_return", **advice)

    def recover(self, yuan: str, action: str = "recover") -> str:
        """State that recalled money came back, and confirm it."""
        advice = self.advice(yuan)
        self.act("cashier", action, voucher=number("S"), **advice)
        return self.act("cashier_2", "confirm_recovery", **advice)

    def to(self, state: str, yuan: str = "1500.00", fund_id: object = None, by: Mapping[str, str] = NOBODY) -> "Life":
        """Take the usual steps until the case is in `state`; `by` maps an action to another staff member.

        A notice ends on 15 September 2025; an award of 2,000 yuan or less needs one approval.
        """
        while self.state != state:
            if self.state == "notice":
                self.desk.today = NOTICE_OVER
            for staff_name, action, answers in self._steps(yuan, fund_id):
                self.act(by.get(action, staff_name), action, **answers)
        return self

    def _steps(self, yuan: str, fund_id: object) -> tuple[tuple[str, str, dict[str, Any]], ...]:
        """Return staff member, action and answers of each step that leads the case out of its state."""
        check_answers = {**CHECK, "replied_on": self.desk.today.isoformat()}
        steps: dict[str, tuple[tuple[str, str, dict[str, Any]], ...]] = {
            "draft": (("registrar", "submit", {}),),
            "survey": (
                ("visitor_1", "record_visit", self.visited()),
                ("visitor_2", "confirm_visit", {}),
                ("registrar", "add_papers", {"papers": PAPERS + ILLNESS}),
                ("registrar", "finish_survey", {}),
            ),
            "verification": (("verifier", "record_check", check_answers),),
            "review": (("reviewer", "pass_review", award(self.desk, yuan, fund_id)),),
            "notice": (("clock", "end_notice", {}),),
            "approval": (("approver_1", "approve", {}),),
            "payment": (("cashier", "pay", {"method": "bank", "voucher": number("V")}),),
            "receipt": (("witness", "confirm_receipt", {"evidence": "signature"}),),
        }
        if self.state == "transit":
            return (("cashier_2", "confirm_payment", self.advice(self.award())),)
        return steps[self.state]


def start(client: ApiClient, engine: sa.Engine, programme: str, item: str, answers: dict[str, Any]) -> Life:
    """Open a case for a newly filed family."""
    with engine.begin() as conn:
        family = create_family(conn, client.office)
    beneficiary = family.child_id if programme == "tuition" else family.head_id
    family_ids = {"household_id": str(family.household_id), "beneficiary_id": str(beneficiary)}
    body = {"programme": programme, **family_ids, "item": item, "requested": "3000.00", "answers": answers}
    response = client.post("registrar", "/cases", body)
    assert response.status_code == 201, response.get_json()
    return Life(client, family, response.get_json()["id"])


def case_at(state: str, client: ApiClient, engine: sa.Engine, yuan: str = "1500.00") -> Life:
    """Open a hardship case of a newly filed family and lead it to `state` by the usual steps."""
    return start(client, engine, "hardship", "LIV", {}).to(state, yuan)


def pots(engine: sa.Engine, client: ApiClient) -> dict[str, int]:
    """Return the amount in each pot of the organisation's fund, in fen."""
    names = ("available_fen", "committed_fen", "in_transit_fen", "paid_fen", "recovering_fen", "written_off_fen")
    with engine.connect() as conn:
        row = conn.execute(sa.select(fund).where(fund.c.id == client.office.fund_id)).mappings().one()
        return {name: row[name] for name in names}
