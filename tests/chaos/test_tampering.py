"""Tests that `songnuan audit verify` detects every change made directly in the database."""

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from service.db.columns import METADATA
from service.db.engine import make_engine
from service.integrity.parallel import verify_with
from service.integrity.replay_sources import StoredSources
from service.integrity.verify import verify
from tests.chaos.case_chains import read_chains
from tests.chaos.conftest import RecordFigure
from tests.chaos.sample_record import write_sample_record
from tests.chaos.tampering import HARMLESS, Tampering, disable_guards, tamper, tamperings
from tests.workflows.mutated_decisions import MUTATIONS, contradictions, mutated

BATCH = 50
"""Cases of tampering per transaction; each is undone, and the guards are disabled once for all."""


@pytest.fixture(scope="module")
def sample_engine(migrated_database: Callable[[], str]) -> Iterator[sa.Engine]:
    """Yield the engine of a new database with the sample record."""
    engine = make_engine(migrated_database())
    try:
        write_sample_record(engine)
        yield engine
    finally:
        engine.dispose()


def test_untouched_record_has_no_fault_and_rows_in_every_table(sample_engine: sa.Engine) -> None:
    with sample_engine.connect() as conn:
        assert verify(conn).faults == []
        empty = [
            name
            for name, table in METADATA.tables.items()
            if conn.execute(sa.select(table).limit(1)).one_or_none() is None
        ]
        assert set(empty) <= HARMLESS.keys()


@pytest.mark.parametrize(
    "count",
    [
        pytest.param(int(os.environ.get("TAMPERINGS", "120")), id="quick", marks=pytest.mark.timeout(400)),
        pytest.param(1000, id="full", marks=[pytest.mark.chaos, pytest.mark.timeout(1200)]),
    ],
)
def test_tampering_is_detected(sample_engine: sa.Engine, count: int, seed: int, record_figure: RecordFigure) -> None:
    chance, counts, undetected = random.Random(seed), Counter[str](), list[str]()
    began, remaining = time.monotonic(), tamperings(random.Random(seed), count)
    while remaining:
        batch, remaining = remaining[:BATCH], remaining[BATCH:]
        with sample_engine.connect() as conn:
            disable_guards(conn)
            undetected += [str(each) for each in batch if not _is_detected(conn, each, chance, counts)]
            conn.rollback()
    record_figure("cases of tampering", dict(counts))
    record_figure("seconds", round(time.monotonic() - began, 1))
    assert undetected == []
    assert counts["no row"] == 0


def test_payment_of_another_sum_than_its_entry_is_named(sample_engine: sa.Engine) -> None:
    with sample_engine.connect() as conn:
        conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
        conn.execute(sa.text("UPDATE payment SET fen = fen + 1 WHERE id = (SELECT min(id::text)::uuid FROM payment)"))
        assert {fault.code for fault in verify(conn).faults} == {"row_altered", "row_not_of_its_step"}
        conn.rollback()


def test_parts_of_the_record_together_are_verified_as_the_whole(sample_engine: sa.Engine) -> None:
    with sample_engine.connect() as connection, ThreadPoolExecutor(2) as executor:
        conn = connection.execution_options(isolation_level="REPEATABLE READ")
        one, in_parts = verify(conn), verify_with(executor, conn, 7)
    assert (in_parts.faults, in_parts.events, in_parts.subjects) == ([], one.events, one.subjects)
    assert (in_parts.rows, in_parts.decided, in_parts.demo_events) == (one.rows, one.decided, one.demo_events)


def test_every_step_is_decided_again_from_its_event(sample_engine: sa.Engine) -> None:
    with sample_engine.connect() as conn:
        decided = verify(conn).decided
    assert (decided.undecided, decided.of_earlier_rules) == (0, 0)
    assert decided.steps > 80
    assert decided.rules > 400


@pytest.mark.parametrize(
    "count",
    [
        pytest.param(len(MUTATIONS) * 5, id="quick"),
        pytest.param(2000, id="full", marks=[pytest.mark.chaos, pytest.mark.timeout(1200)]),
    ],
)
def test_mutated_decision_is_contradicted(
    sample_engine: sa.Engine, count: int, seed: int, record_figure: RecordFigure
) -> None:
    chance, missed, tried = random.Random(seed), Counter[str](), Counter[str]()
    with sample_engine.connect() as conn:
        sources, all_chains = StoredSources(conn), read_chains(conn)
        assert [each for chain in all_chains.values() for each in contradictions(sources, chain)] == []
        for number in range(count):
            name = list(MUTATIONS)[number % len(MUTATIONS)]
            chain = mutated(all_chains, chance, name)
            assert chain is not None, name
            tried[name] += 1
            missed[name] += not list(contradictions(sources, chain))
    record_figure("decisions mutated", tried.total())
    record_figure("not contradicted", {name: times for name, times in missed.items() if times})
    assert missed.total() <= count // 100


def _is_detected(conn: sa.Connection, tampering: Tampering, chance: random.Random, counts: Counter[str]) -> bool:
    """Tamper, verify, undo, and return whether a fault was found."""
    savepoint = conn.begin_nested()
    changed = tamper(conn, tampering, chance)
    detected = bool(verify(conn).faults)
    savepoint.rollback()
    counts[tampering.kind if changed else "no row"] += 1
    return detected
