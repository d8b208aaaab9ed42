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
from tests.fire.forger import HARMLESS, asleep, forge, forgeries
from tests.fire.kept_year import lived


@pytest.fixture(scope="module")
def kept(empty_database: Callable[..., str]) -> Iterator[sa.Engine]:
    """A database of its own with a small year in it."""
    made = make_engine(empty_database())
    schema.upgrade(made)
    lived(made)
    yield made
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
    chance, done, unseen = random.Random(seed), Counter[str](), []
    began = time.monotonic()
    with kept.connect() as tx:
        asleep(tx)
        for forgery in forgeries(chance, count):
            mark = tx.begin_nested()
            if forge(tx, forgery, chance):
                done[forgery.kind] += 1
                if not verify(tx).faults:
                    unseen.append(str(forgery))
            else:
                done["nothing there"] += 1
            mark.rollback()
        tx.rollback()
    tell("forgeries", dict(done))
    tell("seconds", round(time.monotonic() - began, 1))
    assert unseen == []
    assert done["nothing there"] == 0
