"""The life every contestant lives: the ground it stands on, who does what on which day, and the families it is about."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.db import new_id
from service.privacy import blind_index, seal
from tests.office import RING, Family, Office

DAY, LATER = date(2025, 9, 1), date(2025, 9, 15)
ITEM, ASKED_FEN = "LIV", 300_000
PAPERS = ["application", "identity", "household_register", "authorisation", "income_proof", "bank_card"]
ILLNESS = ["diagnosis", "medical_bills", "insurance_settlement"]


@dataclass(frozen=True)
class Line:
    """One step after the case is open: who takes which action on which day, and the form he fills in."""

    who: str
    day: date
    action: str
    answers: Mapping[str, object]


def lines(office: Office) -> list[Line]:
    """The twelve steps of a hardship case from request to close; opening it is the thirteenth commit."""
    forms = _forms(office)
    days = [*((DAY, step) for step in _FIRST), *((LATER, step) for step in _THEN)]
    return [Line(who, day, action, forms.get(action, {})) for day, (who, action) in days]


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
COMMITS = 13
"""Durable commits of a life: the opening, then a commit for each step."""


def _forms(office: Office) -> dict[str, dict[str, object]]:
    people = {name: str(row) for name, row in office.people.items()}
    went = {"on": DAY.isoformat(), "visitors": [people["visitor_1"], people["visitor_2"]], "place": "home"}
    check = {"authority": "示例核对中心", "request_no": "HD-1", "replied_on": DAY.isoformat(), "outcome": "clear"}
    called = {"on": LATER.isoformat(), "visitors": [people["follower"]], "place": "phone", "conclusion": "received"}
    return {
        "record_visit": {**went, "conclusion": "confirmed"},
        "add_papers": {"papers": PAPERS + ILLNESS},
        "record_check": dict(check),
        "pass_review": {"award": "1500.00", "fund": str(office.fund_id), "places": ["unit_board"]},
        "pay": {"method": "bank", "voucher": "V-1"},
        "confirm_receipt": {"evidence": "signature"},
        "record_follow_up": dict(called),
    }


def told(office: Office) -> str:
    """An office as JSON, for another process."""
    return json.dumps(asdict(office), default=str)


def heard(text: str) -> Office:
    """The office another process told."""
    kept = json.loads(text)
    ids = {name: UUID(kept[name]) for name in ("unit_id", "fund_id", "policy_id")}
    people = {name: UUID(row) for name, row in kept["people"].items()}
    return Office(unit_path=kept["unit_path"], people=people, tokens=kept["tokens"], **ids)


def file_families(tx: sa.Connection, office: Office, number: int) -> list[Family]:
    """`number` households like tests.office.file_family makes, by COPY: they are the ground, not the contest."""
    families = [Family(new_id(), new_id(), new_id()) for _ in range(number)]
    driver: Any = tx.connection.driver_connection
    for table, rows in _rows(office, families, datetime.now(UTC)).items():
        names = ", ".join(rows[0])
        with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(list(row.values()))
    return families


def _rows(office: Office, families: list[Family], at: datetime) -> dict[str, list[dict[str, object]]]:
    return {
        "household": [_household(office, each, at) for each in families],
        "person": [
            _person(each.household_id, row, relation, name, at)
            for each in families
            for row, relation, name in (
                (each.head_id, "head", "示例甲"),
                (new_id(), "spouse", "示例乙"),
                (each.child_id, "child", "示例丙"),
            )
        ],
        "bank_account": [_card(each, at) for each in families],
        "economy_line": [_wage(each) for each in families],
        "consent": [_consent(each) for each in families],
    }


def _household(office: Office, family: Family, at: datetime) -> dict[str, object]:
    where = {"unit_id": office.unit_id, "unit_path": office.unit_path, "division": "371083"}
    what = {"kind": "worker", "identity": "laid_off", "cause": "illness", "economy_as_of": date(2024, 12, 31)}
    file = {"file_no": f"F{family.household_id.hex[-12:]}", "filed_on": date(2025, 1, 3), "created_at": at}
    return {"id": family.household_id, **where, **what, **file}


def _person(household_id: UUID, row: UUID, relation: str, name: str, at: datetime) -> dict[str, object]:
    called = {"name_sealed": seal(RING, "person.name", row, name), "name_index": blind_index(RING, "name", name)}
    return {"id": row, "household_id": household_id, "relation": relation, **called, "created_at": at}


def _card(family: Family, at: datetime) -> dict[str, object]:
    row = new_id()
    number = f"62{row.int % 10**16:016d}"
    whose = {"household_id": family.household_id, "person_id": family.head_id, "bank": "示例银行"}
    card = {
        "card_sealed": seal(RING, "bank_account.card", row, number),
        "card_index": blind_index(RING, "card", number),
    }
    return {"id": row, **whose, **card, "created_at": at}


def _wage(family: Family) -> dict[str, object]:
    wage = {"side": "income", "kind": "wage", "fen": 3_000_000, "reimbursed_fen": 0}
    return {"id": new_id(), "household_id": family.household_id, **wage}


def _consent(family: Family) -> dict[str, object]:
    signed = {
        "signed_on": date(2025, 1, 3),
        "until_on": date(2026, 12, 31),
        "text_version": "2025-1",
        "adults_signed": 2,
    }
    return {"id": new_id(), "household_id": family.household_id, **signed}
