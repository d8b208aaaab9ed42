"""A small record with every kind of row in it: both programmes to all their ends, and what happens outside cases."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from service.actions import (
    accounts,
    activities,
    anchors,
    cases,
    consents,
    donations,
    finances,
    fund_allocations,
    gifts,
    households,
    kinship,
    notifications,
    pairings,
    payees,
    personal_data_access,
    persons,
    units,
    visits,
)
from service.actions.case_application import CaseApplication
from service.actions.case_opening import open_case
from service.queries.reminders import REMINDERS
from service.tables.accounts import role_grant, token
from tests.chaos.fixtures import DECIDED, LIFE, NOTICED, OPENED, CaseSeat, Fixture, form
from tests.factories import Family, create_family, create_organisation, grant
from workflows.vocabulary import Fen

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


def write_sample_record(engine: sa.Engine) -> Fixture:
    """Write all of it, a commit an act, and anchor it twice."""
    with engine.begin() as conn:
        ground = Fixture(engine, create_organisation(conn, fen=0))
        grant(conn, ground.office, "witness", "registrar", for_whom="registrar")
        below = create_organisation(conn, above=ground.office, fen=0)
    ground.line(50_000_000)
    for programme, state, rest in ENDS:
        _case(ground, programme, state, rest)
    with engine.begin() as conn:
        _families(conn, ground)
        _outside_cases(conn, ground, below.unit_id)
        _house(conn, ground)
        for reminder in REMINDERS:
            notifications.queue_reminder(conn, reminder, ground.office.context(conn, "clock", date(2025, 12, 30)))
    for day in (LATER, date(2025, 9, 21), date(2025, 9, 22)):
        with engine.begin() as conn:
            anchors.add_anchor(conn, anchors.settled_event_number(conn) or 0, ground.office.context(conn, "clock", day))
    return ground


def _case(ground: Fixture, programme: str, state: str, rest: tuple[tuple[str, str], ...]) -> None:
    with ground.engine.begin() as conn:
        home = create_family(conn, ground.office, email="family@example.org")
        seat = _opened(conn, ground, programme, home)
    for who, day, action, _reached in LIFE:
        if seat.state == state:
            break
        if action == "record_check" and seat.state != "verification":
            continue
        seat.state = _step(ground, seat.case_id, who, action, day)
    for who, action in rest:
        _step(ground, seat.case_id, who, action, LATER)


def _opened(conn: sa.Connection, ground: Fixture, programme: str, home: Family) -> CaseSeat:
    tuition = programme == "tuition"
    who, item = (home.child_id, "EDU") if tuition else (home.head_id, "LIV")
    opening = CaseApplication(programme, home.household_id, who, item, Fen(300_000), TUITION if tuition else {})
    made = open_case(conn, opening, ground.office.context(conn, "registrar", OPENED))
    return CaseSeat(made.case_id, home.household_id, home.head_id)


def _step(ground: Fixture, case_id: UUID, who: str, action: str, day: date) -> str:
    with ground.engine.begin() as conn:
        answers = form(ground.office, action, day, award="600.00", fund=ground.funds[0])
        if action == "suspend":
            answers["reason"] = "有疑点"
        return cases.take_action(conn, case_id, action, answers, ground.office.context(conn, who, day)).state


def _families(conn: sa.Connection, ground: Fixture) -> None:
    """A file that is corrected, joined, left, and ended."""
    home, context = create_family(conn, ground.office), ground.office.context(conn, "registrar", NOTICED)
    lines = (finances.FinanceLine("income", "wage", Fen(1_000_000), person_id=home.child_id),)
    finances.replace_finances(conn, home.household_id, finances.Finances(OPENED, (*lines, *lines)), context)
    persons.edit_person(conn, home.head_id, {"phone": "13800000000", "address": "示例路1号"}, context)
    other = persons.Person("other", "示例丁", workplace="示例厂")
    persons.add_person(conn, home.household_id, other, context)
    persons.deactivate_person(conn, home.child_id, context)
    payees.set_payee(conn, home.household_id, payees.Payee(other.id, "示例银行", "6222020200112233445"), context)
    consents.record_consent(conn, home.household_id, consents.Consent(OPENED, DECIDED, "2025-1", 2), context)
    households.edit_household(conn, home.household_id, {"cause": "disaster", "story": "示例"}, context)
    personal_data_access.reveal_personal_data(conn, home.head_id, "call", context)
    households.close_household_file(conn, home.household_id, NOTICED, context)


def _outside_cases(conn: sa.Connection, ground: Fixture, below: UUID) -> None:
    office, people = ground.office, ground.office.people
    home = create_family(conn, office)
    context = office.context(conn, "registrar", DECIDED)
    mine, wrong = (
        kinship.declare_kinship(conn, home.household_id, people[who], "sibling", context)
        for who in ("auditor", "verifier")
    )
    kinship.confirm_kinship(conn, mine, office.context(conn, "admin", DECIDED))
    kinship.end_kinship(conn, wrong, office.context(conn, "admin", DECIDED))
    for day in (OPENED, DECIDED):
        known = pairings.Pairing(office.unit_id, f"连心{day}", "市总工会", day, day)
        pairings.record_pairing(conn, home.household_id, known, context)
    went = visits.NewVisit(office.unit_id, "hardship", DECIDED, "home", (people["visitor_1"],), home.household_id)
    seen = visits.record_visit(conn, replace(went, story="示例", companions=1), context)
    goods = gifts.NewGift(
        office.unit_id, home.household_id, DECIDED, "KIND", "慰问", "502", people["visitor_1"], True, seen,
        goods="图书", goods_unit="册", quantity=3,
    )  # fmt: skip
    gifts.record_gift(conn, goods, context)
    money = replace(goods, item="LIV", goods=None, goods_unit=None, quantity=None, fen=Fen(20_000))
    signed = replace(money, fund_id=ground.funds[0], approved_by=people["approver_1"])
    gifts.record_gift(conn, signed, office.context(conn, "approver_1", DECIDED))
    given = donations.NewDonation(office.unit_id, DECIDED, "received", "献爱心", "镇里", Fen(288_000), "镇慈善站", 72)
    held = activities.NewActivity(office.unit_id, DECIDED, "读书会", "culture", Fen(100), "50101", 20)
    for number in range(2):
        donations.record_donation(conn, replace(given, fen=Fen(number + 5)), context)
        activities.record_activity(conn, replace(held, fen=Fen(number)), context)
    approver = office.context(conn, "approver_3", DECIDED)
    opened = fund_allocations.NewFundAllocation(ground.funds[0], below, LATER, date(2025, 12, 30), "示例〔2025〕8号")
    fund_allocations.close_allocation(conn, fund_allocations.allocate_to_unit(conn, opened, approver), approver)


def _house(conn: sa.Connection, ground: Fixture) -> None:
    admin = ground.office.context(conn, "admin", DECIDED)
    units.rename_unit(conn, ground.office.unit_id, "示例市总工会", admin)
    units.add_unit(conn, "示例镇总工会", "grass_roots", "371083", ground.office.unit_id, admin)
    for table, end in ((role_grant, accounts.revoke_role), (token, accounts.revoke_token)):
        mine = sa.select(table.c.id).where(table.c.account_id == ground.office.people["approver_3"])
        end(conn, conn.scalars(mine.limit(1)).one(), admin)
