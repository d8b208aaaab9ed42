"""Whatever is changed in the record by somebody who owns the database, `songnuan audit verify` says so."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from service import schema
from service.audit.chain import verify
from service.db import METADATA
from service.db import engine as make_engine
from tests.fire.conftest import Tell
from tests.fire.forger import HARMLESS, Forgery, asleep, forge, forgeries
from tests.fire.kept_year import lived

BATCH = 50
"""Forgeries a transaction: each is undone by itself, but the guards are put to sleep and woken only once."""


@pytest.fixture(scope="module")
def kept(empty_database: Callable[..., str]) -> Iterator[sa.Engine]:
    """A database of its own with a small year in it."""
    made = make_engine(empty_database())
    try:
        schema.upgrade(made)
        lived(made)
        yield made
    finally:
        made.dispose()


def test_a_record_nobody_touched_has_no_fault_and_every_kind_of_row(kept: sa.Engine) -> None:
    with kept.connect() as tx:
        assert verify(tx).faults == []
        empty = [
            name
            for name, table in METADATA.tables.items()
            if tx.execute(sa.select(table).limit(1)).one_or_none() is None
        ]
        assert set(empty) <= HARMLESS.keys()


@pytest.mark.parametrize(
    "count",
    [
        pytest.param(120, id="quick"),
        pytest.param(1000, id="full", marks=[pytest.mark.fire, pytest.mark.timeout(1200)]),
    ],
)
def test_every_forgery_is_found(kept: sa.Engine, count: int, seed: int, tell: Tell) -> None:
    chance, done, unseen = random.Random(seed), Counter[str](), list[str]()
    began, left = time.monotonic(), forgeries(random.Random(seed), count)
    while left:
        batch, left = left[:BATCH], left[BATCH:]
        with kept.connect() as tx:
            asleep(tx)
            unseen += [str(each) for each in batch if not _seen(tx, each, chance, done)]
            tx.rollback()
    tell("forgeries", dict(done))
    tell("seconds", round(time.monotonic() - began, 1))
    assert unseen == []
    assert done["nothing there"] == 0


def _seen(tx: sa.Connection, forgery: Forgery, chance: random.Random, done: Counter[str]) -> bool:
    """Forge, verify, and undo it."""
    mark = tx.begin_nested()
    there = forge(tx, forgery, chance)
    seen = bool(verify(tx).faults)
    mark.rollback()
    done[forgery.kind if there else "nothing there"] += 1
    return seen
