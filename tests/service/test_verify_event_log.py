"""The verifier names each kind of tampering with rows and with the event log."""

# The tests write as the owner of the tables with the triggers off, as an intruder would.

import json
import pickle
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
from service.crypto.hash_chain import EVENT_VERSION, GENESIS, event_hash
from service.db.columns import new_id
from service.db.engine import make_engine
from service.integrity import row_diff
from service.integrity.faults import Fault
from service.integrity.row_checksums import ChecksumBuckets
from service.integrity.verify import verify
from service.tables.cases import case, case_duty, incompatible_duty, paper
from service.tables.events import event
from service.tables.funds import fund
from service.tables.gifts import gift
from service.tables.ledger import ledger_entry
from service.tables.payments import payment
from tests.chaos.tampering import disable_guards
from tests.factories import Organisation, create_family, create_organisation
from tests.forged_events import Forgery, forge
from workflows.canonical_json import canonical_json
from workflows.replay import RULES
from workflows.vocabulary import Fen, Pot

DAY = date(2025, 9, 1)


@pytest.fixture(scope="module")
def untouched(migrated_database: Callable[[], str]) -> Iterator[sa.Engine]:
    """A database for these tests only. Other tests change rows without events, and the verifier would report them."""
    engine = make_engine(migrated_database())
    yield engine
    engine.dispose()


