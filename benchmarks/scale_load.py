"""Fills a database with a union's years: batches made side by side by several processes, each poured in by COPY."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import sqlalchemy as sa

from benchmarks.scale_cases import Batch, make
from benchmarks.scale_fixtures import Place, Union
from benchmarks.workload import pour
from service.db.engine import make_engine

BATCH = 500
"""Families a process makes before it pours them in."""

A_FAMILY = 1.4
"""Cases of a family, in the mean."""

_POTS = """UPDATE fund SET available_fen = e.available, committed_fen = e.committed, paid_fen = e.paid, outside_fen = e.outside
    FROM (SELECT fund_id,
        sum(CASE WHEN target_pot = 'available' THEN fen WHEN source_pot = 'available' THEN -fen ELSE 0 END) AS available,
        sum(CASE WHEN target_pot = 'committed' THEN fen WHEN source_pot = 'committed' THEN -fen ELSE 0 END) AS committed,
        sum(CASE WHEN target_pot = 'paid' THEN fen ELSE 0 END) AS paid,
        -sum(CASE WHEN source_pot = 'outside' THEN fen ELSE 0 END) AS outside FROM ledger_entry GROUP BY fund_id) AS e
    WHERE e.fund_id = fund.id"""


@dataclass(frozen=True)
class Job:
    """What one process is handed."""

    url: str
    batch: Batch
    places: list[Place]


def fill(url: str, union: Union, more: int, first: int, hands: int = 2) -> int:
    """Add about `more` cases, families numbered from `first` on; how many families came."""
    families = int(more / A_FAMILY)
    policy = union.city.policy_id
    batches = [
        Batch(number, min(BATCH, first + families - number), first + families, policy)
        for number in range(first, first + families, BATCH)
    ]
    jobs = [Job(url, batch, union.places) for batch in batches]
    engine = make_engine(url)
    with engine.begin() as conn:
        indexes = _taken_off(conn)
    with ProcessPoolExecutor(hands, get_context("spawn")) as processes:
        for _done in processes.map(poured, jobs):
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


def _taken_off(conn: sa.Connection) -> list[str]:
    """Take away every index that keeps no promise, and say how each is made: built at the end they cost a fraction."""
    free = """SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexdef NOT LIKE 'CREATE UNIQUE%'"""
    found = conn.execute(sa.text(free)).all()
    for name, _made in found:
        conn.execute(sa.text(f'DROP INDEX "{name}"'))
    return [made for _name, made in found]


def poured(job: Job) -> int:
    """Make a batch and pour it in, the guards of the tables asleep: what they guard is spelled as they want it."""
    rows = make(job.batch, job.places)
    engine = make_engine(job.url, pool=1)
    with engine.begin() as conn:
        conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
        conn.execute(sa.text("SET LOCAL synchronous_commit = off"))
        for table, more in rows.items():
            pour(conn, table, more)
    engine.dispose()
    return len(rows["case"])
