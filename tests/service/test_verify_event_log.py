"""What the verifier must name: done as the owner of the tables with the triggers off, as an intruder would."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from service.actions import cases, ledger
from service.actions.case_application import CaseApplication
from service.actions.case_opening import open_case
from service.actions.event_log import append_event
from service.crypto.hash_chain import GENESIS, event_hash
from service.db import migrate
from service.db.columns import new_id
from service.db.engine import make_engine
from service.integrity import row_diff
from service.integrity.faults import Fault
from service.integrity.verify import verify
from service.tables.cases import case, case_duty, incompatible_duty, paper
from service.tables.events import event
from service.tables.funds import fund
from service.tables.ledger import ledger_entry
from service.tables.row_fingerprints import VERSION
from tests.factories import Organisation, create_family, create_organisation
from workflows.canonical_json import canonical_json
from workflows.vocabulary import Fen, Pot

DAY = date(2025, 9, 1)


@pytest.fixture(scope="module")
def untouched(empty_database: Callable[..., str]) -> Iterator[sa.Engine]:
    """A database of these tests alone: other tests leave rows that were changed past the trail, and are named for it."""
    made = make_engine(empty_database())
    migrate.upgrade(made)
    yield made
    made.dispose()


@pytest.fixture
def conn(untouched: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that is undone when the test ends."""
    with untouched.connect() as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def tampered(conn: sa.Connection) -> Callable[..., list[Fault]]:
    """Do something to the rows with triggers and checks of keys off, then verify."""

    def run(*statements: Any) -> list[Fault]:
        conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            conn.execute(statement)
        conn.execute(sa.text("SET LOCAL session_replication_role = origin"))
        return verify(conn).faults

    return run


@pytest.fixture
def office(conn: sa.Connection) -> Organisation:
    return create_organisation(conn, fen=0)


@pytest.fixture
def case_id(conn: sa.Connection, office: Organisation) -> UUID:
    """A case with four events."""
    family = create_family(conn, office)
    opening = CaseApplication("hardship", family.household_id, family.head_id, "LIV", Fen(100_000), {})
    made = open_case(conn, opening, office.context(conn, "registrar", DAY)).case_id
    cases.take_action(conn, made, "submit", {}, office.context(conn, "registrar", DAY))
    cases.take_action(conn, made, "add_papers", {"papers": ["identity"]}, office.context(conn, "registrar", DAY))
    cases.take_action(conn, made, "add_papers", {"papers": ["diagnosis"]}, office.context(conn, "registrar", DAY))
    return made


def of(case_id: UUID, seq: int | None = None) -> sa.ColumnElement[bool]:
    chain = event.c.subject_id == case_id
    return chain if seq is None else sa.and_(chain, event.c.seq == seq)


def forged(conn: sa.Connection, office: Organisation, case_id: UUID, says: dict[str, Any]) -> None:
    """One more event at the end of a case, well linked, by somebody who knows how."""
    head = conn.execute(sa.select(event).where(of(case_id)).order_by(event.c.seq.desc()).limit(1)).mappings().one()
    seq, at = head["seq"] + 1, office.context(conn, "registrar", DAY).at
    who = {"subject": "case", "action": "submit", "on": DAY.isoformat(), "at": at.isoformat()}
    body = canonical_json({"v": VERSION, "id": str(case_id), "seq": seq, "actor": str(head["actor_id"]), **who, **says})
    columns = {"prev": head["hash"], "hash": event_hash(head["hash"], body), "body": body, "actor_id": head["actor_id"]}
    conn.execute(event.insert().values(**who | {"on": DAY, "at": at}, subject_id=case_id, seq=seq, **columns))


def codes(faults: list[Fault], case_id: UUID) -> list[tuple[str, int | None]]:
    return [(fault.code, fault.seq) for fault in faults if fault.key == str(case_id)]


def test_an_untouched_trail_has_no_fault(conn: sa.Connection, case_id: UUID) -> None:
    found = verify(conn)
    assert codes(found.faults, case_id) == []
    assert found.events >= 4


def test_a_flipped_byte(tampered: Callable[..., list[Fault]], case_id: UUID) -> None:
    flipped = event.update().where(of(case_id, 2)).values(body=sa.func.replace(event.c.body, "submit", "submis"))
    assert codes(tampered(flipped), case_id) == [("event_altered", 2)]


def test_a_deleted_event(tampered: Callable[..., list[Fault]], case_id: UUID) -> None:
    assert ("event_missing", 3) in codes(tampered(event.delete().where(of(case_id, 2))), case_id)


def test_a_cut_tail(tampered: Callable[..., list[Fault]], case_id: UUID) -> None:
    assert ("trail_cut", 3) in codes(tampered(event.delete().where(of(case_id, 4))), case_id)
    assert ("trail_cut", 0) in codes(tampered(event.delete().where(of(case_id))), case_id)


def test_a_swapped_pair(tampered: Callable[..., list[Fault]], case_id: UUID) -> None:
    swaps = [event.update().where(of(case_id, old)).values(seq=new) for old, new in ((2, 99), (3, 2), (99, 3))]
    assert codes(tampered(*swaps), case_id)[0] == ("event_out_of_chain", 2)