@pytest.fixture
def conn(untouched: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that is rolled back when the test ends."""
    with untouched.connect() as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def tamper(conn: sa.Connection) -> Callable[..., list[Fault]]:
    """Return a function that runs statements with triggers and foreign keys off, and then verifies."""

    def run(*statements: Any) -> list[Fault]:
        conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            conn.execute(statement)
        conn.execute(sa.text("SET LOCAL session_replication_role = origin"))
        return verify(conn).faults

    return run


@pytest.fixture
def organisation(conn: sa.Connection) -> Organisation:
    return create_organisation(conn, fen=0)


@pytest.fixture
def case_id(conn: sa.Connection, organisation: Organisation) -> UUID:
    """A case with four events."""
    family = create_family(conn, organisation)
    application = CaseApplication("hardship", family.household_id, family.head_id, "LIV", Fen(100_000), {})
    opened_id = open_case(conn, application, organisation.context(conn, "registrar", DAY)).case_id
    cases.take_action(conn, opened_id, "submit", {}, organisation.context(conn, "registrar", DAY))
    cases.take_action(
        conn, opened_id, "add_papers", {"papers": ["identity"]}, organisation.context(conn, "registrar", DAY)
    )
    cases.take_action(
        conn, opened_id, "add_papers", {"papers": ["diagnosis"]}, organisation.context(conn, "registrar", DAY)
    )
    return opened_id


def events_of(case_id: UUID, seq: int | None = None) -> sa.ColumnElement[bool]:
    chain = event.c.subject_id == case_id
    return chain if seq is None else sa.and_(chain, event.c.seq == seq)


def append_tampered_event(
    conn: sa.Connection, organisation: Organisation, case_id: UUID, content: dict[str, Any]
) -> None:
    """Append one more event to a case, with a valid hash."""
    head = (
        conn.execute(sa.select(event).where(events_of(case_id)).order_by(event.c.seq.desc()).limit(1)).mappings().one()
    )
    seq, at = head["seq"] + 1, organisation.context(conn, "registrar", DAY).at
    facts = {"subject": "case", "action": "submit", "on": DAY.isoformat(), "at": at.isoformat()}
    body = canonical_json(
        {"v": EVENT_VERSION, "id": str(case_id), "seq": seq, "actor": str(head["actor_id"]), **facts, **content}
    )
    columns = {"prev": head["hash"], "hash": event_hash(head["hash"], body), "body": body, "actor_id": head["actor_id"]}
    conn.execute(event.insert().values(**facts | {"on": DAY, "at": at}, subject_id=case_id, seq=seq, **columns))


def codes(faults: list[Fault], case_id: UUID) -> list[tuple[str, int | None]]:
    return [(fault.code, fault.seq) for fault in faults if fault.key == str(case_id)]


def test_event_log_without_tampering_has_no_fault(conn: sa.Connection, case_id: UUID) -> None:
    verified = verify(conn)
    assert codes(verified.faults, case_id) == []
    assert verified.events >= 4


def test_event_with_a_changed_byte_is_named(tamper: Callable[..., list[Fault]], case_id: UUID) -> None:
    changed = event.update().where(events_of(case_id, 2)).values(body=sa.func.replace(event.c.body, "submit", "submis"))
    assert codes(tamper(changed), case_id)[0] == ("event_altered", 2)


def test_deleted_event_is_named(tamper: Callable[..., list[Fault]], case_id: UUID) -> None:
    assert ("event_missing", 3) in codes(tamper(event.delete().where(events_of(case_id, 2))), case_id)


def test_chain_without_its_last_events_is_named(tamper: Callable[..., list[Fault]], case_id: UUID) -> None:
    assert ("trail_cut", 3) in codes(tamper(event.delete().where(events_of(case_id, 4))), case_id)
    assert ("trail_cut", 0) in codes(tamper(event.delete().where(events_of(case_id))), case_id)


def test_swapped_events_are_named(tamper: Callable[..., list[Fault]], case_id: UUID) -> None:
    swaps = [event.update().where(events_of(case_id, old)).values(seq=new) for old, new in ((2, 99), (3, 2), (99, 3))]
    assert codes(tamper(*swaps), case_id)[0] == ("event_out_of_chain", 2)


def test_appended_event_with_a_valid_hash_differs_from_the_head(
    tamper: Callable[..., list[Fault]], conn: sa.Connection, organisation: Organisation, case_id: UUID
) -> None:
    append_tampered_event(conn, organisation, case_id, {"rows": {}})
    assert ("head_differs", 5) in codes(tamper(), case_id)


def test_event_with_rows_of_an_unknown_table_is_unreadable(
    tamper: Callable[..., list[Fault]], conn: sa.Connection, organisation: Organisation, case_id: UUID
) -> None:
    append_tampered_event(conn, organisation, case_id, {"rows": {"pyramid": {}}})
    assert ("event_unreadable", 5) in codes(tamper(), case_id)


def test_row_named_by_two_events_is_reported(
    tamper: Callable[..., list[Fault]], conn: sa.Connection, organisation: Organisation, case_id: UUID
) -> None:
    first = json.loads(conn.scalars(sa.select(event.c.body).where(events_of(case_id, 1))).one())
    append_tampered_event(conn, organisation, case_id, {"rows": {"case_duty": first["rows"]["case_duty"]}})
    assert "row_named_twice" in {fault.code for fault in tamper()}


def test_payment_without_award_notice_or_signature_is_named(
    conn: sa.Connection, organisation: Organisation, case_id: UUID
) -> None:
    """Why: with event and rows forged alike, only deciding the step again shows that nobody could pay (insiders C4)."""
    policy = json.loads(conn.scalars(sa.select(event.c.body).where(events_of(case_id, 2))).one())["policy"]
    entry = {"id": str(new_id()), "source_pot": "committed", "target_pot": "paid", "fen": 100_000}
    said = {"from": "payment", "to": "receipt", "rules": RULES, "policy": policy, "entries": [entry], "facts": {}}
    cashier = organisation.people["cashier"]
    forge(
        conn,
        Forgery("case", case_id, "pay", cashier, organisation.context(conn, "cashier", DAY).at, said, clock="demo"),
    )
    faults = [(each.code, each.seq, each.columns) for each in verify(conn).faults if each.subject == "case"]
    assert ("step_not_decided_so", 5, "no_such_step") in faults


def test_step_of_earlier_rules_after_one_of_the_present_rules_is_named(
    tamper: Callable[..., list[Fault]], conn: sa.Connection, organisation: Organisation, case_id: UUID
) -> None:
    append_tampered_event(conn, organisation, case_id, {"rows": {}})
    assert ("event_of_earlier_rules", 5) in codes(tamper(), case_id)


def test_edited_row_is_named_with_its_columns(tamper: Callable[..., list[Fault]], case_id: UUID) -> None:
    edit = (
        case.update()
        .where(case.c.id == case_id)
        .values(held_until=date(2099, 1, 1), due_on=date(2099, 1, 1), item="MED")
    )
    faults = [each for each in tamper(edit) if each.key == str(case_id)]
    assert [(each.code, each.columns) for each in faults] == [("row_altered", "due_on、fixed、held_until")]


@pytest.mark.parametrize("table", ["payment", "gift", "ledger_entry"])
def test_sum_without_a_value_is_named(conn: sa.Connection, organisation: Organisation, table: str) -> None:
    """Why: verify stopped with an error at a forged row without a sum, which nobody can tell from a fault of the program."""
    disable_guards(conn)
    of_fund = {"fund_id": organisation.fund_id}
    rows = {
        "payment": payment.insert().values(id=new_id(), state="sent", **of_fund),
        "gift": gift.insert().values(id=new_id(), **of_fund),
        "ledger_entry": ledger_entry.insert().values(id=new_id(), source_pot="outside", target_pot="paid", **of_fund),
    }
    conn.execute(rows[table])
    assert table in {fault.subject for fault in verify(conn).faults}


def test_deleted_pair_of_incompatible_duties_is_named(tamper: Callable[..., list[Fault]]) -> None:
    pair = sa.and_(incompatible_duty.c.one == "payer", incompatible_duty.c.other == "follower")
    faults = [(each.code, each.key) for each in tamper(incompatible_duty.delete().where(pair))]
    assert ("guard_differs", "follower/payer") in faults


def test_differences_above_the_limit_are_counted(
    tamper: Callable[..., list[Fault]], case_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_diff, "MAX_DIFF_ROWS", 0)
    faults = tamper(sa.delete(paper).where(paper.c.case_id == case_id))
    assert sorted(each.code for each in faults if each.subject == "paper") == ["row_missing", "rows_differ_elsewhere"]


def test_event_columns_that_differ_from_the_body_are_named(
    tamper: Callable[..., list[Fault]], organisation: Organisation, case_id: UUID
) -> None:
    changed_actor = event.update().where(events_of(case_id, 2)).values(actor_id=organisation.people["reviewer"])
    assert codes(tamper(changed_actor), case_id) == [("event_columns_altered", 2)]


def test_deleted_case_with_events_is_named(tamper: Callable[..., list[Fault]], case_id: UUID) -> None:
    deletions = [table.delete().where(table.c.case_id == case_id) for table in (paper, case_duty)]
    assert ("case_missing", 4) in codes(tamper(*deletions, case.delete().where(case.c.id == case_id)), case_id)


def test_raised_pot_and_ledger_entry_without_event_are_named(
    tamper: Callable[..., list[Fault]], conn: sa.Connection, organisation: Organisation
) -> None:
    update = fund.update().where(fund.c.id == organisation.fund_id)
    raised = update.values(available_fen=5, outside_fen=-5)
    assert ("pot_differs", str(organisation.fund_id)) in [(each.code, each.key) for each in tamper(raised)]
    seq = append_event(conn, "fund", organisation.fund_id, "set_up", {}, organisation.context(conn, "admin", DAY))
    entry_id = new_id()
    at = organisation.context(conn, "admin", DAY).at
    amounts = {"source_pot": "outside", "target_pot": "available", "fen": 5, "on": DAY, "at": at}
    keys = {"id": entry_id, "fund_id": organisation.fund_id, "subject_id": organisation.fund_id, "seq": seq}
    unrecorded = ledger_entry.insert().values(**keys, **amounts)
    assert ("row_not_in_trail", "ledger_entry", str(entry_id)) in [
        (each.code, each.subject, each.key) for each in tamper(unrecorded)
    ]


def test_deleted_ledger_entry_is_named(
    tamper: Callable[..., list[Fault]], conn: sa.Connection, organisation: Organisation
) -> None:
    context = organisation.context(conn, "admin", DAY)
    entry = ledger.entry_row(Pot.OUTSIDE, Pot.AVAILABLE, Fen(5), organisation.fund_id, DAY, context)
    append_event(conn, "fund", organisation.fund_id, "set_up", {}, context, moved=[entry])
    faults = tamper(ledger_entry.delete().where(ledger_entry.c.id == entry["id"]))
    assert ("row_missing", "ledger_entry", str(entry["id"])) in [(each.code, each.subject, each.key) for each in faults]


def test_event_hash_covers_the_bytes_as_stored() -> None:
    assert event_hash(GENESIS, "{}") != event_hash(GENESIS, "{ }")
    assert event_hash(event_hash(GENESIS, "a"), "b") != event_hash(GENESIS, "ab")


def test_checksums_go_from_process_to_process() -> None:
    """Why: a hash object cannot be pickled, and a record of more than 20,000 events is verified in several processes."""
    one = ChecksumBuckets()
    one.add_recorded("case", "a", {"state": "draft"})
    other = pickle.loads(pickle.dumps(one))  # noqa: S301 - our own bytes
    other.subtract_stored("case", "a", {"state": "draft"})
    assert other.unequal() == {}
    other.subtract_stored("case", "b", "x")
    assert list(other.unequal()) == ["case"]
