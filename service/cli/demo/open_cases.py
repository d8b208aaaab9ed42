"""The demo's open cases leave work for every account in January 2026."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from rich.console import Console

from service.cli.demo.client import DemoClients
from service.cli.demo.run import OPEN, answers_with_ids
from service.cli.demo.scenarios import ScenarioStep, steps_of
from service.cli.demo.setup import FIRST_SETUP, DemoSetup
from service.cli.output import translate
from service.imports.applications import Application
from service.tables.finances import finance_line
from service.tables.households import household
from service.tables.persons import person
from service.tables.units import unit
from workflows.money_format import in_yuan
from workflows.vocabulary import Fen
from workflows.workdays import Calendar, after, read_calendar


def _day(number: int) -> date:
    return date(2026, 1, number)


FIRST_DAY, LAST_DAY = _day(4), _day(23)
"""The first working day of the year, and the day that the pages of the demo show."""

COUNTY, BUREAU, FACTORY = "临澜县总工会", "临澜县工业局工会", "临澜县机械厂工会"
CNT, UPS = "C-CNT-2026", "B-UPS-2026"


@dataclass(frozen=True, slots=True)
class FundLine:
    """A fund line of 2026 with its first receipt and its allocation; amounts in yuan."""

    code: str
    title: str
    unit: str
    source: str
    items: tuple[str, ...]
    cashier: str
    confirmer: str
    received: int
    allocated_to: str
    ceiling: int
    allocated_by: str


# fmt: off
FUND_LINES = (
    #        code title                          unit    source items                   cashier     confirmer     yuan    allocated to     ceiling by
    FundLine(CNT, "县财政困难职工帮扶配套资金",    COUNTY, "CNT", ("LIV", "MED", "EDU"), "yan.qing", "lin.hai",    60_000, FACTORY,         25_000, "song.yuan"),
    FundLine(UPS, "县总工会下拨帮扶补助",          BUREAU, "UPS", ("LIV", "EDU"),        "pan.jie",  "chen.shan",  40_000, BUREAU,          40_000, "song.yuan"),
)
# fmt: on


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case by the number of its file, opened on a day of January 2026, and the last step that it takes.

    `other` replaces what `_application` fills in.
    """

    file: int
    item: str
    yuan: int
    fund: str
    opened: int
    last: str
    other: Mapping[str, Any] = field(default_factory=dict)


_OBJECTED = {"story": "objection_cleared", "reviewer": "he.jian", "turned_on": _day(20)}
_OBJECTED |= {"turn_reason": "反映该户有未申报的租金收入。"}
_RECALLED = {"story": "recalled_and_recovered", "turn_reason": "复核发现重复发放，决定追回。"}
_OTHER_VISITORS = {"visitors": ("gu.yue", "wei.ran"), "followers": ("jin.tao",)}
_OTHER_CASHIER = {"cashier": "yan.qing", "confirmers": ("pan.jie",)}
_ILLNESS = {"self_paid": Fen(3_200_000), "requested": Fen(2_500_000)}

# fmt: off
CASES = (
    #        file item   yuan    fund opened last step           what it waits for
    OpenCase(1,  "LIV",  2_000,  UPS, 23, OPEN),               # draft: its registrar submits it
    OpenCase(24, "LIV",  3_000,  UPS, 4,  "record_visit", {"visited_on": _day(20)}),  # survey, overdue: the second visitor confirms the visit
    OpenCase(28, "LIV",  4_000,  UPS, 14, "finish_survey"),    # verification: the reply of the economic check
    OpenCase(27, "EDU",  2_000,  UPS, 16, "finish_survey"),    # review
    OpenCase(31, "EDU",  2_000,  UPS, 14, "pass_review"),      # notice: it runs
    OpenCase(32, "LIV",  2_000,  UPS, 13, "object", _OBJECTED),    # notice: another reviewer answers the objection
    OpenCase(33, "LIV",  1_800,  UPS, 6,  "end_notice"),       # approval: tier 1 of 1
    OpenCase(30, "LIV",  6_000,  UPS, 6,  "endorse"),          # approval: tier 2 of 2
    OpenCase(26, "MED",  22_000, CNT, 4,  "endorse", _ILLNESS),    # approval: tier 3 of 3
    OpenCase(20, "LIV",  1_500,  UPS, 5,  "approve"),          # payment
    OpenCase(29, "LIV",  2_000,  UPS, 7,  "pay", _OTHER_CASHIER),  # transit: another person confirms the bank's advice
    OpenCase(8,  "LIV",  2_000,  UPS, 5,  "confirm_payment"),  # receipt
    OpenCase(12, "LIV",  1_600,  UPS, 4,  "confirm_receipt", _OTHER_VISITORS),  # follow-up
    OpenCase(22, "LIV",  1_200,  UPS, 4,  "recall", _RECALLED),    # recalling: the family pays back
)
# fmt: on

