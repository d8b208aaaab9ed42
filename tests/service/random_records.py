"""Random payments, fund lines, letters and proposals of a town of random cases, written straight into tables."""

from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.db.columns import new_id
from service.tables.cases import case
from service.tables.confirmations import confirmation, confirmer
from service.tables.funds import fund
from service.tables.households import household
from service.tables.notifications import STATES, notification
from service.tables.payments import payment
from service.tables.visits import visit
from tests.factories import Organisation, instant
from tests.service.random_cases import TODAY, Town, found_town, write_case
from workflows.code_lists import Category, FundSource
from workflows.payment_states import PaymentState

SOURCES = (FundSource.OWN_FUNDS, FundSource.CENTRAL_FINANCE, FundSource.SOCIAL_DONATION)
YEARS = (2024, 2025, 2025)


def town_with_records(conn: sa.Connection, dice: Random, cases: int) -> Town:
    """Write a town with so many cases, and around them records of each list that the first page counts."""
    town = found_town(conn, dice, cases // 2)
    offices = (town.city, *town.counties)
    ids = [write_case(conn, town, dice, number) for number in range(cases)]
    lines = [_line(conn, office, dice, number) for number, office in enumerate(offices * 3)]
    for row in conn.execute(sa.select(case.c.id, case.c.unit_path).where(case.c.id.in_(ids))).all():
        if dice.randrange(3):
            _payment(conn, town, dice, row, dice.choice(lines))
        _letter(conn, town, dice, row.id)
    for row_id in conn.scalars(sa.select(household.c.id).where(household.c.unit_path.startswith(town.city.unit_path))):
        exited = dice.choice((None, None, TODAY))
        values = {"category": dice.choice((None, *map(str, Category))), "exited_on": exited}
        conn.execute(household.update().where(household.c.id == row_id).values(**values))
    of_town = visit.c.unit_path.startswith(town.city.unit_path)
    conn.execute(visit.update().where(of_town).values(seen={"members": 3}))
    for office in offices:
        _proposal(conn, office)
    return town


def _line(conn: sa.Connection, office: Organisation, dice: Random, number: int) -> UUID:
    fen = dice.randrange(10**7)
    row = {"unit_id": office.unit_id, "unit_path": office.unit_path, "code": f"L-{number}", "title": "x"}
    row |= {"source": dice.choice(SOURCES).value, "year": dice.choice(YEARS), "document": "x", "available_fen": fen}
    row |= {"permitted_items": ["LIV"], "outside_fen": -fen, "created_at": instant(TODAY)}
    days = {"opens_on": date(2024, 1, 1), "expires_on": date(2026, 1, 1)}
    line_id = new_id()
    conn.execute(fund.insert().values(id=line_id, **row, **days))
    return line_id


def _payment(conn: sa.Connection, town: Town, dice: Random, of_case: sa.Row[Any, Any], line: UUID) -> None:
    payer, confirmer = dice.sample(town.accounts(), 2)
    state, fen = dice.choice((*PaymentState, PaymentState.LIVE, PaymentState.LIVE)), dice.randrange(1, 500_000)
    paid_on = date(dice.choice(YEARS), dice.randint(1, 9), dice.randint(1, 14))
    number, row_id = dice.randrange(10**9), new_id()
    row = {"unit_path": of_case.unit_path, "fund_id": line, "seq": 1, "fen": fen, "voucher": f"P-{number}-{row_id}"}
    row |= {"method": "cash", "cash_reason": "no_account", "paid_on": paid_on, "paid_by": payer, "state": state.value}
    if state is not PaymentState.SENT:
        row |= {"advice_no": f"A-{row_id}", "advised_on": paid_on, "confirmed_by": confirmer}
    if state in {PaymentState.FAILED, PaymentState.RETURNED}:
        row |= {"returned_on": paid_on}
    recalled = fen if state is PaymentState.RECALLED else dice.choice((0, fen // 2)) if state == "live" else 0
    row |= {"recalled_fen": recalled, "recalled_on": paid_on if recalled else None}
    row |= {"receipt_on": dice.choice((None, paid_on)) if state is PaymentState.LIVE else None}
    conn.execute(payment.insert().values(id=row_id, case_id=of_case.id, **row))


def _letter(conn: sa.Connection, town: Town, dice: Random, case_id: UUID) -> None:
    state = dice.choice(STATES)
    row = {"case_id": case_id, "subject_id": case_id, "seq": 1, "kind": "paid", "channel": "email", "state": state}
    row |= {"account_id": dice.choice(town.accounts()), "on": TODAY - timedelta(days=dice.randrange(30))}
    row |= {"delivered_at": instant(TODAY) if state == "delivered" else None}
    conn.execute(notification.insert().values(id=new_id(), **row))


def _proposal(conn: sa.Connection, office: Organisation) -> None:
    """Propose something by the cashier of an office that an approver confirms."""
    row_id, proposer = new_id(), office.people["cashier"]
    row: dict[str, Any] = {
        "act": "receipt",
        "unit_path": office.unit_path,
        "content_sealed": b"x",
        "digest": row_id.bytes * 2,
    }
    row |= {"proposed_by": proposer, "proposed_at": instant(TODAY), "until_on": TODAY, "state": "proposed"}
    conn.execute(confirmation.insert().values(id=row_id, **row))
    needed: dict[str, Any] = {"confirmation_id": row_id, "no": 1, "proposed_by": proposer, "roles": ["approver"]}
    conn.execute(confirmer.insert().values(id=new_id(), **needed))
