"""Rows of a union's year, written straight into tables: families, visits, grants, gifts, donations, activities."""

from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.crypto.encryption import blind_index, encrypt_field
from service.db.columns import new_id
from service.tables.cases import case
from service.tables.donations import donation
from service.tables.events import event
from service.tables.funds import fund
from service.tables.gifts import gift
from service.tables.households import household
from service.tables.ledger import ledger_entry
from service.tables.payments import payment
from service.tables.persons import person
from service.tables.visits import visit, visit_visitor
from tests.factories import RING, Family, Organisation, instant, receive

YEAR = (date(2025, 1, 1), date(2025, 12, 31))
AS_OF = datetime(2026, 1, 5, 1, 30, tzinfo=UTC)
NAMES = ("欧阳建国", "慕容小梅", "诸葛会计", "端木镇长", "令狐发起人", "夏侯主持", "南宫用途", "上官村民")
"""Planted wherever a row may hold a name; none may be printed."""

MADE = {"created_at": AS_OF}


def family(
    conn: sa.Connection,
    office: Organisation,
    *,
    kind: str = "worker",
    identity: str = "laid_off",
    category: str | None = None,
    filed_on: date = date(2024, 3, 1),
    exited_on: date | None = None,
) -> Family:
    """A household with a head and a child, both named."""
    household_id = new_id()
    here = {"unit_id": office.unit_id, "unit_path": office.unit_path, "division": "371083", "cause": "illness"}
    conn.execute(
        household.insert().values(
            id=household_id,
            file_no=f"DA{household_id.hex[-10:]}",
            kind=kind,
            identity=identity,
            category=category,
            filed_on=filed_on,
            exited_on=exited_on,
            story_sealed=encrypt_field(RING, "household.story", household_id, NAMES[0]),
            **here,
            **MADE,
        )
    )
    ids = [
        _member(conn, household_id, relation, name) for relation, name in zip(("head", "child"), NAMES, strict=False)
    ]
    return Family(household_id, *ids)


def _member(conn: sa.Connection, household_id: UUID, relation: str, name: str) -> UUID:
    row = new_id()
    sealed = {
        "name_sealed": encrypt_field(RING, "person.name", row, name),
        "name_index": blind_index(RING, "name", name),
    }
    conn.execute(person.insert().values(id=row, household_id=household_id, relation=relation, **sealed, **MADE))
    return row


def fund_line(conn: sa.Connection, office: Organisation, source: str, fen: int) -> UUID:
    """A fund line with money in it."""
    fund_id = new_id()
    conn.execute(
        fund.insert().values(
            id=fund_id,
            unit_id=office.unit_id,
            unit_path=office.unit_path,
            code=f"{source}-{fund_id.hex[-6:]}",
            title="资金线",
            source=source,
            year=2025,
            document="示例〔2025〕2号",
            permitted_items=["LIV", "MED", "EDU", "HOU", "SWN"],
            opens_on=date(2025, 1, 1),
            expires_on=date(2026, 12, 31),
            **MADE,
        )
    )
    receive(conn, office, fund_id, fen)
    return fund_id


def a_case(
    conn: sa.Connection,
    office: Organisation,
    who: Family,
    item: str,
    *,
    state: str,
    on: date,
    award: int | None = None,
    fund_id: UUID | None = None,
    answers: dict[str, Any] | None = None,
) -> UUID:
    """A case that has come to an end, `state`, on a day."""
    case_id = new_id()
    money = {"requested_fen": award or 100_000, "award_fen": award, "outstanding_fen": award or 0, "fund_id": fund_id}
    values = _stands(office, who, item, state, on) | money | {"answers": answers or {}}
    numbers = {"case_no": f"{item}2025-{case_id.hex[-10:]}", "head_hash": sha256(case_id.bytes).digest()}
    conn.execute(case.insert().values(id=case_id, **numbers, **values))
    _happened(conn, office, case_id, 1, on)
    return case_id


def _stands(office: Organisation, who: Family, item: str, state: str, on: date) -> dict[str, Any]:
    tuition = item == "EDU"
    return {
        "programme": "tuition" if tuition else "hardship",
        "year": on.year,
        "unit_id": office.unit_id,
        "unit_path": office.unit_path,
        "household_id": who.household_id,
        "beneficiary_id": who.child_id if tuition else who.head_id,
        "item": item,
        "state": state,
        "phase": "ended",
        "version": 1,
        "policy_set_id": office.policy_id,
        "opened_on": on,
        "entered_on": on,
        **MADE,
    }


def _happened(conn: sa.Connection, office: Organisation, case_id: UUID, seq: int, on: date) -> None:
    conn.execute(
        event.insert().values(
            subject_id=case_id,
            seq=seq,
            subject="case",
            action="test",
            actor_id=office.people["registrar"],
            on=on,
            at=instant(on),
            body="{}",
            prev=bytes(32),
            hash=sha256(case_id.bytes + bytes([seq])).digest(),
        )
    )


