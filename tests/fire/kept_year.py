"""A small record with every kind of row in it: both programmes to all their ends, and what happens outside cases."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from service.actions import (
    activities,
    anchoring,
    cases,
    donations,
    economy,
    filing,
    gifts,
    kin,
    letters,
    looks,
    openings,
    payees,
    persons,
    staff,
    ties,
    units,
    visits,
)
from service.actions.case_opening import open_case
from service.actions.case_rows import Opening
from service.queries.reminders import REMINDERS
from service.tables.units import role_grant, token
from tests.fire.ground import DECIDED, LIFE, NOTICED, OPENED, Ground, Seat, form
from tests.office import Family, file_family, grant, open_office
from workflows.terms import Fen

LATER = date(2025, 9, 20)
TUITION = {"school_year": "2025-2026", "stage": "bachelor", "institution_kind": "public", "living_part": "600.00"}
ENDS: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    ("hardship", "receipt", (("cashier", "payment_returned"), ("cashier", "pay"), ("witness", "confirm_receipt"),
                             ("follower", "record_follow_up"), ("registrar", "close"))),
    ("hardship", "receipt", (("approver_1", "recall"), ("cashier", "recover_part"), ("cashier", "recover"))),
    ("hardship", "receipt", (("approver_1", "recall"), ("approver_2", "write_off"))),
    ("hardship", "notice", (("registrar", "object"), ("reviewer", "answer_objection"), ("clock", "end_notice"),
                            ("approver_1", "decline"))),
    ("hardship", "payment", (("approver_2", "cancel_award"),)),
    ("hardship", "review", (("reviewer", "suspend"), ("reviewer", "resume"), ("reviewer", "decline"))),
    ("tuition", "receipt", (("witness", "confirm_receipt"), ("follower", "record_follow_up"), ("registrar", "close"))),
    ("tuition", "survey", (("registrar", "withdraw"),)),
)  # fmt: skip
"""Programme, the state a case is brought to, and who takes it on from there by which steps."""


def lived(engine: sa.Engine) -> Ground:
    """Write all of it, a commit an act, and anchor it twice."""
    with engine.begin() as tx:
        ground = Ground(engine, open_office(tx, fen=0))
        grant(tx, ground.office, "witness", "registrar", for_whom="registrar")
        below = open_office(tx, above=ground.office, fen=0)
    ground.line(50_000_000)
    for programme, state, rest in ENDS:
        _case(ground, programme, state, rest)
    with engine.begin() as tx:
        _families(tx, ground)
        _outside_cases(tx, ground, below.unit_id)
        _house(tx, ground)
        for reminder in REMINDERS:
            letters.remind(tx, reminder, ground.office.asked(tx, "clock", date(2025, 12, 30)))
    for day in (LATER, date(2025, 9, 21), date(2025, 9, 22)):
        with engine.begin() as tx:
            anchoring.make(tx, anchoring.settled(tx) or 0, ground.office.asked(tx, "clock", day))
    return ground


def _case(ground: Ground, programme: str, state: str, rest: tuple[tuple[str, str], ...]) -> None:
    with ground.engine.begin() as tx:
        home = file_family(tx, ground.office, email="family@example.org")
        seat = _opened(tx, ground, programme, home)
    for who, day, action, _reached in LIFE:
        if seat.state == state:
            break
        if action == "record_check" and seat.state != "verification":
            continue
        seat.state = _step(ground, seat.case_id, who, action, day)
    for who, action in rest:
        _step(ground, seat.case_id, who, action, LATER)


def _opened(tx: sa.Connection, ground: Ground, programme: str, home: Family) -> Seat:
    tuition = programme == "tuition"
    who, item = (home.child_id, "EDU") if tuition else (home.head_id, "LIV")
    opening = Opening(programme, home.household_id, who, item, Fen(300_000), TUITION if tuition else {})
    made = open_case(tx, opening, ground.office.asked(tx, "registrar", OPENED))
    return Seat(made.case_id, home.household_id, home.head_id)


def _step(ground: Ground, case_id: UUID, who: str, action: str, day: date) -> str:
    with ground.engine.begin() as tx:
        answers = form(ground.office, action, day, award="600.00", fund=ground.funds[0])
        if action == "suspend":
            answers["reason"] = "有疑点"
        return cases.take(tx, case_id, action, answers, ground.office.asked(tx, who, day)).state


def _families(tx: sa.Connection, ground: Ground) -> None:
    """A file that is corrected, joined, left, and ended."""
    home, asked = file_family(tx, ground.office), ground.office.asked(tx, "registrar", NOTICED)
    lines = (economy.Line("income", "wage", Fen(1_000_000), person_id=home.child_id),)
    economy.replace_economy(tx, home.household_id, economy.Economy(OPENED, (*lines, *lines)), asked)
    persons.edit_person(tx, home.head_id, {"phone": "13800000000", "address": "示例路1号"}, asked)
    other = persons.Person("other", "示例丁", workplace="示例厂")
    persons.add_person(tx, home.household_id, other, asked)
    persons.deactivate_person(tx, home.child_id, asked)
    payees.set_payee(tx, home.household_id, payees.Payee(other.id, "示例银行", "6222020200112233445"), asked)
    ties.give_consent(tx, home.household_id, ties.Consent(OPENED, DECIDED, "2025-1", 2), asked)
    filing.edit_household(tx, home.household_id, {"cause": "disaster", "story": "示例"}, asked)
    looks.reveal(tx, home.head_id, "call", asked)
    filing.end_file(tx, home.household_id, NOTICED, asked)


def _outside_cases(tx: sa.Connection, ground: Ground, below: UUID) -> None:
    office, people = ground.office, ground.office.people
    home = file_family(tx, office)
    asked = office.asked(tx, "registrar", DECIDED)
    mine, wrong = (kin.declare(tx, home.household_id, people[who], "sibling", asked) for who in ("auditor", "verifier"))
    kin.confirm(tx, mine, office.asked(tx, "admin", DECIDED))
    kin.end(tx, wrong, office.asked(tx, "admin", DECIDED))
    for day in (OPENED, DECIDED):
        known = ties.Pairing(office.unit_id, f"连心{day}", "市总工会", day, day)
        ties.pair(tx, home.household_id, known, asked)
    went = visits.NewVisit(office.unit_id, "hardship", DECIDED, "home", (people["visitor_1"],), home.household_id)
    seen = visits.record_visit(tx, replace(went, story="示例", companions=1), asked)
    goods = gifts.NewGift(
        office.unit_id, home.household_id, DECIDED, "KIND", "慰问", "502", people["visitor_1"], True, seen,
        goods="图书", goods_unit="册", quantity=3,
    )  # fmt: skip
    gifts.hand_over(tx, goods, asked)
    money = replace(goods, item="LIV", goods=None, goods_unit=None, quantity=None, fen=Fen(20_000))
    signed = replace(money, fund_id=ground.funds[0], approved_by=people["approver_1"])
    gifts.hand_over(tx, signed, office.asked(tx, "approver_1", DECIDED))
    given = donations.NewDonation(office.unit_id, DECIDED, "received", "献爱心", "镇里", Fen(288_000), "镇慈善站", 72)
    held = activities.NewActivity(office.unit_id, DECIDED, "读书会", "culture", Fen(100), "50101", 20)
    for number in range(2):
        donations.record_donation(tx, replace(given, fen=Fen(number + 5)), asked)
        activities.record_activity(tx, replace(held, fen=Fen(number)), asked)
    approver = office.asked(tx, "approver_3", DECIDED)
    opened = openings.NewOpening(ground.funds[0], below, LATER, date(2025, 12, 30), "示例〔2025〕8号")
    openings.close(tx, openings.open_to_unit(tx, opened, approver), approver)


def _house(tx: sa.Connection, ground: Ground) -> None:
    admin = ground.office.asked(tx, "admin", DECIDED)
    units.rename(tx, ground.office.unit_id, "示例市总工会", admin)
    units.add_unit(tx, "示例镇总工会", "grass_roots", "371083", ground.office.unit_id, admin)
    for table, end in ((role_grant, staff.revoke), (token, staff.revoke_token)):
        mine = sa.select(table.c.id).where(table.c.account_id == ground.office.people["approver_3"])
        end(tx, tx.scalars(mine.limit(1)).one(), admin)
