"""Anchors: one line that stands over everything before it, and what only such a line can show."""

from datetime import date
from hashlib import sha256

import pytest
import sqlalchemy as sa

from service.actions import anchoring
from service.actions.trail import append
from service.audit.anchors import anchor_faults, kept_faults
from service.audit.chain import verify
from service.chain import Tree, anchor_line, link
from service.queries import anchors
from service.tables.events import anchor, chain_head, event
from tests.office import Office, open_office
from workflows.terms import Fen

DAY = date(2025, 9, 1)


@pytest.fixture
def office(tx: sa.Connection) -> Office:
    return open_office(tx, fen=Fen(5))


@pytest.fixture
def tampering(tx: sa.Connection, office: Office) -> None:  # noqa: ARG001 - the office comes first
    """Triggers and keys sleep, as for an intruder who owns the database, once the office is open."""
    tx.execute(sa.text("SET LOCAL session_replication_role = replica"))


def anchored(tx: sa.Connection, office: Office, day: date = DAY) -> str:
    """An anchor over all there is; its line."""
    up_to = anchoring.settled(tx)
    assert up_to is not None
    made = anchoring.make(tx, up_to, office.asked(tx, "clock", day))
    assert made is not None
    return anchor_line(dict(made._mapping))


def codes(tx: sa.Connection) -> set[str]:
    return {fault.code for fault in anchor_faults(tx)[2]}


def test_an_anchor_stands_over_what_came_since_the_one_before(tx: sa.Connection, office: Office) -> None:
    before = tx.scalar(sa.select(sa.func.count()).select_from(event))
    first, second = anchored(tx, office), anchored(tx, office, date(2025, 9, 2))
    assert first.split()[2] == str(before)
    assert second.split()[:3] == ["2", "2025-09-02", "1"], "the event of the anchor itself"
    assert anchor_faults(tx)[1:] == (1, [])


def test_nothing_new_needs_no_anchor(tx: sa.Connection, office: Office) -> None:
    anchored(tx, office)
    last = anchors.last(tx)
    assert last is not None
    assert anchoring.make(tx, last.up_to, office.asked(tx, "clock", DAY)) is None


@pytest.mark.usefixtures("tampering")
@pytest.mark.parametrize(
    "words", ["DELETE FROM event WHERE no = :no", "UPDATE event SET no = no + 10000 WHERE no = :no"]
)
def test_an_event_that_left_or_moved(tx: sa.Connection, office: Office, words: str) -> None:
    anchored(tx, office)
    tx.execute(sa.text(words), {"no": tx.scalar(sa.select(sa.func.max(event.c.no) - 3))})
    assert codes(tx) == {"anchor_differs"}


@pytest.mark.usefixtures("tampering")
def test_an_event_slipped_in_below_an_anchor(tx: sa.Connection, office: Office) -> None:
    tx.execute(sa.text("SELECT nextval('event_no_seq')"))
    append(tx, "unit", office.unit_id, "rename", {}, office.asked(tx, "admin", DAY))
    anchored(tx, office)
    append(tx, "unit", office.unit_id, "rename", {}, office.asked(tx, "admin", DAY))
    late = sa.text("UPDATE event SET no = no - 3 WHERE no = (SELECT max(no) FROM event)")
    tx.execute(late)
    assert codes(tx) == {"anchor_differs"}


@pytest.mark.usefixtures("tampering")
def test_a_chain_written_anew_with_its_head(tx: sa.Connection, office: Office) -> None:
    """Why: hashes without a secret can be made by anybody; only what was written down earlier tells."""
    append(tx, "person", office.unit_id, "reveal", {"purpose": "x"}, office.asked(tx, "admin", DAY))
    anchored(tx, office)
    known = set(verify(tx).faults)  # other tests of this database change rows past the trail
    row = tx.execute(sa.select(event).where(event.c.action == "reveal").order_by(event.c.no.desc()).limit(1)).one()
    body = row.body.replace('"purpose":"x"', '"purpose":"y"')
    mine = sa.and_(event.c.subject_id == row.subject_id, event.c.seq == row.seq)
    tx.execute(event.update().where(mine).values(body=body, hash=link(row.prev, body)))
    tx.execute(chain_head.update().where(chain_head.c.id == row.subject_id).values(hash=link(row.prev, body)))
    assert {fault.code for fault in set(verify(tx).faults) - known} == {"anchor_differs"}


@pytest.mark.usefixtures("tampering")
def test_anchors_that_were_taken_away_or_bent(tx: sa.Connection, office: Office) -> None:
    first, second = anchored(tx, office), anchored(tx, office, date(2025, 9, 2))
    assert list(kept_faults(tx, [first, "", second + "\n"])) == []
    assert [each.code for each in kept_faults(tx, ["1 one"])] == ["anchor_line_unreadable"]
    tx.execute(anchor.update().where(anchor.c.no == 2).values(hash=bytes(32)))
    assert codes(tx) == {"anchor_out_of_chain"}
    assert [each.code for each in kept_faults(tx, [first, second])] == ["anchor_not_as_kept"]
    tx.execute(anchor.delete())
    assert [each.code for each in kept_faults(tx, [first])] == ["anchor_missing"]


def test_the_root_is_that_of_a_merkle_tree() -> None:
    """Why: an auditor elsewhere must come to the same root with a program of his own (RFC 6962, section 2.1)."""
    leaves = [bytes([number]) * 32 for number in range(7)]

    def root(part: list[bytes]) -> bytes:
        if len(part) == 1:
            return sha256(b"\0" + part[0]).digest()
        half = 1 << (len(part) - 1).bit_length() - 1
        return sha256(b"\1" + root(part[:half]) + root(part[half:])).digest()

    for count in range(1, 8):
        tree = Tree()
        for leaf in leaves[:count]:
            tree.add(leaf)
        assert tree.root() == root(leaves[:count])


def test_writers_of_the_moment_are_waited_for_but_not_for_ever(engine: sa.Engine) -> None:
    with engine.begin() as writer:
        office = open_office(writer)
        with engine.connect() as other:
            assert anchoring.settled(other) is None
        assert office.people
    with engine.connect() as other:
        assert anchoring.settled(other)