def _move(
    conn: sa.Connection, case_id: UUID, fund_id: UUID, seq: int, source: str, target: str, fen: int, on: date
) -> None:
    conn.execute(
        ledger_entry.insert().values(
            id=new_id(),
            fund_id=fund_id,
            subject_id=case_id,
            seq=seq,
            case_id=case_id,
            source_pot=source,
            target_pot=target,
            fen=fen,
            on=on,
            at=instant(on),
        )
    )


def pay(
    conn: sa.Connection,
    office: Organisation,
    who: Family,
    item: str,
    fen: int,
    on: date,
    *,
    fund_id: UUID | None = None,
    answers: dict[str, Any] | None = None,
) -> UUID:
    """A grant paid in cash on a day; the id of its case."""
    line = fund_id or office.fund_id
    case_id = a_case(conn, office, who, item, state="closed", on=on, award=fen, fund_id=line, answers=answers)
    _move(conn, case_id, line, 1, "available", "committed", fen, on)
    _move(conn, case_id, line, 1, "committed", "paid", fen, on)
    pay_again(conn, office, case_id, line, fen, on)
    return case_id


def pay_again(conn: sa.Connection, office: Organisation, case_id: UUID, fund_id: UUID, fen: int, on: date) -> None:
    """A payment row, live."""
    conn.execute(
        payment.insert().values(
            id=new_id(),
            case_id=case_id,
            unit_path=sa.select(case.c.unit_path).where(case.c.id == case_id).scalar_subquery(),
            fund_id=fund_id,
            seq=1,
            fen=fen,
            method="cash",
            cash_reason="no_account",
            voucher=f"V{case_id.hex[-6:]}",
            paid_on=on,
            paid_by=office.people["cashier"],
            state="live",
        )
    )


def send_back(conn: sa.Connection, case_id: UUID, on: date) -> None:
    """The bank returns the money."""
    found = conn.execute(sa.select(payment.c.fund_id, payment.c.fen).where(payment.c.case_id == case_id)).one()
    gone = {"state": "returned", "returned_on": on, "returned_code": "account_closed"}
    conn.execute(payment.update().where(payment.c.case_id == case_id).values(**gone))
    _move(conn, case_id, found.fund_id, 1, "paid", "committed", found.fen, on)


def recall(conn: sa.Connection, office: Organisation, case_id: UUID, on: date, *, back: int) -> None:
    """The union calls the money back, and `back` fen of it come."""
    found = conn.execute(sa.select(payment.c.fund_id, payment.c.fen).where(payment.c.case_id == case_id)).one()
    gone = {"state": "recalled", "recalled_on": on}
    conn.execute(payment.update().where(payment.c.case_id == case_id).values(**gone))
    _happened(conn, office, case_id, 2, on)
    _move(conn, case_id, found.fund_id, 2, "paid", "recovering", found.fen, on)
    _move(conn, case_id, found.fund_id, 2, "recovering", "available", back, on)


def go(
    conn: sa.Connection,
    office: Organisation,
    kind: str,
    on: date,
    who: Family | None = None,
    *,
    case_id: UUID | None = None,
) -> UUID:
    """A visit by two."""
    visit_id = new_id()
    conn.execute(
        visit.insert().values(
            id=visit_id,
            unit_id=office.unit_id,
            unit_path=office.unit_path,
            case_id=case_id,
            household_id=who.household_id if who else None,
            kind=kind,
            on=on,
            place="home",
            relation_of_deceased="mother" if kind == "bereavement" else None,
            story_sealed=encrypt_field(RING, "visit.story", visit_id, NAMES[1]),
            **MADE,
        )
    )
    pair = [{"visit_id": visit_id, "account_id": office.people[each]} for each in ("visitor_1", "visitor_2")]
    conn.execute(visit_visitor.insert(), pair)
    return visit_id


def give(conn: sa.Connection, office: Organisation, who: Family, on: date, item: str, **what: Any) -> None:
    """A gift: `fen`, or `goods` with `goods_unit` and perhaps `quantity`."""
    money = {"fund_id": what.pop("fund_id", office.fund_id)} if "fen" in what else {}
    conn.execute(
        gift.insert().values(
            id=new_id(),
            unit_id=office.unit_id,
            unit_path=office.unit_path,
            household_id=who.household_id,
            on=on,
            item=item,
            account_code="502",
            purpose=NAMES[6],
            approved_by=office.people["approver_1"],
            handed_by=office.people["cashier"],
            signed_by_family=True,
            **money,
            **what,
            **MADE,
        )
    )


def donate(conn: sa.Connection, office: Organisation, on: date, fen: int, *, direction: str = "passed_on") -> None:
    """A donation; who asked for it and who took it are named, as the record may."""
    conn.execute(
        donation.insert().values(
            id=new_id(),
            unit_id=office.unit_id,
            unit_path=office.unit_path,
            on=on,
            direction=direction,
            campaign=f"为{NAMES[1]}献爱心",
            organiser=NAMES[4],
            donors=36,
            fen=fen,
            handed_to=NAMES[3],
            recorded_by=office.people["registrar"],
            **MADE,
        )
    )
