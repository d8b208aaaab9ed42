"""Several processes fill a database with generated cases by COPY."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import sqlalchemy as sa

from benchmarks.scale_cases import Batch, make
from benchmarks.scale_fixtures import GrassRootsUnit, Union
from benchmarks.workload import pour
from service.db.engine import make_engine

BATCH = 500
"""Families a process generates before it writes them."""

CASES_PER_FAMILY = 1.4
"""The mean number of cases of a family."""

_POTS = """UPDATE fund SET available_fen = e.available, committed_fen = e.committed, paid_fen = e.paid,
    counted_paid_fen = e.paid, outside_fen = e.outside
    FROM (SELECT fund_id,
        sum(CASE WHEN target_pot = 'available' THEN fen WHEN source_pot = 'available' THEN -fen ELSE 0 END) AS available,
        sum(CASE WHEN target_pot = 'committed' THEN fen WHEN source_pot = 'committed' THEN -fen ELSE 0 END) AS committed,
        sum(CASE WHEN target_pot = 'paid' THEN fen ELSE 0 END) AS paid,
        -sum(CASE WHEN source_pot = 'outside' THEN fen ELSE 0 END) AS outside FROM ledger_entry GROUP BY fund_id) AS e
    WHERE e.fund_id = fund.id"""


@dataclass(frozen=True)
class Job:
    """The work of one process."""

    url: str
    batch: Batch
    places: list[GrassRootsUnit]


def fill(url: str, union: Union, more: int, first: int, workers: int = 2) -> int:
    """Add about `more` cases of families numbered from `first`, and return the number of families."""
    families = int(more / CASES_PER_FAMILY)
    policy = union.city.policy_id
    batches = [
        Batch(number, min(BATCH, first + families - number), first + families, policy)
        for number in range(first, first + families, BATCH)
    ]
    jobs = [Job(url, batch, union.places) for batch in batches]
    engine = make_engine(url)
    with engine.begin() as conn:
        indexes = _drop_indexes(conn)
    with ProcessPoolExecutor(workers, get_context("spawn")) as processes:
        for _done in processes.map(load_batch, jobs):
            pass
    with engine.begin() as conn:
        conn.execute(sa.text("SET LOCAL statement_timeout = 0"))
        for index in indexes:
            conn.execute(sa.text(index))
        conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
        conn.execute(sa.text(_POTS))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(sa.text("SET statement_timeout = 0"))
        conn.execute(sa.text("VACUUM ANALYZE"))
    engine.dispose()
    return families


def _drop_indexes(conn: sa.Connection) -> list[str]:
    """Drop every index that is neither unique nor of a constraint, and return the statements that create them.

    Indexes built after the load cost a fraction of the time.
    """
    not_unique = """SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
        AND indexdef NOT LIKE 'CREATE UNIQUE%' AND indexname NOT IN (SELECT conname FROM pg_constraint)"""
    indexes = conn.execute(sa.text(not_unique)).all()
    for name, _definition in indexes:
        conn.execute(sa.text(f'DROP INDEX "{name}"'))
    return [definition for _name, definition in indexes]


def load_batch(job: Job) -> int:
    """Generate a batch, and write it by COPY with triggers disabled; return the number of cases."""
    rows = make(job.batch, job.places)
    engine = make_engine(job.url, pool=1)
    with engine.begin() as conn:
        conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
        conn.execute(sa.text("SET LOCAL synchronous_commit = off"))
        for table, more in rows.items():
            pour(conn, table, more)
    engine.dispose()
    return len(rows["case"])
