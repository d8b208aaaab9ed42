"""Anchors cover all earlier events and show changes that the hash chains alone miss."""

from datetime import UTC, date, datetime
from hashlib import sha256

import pytest
import sqlalchemy as sa

from service.actions import anchors as anchor_actions
from service.actions.event_log import append_event
from service.crypto.hash_chain import MerkleTree, anchor_line, event_hash
from service.db.columns import new_id
from service.integrity.anchors import anchor_faults
from service.integrity.kept_lines import compare_kept
from service.integrity.owed import owed_faults
from service.integrity.verify import verify
from service.queries import anchors
from service.tables.events import anchor, chain_head, event
from service.tables.notifications import notification
from tests.factories import Organisation, create_organisation
from workflows.vocabulary import Fen

DAY = date(2025, 9, 1)


@pytest.fixture
def organisation(conn: sa.Connection) -> Organisation:
    return create_organisation(conn, fen=Fen(5))


@pytest.fixture
def tampering(conn: sa.Connection, organisation: Organisation) -> None:  # noqa: ARG001 - created first
    """Disable triggers and foreign keys, as an intruder that owns the database can."""
    conn.execute(sa.text("SET LOCAL session_replication_role = replica"))


def add_anchor(conn: sa.Connection, organisation: Organisation, day: date = DAY) -> str:
    """Add an anchor over all events and return its line."""
    up_to = anchor_actions.settled_event_number(conn)
    assert up_to is not None
    anchor_row = anchor_actions.add_anchor(conn, up_to, organisation.context(conn, "clock", day))
    assert anchor_row is not None
    return anchor_line(dict(anchor_row._mapping))


def kept_codes(conn: sa.Connection, text: str) -> tuple[int, list[str]]:
    """Return how many kept lines were compared, and the codes of their faults."""
    kept = compare_kept(conn, text)
    return kept.compared, [fault.code for fault in kept.faults]


def codes(conn: sa.Connection) -> set[str]:
    return {fault.code for fault in anchor_faults(conn)[2]}


def test_anchor_covers_the_events_since_the_previous_anchor(conn: sa.Connection, organisation: Organisation) -> None:
    before = conn.scalar(sa.select(sa.func.count()).select_from(event))
    first, second = add_anchor(conn, organisation), add_anchor(conn, organisation, date(2025, 9, 2))
    assert first.split()[2] == str(before)
    assert second.split()[:3] == ["2", "2025-09-02", "1"], "the event of the anchor itself"
    assert anchor_faults(conn)[1:] == (1, [])


def test_anchor_without_new_events_is_not_added(conn: sa.Connection, organisation: Organisation) -> None:
    add_anchor(conn, organisation)
    last = anchors.last(conn)
    assert last is not None
    assert anchor_actions.add_anchor(conn, last.up_to, organisation.context(conn, "clock", DAY)) is None


@pytest.mark.usefixtures("tampering")
@pytest.mark.parametrize(
    "statement", ["DELETE FROM event WHERE no = :no", "UPDATE event SET no = no + 10000 WHERE no = :no"]
)
def test_event_deleted_or_renumbered_makes_the_anchor_differ(
    conn: sa.Connection, organisation: Organisation, statement: str
) -> None:
    add_anchor(conn, organisation)
    conn.execute(sa.text(statement), {"no": conn.scalar(sa.select(sa.func.max(event.c.no) - 3))})
    assert codes(conn) == {"anchor_differs"}


@pytest.mark.usefixtures("tampering")
def test_event_inserted_below_an_anchor_makes_it_differ(conn: sa.Connection, organisation: Organisation) -> None:
    conn.execute(sa.text("SELECT nextval('event_no_seq')"))
    append_event(conn, "unit", organisation.unit_id, "rename", {}, organisation.context(conn, "admin", DAY))
    add_anchor(conn, organisation)
    append_event(conn, "unit", organisation.unit_id, "rename", {}, organisation.context(conn, "admin", DAY))
    renumber = sa.text("UPDATE event SET no = no - 3 WHERE no = (SELECT max(no) FROM event)")
    conn.execute(renumber)
    assert codes(conn) == {"anchor_differs"}


@pytest.mark.usefixtures("tampering")
def test_chain_rewritten_with_its_head_makes_the_anchor_differ(conn: sa.Connection, organisation: Organisation) -> None:
    """Why: anybody can compute hashes without a secret; only an earlier copy shows the change."""
    append_event(
        conn, "person", organisation.unit_id, "reveal", {"purpose": "x"}, organisation.context(conn, "admin", DAY)
    )
    add_anchor(conn, organisation)
    known_faults = set(verify(conn).faults)  # other tests of this database change rows without an event
    row = conn.execute(sa.select(event).where(event.c.action == "reveal").order_by(event.c.no.desc()).limit(1)).one()
    body = row.body.replace('"purpose":"x"', '"purpose":"y"')
    event_row = sa.and_(event.c.subject_id == row.subject_id, event.c.seq == row.seq)
    conn.execute(event.update().where(event_row).values(body=body, hash=event_hash(row.prev, body)))
    conn.execute(chain_head.update().where(chain_head.c.id == row.subject_id).values(hash=event_hash(row.prev, body)))
    assert {fault.code for fault in set(verify(conn).faults) - known_faults} == {"anchor_differs"}