def test_an_inserted_event_and_a_chain_made_anew(
    tampered: Callable[..., list[Fault]], conn: sa.Connection, office: Organisation, case_id: UUID
) -> None:
    forged(conn, office, case_id, {"rows": {}})
    assert codes(tampered(), case_id) == [("head_differs", 5)]


def test_an_event_whose_rows_nobody_can_read(
    tampered: Callable[..., list[Fault]], conn: sa.Connection, office: Organisation, case_id: UUID
) -> None:
    forged(conn, office, case_id, {"rows": {"pyramid": {}}})
    assert ("event_unreadable", 5) in codes(tampered(), case_id)


def test_two_events_that_name_one_row(
    tampered: Callable[..., list[Fault]], conn: sa.Connection, office: Organisation, case_id: UUID
) -> None:
    first = json.loads(conn.scalars(sa.select(event.c.body).where(of(case_id, 1))).one())
    forged(conn, office, case_id, {"rows": {"case_duty": first["rows"]["case_duty"]}})
    assert "row_named_twice" in {fault.code for fault in tampered()}


def test_a_row_that_was_edited_is_named_with_its_columns(tampered: Callable[..., list[Fault]], case_id: UUID) -> None:
    later = case.update().where(case.c.id == case_id).values(outstanding_fen=1, due_on=date(2099, 1, 1), item="MED")
    found = [each for each in tampered(later) if each.key == str(case_id)]
    assert [(each.code, each.columns) for each in found] == [("row_altered", "due_on、fixed、outstanding_fen")]


def test_a_guard_that_was_taken_away(tampered: Callable[..., list[Fault]]) -> None:
    pair = sa.and_(incompatible_duty.c.one == "payer", incompatible_duty.c.other == "follower")
    found = [(each.code, each.key) for each in tampered(incompatible_duty.delete().where(pair))]
    assert ("guard_differs", "follower/payer") in found


def test_when_too_much_differs_the_rest_is_counted(
    tampered: Callable[..., list[Fault]], case_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_diff, "MAX_DIFF_ROWS", 0)
    found = tampered(sa.delete(paper).where(paper.c.case_id == case_id))
    assert sorted(each.code for each in found if each.subject == "paper") == ["row_missing", "rows_differ_elsewhere"]


def test_columns_that_say_other_than_the_body(
    tampered: Callable[..., list[Fault]], office: Organisation, case_id: UUID
) -> None:
    other = event.update().where(of(case_id, 2)).values(actor_id=office.people["reviewer"])
    assert codes(tampered(other), case_id) == [("event_columns_altered", 2)]


def test_a_case_that_went_without_its_events(tampered: Callable[..., list[Fault]], case_id: UUID) -> None:
    gone = [table.delete().where(table.c.case_id == case_id) for table in (paper, case_duty)]
    assert ("case_missing", 4) in codes(tampered(*gone, case.delete().where(case.c.id == case_id)), case_id)


def test_a_pot_that_was_helped_and_an_entry_nobody_told(
    tampered: Callable[..., list[Fault]], conn: sa.Connection, office: Organisation
) -> None:
    pot = fund.update().where(fund.c.id == office.fund_id)
    more = pot.values(available_fen=5, outside_fen=-5)
    assert ("pot_differs", str(office.fund_id)) in [(each.code, each.key) for each in tampered(more)]
    seq = append_event(conn, "fund", office.fund_id, "receive", {}, office.context(conn, "admin", DAY))
    row = new_id()
    at = office.context(conn, "admin", DAY).at
    moved = {"source_pot": "outside", "target_pot": "available", "fen": 5, "on": DAY, "at": at}
    told = {"id": row, "fund_id": office.fund_id, "subject_id": office.fund_id, "seq": seq}
    untold = ledger_entry.insert().values(**told, **moved)
    assert ("row_not_in_trail", "ledger_entry", str(row)) in [
        (each.code, each.subject, each.key) for each in tampered(untold)
    ]


def test_an_entry_of_the_trail_that_is_gone(
    tampered: Callable[..., list[Fault]], conn: sa.Connection, office: Organisation
) -> None:
    context = office.context(conn, "admin", DAY)
    moved = ledger.entry_row(Pot.OUTSIDE, Pot.AVAILABLE, Fen(5), office.fund_id, DAY, context)
    append_event(conn, "fund", office.fund_id, "receive", {}, context, moved=[moved])
    gone = tampered(ledger_entry.delete().where(ledger_entry.c.id == moved["id"]))
    assert ("row_missing", "ledger_entry", str(moved["id"])) in [(each.code, each.subject, each.key) for each in gone]


def test_the_link_is_over_the_bytes_as_stored() -> None:
    assert event_hash(GENESIS, "{}") != event_hash(GENESIS, "{ }")
    assert event_hash(event_hash(GENESIS, "a"), "b") != event_hash(GENESIS, "ab")
