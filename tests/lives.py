"""A case and the steps that lead it from state to state, over HTTP: where most tests of a case begin."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from service.tables.funds import fund
from tests.api_client import ApiClient
from tests.factories import Family, create_family

PAPERS = ["application", "identity", "household_register", "authorisation", "income_proof", "bank_card"]
ILLNESS = ["diagnosis", "medical_bills", "insurance_settlement"]
CHECK = {"authority": "示例核对中心", "request_no": "HD-1", "outcome": "clear"}
NOTICE_OVER = date(2025, 9, 15)
"""The day on which a notice posted on 1 September 2025 may end."""
NOBODY: Mapping[str, str] = {}


def award(desk: ApiClient, yuan: str = "1500.00", line: object = None) -> dict[str, Any]:
    """What the reviewer answers when he passes a case: the sum, the fund line (the office's own) and the place."""
    return {"award": yuan, "fund": str(line or desk.office.fund_id), "places": ["unit_board"]}


class Life:
    """A case and its people."""

    def __init__(self, desk: ApiClient, family: Family, case_id: str, state: str = "draft") -> None:
        self.desk, self.family, self.case_id, self.state = desk, family, case_id, state

    def act(self, who: str, action: str, **answers: Any) -> str:
        """Take an action that must succeed; the state it leads to."""
        response = self.desk.act(who, self.case_id, action, **answers)
        assert response.status_code == 200, response.get_json()
        self.state = str(response.get_json()["state"])
        return self.state

    def no(self, who: str, action: str, **answers: Any) -> list[str]:
        """Take an action that must be refused; its codes."""
        response = self.desk.act(who, self.case_id, action, **answers)
        assert response.status_code == 409, response.get_json()
        return self.desk.codes(response)

    def visited(
        self, conclusion: str = "confirmed", who: tuple[str, ...] = ("visitor_1", "visitor_2")
    ) -> dict[str, Any]:
        """What is answered about a visit to the family's home today."""
        ids = [str(self.desk.office.people[each]) for each in who]
        return {"on": self.desk.today.isoformat(), "visitors": ids, "place": "home", "conclusion": conclusion}

    def visit(
        self,
        action: str = "record_visit",
        conclusion: str = "confirmed",
        who: tuple[str, ...] = ("visitor_1", "visitor_2"),
    ) -> str:
        """Two people go to the family's home today."""
        return self.act(who[0], action, **self.visited(conclusion, who))

    def to(self, state: str, yuan: str = "1500.00", line: object = None, by: Mapping[str, str] = NOBODY) -> "Life":
        """Take the usual steps until the case stands in `state`; `by` names who takes an action in the usual one's place.

        A notice is over on 15 September 2025; an award of 2,000 yuan or less needs one signature.
        """
        while self.state != state:
            if self.state == "notice":
                self.desk.today = NOTICE_OVER
            for who, action, answers in self._steps(yuan, line):
                self.act(by.get(action, who), action, **answers)
        return self

    def _steps(self, yuan: str, line: object) -> tuple[tuple[str, str, dict[str, Any]], ...]:
        """Who does what, with which answers, to lead the case out of the state it stands in."""
        checked = {**CHECK, "replied_on": self.desk.today.isoformat()}
        steps: dict[str, tuple[tuple[str, str, dict[str, Any]], ...]] = {
            "draft": (("registrar", "submit", {}),),
            "survey": (
                ("visitor_1", "record_visit", self.visited()),
                ("registrar", "add_papers", {"papers": PAPERS + ILLNESS}),
                ("registrar", "finish_survey", {}),
            ),
            "verification": (("verifier", "record_check", checked),),
            "review": (("reviewer", "pass_review", award(self.desk, yuan, line)),),
            "notice": (("clock", "end_notice", {}),),
            "approval": (("approver_1", "approve", {}),),
            "payment": (("cashier", "pay", {"method": "bank", "voucher": "V-1"}),),
            "receipt": (("witness", "confirm_receipt", {"evidence": "signature"}),),
        }
        return steps[self.state]


def start(desk: ApiClient, engine: sa.Engine, programme: str, item: str, answers: dict[str, Any]) -> Life:
    """A case just opened, for a family just filed."""
    with engine.begin() as conn:
        family = create_family(conn, desk.office)
    beneficiary = family.child_id if programme == "tuition" else family.head_id
    who = {"household_id": str(family.household_id), "beneficiary_id": str(beneficiary)}
    body = {"programme": programme, **who, "item": item, "requested": "3000.00", "answers": answers}
    opened = desk.post("registrar", "/cases", body)
    assert opened.status_code == 201, opened.get_json()
    return Life(desk, family, opened.get_json()["id"])


def case_at(state: str, desk: ApiClient, engine: sa.Engine, yuan: str = "1500.00") -> Life:
    """A hardship case of a family just filed, led to `state` by the usual steps."""
    return start(desk, engine, "hardship", "LIV", {}).to(state, yuan)


def pots(engine: sa.Engine, desk: ApiClient) -> dict[str, int]:
    """What stands in every pot of the office's fund."""
    names = ("available_fen", "committed_fen", "paid_fen", "recovering_fen", "written_off_fen")
    with engine.connect() as conn:
        row = conn.execute(sa.select(fund).where(fund.c.id == desk.office.fund_id)).mappings().one()
        return {name: row[name] for name in names}
