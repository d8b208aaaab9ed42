"""A family's own changes are shown first, then made; the event log and the rows agree afterwards."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from service.actions import cases, households, persons
from service.actions.errors import NotFound
from service.actions.household_changes import two_steps
from service.actions.household_changes.exits import Exit, FilingAgain
from service.actions.household_changes.heads import HeadChange
from service.actions.household_changes.moves import Move
from service.actions.household_changes.transfers import Transfer
from service.crypto.encryption import blind_index
from service.integrity.verify import verify
from service.queries import household_changes
from service.queries import households as household_queries
from service.tables.cases import case
from service.tables.events import event
from service.tables.finances import finance_line
from service.tables.household_changes import household_change
from service.tables.households import household
from service.tables.payees import bank_account
from service.tables.payments import payment
from service.tables.persons import person
from tests.application_role import as_owner
from tests.factories import RING, Family, take_number
from tests.service.change_fixtures import (
    DAY,
    LIFTED_OUT,
    Town,
    changed_engine,
    death_of_head,
    move,
    town,
)
from tests.service.import_fixtures import codes

__all__ = ["changed_engine", "town"]

DIVORCE = "divorce"


def refused(town: Town, family: Family, change: two_steps.FileChange) -> list[str]:
    """Return the codes of a change that is refused when shown and when made."""
    made = codes(lambda: two_steps.make(town.conn, family.household_id, change, "", town.context()))
    try:
        shown = [reason.code for reason in town.show(family, change).refusals]
    except Exception:  # noqa: BLE001 - a wrong form is not shown at all
        return made
    assert shown == made
    return made


def relations(town: Town, family: Family) -> dict[object, str]:
    members = household_queries.members(town.conn, family.household_id)
    return {member["id"]: member["relation"] for member in members}


def test_head_who_has_died_leaves_and_the_spouse_becomes_head_in_one_step(town: Town) -> None:
    family = town.family()
    spouse = town.spouse(family)
    town.make(family, death_of_head(town, family, relations={family.child_id: "child"}, close_account=True))
    assert relations(town, family) == {spouse: "head", family.child_id: "child"}
    accounts = sa.select(bank_account.c.active).where(bank_account.c.household_id == family.household_id)
    assert list(town.conn.scalars(accounts)) == [False]
    [change] = household_changes.changes(town.conn, family.household_id, town.context().caller)
    assert (change["kind"], change["reason"], change["person_id"]) == ("head", "death", spouse)
    assert change["other_person_id"] == family.head_id
    actions = sa.select(event.c.action).where(event.c.subject_id.in_([family.head_id, spouse]))
    assert list(town.conn.scalars(actions)) == ["change_head", "change_head"]
    assert verify(town.conn).faults == []


def test_head_after_a_divorce_may_stay_with_another_relation(town: Town) -> None:
    family = town.family()
    spouse = town.spouse(family)
    change = HeadChange(on=DAY, reason=DIVORCE, new_head=spouse, old_head_relation="other")
    town.make(family, replace(change, relations={family.child_id: "child"}, note="协议离婚"))
    assert relations(town, family) == {spouse: "head", family.head_id: "other", family.child_id: "child"}
    note = town.conn.scalars(sa.select(household_change.c.note_sealed)).one()
    assert note
    assert "协议离婚" not in str(town.conn.scalars(sa.select(event.c.body)).all())
    assert verify(town.conn).faults == []


def test_change_of_head_that_contradicts_itself_is_refused(town: Town) -> None:
    family, other = town.family(), town.family()
    death = death_of_head(town, family)
    assert refused(town, family, replace(death, new_head=family.head_id)) == ["head_already"]
    assert refused(town, family, replace(death, old_head_relation="other")) == ["head_has_died"]
    assert refused(town, family, replace(death, relations={family.head_id: "other"})) == ["relation_twice"]
    wrong = replace(death, new_head=other.child_id, reason="luck", on=DAY + timedelta(days=1))
    assert refused(town, family, wrong) == ["not_a_choice", "in_the_future", "not_a_member"]
    assert refused(town, family, replace(death, on=date(2024, 1, 1))) == ["dates_reversed"]
    assert refused(town, family, replace(death, relations={other.child_id: "head"})) == [
        "not_a_member",
        "not_a_choice",
    ]
    assert relations(town, family)[family.head_id] == "head"


def test_death_of_the_head_shows_which_case_stops_and_why(town: Town) -> None:
    family = town.family()
    signed = town.open_case(family, "payment")
    effects = town.show(family, death_of_head(town, family, close_account=True))
    [stopped] = effects.cases
    stops = {reason.code for reason in stopped.stops}
    assert (stopped.before.id, stopped.before.outstanding_fen) == (signed, 150_000)
    assert {"beneficiary_left", "payee_missing", "signatures_void"} <= stops
    assert effects.payee_before is not None
    assert effects.payee_after is None
    assert relations(town, family)[family.head_id] == "head", "nothing is written when it is only shown"
    town.make(family, death_of_head(town, family, close_account=True))
    pay = {"method": "bank", "voucher": "V-1"}
    context = town.context("cashier")
    assert set(codes(lambda: cases.take_action(town.conn, signed, "pay", pay, context))) == {
        "beneficiary_left",
        "payee_missing",
        "signatures_void",
    }


def test_account_of_a_dead_head_that_is_kept_is_shown_as_nobodys_in_the_family(town: Town) -> None:
    family = town.family()
    town.open_case(family, "payment")
    [stopped] = town.show(family, death_of_head(town, family)).cases
    assert "payee_not_family" in {reason.code for reason in stopped.stops}


def test_change_names_what_hangs_on_the_file(town: Town) -> None:
    family = town.family()
    paid = town.open_case(family, "receipt")
    effects = town.show(family, death_of_head(town, family))
    case_no = town.conn.scalars(sa.select(case.c.case_no).where(case.c.id == paid)).one()
    [in_transit] = effects.payments_in_transit
    assert (in_transit["case_no"], in_transit["fen"]) == (case_no, 150_000)
    assert effects.consented_until == date(2026, 12, 31)
    assert (effects.pairings, effects.kinships) == ((), ())
    assert effects.cases[0].after.cap is not None


def test_change_whose_effects_are_no_longer_those_shown_is_refused(town: Town) -> None:
    family = town.family()
    change = death_of_head(town, family)
    seen = town.show(family, change).seen
    town.open_case(family)
    context = town.context()
    assert codes(lambda: two_steps.make(town.conn, family.household_id, change, seen, context)) == ["effects_changed"]
    assert relations(town, family)[family.head_id] == "head"
    seen = town.show(family, change).seen
    kept = replace(change, close_account=True)
    assert codes(lambda: two_steps.make(town.conn, family.household_id, kept, seen, context)) == ["effects_changed"]
    two_steps.make(town.conn, family.household_id, replace(change, note="补记"), seen, context)


def test_file_ends_with_its_day_and_reason_once_no_case_is_unfinished(town: Town) -> None:
    family = town.family()
    draft = town.open_case(family)
    assert refused(town, family, LIFTED_OUT) == ["cases_open"]
    assert len(town.show(family, LIFTED_OUT).cases) == 1
    cases.take_action(town.conn, draft, "withdraw", {"reason": "脱困"}, town.context())
    assert refused(town, family, replace(LIFTED_OUT, document=None)) == ["answer_missing"]
    town.make(family, LIFTED_OUT)
    row = town.conn.execute(sa.select(household).where(household.c.id == family.household_id)).one()
    assert (row.exited_on, row.exit_reason) == (DAY, "lifted_out")
    assert refused(town, family, LIFTED_OUT) == ["household_not_filed"]
    assert verify(town.conn).faults == []


def test_file_ends_while_money_that_was_paid_is_followed_up(town: Town) -> None:
    family = town.family()
    paid = town.open_case(family, "receipt")
    assert refused(town, family, LIFTED_OUT) == ["cases_open"]
    cases.take_action(town.conn, paid, "confirm_receipt", {"evidence": "signature"}, town.context("witness"))
    town.make(family, LIFTED_OUT)
    recall = {"amount": "10.00", "ground": "paid_in_error", "reason": "重复"}
    assert cases.take_action(town.conn, paid, "recall", recall, town.context("approver_1")).state == "recalling"


def test_household_is_filed_again_with_its_history(town: Town) -> None:
    family = town.family()
    back = {town.spouse(family): "head", family.child_id: "child"}
    again = FilingAgain(on=DAY, reason="relapse", members=back)
    assert refused(town, family, again) == ["file_not_ended"]
    town.make(family, LIFTED_OUT)
    assert refused(town, family, replace(again, on=DAY - timedelta(days=1))) == ["dates_reversed"]
    assert refused(town, family, replace(again, members={family.child_id: "child"})) == ["head_missing"]
    town.make(family, again)
    assert relations(town, family) == back
    listed = household_changes.changes(town.conn, family.household_id, town.context().caller)
    assert [(each["kind"], each["exited_on"], each["exit_reason"]) for each in listed] == [
        ("exited", None, None),
        ("filed_again", DAY, "lifted_out"),
    ]
    assert refused(town, family, replace(LIFTED_OUT, on=DAY - timedelta(days=1))) == ["dates_reversed"]
    town.open_case(family, beneficiary=family.child_id)
    assert verify(town.conn).faults == []


def test_member_filed_elsewhere_meanwhile_is_not_filed_again(town: Town) -> None:
    family, other = town.family(), town.family()
    number = "371099197001019001"
    persons.edit_person(town.conn, family.head_id, {"id_no": number}, town.context())
    town.make(family, LIFTED_OUT)
    persons.add_person(town.conn, other.household_id, persons.Person("other", "示例甲", id_no=number), town.context())
    again = FilingAgain(on=DAY, reason="relapse", members={family.head_id: "head"})
    assert codes(lambda: two_steps.make(town.conn, family.household_id, again, "", town.context())) == [
        "person_in_other_file"
    ]


def test_file_moves_to_another_unit_with_its_undecided_cases(town: Town) -> None:
    family = town.family()
    awarded = town.open_case(family, "notice")
    draft = town.open_case(family, beneficiary=family.child_id)
    effects = town.show(family, move(town))
    units = {each.before.id: (each.before.unit_id, each.after.unit_id) for each in effects.cases}
    here, there = town.branch.unit_id, town.other_branch.unit_id
    assert units == {draft: (here, there), awarded: (here, here)}
    town.make(family, move(town))
    row = town.conn.execute(sa.select(household).where(household.c.id == family.household_id)).one()
    assert (row.unit_id, row.unit_path, row.first_unit_id) == (there, town.other_branch.unit_path, here)
    placed = {row.id: row.unit_id for row in town.conn.execute(sa.select(case.c.id, case.c.unit_id))}
    assert (placed[draft], placed[awarded]) == (there, here)
    assert verify(town.conn).faults == []
    cases.take_action(town.conn, draft, "submit", {}, town.context())
    back = Move(on=DAY, reason="unit_changed", to_unit_id=here, file_no="B-2")
    town.make(family, back)
    row = town.conn.execute(sa.select(household).where(household.c.id == family.household_id)).one()
    assert (row.unit_id, row.file_no, row.first_file_no is None) == (here, "B-2", False)
    assert verify(town.conn).faults == []


def test_moved_file_is_seen_by_its_new_unit_and_its_ended_cases_by_the_old(town: Town) -> None:
    family = town.family()
    ended = town.open_case(family)
    cases.take_action(town.conn, ended, "withdraw", {"reason": "示例"}, town.context())
    town.make(family, move(town))
    old = town.branch.context(town.conn, "registrar", DAY)
    new = town.other_branch.context(town.conn, "registrar", DAY)
    assert household_queries.one(town.conn, family.household_id, old.caller) is None
    assert household_queries.one(town.conn, family.household_id, new.caller) is not None
    assert cases.available_actions(town.conn, ended, old) == ()
    with pytest.raises(NotFound):
        cases.available_actions(town.conn, ended, new)


def test_payment_made_before_a_move_stays_with_the_unit_that_paid(town: Town) -> None:
    family = town.family()
    town.open_case(family, "receipt")
    town.make(family, move(town))
    paths = set(town.conn.scalars(sa.select(payment.c.unit_path)))
    assert paths == {town.branch.unit_path}
    assert verify(town.conn).faults == []


def test_move_that_the_units_do_not_permit_is_refused(town: Town) -> None:
    family, neighbour = town.family(), town.family()
    to_here = Move(on=DAY, reason="new_employer", to_unit_id=town.branch.unit_id)
    assert refused(town, family, to_here) == ["same_unit"]
    town.make(neighbour, move(town, file_no="N-1"))
    assert refused(town, family, move(town, file_no="N-1")) == ["file_no_taken"]
    assert refused(town, family, move(town, file_no="号 1")) == ["file_no_shape"]
    context = town.branch.context(town.conn, "registrar", DAY)
    with pytest.raises(NotFound):
        two_steps.preview(town.conn, family.household_id, move(town), context)


def test_altered_unit_of_a_moved_file_is_found(town: Town) -> None:
    family, still = town.family(), town.family()
    town.make(family, move(town))
    for household_id, column in ((family.household_id, "unit_path"), (still.household_id, "unit_path")):
        savepoint = town.conn.begin_nested()
        moved_path = {column: town.county.unit_path}
        town.conn.execute(household.update().where(household.c.id == household_id).values(moved_path))
        assert [fault.code for fault in verify(town.conn).faults] == ["row_altered"]
        savepoint.rollback()
    first = {"first_unit_path": town.county.unit_path}
    town.conn.execute(household.update().where(household.c.id == family.household_id).values(first))
    assert [fault.code for fault in verify(town.conn).faults] == ["row_altered"]


def test_member_who_leaves_for_another_file_is_shown_in_both(town: Town) -> None:
    family, other = town.family(), town.family()
    line = finance_line.update().where(finance_line.c.household_id == family.household_id)
    town.conn.execute(line.values(person_id=family.child_id))
    lines = sa.select(finance_line.c.id).where(finance_line.c.household_id == family.household_id)
    own_case = town.open_case(family, beneficiary=family.child_id)
    leaving = Transfer(
        on=DAY, reason="marriage", person_id=family.child_id, to_household_id=other.household_id, relation="child"
    )
    [stopped] = town.show(family, leaving).cases
    assert (stopped.before.id, "beneficiary_left" in {each.code for each in stopped.stops}) == (own_case, True)
    town.make(family, leaving)
    assert family.child_id not in relations(town, family)
    caller = town.context().caller
    [left] = household_changes.changes(town.conn, family.household_id, caller)
    [joined] = household_changes.changes(town.conn, other.household_id, caller)
    assert (left["kind"], left["other_household_id"]) == ("left", other.household_id)
    assert (joined["kind"], joined["other_person_id"]) == ("joined", family.child_id)
    assert left["other_file_no"]
    new_row = town.conn.execute(sa.select(person).where(person.c.id == joined["person_id"])).one()
    assert (new_row.first_person_id, new_row.household_id) == (family.child_id, other.household_id)
    assert persons.decrypt_person(new_row._asdict(), town.context().keyring).name == "示例丙"
    assert len(list(town.conn.scalars(lines))) == 1


def test_other_file_of_a_member_who_left_is_not_named_outside_its_units(town: Town) -> None:
    family, other = town.family(), town.family()
    leaving = Transfer(
        on=DAY, reason="marriage", person_id=family.child_id, to_household_id=other.household_id, relation="child"
    )
    town.make(family, leaving)
    town.make(other, move(town))
    caller = town.branch.context(town.conn, "registrar", DAY).caller
    [left] = household_changes.changes(town.conn, family.household_id, caller)
    assert left["other_file_no"] is None
    assert verify(town.conn).faults == []


def test_member_with_a_number_leaves_for_another_file_and_keeps_it(town: Town) -> None:
    family, other = town.family(), town.family()
    persons.edit_person(town.conn, family.child_id, {"id_no": "371099200806019046"}, town.context())
    leaving = Transfer(
        on=DAY, reason="divorce", person_id=family.child_id, to_household_id=other.household_id, relation="child"
    )
    town.make(family, leaving)
    index = blind_index(RING, "id_no", "371099200806019046")
    numbers = sa.select(person.c.id_no_index, person.c.active).where(person.c.id_no_index == index)
    [first, second] = town.conn.execute(numbers.order_by(person.c.id))
    assert (first.id_no_index, first.active, second.active) == (second.id_no_index, False, True)
    assert verify(town.conn).faults == []


def test_member_who_left_is_not_given_the_same_item_again_in_the_other_file(town: Town) -> None:
    """A person's earlier grants are found across files, also without an identity number."""
    family, other = town.family(), town.family()
    town.open_case(family, "receipt", beneficiary=family.child_id)
    take_number(town.conn, family.child_id)
    leaving = Transfer(
        on=DAY, reason="marriage", person_id=family.child_id, to_household_id=other.household_id, relation="child"
    )
    town.make(family, leaving)
    [joined] = household_changes.changes(town.conn, other.household_id, town.context().caller)
    again = town.open_case(other, "review", beneficiary=joined["person_id"])
    award = {"award": "1500.00", "fund": str(town.branch.fund_id), "places": ["unit_board"]}
    context = town.context("reviewer")
    refused_for = codes(lambda: cases.take_action(town.conn, again, "pass_review", award, context))
    assert refused_for == ["beneficiary_number_missing", "item_repeated"]