FINANCES = {26: (("income", "wage", 60_000, 0, "spouse"), ("spending", "illness", 62_000, 30_000, "head"))}
"""Finances that changed since the sample year, by file: side, kind, yuan, reimbursed, member. The others stay the same."""

PAPERS = (
    *("application", "identity", "household_register", "authorisation", "income_proof", "bank_card"),
    "unemployment_proof",
)
PAPERS_OF_ITEM = {"MED": ("diagnosis", "medical_bills", "insurance_settlement"), "EDU": ("enrolment", "fee_bill")}

POLICY_CHANGES = (
    ('key = "sample-weihai"', 'key = "sample-linlan"'),
    ('issuer = "某市总工会（示例）"', 'issuer = "临澜县总工会（示例）"'),
    ('document = "示例〔2025〕1号"', 'document = "示例〔2026〕8号"'),
    ('region = "3710" ', 'region = "371099" '),
    ("effective_from = 2025-01-01", "effective_from = 2026-03-01"),
    ('tiers = ["2000.00", "20000.00"]', 'tiers = ["3000.00", "20000.00"]'),
)
"""How the policy set that the county proposes differs from the sample."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows that requests name: families by file number, members by relation, units by name, lines by code."""

    households: dict[int, Any]
    members: dict[tuple[int, str], str]
    units: dict[str, str]
    funds: dict[str, str]


def leave_open_cases(setup: DemoSetup, address: str, samples: Path, out: Console) -> None:
    """Play January 2026 and print what waits. Raises UnexpectedAnswer when a response is not what the table says."""
    calendar = read_calendar((samples / "calendar-2026.csv").read_text("utf-8"))
    rows = _read_rows(setup)
    with DemoClients(address, setup.tokens) as clients:
        for line in FUND_LINES:
            _open_line(clients, line, rows)
        for each in CASES:
            _renew_finances(setup, clients, each.file, rows)
        _play_cases(setup, clients, calendar, rows)
        proposals = _propose(setup, clients, samples, rows)
    out.print(translate("cli.demo.open_cases", cases=len(CASES), proposals=proposals, on=LAST_DAY.isoformat()))


def _read_rows(setup: DemoSetup) -> _Rows:
    files = sa.select(household.c.id, household.c.version, household.c.idle_able_members, household.c.file_no)
    members = sa.select(household.c.file_no, person.c.relation, person.c.id)
    members = members.join(person, person.c.household_id == household.c.id)
    with setup.engine.connect() as conn:
        return _Rows(
            {_number(row.file_no): row for row in conn.execute(files)},
            {(_number(row.file_no), row.relation): str(row.id) for row in conn.execute(members)},
            {row.name: str(row.id) for row in conn.execute(sa.select(unit.c.name, unit.c.id))},
            {},
        )


def _number(file_no: str) -> int:
    return int(file_no.removeprefix("LL-"))


