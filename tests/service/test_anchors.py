"""Anchors: one line that stands over everything before it, and what only such a line can show."""

from datetime import date
from hashlib import sha256

import pytest
import sqlalchemy as sa

from service.actions import anchors as anchor_actions
from service.actions.event_log import append_event
from service.crypto.hash_chain import MerkleTree, anchor_line, event_hash
from service.integrity.anchors import anchor_faults, kept_faults
from service.integrity.verify import verify
from service.queries import anchors
from service.tables.events import anchor, chain_head, event
from tests.factories import Organisation, create_organisation
from workflows.vocabulary import Fen

DAY = date(2025, 9, 1)


@pytest.fixture
def office(conn: sa.Connection) -> Organisation:
    return create_organisation(conn, fen=Fen(5))


@pytest.fixture
def tampering(conn: sa.Connection, office: Organisation) -> None:  # noqa: ARG001 - the office comes first
    """Triggers and keys sleep, as for an intruder who owns the database, once the office is open."""
    conn.execute(sa.text("SET LOCAL session_replication_role = replica"))


def anchored(conn: sa.Connection, office: Organisation, day: date = DAY) -> str:
    """An anchor over all there is; its line."""
    up_to = anchor_actions.settled_event_number(conn)
    assert up_to is not None
    made = anchor_actions.add_anchor(conn, up_to, office.context(conn, "clock", day))
    assert made is not None
    return anchor_line(dict(made._mapping))


def codes(conn: sa.Connection) -> set[str]:
    return {fault.code for fault in anchor_faults(conn)[2]}


def test_an_anchor_stands_over_what_came_since_the_one_before(conn: sa.Connection, office: Organisation) -> None:
    before = conn.scalar(sa.select(sa.func.count()).select_from(event))
    first, second = anchored(conn, office), anchored(conn, office, date(2025, 9, 2))
    assert first.split()[2] == str(before)
    assert second.split()[:3] == ["2", "2025-09-02", "1"], "the event of the anchor itself"
    assert anchor_faults(conn)[1:] == (1, [])


def test_nothing_new_needs_no_anchor(conn: sa.Connection, office: Organisation) -> None:
    anchored(conn, office)
    last = anchors.last(conn)
    assert last is not None
    assert anchor_actions.add_anchor(conn, last.up_to, office.context(conn, "clock", DAY)) is None


@pytest.mark.usefixtures("tampering")
@pytest.mark.parametrize(
    "words", ["DELETE FROM event WHERE no = :no", "UPDATE event SET no = no + 10000 WHERE no = :no"]
)
def test_an_event_that_left_or_moved(conn: sa.Connection, office: Organisation, words: str) -> None:
    anchored(conn, office)
    conn.execute(sa.text(words), {"no": conn.scalar(sa.select(sa.func.max(event.c.no) - 3))})
    assert codes(conn) == {"anchor_differs"}


@pytest.mark.usefixtures("tampering")
def test_an_event_slipped_in_below_an_anchor(conn: sa.Connection, office: Organisation) -> None:
    conn.execute(sa.text("SELECT nextval('event_no_seq')"))
    append_event(conn, "unit", office.unit_id, "rename", {}, office.context(conn, "admin", DAY))
    anchored(conn, office)
    append_event(conn, "unit", office.unit_id, "rename", {}, office.context(conn, "admin", DAY))
    late = sa.text("UPDATE event SET no = no - 3 WHERE no = (SELECT max(no) FROM event)")
    conn.execute(late)
    assert codes(conn) == {"anchor_differs"}


@pytest.mark.usefixtures("tampering")
def test_a_chain_written_anew_with_its_head(conn: sa.Connection, office: Organisation) -> None:
    """Why: hashes without a secret can be made by anybody; only what was written down earlier tells."""
    append_event(conn, "person", office.unit_id, "reveal", {"purpose": "x"}, office.context(conn, "admin", DAY))
    anchored(conn, office)
    known = set(verify(conn).faults)  # other tests of this database change rows past the trail
    row = conn.execute(sa.select(event).where(event.c.action == "reveal").order_by(event.c.no.desc()).limit(1)).one()
    body = row.body.replace('"purpose":"x"', '"purpose":"y"')
    mine = sa.and_(event.c.subject_id == row.subject_id, event.c.seq == row.seq)
    conn.execute(event.update().where(mine).values(body=body, hash=event_hash(row.prev, body)))
    conn.execute(chain_head.update().where(chain_head.c.id == row.subject_id).values(hash=event_hash(row.prev, body)))
    assert {fault.code for fault in set(verify(conn).faults) - known} == {"anchor_differs"}


@pytest.mark.usefixtures("tampering")
def test_anchors_that_were_taken_away_or_bent(conn: sa.Connection, office: Organisation) -> None:
    first, second = anchored(conn, office), anchored(conn, office, date(2025, 9, 2))
    assert list(kept_faults(conn, [first, "", second + "\n"])) == []
    assert [each.code for each in kept_faults(conn, ["1 one"])] == ["anchor_line_unreadable"]
    conn.execute(anchor.update().where(anchor.c.no == 2).values(hash=bytes(32)))
    assert codes(conn) == {"anchor_out_of_chain"}
    assert [each.code for each in kept_faults(conn, [first, second])] == ["anchor_not_as_kept"]
    conn.execute(anchor.delete())
    assert [each.code for each in kept_faults(conn, [first])] == ["anchor_missing"]


def test_the_root_is_that_of_a_merkle_tree() -> None:
    """Why: an auditor elsewhere must come to the same root with a program of his own (RFC 6962, section 2.1)."""
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


def test_writers_of_the_moment_are_waited_for_but_not_for_ever(engine: sa.Engine) -> None:
    with engine.begin() as writer:
        office = create_organisation(writer)
        with engine.connect() as other:
            assert anchor_actions.settled_event_number(other) is None
        assert office.people
    with engine.connect() as other:
        assert anchor_actions.settled_event_number(other)
