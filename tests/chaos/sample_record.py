"""A sample record writes rows of every table: both programmes to all end states, and acts outside cases."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import (
    accounts,
    activities,
    anchors,
    cases,
    consents,
    documents,
    donations,
    finances,
    fund_allocations,
    fund_receipts,
    gifts,
    households,
    invitations,
    kinship,
    notifications,
    number_absences,
    pairings,
    payees,
    personal_data_access,
    persons,
    units,
    visits,
)
from service.actions.case_application import CaseApplication
from service.actions.case_opening import open_case
from service.actions.context import ActionContext, BrowserRequest
from service.actions.fund_receipts import NewReceipt
from service.actions.gift_checks import NewGift
from service.actions.household_changes.exits import Exit, FilingAgain, end_file, file_again
from service.actions.household_changes.heads import HeadChange, change_head
from service.actions.household_changes.moves import Move, move_file
from service.actions.household_changes.transfers import Transfer, transfer_member
from service.actions.one_time_codes import make_recovery_codes
from service.actions.sessions import end_session
from service.actions.sign_in import start_session
from service.actions.write_batch import WriteBatch
from service.crypto.signed_notes import SigningKey
from service.db.columns import new_id
from service.queries.reminders import REMINDERS
from service.tables.accounts import role_grant, token
from service.tables.credentials import passkey
from tests.chaos.fixtures import DECIDED, NOTICED, OPENED, STEPS_TO_RECEIPT, Fixture, TrackedCase, form
from tests.document_files import add_photo
from tests.factories import Family, create_family, create_organisation, grant, instant_of
from tests.sign_in_browser import add_credentials
from workflows.vocabulary import Fen

LATER = date(2025, 9, 20)
LOG_KEY = SigningKey("songnuan/sample", bytes(range(32)))
TUITION = {"school_year": "2025-2026", "stage": "bachelor", "institution_kind": "public", "living_part": "600.00"}
CASE_COURSES: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    ("hardship", "receipt", (("cashier", "payment_returned"), ("cashier_2", "confirm_return"), ("cashier", "pay"),
                             ("approver_3", "confirm_payment"), ("witness", "confirm_receipt"),
                             ("follower", "record_follow_up"), ("registrar", "close"))),
    ("hardship", "receipt", (("approver_1", "recall"), ("cashier", "recover_part"), ("cashier_2", "confirm_recovery"),
                             ("cashier", "recover"), ("cashier_2", "confirm_recovery"))),
    ("hardship", "receipt", (("approver_1", "recall"), ("approver_2", "write_off"))),
    ("hardship", "notice", (("registrar", "object"), ("reviewer_2", "answer_objection"), ("clock", "end_notice"),
                            ("approver_1", "decline"))),
    ("hardship", "payment", (("approver_2", "cancel_award"),)),
    ("hardship", "review", (("reviewer", "suspend"), ("reviewer", "resume"), ("reviewer", "decline"))),
    ("tuition", "receipt", (("witness", "confirm_receipt"), ("follower", "record_follow_up"), ("registrar", "close"))),
    ("tuition", "survey", (("registrar", "withdraw"),)),
)  # fmt: skip
"""Programme, state a case is brought to, and the accounts and actions that follow."""


NO_MORE: Mapping[str, object] = MappingProxyType({})


def write_sample_record(engine: sa.Engine) -> Fixture:
    """Write the sample record with one commit per step, and add an anchor on three days."""
    with engine.begin() as conn:
        fixture = Fixture(engine, create_organisation(conn, fen=0))
        grant(conn, fixture.organisation, "witness", "registrar", for_whom="registrar")
        lower_unit = create_organisation(conn, above=fixture.organisation, fen=0)
    fixture.add_fund(50_000_000)
    for programme, state, later_steps in CASE_COURSES:
        _write_case(fixture, programme, state, later_steps)
    with engine.begin() as conn:
        _write_families(conn, fixture)
        _write_family_changes(conn, fixture, lower_unit.unit_id)
        _write_acts_outside_cases(conn, fixture, lower_unit.unit_id)
        _write_unit_changes(conn, fixture)
        _write_sign_ins(conn, fixture)
        for reminder in REMINDERS:
            notifications.queue_reminder(
                conn, reminder, fixture.organisation.context(conn, "clock", date(2025, 12, 30))
            )
    for day, key in ((LATER, None), (date(2025, 9, 21), LOG_KEY), (date(2025, 9, 22), LOG_KEY)):
        with engine.begin() as conn:
            up_to = anchors.settled_event_number(conn) or 0
            anchors.add_anchor(conn, up_to, fixture.organisation.context(conn, "clock", day), key)
    return fixture


def _write_case(fixture: Fixture, programme: str, state: str, later_steps: tuple[tuple[str, str], ...]) -> None:
    with fixture.engine.begin() as conn:
        family = create_family(conn, fixture.organisation, email="family@example.org")
        tracked = _open_case(conn, fixture, programme, family)
        scans = _add_scans(conn, fixture, tracked) if (programme, state) == CASE_COURSES[0][:2] else None
    for account, day, action, _reached in STEPS_TO_RECEIPT:
        if tracked.state == state:
            break
        if action == "record_check" and tracked.state != "verification":
            continue
        answers = _named_scans(scans, action) if scans else {}
        tracked.state = _take_step(fixture, tracked.case_id, account, action, day, answers)
    for account, action in later_steps:
        _take_step(fixture, tracked.case_id, account, action, LATER)


def _open_case(conn: sa.Connection, fixture: Fixture, programme: str, family: Family) -> TrackedCase:
    tuition = programme == "tuition"
    beneficiary_id, item = (family.child_id, "EDU") if tuition else (family.head_id, "LIV")
    opening = CaseApplication(
        programme, family.household_id, beneficiary_id, item, Fen(300_000), TUITION if tuition else {}
    )
    opened_case = open_case(conn, opening, fixture.organisation.context(conn, "registrar", OPENED))
    return TrackedCase(opened_case.case_id, family.household_id, family.head_id)


def _named_scans(scans: tuple[UUID, UUID], action: str) -> Mapping[str, object]:
    """Return the scan in which papers are seen, or the photo that a visit names."""
    named = {"add_papers": ("documents", scans[0]), "record_visit": ("photos", scans[1])}
    return {named[action][0]: [str(named[action][1])]} if action in named else {}


def _add_scans(conn: sa.Connection, fixture: Fixture, tracked: TrackedCase) -> tuple[UUID, UUID]:
    """Add a scan and a photo to a case and a scan to its family, which is ended; return the first two.

    Their files go with the folder.
    """
    context = fixture.organisation.context(conn, "registrar", OPENED)
    with TemporaryDirectory() as folder:
        of_case = add_photo(conn, Path(folder), tracked.household_id, context, tracked.case_id)
        of_family = add_photo(conn, Path(folder), tracked.household_id, context)
        of_visit = add_photo(conn, Path(folder), tracked.household_id, context, tracked.case_id, "visit_photo")
    documents.end_document(conn, of_family, "拍错了", context)
    return of_case, of_visit


def _take_step(
    fixture: Fixture, case_id: UUID, account: str, action: str, day: date, more: Mapping[str, object] = NO_MORE
) -> str:
    with fixture.engine.begin() as conn:
        # Ten yuan came back in the part before.
        award = "590.00" if action == "recover" else "600.00"
        answers = form(fixture.organisation, action, day, award=award, fund=fixture.funds[0])
        answers |= more
        if action == "suspend":
            answers["reason"] = "有疑点"
        return cases.take_action(conn, case_id, action, answers, fixture.organisation.context(conn, account, day)).state


def _write_families(conn: sa.Connection, fixture: Fixture) -> None:
    """Write a household file whose data and members change, and which is closed."""
    family, context = (
        create_family(conn, fixture.organisation),
        fixture.organisation.context(conn, "registrar", NOTICED),
    )
    lines = (finances.FinanceLine("income", "wage", Fen(1_000_000), person_id=family.child_id),)
    finances.replace_finances(conn, family.household_id, finances.Finances(OPENED, (*lines, *lines)), context)
    persons.edit_person(conn, family.head_id, {"phone": "13800000000", "address": "示例路1号"}, context)
    other = persons.Person("other", "示例丁", workplace="示例厂")
    persons.add_person(conn, family.household_id, other, context)
    absence = number_absences.NewNumberAbsence(other.id, "lost", "补办回执", DECIDED)
    number_absences.explain_number(conn, absence, fixture.organisation.seconded(conn, "registrar", NOTICED))
    persons.deactivate_person(conn, family.child_id, context)
    payees.set_payee(conn, family.household_id, payees.Payee(other.id, "示例银行", "6222020200112233445"), context)
    consents.record_consent(conn, family.household_id, consents.Consent(OPENED, DECIDED, "2025-1", 2), context)
    households.edit_household(conn, family.household_id, {"cause": "disaster", "story": "示例"}, context)
    personal_data_access.reveal_personal_data(conn, family.head_id, "call", context)
    change: dict[str, Any] = {"on": NOTICED, "reason": "other"}
    end_file(conn, family.household_id, Exit(**change), context)
    back = {family.head_id: "head", other.id: "other"}
    file_again(conn, family.household_id, FilingAgain(**change, members=back), context)
    end_file(conn, family.household_id, Exit(**change), context)


def _write_family_changes(conn: sa.Connection, fixture: Fixture, lower_unit_id: UUID) -> None:
    """Write a file that gets another head, a member who leaves for it, and its move with an open case."""
    family, other = create_family(conn, fixture.organisation), create_family(conn, fixture.organisation)
    context = fixture.organisation.context(conn, "registrar", LATER)
    change: dict[str, Any] = {"on": LATER, "reason": "other"}
    head_change = HeadChange(**change, new_head=family.child_id, old_head_relation="parent", close_account=True)
    change_head(conn, family.household_id, head_change, context)
    transfer = Transfer(**change, person_id=other.child_id, to_household_id=family.household_id, relation="child")
    transfer_member(conn, other.household_id, transfer, context)
    opening = CaseApplication("hardship", family.household_id, family.child_id, "LIV", Fen(300_000), {})
    open_case(conn, opening, context)
    move_file(conn, family.household_id, Move(**change, to_unit_id=lower_unit_id, file_no="M-1"), context)


def _write_acts_outside_cases(conn: sa.Connection, fixture: Fixture, lower_unit_id: UUID) -> None:
    organisation, people = fixture.organisation, fixture.organisation.people
    family = create_family(conn, organisation)
    context = organisation.context(conn, "registrar", DECIDED)
    confirmed, rejected = (
        kinship.declare_kinship(conn, family.household_id, people[account], "sibling", context)
        for account in ("auditor", "verifier")
    )
    kinship.confirm_kinship(conn, confirmed, organisation.context(conn, "admin", DECIDED))
    kinship.end_kinship(conn, rejected, "误报", organisation.seconded(conn, "admin", DECIDED))
    for day in (OPENED, DECIDED):
        pairing = pairings.Pairing(organisation.unit_id, f"连心{day}", "市总工会", day, day)
        pairings.record_pairing(conn, family.household_id, pairing, context)
    visit = visits.NewVisit(
        organisation.unit_id, "hardship", DECIDED, "home", (people["visitor_1"],), family.household_id
    )
    visit_id = visits.record_visit(conn, replace(visit, story="示例", companions=1), context)
    goods = NewGift(
        organisation.unit_id, family.household_id, DECIDED, "KIND", "慰问", "502", people["visitor_1"], True, visit_id,
        goods="图书", goods_unit="册", quantity=3,
    )  # fmt: skip
    gifts.record_gift(conn, goods, context)
    money = replace(goods, item="SWN", goods=None, goods_unit=None, quantity=None, fen=Fen(20_000))
    signed = replace(money, fund_id=fixture.funds[0], approved_by=people["approver_1"])
    approver_1 = organisation.seconded(conn, "approver_1", DECIDED, "visitor_1")
    gift_id = gifts.record_gift(conn, signed, approver_1)
    gift_id = gifts.correct_gift(conn, gift_id, replace(signed, fen=Fen(10_000)), "多记一百元", approver_1)
    gifts.void_gift(conn, gift_id, "没有发出", approver_1)
    gifts.record_gift(conn, replace(signed, confirmed_repeat=True), approver_1)
    donation = donations.NewDonation(
        organisation.unit_id, DECIDED, "received", "献爱心", "镇里", Fen(288_000), "镇慈善站", 72
    )
    activity = activities.NewActivity(organisation.unit_id, DECIDED, "读书会", "culture", Fen(100), "50101", 20)
    for number in range(2):
        donations.record_donation(conn, replace(donation, fen=Fen(number + 5)), context)
        activities.record_activity(conn, replace(activity, title=f"读书会{number}"), context)
    activity_id = activities.record_activity(conn, activity, context)
    by_two = organisation.seconded(conn, "registrar", DECIDED, "visitor_1")
    activities.correct_activity(conn, activity_id, replace(activity, title="读书会五"), "名称写错", by_two)
    visits.void_visit(conn, visits.record_visit(conn, replace(visit, on=OPENED), context), "没有去", by_two)
    approver = organisation.seconded(conn, "approver_3", DECIDED, "cashier")
    _write_receipt_changes(conn, fixture, approver)
    allocation = fund_allocations.NewFundAllocation(
        fixture.funds[0], lower_unit_id, LATER, date(2025, 12, 30), "示例〔2025〕8号", ceiling=Fen(100_000)
    )
    fund_allocations.close_allocation(conn, fund_allocations.allocate_to_unit(conn, allocation, approver), approver)


def _write_receipt_changes(conn: sa.Connection, fixture: Fixture, approver: ActionContext) -> None:
    cashier = fixture.organisation.seconded(conn, "cashier", DECIDED, "approver_3")
    receipt = NewReceipt(Fen(5_000), "示例银收9号", DECIDED)
    receipt_id = fund_receipts.record_receipt(conn, fixture.funds[0], receipt, cashier)
    corrected = fund_receipts.correct_receipt(conn, receipt_id, replace(receipt, fen=Fen(500)), "多写一个零", approver)
    other_approver = fixture.organisation.seconded(conn, "approver_2", DECIDED, "cashier")
    fund_receipts.void_receipt(conn, corrected, "款未到", other_approver)


def _write_unit_changes(conn: sa.Connection, fixture: Fixture) -> None:
    admin = fixture.organisation.context(conn, "admin", DECIDED)
    confirmed = fixture.organisation.seconded(conn, "admin", DECIDED, "approver_3")
    invitations.invite(conn, fixture.organisation.people["verifier"], invitations.half_hash("A" * 10), confirmed)
    units.rename_unit(conn, fixture.organisation.unit_id, "示例市总工会", admin)
    units.add_unit(conn, "示例镇总工会", "grass_roots", "371083", fixture.organisation.unit_id, admin)
    for table, revoke in ((role_grant, accounts.revoke_role), (token, accounts.revoke_token)):
        row_id = sa.select(table.c.id).where(table.c.account_id == fixture.organisation.people["approver_3"])
        revoke(conn, conn.scalars(row_id.limit(1)).one(), admin)


def _write_sign_ins(conn: sa.Connection, fixture: Fixture) -> None:
    """Write people with passwords, codes and passkeys, who sign in; one of them signs out."""
    organisation = fixture.organisation
    for number, staff_name in enumerate(("registrar", "cashier"), start=1):
        add_credentials(conn, organisation, staff_name, totp=True)
        context = organisation.context(conn, staff_name, DECIDED)
        make_recovery_codes(conn, context)
        browser = BrowserRequest("a browser", "192.0.2.1", context.at)
        first, _ = (start_session(conn, "password", None, browser, context) for _ in range(2))
        end_session(conn, first.id, "sign_out", context.at, context)
        batch, account_id = WriteBatch(), organisation.people[staff_name]
        row = {"account_id": account_id, "credential_id": bytes([number]), "public_key": b"key", "label": "a key"}
        batch.add(passkey, {"id": new_id(), "created_at": context.at, **row})
        instant_of(conn, organisation, "account", account_id, batch)
