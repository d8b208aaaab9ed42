"""The anchor check compares anchors with events, each other, and printed lines."""

import re
from collections.abc import Iterable, Iterator

import sqlalchemy as sa

from service.crypto.hash_chain import GENESIS, MerkleTree, anchor_hash, anchor_line
from service.integrity.faults import Fault
from service.integrity.stored_rows import streamed
from service.queries import anchors
from service.tables.events import anchor, event

_LINE = re.compile(r"(?P<no>\d+) (?P<on>\d{4}-\d\d-\d\d) (?P<events>\d+) (?P<hash>[0-9a-f]{64})")


def anchor_faults(conn: sa.Connection) -> tuple[int, int, list[Fault]]:
    """Return the number of anchors, the number of events after the last anchor, and the faults of the anchors."""
    faults = [
        Fault("event_number_below_one", row.subject, str(row.subject_id), row.seq)
        for row in streamed(conn, anchors.numbered_below_one())
    ]
    number, last_event, prev = 0, 0, GENESIS
    for row in conn.execute(anchors.every()).mappings().all():
        location = ("anchor", str(row["no"]), row["no"])
        linked = row["no"] == number + 1 and row["up_to"] > last_event
        if not linked or anchor_hash(prev, dict(row)) != row["hash"]:
            faults.append(Fault("anchor_out_of_chain", *location))
        tree = MerkleTree()
        for event_row in streamed(conn, anchors.arrived(last_event, row["up_to"])):
            tree.add(event_row.hash)
        if (tree.leaves, tree.root()) != (row["events"], row["root"]):
            faults.append(Fault("anchor_differs", *location))
        number, last_event, prev = row["no"], row["up_to"], row["hash"]
    unanchored = conn.scalar(sa.select(sa.func.count()).select_from(event).where(event.c.no > last_event)) or 0
    return number, unanchored, faults


def kept_faults(conn: sa.Connection, lines: Iterable[str]) -> Iterator[Fault]:
    """Yield a fault for each printed line that differs from its stored anchor; empty lines are skipped."""
    for line in filter(None, (text.strip() for text in lines)):
        parts = _LINE.fullmatch(line)
        if parts is None:
            yield Fault("anchor_line_unreadable", "anchor", line[:80])
            continue
        row = conn.execute(sa.select(anchor).where(anchor.c.no == int(parts["no"]))).mappings().one_or_none()
        if row is None:
            yield Fault("anchor_missing", "anchor", parts["no"])
        elif anchor_line(dict(row)) != line:
            yield Fault("anchor_not_as_kept", "anchor", parts["no"])
