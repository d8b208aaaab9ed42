"""Prepares the union in a database, and runs walks in it, each taken back at its end."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Self
from uuid import UUID

import sqlalchemy as sa

from service.db import migrate
from service.db.engine import make_engine
from service.http.served_record import ServedRecord
from tests.api_client import ApiClient, make_app
from tests.collusion.judge import finds, read_record
from tests.collusion.one_connection import one_connection
from tests.collusion.snapshot import Snapshot, snapshot
from tests.collusion.union import FIRST_DAY, Union, add_roles, attackers, live
from tests.collusion.walk import Walk
from tests.factories import create_organisation

LOOK = 10
"""Steps after which the record is judged while the fraud of a mutant is looked for."""

Switch = Callable[[sa.Connection], None]


@dataclass
class Tally:
    """What came of the walks."""

    runs: int = 0
    steps: int = 0
    accepted: Counter[str] = field(default_factory=Counter)
    tried: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    finds: list[str] = field(default_factory=list)

    def __iadd__(self, other: Self) -> Self:
        """Add what came of other walks."""
        self.runs, self.steps = self.runs + other.runs, self.steps + other.steps
        self.accepted += other.accepted
        self.tried += other.tried
        self.refusals += other.refusals
        self.finds += other.finds
        return self


@dataclass
class Search:
    """A prepared union, in which walks begin."""

    union: Union
    before: Snapshot
    folder: Path

    def people(self) -> list[str]:
        """Return the names of the people of the union; the scheduler is none."""
        return [name for name in self.union.office.people if name != "clock"]

    def walk(
        self,
        names: tuple[str, ...],
        seed: str,
        steps: int,
        favours: tuple[str, ...] = (),
        switch: Switch | None = None,
    ) -> tuple[Walk, list[str]]:
        """Let attackers walk, judge the record, and take everything back; return the walk and what it found."""
        union = self.union
        union.connection.begin_walk()
        try:
            if switch is not None:
                with union.engine.connect() as conn:
                    switch(conn)
                    conn.commit()
            attacking = tuple(union.office.people[name] for name in names)
            walk = Walk(union, self.before, Random(seed), attacking, self.folder, favours)
            found: list[str] = []
            for taken in range(1, steps + 1):
                walk.step()
                if taken == steps or (favours and taken % LOOK == 0):
                    found = self._finds(attacking)
                if found:
                    break
            return walk, [*found, *walk.faults]
        finally:
            union.connection.end_walk()

    def _finds(self, attacking: tuple[UUID, ...]) -> list[str]:
        union = self.union
        with union.engine.connect() as conn:
            record = read_record(conn, self.before, attacking, union.friend.household_id, union.card_index())
            return list(dict.fromkeys(finds(record)))

    def run(self, seed: int, runs: range, steps: int) -> Tally:
        """Run walks with all single persons and all pairs in turn."""
        tally, sets = Tally(), list(attackers(self.people()))
        Random(seed).shuffle(sets)
        for number in runs:
            names = sets[number % len(sets)]
            walk, found = self.walk(names, f"{seed}:{number}", steps)
            tally.runs, tally.steps = tally.runs + 1, tally.steps + steps
            tally.accepted += walk.accepted
            tally.tried += walk.tried
            tally.refusals += walk.refusals
            if found:
                tally.finds += [f"run {number}, {' + '.join(names)}: {line}" for line in found]
                tally.finds += [f"    {line}" for line in walk.story]
        return tally


def prepare(url: str) -> None:
    """Bring a database to the newest migration."""
    engine = make_engine(url)
    migrate.upgrade(engine)
    engine.dispose()


@contextmanager
def searching(url: str) -> Iterator[Search]:
    """Yield a search in a migrated database, which it fills with the union."""
    engine, connection = one_connection(url)
    with closing(connection), TemporaryDirectory(prefix="songnuan-collusion-") as folder:
        app = make_app(url, Path(folder))
        app.extensions["songnuan"].engine.dispose()
        app.extensions["songnuan"] = replace(app.extensions["songnuan"], engine=engine, record=ServedRecord(engine))
        with engine.begin() as conn:
            office = create_organisation(conn)
            add_roles(conn, office)
        client = ApiClient(app.test_client(), office, FIRST_DAY)
        union = live(client, engine, connection)
        with engine.connect() as conn:
            before = snapshot(conn)
        yield Search(union, before, Path(folder))
        engine.dispose()
