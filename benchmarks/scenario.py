"""The scenario: account, day, action and form of each step of a hardship case.

It uses the standard library only, because every contestant imports it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import uuid4

DAY, LATER = date(2025, 9, 1), date(2025, 9, 15)
ITEM, REQUESTED_FEN = "LIV", 300_000
COMMITS = 15
"""Commits of a case: one for the opening and one for each step."""

NUMBERED = "a new number for each case"

_PAPERS = ["application", "identity", "household_register", "authorisation", "income_proof", "bank_card"]
_ILLNESS = ["diagnosis", "medical_bills", "insurance_settlement"]
_BEFORE_NOTICE = (
    ("registrar", "submit"),
    ("visitor_1", "record_visit"),
    ("visitor_2", "confirm_visit"),
    ("registrar", "add_papers"),
    ("registrar", "finish_survey"),
    ("verifier", "record_check"),
    ("reviewer", "pass_review"),
)
_AFTER_NOTICE = (
    ("clock", "end_notice"),
    ("approver_1", "approve"),
    ("cashier", "pay"),
    ("cashier_2", "confirm_payment"),
    ("witness", "confirm_receipt"),
    ("follower", "record_follow_up"),
    ("registrar", "close"),
)


@dataclass(frozen=True)
class ScenarioStep:
    """A step after the opening: the account, the day, the action and its form."""

    account: str
    day: date
    action: str
    form: Mapping[str, object]

    @property
    def answers(self) -> dict[str, object]:
        """Return the form, with a new number of each voucher and advice: one is used once."""
        return {key: f"N-{uuid4().hex}" if value is NUMBERED else value for key, value in self.form.items()}


def steps(people: Mapping[str, str], fund: str) -> list[ScenarioStep]:
    """Return the fourteen steps of a hardship case after its opening."""
    forms = _forms(people, fund)
    days = [*((DAY, step) for step in _BEFORE_NOTICE), *((LATER, step) for step in _AFTER_NOTICE)]
    return [ScenarioStep(account, day, action, forms.get(action, {})) for day, (account, action) in days]


def _forms(people: Mapping[str, str], fund: str) -> dict[str, dict[str, object]]:
    visit = {"on": DAY.isoformat(), "visitors": [people["visitor_1"], people["visitor_2"]], "place": "home"}
    check = {"authority": "示例核对中心", "request_no": "HD-1", "replied_on": DAY.isoformat(), "outcome": "clear"}
    follow_up = {"on": LATER.isoformat(), "visitors": [people["follower"]], "place": "phone", "conclusion": "received"}
    return {
        "record_visit": {**visit, "conclusion": "confirmed"},
        "add_papers": {"papers": _PAPERS + _ILLNESS},
        "record_check": dict(check),
        "pass_review": {"award": "1500.00", "fund": fund, "places": ["unit_board"]},
        "pay": {"method": "bank", "voucher": NUMBERED},
        "confirm_payment": {"advice_no": NUMBERED, "advised_on": LATER.isoformat(), "amount": "1500.00"},
        "confirm_receipt": {"evidence": "signature"},
        "record_follow_up": dict(follow_up),
    }
