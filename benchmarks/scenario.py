"""The script of the life: who does what on which day, with which form. Standard library only: every contestant reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

DAY, LATER = date(2025, 9, 1), date(2025, 9, 15)
ITEM, REQUESTED_FEN = "LIV", 300_000
COMMITS = 13
"""Durable commits of a life: the opening, then a commit for each step."""

_PAPERS = ["application", "identity", "household_register", "authorisation", "income_proof", "bank_card"]
_ILLNESS = ["diagnosis", "medical_bills", "insurance_settlement"]
_FIRST = (
    ("registrar", "submit"),
    ("visitor_1", "record_visit"),
    ("registrar", "add_papers"),
    ("registrar", "finish_survey"),
    ("verifier", "record_check"),
    ("reviewer", "pass_review"),
)
_THEN = (
    ("clock", "end_notice"),
    ("approver_1", "approve"),
    ("cashier", "pay"),
    ("witness", "confirm_receipt"),
    ("follower", "record_follow_up"),
    ("registrar", "close"),
)


@dataclass(frozen=True)
class Line:
    """One step after the case is open: who takes which action on which day, and the form he fills in."""

    who: str
    day: date
    action: str
    answers: Mapping[str, object]


def lines(people: Mapping[str, str], fund: str) -> list[Line]:
    """The twelve steps of a hardship case from request to close; opening it is the thirteenth commit."""
    forms = _forms(people, fund)
    days = [*((DAY, step) for step in _FIRST), *((LATER, step) for step in _THEN)]
    return [Line(who, day, action, forms.get(action, {})) for day, (who, action) in days]


def _forms(people: Mapping[str, str], fund: str) -> dict[str, dict[str, object]]:
    went = {"on": DAY.isoformat(), "visitors": [people["visitor_1"], people["visitor_2"]], "place": "home"}
    check = {"authority": "示例核对中心", "request_no": "HD-1", "replied_on": DAY.isoformat(), "outcome": "clear"}
    called = {"on": LATER.isoformat(), "visitors": [people["follower"]], "place": "phone", "conclusion": "received"}
    return {
        "record_visit": {**went, "conclusion": "confirmed"},
        "add_papers": {"papers": _PAPERS + _ILLNESS},
        "record_check": dict(check),
        "pass_review": {"award": "1500.00", "fund": fund, "places": ["unit_board"]},
        "pay": {"method": "bank", "voucher": "V-1"},
        "confirm_receipt": {"evidence": "signature"},
        "record_follow_up": dict(called),
    }
