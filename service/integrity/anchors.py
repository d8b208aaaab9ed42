"""The anchors held against the events they stand over, against each other, and against lines kept outside."""

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
    """How many anchors there are, how many events no anchor stands over yet, and the anchors that are not right."""
    faults: list[Fault] = []
    number, after, prev = 0, 0, GENESIS
    for row in conn.execute(anchors.every()).mappings().all():
        where = ("anchor", str(row["no"]), row["no"])
        if row["no"] != number + 1 or anchor_hash(prev, dict(row)) != row["hash"]:
            faults.append(Fault("anchor_out_of_chain", *where))
        tree = MerkleTree()
        for each in streamed(conn, anchors.arrived(after, row["up_to"])):
            tree.add(each.hash)
        if (tree.leaves, tree.root()) != (row["events"], row["root"]):
            faults.append(Fault("anchor_differs", *where))
        number, after, prev = row["no"], row["up_to"], row["hash"]
    free = conn.scalar(sa.select(sa.func.count()).select_from(event).where(event.c.no > after)) or 0
    return number, free, faults


def kept_faults(conn: sa.Connection, lines: Iterable[str]) -> Iterator[Fault]:
    """Lines that were printed and kept outside, held against the anchors of today; empty lines are passed over."""
    for line in filter(None, (each.strip() for each in lines)):
        found = _LINE.fullmatch(line)
        if found is None:
            yield Fault("anchor_line_unreadable", "anchor", line[:80])
            continue
        row = conn.execute(sa.select(anchor).where(anchor.c.no == int(found["no"]))).mappings().one_or_none()
        if row is None:
            yield Fault("anchor_missing", "anchor", found["no"])
        elif anchor_line(dict(row)) != line:
            yield Fault("anchor_not_as_kept", "anchor", found["no"])