def _open_line(clients: DemoClients, line: FundLine, rows: _Rows) -> None:
    """Open a fund line, receive its money and allocate it: each proposed by one person and confirmed by another."""
    unit_id, number = rows.units[line.unit], FUND_LINES.index(line) + 1
    new: dict[str, Any] = {"unit_id": unit_id, "code": line.code, "title": line.title, "source": line.source}
    new |= {"year": 2026, "document": f"示例〔2026〕{number}号", "items": list(line.items)}
    new |= {"opens_on": "2026-01-01", "expires_on": "2026-12-31", "settles_until": "2027-01-31"}
    fund_id = _by_two(clients, line.cashier, line.confirmer, "/funds", new)
    rows.funds[line.code] = fund_id
    receipt = {"amount": f"{line.received}.00", "document": f"银收2026-00{number}", "on": FIRST_DAY.isoformat()}
    _by_two(clients, line.cashier, line.confirmer, f"/funds/{fund_id}/receipts", receipt)
    allocation = {"unit_id": rows.units[line.allocated_to], "with_below": line.allocated_to == line.unit}
    allocation |= {"from_on": FIRST_DAY.isoformat(), "until_on": "2026-12-31", "ceiling": f"{line.ceiling}.00"}
    allocation |= {"document": f"示例〔2026〕{number + 3}号"}
    _by_two(clients, line.allocated_by, line.cashier, f"/funds/{fund_id}/allocations", allocation)


def _by_two(clients: DemoClients, proposer: str, confirmer: str, path: str, body: Mapping[str, Any]) -> str:
    """Propose a write, confirm it as another person, and return the id of what it made."""
    proposal = clients.post(proposer, FIRST_DAY, path, body)
    confirmation = f"/confirmations/{proposal['confirmation']}/confirmation"
    made_id: str = clients.post(confirmer, FIRST_DAY, confirmation, {"digest": proposal["digest"]})["id"]
    return made_id


def _registrar(file: int) -> str:
    return ("luo.xin", "tan.ying")[file % 2]


def _renew_finances(setup: DemoSetup, clients: DemoClients, file: int, rows: _Rows) -> None:
    """Enter a family's finances of 2025, as those on file are too old in 2026: of FINANCES, or the same lines again."""
    family = rows.households[file]
    lines = [
        _line(side, kind, Fen(yuan * 100), Fen(back * 100), rows.members[file, of])
        for side, kind, yuan, back, of in FINANCES.get(file, ())
    ] or _lines_on_file(setup, family.id)
    finances = {"as_of": "2025-12-31", "idle_able_members": family.idle_able_members, "lines": lines}
    clients.put(_registrar(file), FIRST_DAY, f"/households/{family.id}/finances", finances, family.version)


def _lines_on_file(setup: DemoSetup, household_id: UUID) -> list[dict[str, Any]]:
    columns = (finance_line.c[name] for name in ("side", "kind", "fen", "reimbursed_fen", "person_id"))
    lines = sa.select(*columns).where(finance_line.c.household_id == household_id, finance_line.c.ended_on.is_(None))
    with setup.engine.connect() as conn:
        return [_line(*row) for row in conn.execute(lines)]


def _line(side: str, kind: str, fen: Fen, reimbursed: Fen, person_id: UUID | str | None) -> dict[str, Any]:
    member = str(person_id) if person_id else None
    return {"side": side, "kind": kind, "amount": in_yuan(fen), "reimbursed": in_yuan(reimbursed), "person": member}


def _play_cases(setup: DemoSetup, clients: DemoClients, calendar: Calendar, rows: _Rows) -> None:
    """Take every case to its last step, day by day."""
    applications = [_application(number, each, calendar) for number, each in enumerate(CASES, start=1)]
    schedule = sorted(
        (step.on, index, number, step)
        for index, application in enumerate(applications)
        for number, step in enumerate(_steps(application, CASES[index].last))
    )
    case_ids: dict[int, str] = {}
    for on, index, _, step in schedule:
        if step.action == OPEN:
            body = _opening(applications[index], CASES[index].file, rows)
            case_ids[index] = clients.post(step.login, on, "/cases", body)["id"]
        else:
            answers = answers_with_ids(setup, step.answers)
            clients.post(step.login, on, f"/cases/{case_ids[index]}/actions/{step.action}", {"answers": answers})


def _steps(application: Application, last: str) -> list[ScenarioStep]:
    """Return the opening and the steps up to `last`; where it occurs again, up to its last occurrence."""
    steps = [ScenarioStep(application.opened_on, application.registrar, OPEN), *steps_of(application)]
    return steps[: max(number for number, step in enumerate(steps, start=1) if step.action == last)]


