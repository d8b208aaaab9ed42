"""How many whole case lives a second go through take(), in process, on a real PostgreSQL with fsync on.

    python benchmarks/lives.py --seconds 10 --clients 1 4

A life is the thirteen durable commits of a hardship case from request to close. After each run the trail is verified
and every pot recounted; a fault ends the run with exit code 1. Prints a table and, with --json, one JSON object.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from service import schema
from service.actions import cases
from service.actions.case_opening import open_case
from service.actions.case_rows import Opening
from service.audit.chain import verify
from service.db import engine as make_engine
from service.servers import start_postgres
from tests.office import Office, file_family, open_office
from workflows.terms import Fen

DAY, LATER = date(2025, 9, 1), date(2025, 9, 15)
PAPERS = ["application", "identity", "household_register", "authorisation", "income_proof", "bank_card"]
ILLNESS = ["diagnosis", "medical_bills", "insurance_settlement"]
Line = tuple[str, date, str, dict[str, object]]


@dataclass(frozen=True)
class Figure:
    """One run: clients, lives and steps a second, and how many faults the recount found."""

    clients: int
    lives: int
    seconds: float
    lives_per_second: float
    steps_per_second: float
    faults: int


def script(office: Office) -> list[Line]:
    """Who does what after the case is open."""
    forms = answers(office)
    first = [
        ("registrar", "submit"),
        ("visitor_1", "record_visit"),
        ("registrar", "add_papers"),
        ("registrar", "finish_survey"),
        ("verifier", "record_check"),
        ("reviewer", "pass_review"),
    ]
    then = [
        ("clock", "end_notice"),
        ("approver_1", "approve"),
        ("cashier", "pay"),
        ("witness", "confirm_receipt"),
        ("follower", "record_follow_up"),
        ("registrar", "close"),
    ]
    days = [*((DAY, step) for step in first), *((LATER, step) for step in then)]
    return [(who, day, action, forms.get(action, {})) for day, (who, action) in days]


def answers(office: Office) -> dict[str, dict[str, object]]:
    """The forms people fill in, by action."""
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


def live(engine: sa.Engine, office: Office, lines: list[Line]) -> None:
    """One family, one case, a commit after every step."""
    with engine.begin() as tx:
        family = file_family(tx, office)
        opening = Opening("hardship", family.household_id, family.head_id, "LIV", Fen(300_000), {})
        case_id: UUID = open_case(tx, opening, office.asked(tx, "registrar", DAY)).case_id
    for who, day, action, answers in lines:
        with engine.begin() as tx:
            cases.take(tx, case_id, action, answers, office.asked(tx, who, day))


def measure(engine: sa.Engine, clients: int, seconds: float) -> Figure:
    """Run `clients` threads for `seconds`, then recount everything."""
    with engine.begin() as tx:
        office = open_office(tx, fen=10**12)
    lines, counted, until = script(office), [0] * clients, time.perf_counter() + seconds

    def work(place: int) -> None:
        while time.perf_counter() < until:
            live(engine, office, lines)
            counted[place] += 1

    began = time.perf_counter()
    threads = [threading.Thread(target=work, args=(place,)) for place in range(clients)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    took, lives = time.perf_counter() - began, sum(counted)
    with engine.connect() as tx:
        faults = [each for each in verify(tx).faults if each.subject == "case"]
    rate = lives / took
    return Figure(clients, lives, round(took, 2), round(rate, 2), round(rate * (len(lines) + 1), 1), len(faults))


def main() -> int:
    """Start a PostgreSQL of our own, measure, print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=10)
    options.add_argument("--clients", type=int, nargs="+", default=[1, 4])
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, start_postgres(Path(folder) / "postgres") as server:
        engine = make_engine(server.url, pool=max(given.clients) + 2)
        schema.upgrade(engine)
        figures = [measure(engine, clients, given.seconds) for clients in given.clients]
        engine.dispose()
    if given.json:
        print(json.dumps([asdict(each) for each in figures]))
    for each in [] if given.json else figures:
        print(f"{each.clients:>3} clients {each.lives_per_second:>8} lives/s {each.steps_per_second:>8} steps/s")
    return 1 if any(each.faults for each in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
