"""Parallel verification reads parts of one snapshot of the record in several processes."""

from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import get_context
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.db.engine import make_engine
from service.integrity.event_replay import CASE_HEAD, HEAD
from service.integrity.row_checksums import ChecksumBuckets
from service.integrity.stored_rows import rows_of_table
from service.integrity.verify import LogPart, Progress, Verification, check_chains, conclude, no_progress, verify
from service.tables.events import event
from service.tables.row_fingerprints import FINGERPRINTS

PARTS_PER_PROCESS = 4
"""Parts of the chains for each process, so that a process whose part is short takes another one."""

WORTH_PROCESSES = 20_000
"""Events from which several processes save more than their start costs."""


@dataclass(frozen=True)
class Task:
    """One part: the chains from one subject up to another, or the stored rows of a table."""

    url: str
    snapshot: str
    key: bytes
    decide: bool
    table: str | None = None
    first: UUID | None = None
    before: UUID | None = None


def verify_in_processes(
    conn: sa.Connection, processes: int, progress: Progress = no_progress, *, decide: bool = True
) -> Verification:
    """Verify as `verify` does, in several processes that see the snapshot of `conn`; a small record in this one."""
    count = conn.scalar(sa.select(sa.func.count()).select_from(event)) or 0
    if processes < 2 or count < WORTH_PROCESSES:
        return verify(conn, progress, decide=decide)
    with ProcessPoolExecutor(processes, get_context("spawn")) as executor:
        return verify_with(executor, conn, processes * PARTS_PER_PROCESS, progress, decide=decide)


def verify_with(
    executor: Executor, conn: sa.Connection, parts: int, progress: Progress = no_progress, *, decide: bool = True
) -> Verification:
    """Verify with an executor of the caller's, the chains in so many parts."""
    # The transaction waits for the others, which need its snapshot; the connection ends idle ones after a minute.
    conn.execute(sa.text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    whole = LogPart(ChecksumBuckets())
    futures = [executor.submit(check_part, task) for task in _tasks(conn, whole.buckets.key, parts, decide=decide)]
    for future in as_completed(futures):
        whole.merge(future.result())
        progress(whole.counts.events)
    whole.counts.faults.sort(key=lambda fault: (fault.subject, fault.key, fault.seq or 0))
    return conclude(conn, whole, decide=decide)


def _tasks(conn: sa.Connection, key: bytes, parts: int, *, decide: bool) -> Iterator[Task]:
    """Yield the parts of the chains, then the tables: the longest first."""
    snapshot = conn.scalars(sa.text("SELECT pg_export_snapshot()")).one()
    common: dict[str, Any] = {"url": conn.engine.url.render_as_string(hide_password=False), "snapshot": snapshot}
    common |= {"key": key, "decide": decide}
    bounds = [None, *_bounds(conn, parts), None]
    for first, before in pairwise(bounds):
        yield Task(**common, first=first, before=before)
    for table in (*FINGERPRINTS, CASE_HEAD, HEAD):
        yield Task(**common, table=table)


def _bounds(conn: sa.Connection, parts: int) -> list[UUID]:
    """Return the subjects at which the parts of the log begin, except the first."""
    tile = sa.func.ntile(parts).over(order_by=event.c.subject_id).label("tile")
    tiles = sa.select(event.c.subject_id, tile).subquery()
    first = sa.select(sa.func.min(sa.cast(tiles.c.subject_id, sa.Text()))).group_by(tiles.c.tile)
    return sorted({UUID(text) for text in conn.scalars(first)})[1:]


def check_part(task: Task) -> LogPart:
    """Check one part in the snapshot of the task."""
    engine = make_engine(task.url, pool=1)
    try:
        with engine.connect() as connection:
            conn = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            conn.execute(sa.text(f"SET TRANSACTION SNAPSHOT '{task.snapshot}'"))
            conn.execute(sa.text("SET LOCAL statement_timeout = '300s'"))
            return _checked(conn, task)
    finally:
        engine.dispose()


def _checked(conn: sa.Connection, task: Task) -> LogPart:
    part = LogPart(ChecksumBuckets(task.key))
    if task.table is not None:
        for table, key, content in rows_of_table(conn, task.table, FINGERPRINTS):
            part.buckets.subtract_stored(table, key, content)
        return part
    chains = [event.c.subject_id >= task.first] if task.first is not None else []
    chains += [event.c.subject_id < task.before] if task.before is not None else []
    return check_chains(conn, part, sa.and_(sa.true(), *chains), decide=task.decide)