def _opening(application: Application, file: int, rows: _Rows) -> dict[str, Any]:
    return {
        "programme": application.programme,
        "household_id": str(rows.households[file].id),
        "beneficiary_id": rows.members[file, application.relation],
        "item": application.item,
        "requested": in_yuan(application.requested),
        "answers": application.answers,
    }


def _application(number: int, each: OpenCase, calendar: Calendar) -> Application:
    """Return the case as a row of 申请, so that the scenarios of the sample year give its steps."""
    is_tuition, fen = each.item == "EDU", Fen(each.yuan * 100)
    tiers = 1 + (each.yuan > 2_000) + (each.yuan > 20_000)
    row: dict[str, Any] = dict.fromkeys(column.name for column in fields(Application))
    row |= {"number": f"O{number:02d}", "unit": BUREAU, "file_no": f"LL-{each.file:04d}", "beneficiary": ""}
    row |= {"programme": "tuition" if is_tuition else "hardship", "relation": "child" if is_tuition else "head"}
    row |= {"item": each.item, "requested": fen, "award": fen, "fund": each.fund, "story": "plain", "method": "bank"}
    row |= {"registrar": _registrar(each.file), "visitors": ("jin.tao", "bai.lu"), "reviewer": "du.heng"}
    row |= {"approvers": ("chen.shan", "lin.hai", "song.yuan")[:tiers], "followers": ("gu.yue",)}
    row |= {"cashier": "pan.jie", "confirmers": ("yan.qing",), "verifier": "shen.wen", "second_reviewer": "du.heng"}
    row |= {"papers": (*PAPERS, *PAPERS_OF_ITEM.get(each.item, ())), "places": ("unit_board", "workshop_board")}
    row |= {"authority": "临澜县低收入家庭核对中心", "request_no": f"HD2026-{number:03d}"}
    row |= {"voucher": f"PZ2026-{number:03d}", "minutes": f"临工纪〔2026〕{number}号" if each.yuan >= 5_000 else None}
    row |= {"school_year": "2025-2026", "stage": "compulsory", "institution": "public"} if is_tuition else {}
    row |= {} if is_tuition else {"cause_text": "家庭主要劳动力下岗，收入不足以维持基本支出。"}
    return Application(**row | _days(_day(each.opened), tiers, calendar) | dict(each.other))


def _days(opened: date, tiers: int, calendar: Calendar) -> dict[str, Any]:
    """Return the days of a case's steps in working days; the notice runs five, and ends on the next."""
    visited, checked, reviewed = (after(opened, days, calendar) for days in (1, 2, 3))
    noticed = after(reviewed, 6, calendar)
    signed = tuple(after(noticed, tier, calendar) for tier in range(1, tiers + 1))
    paid, received, followed, recalled = (after(signed[-1], days, calendar) for days in (1, 2, 3, 4))
    days = {"opened_on": opened, "visited_on": visited, "checked_on": checked, "reviewed_on": reviewed}
    days |= {"noticed_on": noticed, "paid_on": paid, "received_on": received, "followed_on": followed}
    return {**days, "closed_on": followed, "approved_on": signed, "turned_on": recalled, "settled_on": recalled}


def _propose(setup: DemoSetup, clients: DemoClients, samples: Path, rows: _Rows) -> int:
    """Propose a receipt, a stand-in and a policy set, which wait for a second person; return how many."""
    receipt = {"amount": "10000.00", "document": "银收2026-009", "on": LAST_DAY.isoformat()}
    stand_in = {"unit_id": rows.units[COUNTY], "role": "verifier", "from_on": "2026-02-09", "until_on": "2026-02-27"}
    stand_in |= {"for_account_id": str(setup.account_ids["shen.wen"]), "reason": "春节前后休假，由贺简代办核对。"}
    policy = (samples / "policy-2025.toml").read_text("utf-8")
    for before, changed in POLICY_CHANGES:
        policy = policy.replace(before, changed, 1)
    proposals = (
        ("yan.qing", f"/funds/{rows.funds[UPS]}/receipts", receipt),
        ("shen.wen", f"/accounts/{setup.account_ids['he.jian']}/grants", stand_in),
        (FIRST_SETUP.administrator.login, "/policy-sets", {"source": policy}),
    )
    for login, path, body in proposals:
        clients.post(login, LAST_DAY, path, body)
    return len(proposals)
