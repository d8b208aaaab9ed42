"""Event files hold every event of the log by number and hash, and those of the scope with their body as stored."""

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.bundles.archive_writer import ArchiveWriter
from service.bundles.scope import BundleScope, subjects_in
from service.tables.events import event

EVENTS_OF_A_FILE = 10_000


@dataclass(slots=True)
class EventCounts:
    """How many events there are, how many of them with their body, and of how many subjects those are."""

    events: int = 0
    with_body: int = 0
    subjects: int = 0
    last_no: int = 0


def write_events(conn: sa.Connection, archive: ArchiveWriter, scope: BundleScope) -> EventCounts:
    """Write all events in the order of their numbers, 10,000 to a file, and return their counts."""
    counts = EventCounts()
    for number, rows in enumerate(_batches(conn), 1):
        bodies = _bodies(conn, scope, rows)
        # A packed file is packed once: gzip inside, stored in the archive.
        with (
            archive.file(f"events/{number:06}.jsonl.gz", is_packed=False) as target,
            gzip.GzipFile(filename="", mode="wb", fileobj=target, mtime=0) as packed,
        ):
            for row in rows:
                packed.write(_line(row, bodies.get(row.no)))
        counts.events += len(rows)
        counts.with_body += len(bodies)
        counts.subjects += sum(row.seq == 1 and row.no in bodies for row in rows)
        counts.last_no = rows[-1].no
    return counts


def _batches(conn: sa.Connection) -> Iterator[Sequence[Any]]:
    columns = (event.c.no, event.c.hash, event.c.subject, event.c.subject_id, event.c.seq)
    last = 0
    while True:
        batch = sa.select(*columns).where(event.c.no > last).order_by(event.c.no).limit(EVENTS_OF_A_FILE)
        rows = conn.execute(batch).all()
        if not rows:
            return
        yield rows
        last = rows[-1].no


def _bodies(conn: sa.Connection, scope: BundleScope, rows: Sequence[Any]) -> dict[int, str]:
    """Return the bodies of those events whose subject is in the scope, by their numbers."""
    asked: dict[str, set[UUID]] = {}
    for row in rows:
        asked.setdefault(row.subject, set()).add(row.subject_id)
    kept = list(subjects_in(conn, scope, asked))
    numbers = event.c.no.between(rows[0].no, rows[-1].no)
    of_scope = event.c.subject_id == sa.any_(sa.literal(kept, sa.ARRAY(sa.Uuid())))
    return {row.no: row.body for row in conn.execute(sa.select(event.c.no, event.c.body).where(numbers, of_scope))}


def _line(row: Any, body: str | None) -> bytes:
    said = {"no": row.no, "hash": bytes(row.hash).hex()} | ({"body": body} if body is not None else {})
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
