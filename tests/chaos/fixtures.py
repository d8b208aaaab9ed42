"""The ground a fire is laid on: an office with a crowd in every role, fund lines with a trail, cases brought to a state."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa

from service.actions import cases, funds
from service.actions.bootstrap import CLOCK_LOGIN
from service.actions.case_application import CaseApplication
from service.actions.case_opening import open_case
from service.actions.funds import NewFund
from tests.factories import Organisation, create_account, create_family, create_organisation
from workflows.vocabulary import Fen

OPENED, NOTICED, DECIDED = date(2025, 9, 1), date(2025, 9, 2), date(2025, 9, 15)
PAPERS = ["application", "identity", "household_register", "authorisation", "income_proof", "bank_card"]
ILLNESS = ["diagnosis", "medical_bills", "insurance_settlement"]
LIFE = (
    ("registrar", OPENED, "submit", "survey"),
    ("visitor_1", OPENED, "record_visit", "survey"),
    ("registrar", OPENED, "add_papers", "survey"),
    ("registrar", OPENED, "finish_survey", "verification"),
    ("verifier", OPENED, "record_check", "review"),
    ("reviewer", NOTICED, "pass_review", "notice"),
    ("clock", DECIDED, "end_notice", "approval"),
    ("approver_1", DECIDED, "approve", "payment"),
    ("cashier", DECIDED, "pay", "receipt"),
)
"""Who takes which step on which day, and where a hardship case stands then."""


@dataclass
class CaseSeat:
    """One case and its family, and where it was last seen."""

    case_id: UUID
    household_id: UUID
    head_id: UUID
    state: str = "draft"


@dataclass
class Fixture:
    """An office in a database, and what was put into it."""

    engine: sa.Engine
    office: Organisation
    funds: list[UUID] = field(default_factory=list)
    seats: list[CaseSeat] = field(default_factory=list)

    def crowd(self, role: str, count: int, tier: int = 0) -> list[str]:
        """More people in a role; their names."""
        names = [f"{role}{tier or ''}_of_{count}_{number}" for number in range(count)]
        with self.engine.begin() as conn:
            for each in names:
                create_account(conn, self.office, each, role, tier)
        return names

    def name_the_clock(self) -> None:
        """One more clock, of the name the worker looks for."""
        with self.engine.begin() as conn:
            create_account(conn, self.office, "the_clock", "clock", login=CLOCK_LOGIN)

    def line(self, fen: int) -> UUID:
        """A fund line with `fen` in it, opened and filled as a cashier does."""
        with self.engine.begin() as conn:
            context = self.office.context(conn, "cashier", OPENED)
            new = NewFund(
                unit_id=self.office.unit_id,
                code=f"F-{len(self.funds) + 1}",
                title="本级经费",
                source="OWN",
                year=2025,
                document="示例〔2025〕1号",
                items=("LIV", "MED", "EDU", "HOU"),
                opens_on=date(2025, 1, 1),
                expires_on=date(2026, 12, 31),
            )
            made = funds.open_line(conn, new, context)
            funds.receive(conn, made, Fen(fen), "示例〔2025〕2号", OPENED, context)
        self.funds.append(made)
        return made

    def seat(self, state: str, *, award: str = "100.00", fund: UUID | None = None) -> CaseSeat:
        """A family with a case that has come as far as `state`, a commit a step."""
        with self.engine.begin() as conn:
            home = create_family(conn, self.office, email="family@example.org")
            opening = CaseApplication("hardship", home.household_id, home.head_id, "LIV", Fen(300_000), {})
            made = open_case(conn, opening, self.office.context(conn, "registrar", OPENED))
        seat = CaseSeat(made.case_id, home.household_id, home.head_id)
        for who, day, action, reached in LIFE:
            if seat.state == state:
                break
            with self.engine.begin() as conn:
                answers = form(self.office, action, day, award=award, fund=fund or self.funds[0])
                cases.take_action(conn, seat.case_id, action, answers, self.office.context(conn, who, day))
            seat.state = reached
        return seat

    def seat_many(self, states: Iterable[str], fund: Callable[[int], UUID] | None = None) -> list[CaseSeat]:
        """Cases, several at a time."""

        def seat(numbered: tuple[int, str]) -> CaseSeat:
            number, state = numbered
            return self.seat(state, fund=fund(number) if fund else None)

        with ThreadPoolExecutor(4) as hands:
            made = list(hands.map(seat, enumerate(states)))
        self.seats += made
        return made


def create_fixture(engine: sa.Engine) -> Fixture:
    """An office of its own, with no money yet."""
    with engine.begin() as conn:
        return Fixture(engine, create_organisation(conn, fen=0))


def form(office: Organisation, action: str, day: date, *, award: str, fund: UUID) -> dict[str, object]:
    """How an action's form is filled in on a day."""
    went = {"on": day.isoformat(), "place": "home"}
    forms: dict[str, dict[str, object]] = {
        "record_visit": {**went, "visitors": _ids(office, "visitor_1", "visitor_2"), "conclusion": "confirmed"},
        "add_papers": {"papers": PAPERS + ILLNESS},
        "record_check": {
            "authority": "示例核对中心",
            "request_no": "HD-1",
            "replied_on": day.isoformat(),
            "outcome": "clear",
        },
        "pass_review": {"award": award, "fund": str(fund), "places": ["unit_board"]},
        "object": {"source": "phone", "objection": "家里有车"},
        "answer_objection": {"outcome": "cleared", "answer": "不属实"},
        "pay": {"method": "bank", "voucher": "V-1"},
        "payment_returned": {"bank_code": "name_mismatch", "voucher": "T-1"},
        "confirm_receipt": {"evidence": "signature"},
        "record_follow_up": {**went, "visitors": _ids(office, "follower"), "conclusion": "received"},
        "recall": {"ground": "paid_in_error", "reason": "重复"},
        "recover_part": {"amount": "10.00", "voucher": "H-1"},
        "recover": {"voucher": "H-2"},
        "write_off": {"minutes": "示例〔2025〕9号", "reason": "无力偿还"},
        "suspend": {"until": (day + timedelta(days=5)).isoformat(), "ground": "query", "reason": "有疑点"},
    }
    plain: dict[str, object] = {"reason": "示例"}
    silent = {"submit", "finish_survey", "end_notice", "approve", "endorse", "close"}
    return {} if action in silent else forms.get(action, plain)


def _ids(office: Organisation, *names: str) -> list[str]:
    return [str(office.people[name]) for name in names]