def test_head_or_payee_does_not_leave_for_another_file(town: Town) -> None:
    family, other = town.family(), town.family()
    leaving = Transfer(
        on=DAY, reason="other", person_id=family.head_id, to_household_id=other.household_id, relation="other"
    )
    assert refused(town, family, leaving) == ["head_missing", "person_is_payee"]
    here = replace(leaving, person_id=family.child_id, to_household_id=family.household_id)
    assert refused(town, family, here) == ["same_file"]
    assert refused(town, family, replace(leaving, person_id=family.child_id, relation="head")) == ["not_a_choice"]


def test_relative_of_the_family_makes_no_change_of_its_file(town: Town) -> None:
    family = town.family()
    declared = {"id_no_index": b"n" * 32, "id_no_sealed": b"n"}
    town.conn.execute(person.update().where(person.c.id == family.child_id).values(declared))
    own = sa.text("UPDATE account SET id_no_index = :number WHERE id = :id")
    with as_owner(town.conn):
        town.conn.execute(own, {"number": b"n" * 32, "id": town.county.people["registrar"]})
    for change in (LIFTED_OUT, death_of_head(town, family), move(town)):
        assert refused(town, family, change) == ["own_family"]


def test_person_who_changed_the_file_does_not_review_its_case(town: Town) -> None:
    """A change of the file counts as the duty of a filer (docs/domain/procedure.md §1.2)."""
    family = town.family()
    opened = town.open_case(family, "review", beneficiary=family.child_id)
    sa_grant = sa.text(
        "INSERT INTO role_grant (id, account_id, unit_id, role, tier, from_on, until_on)"
        " VALUES (gen_random_uuid(), :account, :unit, 'registrar', 0, '2025-01-01', '2030-01-01')"
    )
    ids = {"account": town.county.people["reviewer"], "unit": town.county.unit_id}
    town.conn.execute(sa_grant, ids)
    reviewer = town.context("reviewer")
    change = HeadChange(on=DAY, reason="other", new_head=town.spouse(family), old_head_relation="spouse")
    seen = two_steps.preview(town.conn, family.household_id, change, reviewer).seen
    two_steps.make(town.conn, family.household_id, change, seen, reviewer)
    award = {"award": "1500.00", "fund": str(town.branch.fund_id), "places": ["unit_board"]}
    assert "incompatible_duty" in codes(lambda: cases.take_action(town.conn, opened, "pass_review", award, reviewer))


def test_edit_of_an_ended_file_is_refused_until_it_is_filed_again(town: Town) -> None:
    family = town.family()
    town.make(family, Exit(on=DAY, reason="requested"))
    edit = codes(lambda: households.edit_household(town.conn, family.household_id, {"cause": "other"}, town.context()))
    assert edit == ["household_not_filed"]
