"""Whatever is changed in the record by somebody who owns the database, `songnuan audit verify` says so."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from service.db import migrate
from service.db.columns import METADATA
from service.db.engine import make_engine
from service.integrity.verify import verify
from tests.chaos.conftest import Tell
from tests.chaos.sample_record import write_sample_record
from tests.chaos.tampering import HARMLESS, Forgery, asleep, forge, forgeries

BATCH = 50
"""Forgeries a transaction: each is undone by itself, but the guards are put to sleep and woken only once."""


@pytest.fixture(scope="module")
def kept(empty_database: Callable[..., str]) -> Iterator[sa.Engine]:
    """A database of its own with a small year in it."""
    made = make_engine(empty_database())
    try:
        migrate.upgrade(made)
        write_sample_record(made)
        yield made
    finally:
        made.dispose()


def test_a_record_nobody_touched_has_no_fault_and_every_kind_of_row(kept: sa.Engine) -> None:
    with kept.connect() as conn:
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
        pytest.param(120, id="quick"),
        pytest.param(1000, id="full", marks=[pytest.mark.chaos, pytest.mark.timeout(1200)]),
    ],
)
def test_every_forgery_is_found(kept: sa.Engine, count: int, seed: int, tell: Tell) -> None:
    chance, done, unseen = random.Random(seed), Counter[str](), list[str]()
    began, left = time.monotonic(), forgeries(random.Random(seed), count)
    while left:
        batch, left = left[:BATCH], left[BATCH:]
        with kept.connect() as conn:
            asleep(conn)
            unseen += [str(each) for each in batch if not _seen(conn, each, chance, done)]
            conn.rollback()
    tell("forgeries", dict(done))
    tell("seconds", round(time.monotonic() - began, 1))
    assert unseen == []
    assert done["nothing there"] == 0


def _seen(conn: sa.Connection, forgery: Forgery, chance: random.Random, done: Counter[str]) -> bool:
    """Forge, verify, and undo it."""
    mark = conn.begin_nested()
    there = forge(conn, forgery, chance)
    seen = bool(verify(conn).faults)
    mark.rollback()
    done[forgery.kind if there else "nothing there"] += 1
    return seen
