"""Test data of the chaos tests: an organisation, accounts, funds and cases in a given state."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa

from service.actions import cases, fund_receipts, funds
from service.actions.bootstrap import CLOCK_LOGIN
from service.actions.case_application import CaseApplication
from service.actions.case_opening import open_case
from service.actions.fund_receipts import NewReceipt
from service.actions.funds import NewFund
from tests.factories import Organisation, create_account, create_family, create_organisation
from tests.lives import number
from workflows.vocabulary import Fen

OPENED, NOTICED, DECIDED = date(2025, 9, 1), date(2025, 9, 2), date(2025, 9, 15)
PAPERS = ["application", "identity", "household_register", "authorisation", "income_proof", "bank_card"]
ILLNESS = ["diagnosis", "medical_bills", "insurance_settlement"]
STEPS_TO_RECEIPT = (
    ("registrar", OPENED, "submit", "survey"),
    ("visitor_1", OPENED, "record_visit", "survey"),
    ("visitor_2", OPENED, "confirm_visit", "survey"),
    ("registrar", OPENED, "add_papers", "survey"),
    ("registrar", OPENED, "finish_survey", "verification"),
    ("verifier", OPENED, "record_check", "review"),
    ("reviewer", NOTICED, "pass_review", "notice"),
    ("clock", DECIDED, "end_notice", "approval"),
    ("approver_1", DECIDED, "approve", "payment"),
    ("cashier", DECIDED, "pay", "transit"),
    ("cashier_2", DECIDED, "confirm_payment", "receipt"),
)
"""Account, day and action of each step of a hardship case, and the state it leads to."""


@dataclass
class TrackedCase:
    """A case, its family and the state last observed."""

    case_id: UUID
    household_id: UUID
    head_id: UUID
    state: str = "draft"


@dataclass
class Fixture:
    """An organisation in a database, with the funds and cases added to it."""

    engine: sa.Engine
    organisation: Organisation
    funds: list[UUID] = field(default_factory=list)
    tracked_cases: list[TrackedCase] = field(default_factory=list)

    def add_accounts(self, role: str, count: int, tier: int = 0) -> list[str]:
        """Create `count` accounts in a role and return their names."""
        names = [f"{role}{tier or ''}_of_{count}_{number}" for number in range(count)]
        with self.engine.begin() as conn:
            for name in names:
                create_account(conn, self.organisation, name, role, tier)
        return names

    def add_scheduler_account(self) -> None:
        """Create a clock account with the login the worker looks for."""
        with self.engine.begin() as conn:
            create_account(conn, self.organisation, "the_clock", "clock", login=CLOCK_LOGIN)

    def add_fund(self, fen: int) -> UUID:
        """Open a fund line as a cashier, add `fen` to it, and return its id."""
        with self.engine.begin() as conn:
            context = self.organisation.seconded(conn, "cashier", OPENED)
            new_fund = NewFund(
                unit_id=self.organisation.unit_id,
                code=f"F-{len(self.funds) + 1}",
                title="本级经费",
                source="OWN",
                year=2025,
                document="示例〔2025〕1号",
                items=("LIV", "MED", "EDU", "HOU", "SWN"),
                opens_on=date(2025, 1, 1),
                expires_on=date(2026, 12, 31),
            )
            fund_id = funds.open_line(conn, new_fund, context)
            fund_receipts.record_receipt(conn, fund_id, NewReceipt(Fen(fen), "示例〔2025〕2号", OPENED), context)
        self.funds.append(fund_id)
        return fund_id

    def track_case(self, state: str, *, award: str = "100.00", fund: UUID | None = None) -> TrackedCase:
        """Create a family and a case, and bring the case to `state` with one commit per step."""
        with self.engine.begin() as conn:
            family = create_family(conn, self.organisation, email="family@example.org")
            opening = CaseApplication("hardship", family.household_id, family.head_id, "LIV", Fen(300_000), {})
            opened_case = open_case(conn, opening, self.organisation.context(conn, "registrar", OPENED))
        tracked = TrackedCase(opened_case.case_id, family.household_id, family.head_id)
        for account, day, action, reached in STEPS_TO_RECEIPT:
            if tracked.state == state:
                break
            with self.engine.begin() as conn:
                answers = form(self.organisation, action, day, award=award, fund=fund or self.funds[0])
                cases.take_action(conn, tracked.case_id, action, answers, self.organisation.context(conn, account, day))
            tracked.state = reached
        return tracked

    def track_many(self, states: Iterable[str], fund: Callable[[int], UUID] | None = None) -> list[TrackedCase]:
        """Create several cases in parallel, one per state."""

        def track(numbered: tuple[int, str]) -> TrackedCase:
            number, state = numbered
            return self.track_case(state, fund=fund(number) if fund else None)

        with ThreadPoolExecutor(4) as executor:
            new_cases = list(executor.map(track, enumerate(states)))
        self.tracked_cases += new_cases
        return new_cases


def create_fixture(engine: sa.Engine) -> Fixture:
    """Create an organisation whose fund is empty."""
    with engine.begin() as conn:
        return Fixture(engine, create_organisation(conn, fen=0))


STATING: dict[str, dict[str, object]] = {
    "payment_returned": {"bank_code": "name_mismatch"},
    "recover_part": {},
    "recover": {},
}
"""Steps by which a cashier states the bank's advice, each with the rest of its form."""

