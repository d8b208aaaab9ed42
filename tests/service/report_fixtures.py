"""Write rows of a union's year straight into tables: families, visits, grants, gifts, donations."""

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
"""Names written wherever a row may hold a name; no report may print them."""

MADE = {"created_at": AS_OF}


def family(
    conn: sa.Connection,
    organisation: Organisation,
    *,
    kind: str = "worker",
    identity: str = "laid_off",
    category: str | None = None,
    filed_on: date = date(2024, 3, 1),
    exited_on: date | None = None,
) -> Family:
    """Create a household with a head and a child, both with a name."""
    household_id = new_id()
    unit_columns = {
        "unit_id": organisation.unit_id,
        "unit_path": organisation.unit_path,
        "division": "371083",
        "cause": "illness",
    }
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
            **unit_columns,
            **MADE,
        )
    )
    ids = [
        _member(conn, household_id, relation, name) for relation, name in zip(("head", "child"), NAMES, strict=False)
    ]
    return Family(household_id, *ids)


def _member(conn: sa.Connection, household_id: UUID, relation: str, name: str) -> UUID:
    person_id = new_id()
    sealed = {
        "name_sealed": encrypt_field(RING, "person.name", person_id, name),
        "name_index": blind_index(RING, "name", name),
    }
    conn.execute(person.insert().values(id=person_id, household_id=household_id, relation=relation, **sealed, **MADE))
    return person_id


def fund_line(conn: sa.Connection, organisation: Organisation, source: str, fen: int) -> UUID:
    """Create a fund with `fen` in it and return its id."""
    fund_id = new_id()
    conn.execute(
        fund.insert().values(
            id=fund_id,
            unit_id=organisation.unit_id,
            unit_path=organisation.unit_path,
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
    receive(conn, organisation, fund_id, fen)
    return fund_id


def a_case(
    conn: sa.Connection,
    organisation: Organisation,
    recipient: Family,
    item: str,
    *,
    state: str,
    on: date,
    award: int | None = None,
    fund_id: UUID | None = None,
    answers: dict[str, Any] | None = None,
) -> UUID:
    """Create a case that ended in `state` on a day and return its id."""
    case_id = new_id()
    money = {"requested_fen": award or 100_000, "award_fen": award, "outstanding_fen": award or 0, "fund_id": fund_id}
    values = _case_columns(organisation, recipient, item, state, on) | money | {"answers": answers or {}}
    number_columns = {"case_no": f"{item}2025-{case_id.hex[-10:]}", "head_hash": sha256(case_id.bytes).digest()}
    conn.execute(case.insert().values(id=case_id, **number_columns, **values))
    _add_event(conn, organisation, case_id, 1, on)
    return case_id


def _case_columns(organisation: Organisation, recipient: Family, item: str, state: str, on: date) -> dict[str, Any]:
    tuition = item == "EDU"
    return {
        "programme": "tuition" if tuition else "hardship",
        "year": on.year,
        "unit_id": organisation.unit_id,
        "unit_path": organisation.unit_path,
        "household_id": recipient.household_id,
        "beneficiary_id": recipient.child_id if tuition else recipient.head_id,
        "item": item,
        "state": state,
        "phase": "ended",
        "version": 1,
        "policy_set_id": organisation.policy_id,
        "opened_on": on,
        "entered_on": on,
        **MADE,
    }


def _add_event(conn: sa.Connection, organisation: Organisation, case_id: UUID, seq: int, on: date) -> None:
    conn.execute(
        event.insert().values(
            subject_id=case_id,
            seq=seq,
            subject="case",
            action="test",
            actor_id=organisation.people["registrar"],
            on=on,
            at=instant(on),
            body="{}",
            prev=bytes(32),
            hash=sha256(case_id.bytes + bytes([seq])).digest(),
        )
    )


def _add_ledger_entry(
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
    organisation: Organisation,
    recipient: Family,
    item: str,
    fen: int,
    on: date,
    *,
    fund_id: UUID | None = None,
    answers: dict[str, Any] | None = None,
) -> UUID:
    """Create a grant paid in cash on a day and return the id of its case."""
    paid_fund_id = fund_id or organisation.fund_id
    case_id = a_case(
        conn, organisation, recipient, item, state="closed", on=on, award=fen, fund_id=paid_fund_id, answers=answers
    )
    _add_ledger_entry(conn, case_id, paid_fund_id, 1, "available", "committed", fen, on)
    _add_ledger_entry(conn, case_id, paid_fund_id, 1, "committed", "in_transit", fen, on)
    _add_ledger_entry(conn, case_id, paid_fund_id, 1, "in_transit", "paid", fen, on)
    pay_again(conn, organisation, case_id, paid_fund_id, fen, on)
    return case_id


def pay_again(
    conn: sa.Connection, organisation: Organisation, case_id: UUID, fund_id: UUID, fen: int, on: date
) -> None:
    """Add a payment that arrived."""
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
            voucher=f"V{new_id().hex[-9:]}",
            voucher_year=on.year,
            paid_on=on,
            paid_by=organisation.people["cashier"],
            state="sent",
        )
    )
    arrived = {
        "advice_no": f"HD{new_id().hex[-9:]}",
        "advised_on": on,
        "confirmed_by": organisation.people["cashier_2"],
    }
    sent = (payment.c.case_id == case_id, payment.c.state == "sent")
    conn.execute(payment.update().where(*sent).values(state="live", **arrived))