@pytest.mark.usefixtures("tampering")
def test_anchors_deleted_or_changed_are_reported(conn: sa.Connection, organisation: Organisation) -> None:
    first, second = add_anchor(conn, organisation), add_anchor(conn, organisation, date(2025, 9, 2))
    assert kept_codes(conn, f"{first}\n\n{second}\n") == (2, [])
    assert kept_codes(conn, "1 one") == (0, ["anchor_line_unreadable"])
    conn.execute(anchor.update().where(anchor.c.no == 2).values(hash=bytes(32)))
    assert codes(conn) == {"anchor_out_of_chain"}
    assert kept_codes(conn, f"{first}\n{second}") == (2, ["anchor_not_as_kept"])
    conn.execute(anchor.delete())
    assert kept_codes(conn, first) == (1, ["anchor_missing"])


def test_anchor_root_equals_the_merkle_tree_root() -> None:
    """Why: an auditor elsewhere must compute the same root with their own program (RFC 6962, section 2.1)."""
    leaves = [bytes([number]) * 32 for number in range(7)]

    def root(part: list[bytes]) -> bytes:
        if len(part) == 1:
            return sha256(b"\0" + part[0]).digest()
        half = 1 << (len(part) - 1).bit_length() - 1
        return sha256(b"\1" + root(part[:half]) + root(part[half:])).digest()

    for count in range(1, 8):
        tree = MerkleTree()
        for leaf in leaves[:count]:
            tree.add(leaf)
        assert tree.root() == root(leaves[:count])


def test_settled_event_number_is_none_while_a_writer_is_open(engine: sa.Engine) -> None:
    with engine.begin() as writer:
        organisation = create_organisation(writer)
        with engine.connect() as other:
            assert anchor_actions.settled_event_number(other) is None
        assert organisation.people
    with engine.connect() as other:
        assert anchor_actions.settled_event_number(other)


def owed(conn: sa.Connection, at: datetime) -> list[tuple[str, str]]:
    """Return the codes and keys of what is owed at an instant, in a record of an office."""
    conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
    conn.execute(
        sa.text("UPDATE event SET body = replace(body, 'demo', 'system') WHERE no = (SELECT min(no) FROM event)")
    )
    return [(fault.code, fault.key) for fault in owed_faults(conn, at)]


def forget_letters(conn: sa.Connection) -> None:
    """Take away, for this transaction, the letters that other tests have left."""
    conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
    conn.execute(notification.delete())


def test_event_without_an_anchor_is_a_fault_after_two_working_days(
    conn: sa.Connection, organisation: Organisation
) -> None:
    """Why: who fills job_run, or stops the scheduler, has no anchor made any more (insiders C9)."""
    forget_letters(conn)
    add_anchor(conn, organisation, date(2025, 9, 30))
    at = [datetime(2025, 10, day, 1, tzinfo=UTC) for day in (1, 10, 11)]
    assert [owed(conn, each) for each in at] == [[], [], [("anchor_overdue", "1")]], "the 1st to the 8th are days off"


def test_letter_put_off_or_overdue_is_a_fault(conn: sa.Connection, organisation: Organisation) -> None:
    """Why: a letter put off to 2099 is never sent (insiders C10)."""
    forget_letters(conn)
    conn.execute(sa.text("SET LOCAL session_replication_role = origin"))
    seq = append_event(conn, "unit", organisation.unit_id, "rename", {}, organisation.context(conn, "admin", DAY))
    letter = {"subject_id": organisation.unit_id, "seq": seq, "kind": "paid", "on": DAY, "channel": "email"}
    late, put_off = new_id(), new_id()
    account_id = organisation.people["admin"]
    at = datetime(2025, 9, 3, tzinfo=UTC)
    created = {"account_id": account_id, "created_at": at, "not_before": at}
    conn.execute(notification.insert().values(id=late, **letter, **created))
    conn.execute(notification.insert().values(id=put_off, **letter | {"channel": "inbox"}, **created))
    conn.execute(
        notification.update().where(notification.c.id == put_off).values(not_before=datetime(2099, 1, 1, tzinfo=UTC))
    )
    found = [each for each in owed(conn, at) if each[0].startswith("letter")]
    assert sorted(found) == sorted([("letter_overdue", str(late)), ("letter_put_off", str(put_off))])