_LATEST = threading.local()
"""The advice that this thread stated last: its confirmation says the same."""


def _advice(day: date, yuan: str) -> dict[str, object]:
    return {"advice_no": number("HD"), "advised_on": day.isoformat(), "amount": yuan}


def form(organisation: Organisation, action: str, day: date, *, award: str, fund: UUID) -> dict[str, object]:
    """Return the completed form of an action on `day`."""
    visit = {"on": day.isoformat(), "place": "home"}
    forms: dict[str, dict[str, object]] = {
        "correct_application": {"requested": "2900.00", "item": "LIV"},
        "record_visit": {**visit, "visitors": _ids(organisation, "visitor_1", "visitor_2"), "conclusion": "confirmed"},
        "add_papers": {"papers": PAPERS + ILLNESS},
        "record_check": {
            "authority": "示例核对中心",
            "request_no": "HD-1",
            "replied_on": day.isoformat(),
            "outcome": "clear",
        },
        "pass_review": {"award": award, "fund": str(fund), "places": ["unit_board"]},
        "object": {"source": "phone", "objection": "家里有车"},
        "answer_objection": {"outcome": "cleared", "answer": "经查不属实"},
        "pay": {"method": "bank", "voucher": number("V")},
        "confirm_payment": _advice(day, award),
        "payment_failed": {**_advice(day, award), "bank_code": "name_mismatch"},
        "confirm_receipt": {"evidence": "signature"},
        "record_follow_up": {**visit, "visitors": _ids(organisation, "follower"), "conclusion": "received"},
        "recall": {"amount": award, "ground": "paid_in_error", "reason": "重复"},
        "write_off": {"minutes": "示例〔2025〕9号", "reason": "无力偿还"},
        "suspend": {"until": (day + timedelta(days=5)).isoformat(), "ground": "query", "reason": "有疑点"},
    }
    if action in STATING:
        _LATEST.advice = _advice(day, "10.00" if action == "recover_part" else award)
        return {**_LATEST.advice, "voucher": number("B"), **STATING[action]}
    if action in {"confirm_return", "confirm_recovery"}:
        return getattr(_LATEST, "advice", _advice(day, award))
    reason_form: dict[str, object] = {"reason": "示例"}
    without_form = {"submit", "confirm_visit", "finish_survey", "end_notice", "approve", "endorse", "close"}
    return {} if action in without_form else forms.get(action, reason_form)


def _ids(organisation: Organisation, *names: str) -> list[str]:
    return [str(organisation.people[name]) for name in names]
