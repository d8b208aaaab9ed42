"""Tests that each forgery of the owner of the database is named, given the last mailed checkpoint (insiders C1–C10)."""

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from service.actions import anchors, bootstrap
from service.actions.context import ActionContext
from service.clock import union_day
from service.db.engine import make_engine
from service.integrity.anchors import signature_faults
from service.integrity.faults import Fault
from service.integrity.kept_lines import compare_kept
from service.integrity.owed import owed_faults
from service.integrity.schema_objects import schema_faults
from service.integrity.verify import verify
from service.queries import anchors as anchor_queries
from service.tables.events import event
from tests.chaos.conftest import RecordFigure
from tests.chaos.forgery_kinds import OFFICE_KINDS, SAMPLE_KINDS
from tests.chaos.sample_record import LOG_KEY, write_sample_record
from tests.chaos.tampering import disable_guards, tamper, tamperings
from tests.factories import RING
from tests.service.import_fixtures import COUNTY

BATCH = 50
FOUNDED = datetime(2025, 3, 3, 1, 30, tzinfo=UTC)
LATER = datetime(2025, 3, 20, 1, 30, tzinfo=UTC)
"""More than two working days after the last event of the office."""


@pytest.fixture(scope="module")
def sample(migrated_database: Callable[[], str]) -> Iterator[sa.Engine]:
    """Yield the engine of a database with the sample record."""
    engine = make_engine(migrated_database())
    write_sample_record(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def office(migrated_database: Callable[[], str]) -> Iterator[sa.Engine]:
    """Yield the engine of a database with the record of an office, dated by the machine's clock and anchored."""
    engine = make_engine(migrated_database())
    with engine.begin() as conn:
        admin = bootstrap.set_up_union(conn, COUNTY, FOUNDED, union_day(FOUNDED), RING).administrator
        for days in (1, 2):
            at, up_to = FOUNDED + timedelta(days=days), conn.scalar(sa.select(sa.func.max(event.c.no))) or 0
            anchors.add_anchor(conn, up_to, ActionContext(admin, at, union_day(at), RING), LOG_KEY)
    yield engine
    engine.dispose()


def mailed(conn: sa.Connection) -> str:
    """Return the last checkpoint that was mailed."""
    last = anchor_queries.last(conn)
    assert last is not None
    return str(last.checkpoint)


def all_faults(conn: sa.Connection, letter: str, at: datetime, *, schema: bool = True) -> list[Fault]:
    """Return what `songnuan audit verify --against` finds; `schema` is left out where the test itself drops guards."""
    faults = [*verify(conn).faults, *owed_faults(conn, at), *signature_faults(conn, LOG_KEY.verifier)]
    return [*faults, *compare_kept(conn, letter, LOG_KEY.verifier).faults, *(schema_faults(conn) if schema else ())]


def forged(engine: sa.Engine, kinds: dict[str, Callable[..., None]], name: str, chance: random.Random) -> list[Fault]:
    """Forge in a transaction, verify, undo, and return the faults."""
    with engine.connect() as conn:
        letter = mailed(conn)
        conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
        kinds[name](conn, chance)
        conn.execute(sa.text("SET LOCAL session_replication_role = origin"))
        faults = all_faults(conn, letter, LATER if name in OFFICE_KINDS else datetime.now(UTC))
        conn.rollback()
    return faults


def test_untouched_records_have_no_fault(sample: sa.Engine, office: sa.Engine) -> None:
    for engine, at in ((sample, datetime.now(UTC)), (office, FOUNDED + timedelta(days=2))):
        with engine.connect() as conn:
            assert all_faults(conn, mailed(conn), at) == []


EXPECTED = {
    "C1 gift below 1": "event_number_below_one",
    "C1 number inside an anchor": "anchor_differs",
    "C2 fixed anew": "row_fixed_twice",
    "C3 removed": "row_removed",
    "C4 payment without signature": "step_not_decided_so",
    "C5 another clock": "event_of_another_clock",
    "C5 dated back": "event_back_in_time",
    "C6 token below 1": "event_number_below_one",
    "C7 working day below 1": "event_number_below_one",
    "C9 job_run filled": "anchor_overdue",
    "C10 letter put off": "letter_put_off",
    "rewritten with the key": "checkpoint_not_as_kept",
    "anchors dropped": "anchor_missing",
}
"""The fault that names each kind; C8 has several."""


@pytest.mark.parametrize("name", [*SAMPLE_KINDS, *OFFICE_KINDS])
def test_forgery_is_named(sample: sa.Engine, office: sa.Engine, seed: int, name: str) -> None:
    kinds, engine = (dict(SAMPLE_KINDS), sample) if name in SAMPLE_KINDS else (dict(OFFICE_KINDS), office)
    codes = {fault.code for fault in forged(engine, kinds, name, random.Random(seed))}
    assert EXPECTED[name] in codes if name in EXPECTED else any(code.startswith("schema_object") for code in codes)


@pytest.mark.chaos
@pytest.mark.timeout(7200)
def test_random_forgeries_are_all_named(
    sample: sa.Engine, office: sa.Engine, seed: int, record_figure: RecordFigure
) -> None:
    """`make forgeries`: half of the old kinds, half of C1 to C10."""
    count, chance, began = int(os.environ.get("FORGERIES", "2000")), random.Random(seed), time.monotonic()
    missed, tried = list[str](), Counter[str]()
    for number in range(count // 2):
        name = chance.choice([*SAMPLE_KINDS, *OFFICE_KINDS])
        kinds, engine = (dict(SAMPLE_KINDS), sample) if name in SAMPLE_KINDS else (dict(OFFICE_KINDS), office)
        tried[name] += 1
        missed += [] if forged(engine, kinds, name, chance) else [f"{name} {number}"]
    remaining = tamperings(random.Random(seed), count - count // 2)
    while remaining:
        batch, remaining = remaining[:BATCH], remaining[BATCH:]
        with sample.connect() as conn:
            letter = mailed(conn)
            disable_guards(conn)
            for each in batch:
                savepoint = conn.begin_nested()
                tamper(conn, each, chance)
                found = all_faults(conn, letter, datetime.now(UTC), schema=False)
                savepoint.rollback()
                tried[each.kind] += 1
                missed += [] if found else [str(each)]
            conn.rollback()
    record_figure("forgeries", tried.total())
    record_figure("by kind", dict(tried))
    record_figure("seconds", round(time.monotonic() - began, 1))
    assert missed == []