def send_back(conn: sa.Connection, case_id: UUID, on: date) -> None:
    """Record that the bank returned the payment."""
    payment_row = conn.execute(sa.select(payment.c.fund_id, payment.c.fen).where(payment.c.case_id == case_id)).one()
    payment_columns = {"state": "returned", "returned_on": on, "returned_code": "account_closed"}
    conn.execute(payment.update().where(payment.c.case_id == case_id).values(state="returning"))
    conn.execute(payment.update().where(payment.c.case_id == case_id).values(**payment_columns))
    for source, target in (("paid", "in_transit"), ("in_transit", "committed")):
        _add_ledger_entry(conn, case_id, payment_row.fund_id, 1, source, target, payment_row.fen, on)


def recall(
    conn: sa.Connection,
    organisation: Organisation,
    case_id: UUID,
    on: date,
    *,
    back: int,
    fen: int | None = None,
    written_off: int = 0,
    state: str = "closed",
) -> None:
    """Record that the union recalled the payment, or `fen` of it, got `back` fen and wrote some off."""
    payment_row = conn.execute(sa.select(payment.c.fund_id, payment.c.fen).where(payment.c.case_id == case_id)).one()
    recalled = fen or payment_row.fen
    payment_columns: dict[str, Any] = {"recalled_fen": recalled, "recalled_on": on}
    payment_columns |= {"state": "recalled"} if recalled == payment_row.fen else {}
    conn.execute(payment.update().where(payment.c.case_id == case_id).values(**payment_columns))
    _add_event(conn, organisation, case_id, 2, on)
    moves = (("paid", "recovering", recalled), ("recovering", "available", back))
    for source, target, moved in (*moves, ("recovering", "written_off", written_off)):
        if moved:
            _add_ledger_entry(conn, case_id, payment_row.fund_id, 2, source, target, moved, on)
    sums = {"outstanding_fen": payment_row.fen - back - written_off, "recovering_fen": recalled - back - written_off}
    case_columns: dict[str, Any] = {"state": state, "entered_on": on, "written_off_fen": written_off, **sums}
    conn.execute(case.update().where(case.c.id == case_id).values(**case_columns))


def go(
    conn: sa.Connection,
    organisation: Organisation,
    kind: str,
    on: date,
    recipient: Family | None = None,
    *,
    case_id: UUID | None = None,
) -> UUID:
    """Record a visit by two visitors and return its id."""
    visit_id = new_id()
    conn.execute(
        visit.insert().values(
            id=visit_id,
            unit_id=organisation.unit_id,
            unit_path=organisation.unit_path,
            case_id=case_id,
            household_id=recipient.household_id if recipient else None,
            kind=kind,
            on=on,
            place="home",
            relation_of_deceased="mother" if kind == "bereavement" else None,
            story_sealed=encrypt_field(RING, "visit.story", visit_id, NAMES[1]),
            natural_key=None if case_id else visit_id.hex,
            **MADE,
        )
    )
    visitor_rows = [
        {"visit_id": visit_id, "account_id": organisation.people[each]} for each in ("visitor_1", "visitor_2")
    ]
    conn.execute(visit_visitor.insert(), visitor_rows)
    return visit_id


def give(
    conn: sa.Connection, organisation: Organisation, recipient: Family, on: date, item: str, **gift_columns: Any
) -> None:
    """Record a gift: `fen`, or `goods` with `goods_unit` and perhaps `quantity`."""
    fund_columns = {"fund_id": gift_columns.pop("fund_id", organisation.fund_id)} if "fen" in gift_columns else {}
    conn.execute(
        gift.insert().values(
            id=new_id(),
            unit_id=organisation.unit_id,
            unit_path=organisation.unit_path,
            household_id=recipient.household_id,
            on=on,
            item=item,
            account_code="502",
            purpose=NAMES[6],
            natural_key=new_id().hex,
            approved_by=organisation.people["approver_1"],
            handed_by=organisation.people["cashier"],
            signed_by_family=True,
            **fund_columns,
            **gift_columns,
            **MADE,
        )
    )


def donate(
    conn: sa.Connection, organisation: Organisation, on: date, fen: int, *, direction: str = "passed_on"
) -> None:
    """Record a donation; organiser and receiver are named, as the table allows."""
    conn.execute(
        donation.insert().values(
            id=new_id(),
            unit_id=organisation.unit_id,
            unit_path=organisation.unit_path,
            on=on,
            direction=direction,
            campaign=f"为{NAMES[1]}献爱心",
            organiser=NAMES[4],
            donors=36,
            fen=fen,
            handed_to=NAMES[3],
            recorded_by=organisation.people["registrar"],
            natural_key=new_id().hex,
            **MADE,
        )
    )
