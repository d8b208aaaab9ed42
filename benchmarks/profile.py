"""Where the time of one case's life goes: take() beside the hand-written program, a client each, in milliseconds.

    python -m benchmarks.where_it_goes --lives 300

Waiting for PostgreSQL (with libpq, which waits for it) is measured by the clock, told apart by what was sent. The rest of
the wall clock is Python, shared out among rooms by where a sampler found it at each millisecond of its CPU time.
"""

import argparse
import json
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import psycopg

from benchmarks import workload
from benchmarks.implementations import CONTESTANTS
from benchmarks.main import machine
from service.db import migrate
from service.db.engine import make_engine
from service.local_servers import start_postgres
from tests.factories import create_organisation

BEFORE = 60
"""Lives that are lived before any is measured: statements prepared, plans kept, pages read."""

PLENTY = 10**13
ROOMS = (
    ("/psycopg/", "psycopg, Python side"),
    ("/sqlalchemy/", "SQLAlchemy"),
    ("/service/db.py", "service: handing a statement over"),
    ("/service/queries/", "service: questions, and what was read"),
    ("/service/actions/", "service: rows and event"),
    ("/service/tables/", "service: digests of rows"),
    ("/service/", "service: seals, chain"),
    ("/workflows/", "workflows: the rules"),
    ("/benchmarks/", "the benchmark's own code"),
)
SENT = ("read (with BEGIN)", "lock before weighing", "write", "commit")


class Clock:
    """How often and how long was waited for the server, by what was sent."""

    def __init__(self) -> None:
        self.times: Counter[str] = Counter()
        self.took: defaultdict[str, float] = defaultdict(float)
        self._sent = "commit"

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Put the clock around every wait of the driver while the block runs."""
        kept = (psycopg.Cursor.execute, psycopg.Connection.commit, psycopg.Connection.wait)
        names = ((psycopg.Cursor, "execute"), (psycopg.Connection, "commit"), (psycopg.Connection, "wait"))
        for (kind, name), put in zip(names, (self._execute, self._commit, self._wait), strict=True):
            setattr(kind, name, put(getattr(kind, name)))
        try:
            yield
        finally:
            for (kind, name), plain in zip(names, kept, strict=True):
                setattr(kind, name, plain)

    def _execute(self, plain: Callable[..., Any]) -> Callable[..., Any]:
        def execute(cursor: Any, query: Any, *given: Any, **named: Any) -> Any:
            self._sent = _kind(str(query))
            self.times[self._sent] += 1
            return plain(cursor, query, *given, **named)

        return execute

    def _commit(self, plain: Callable[..., Any]) -> Callable[..., Any]:
        def commit(line: Any) -> Any:
            self._sent = "commit"
            self.times["commit"] += 1
            return plain(line)

        return commit

    def _wait(self, plain: Callable[..., Any]) -> Callable[..., Any]:
        def wait(*given: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return plain(*given, **named)
            finally:
                self.took[self._sent] += time.perf_counter() - began

        return wait


def _kind(query: str) -> str:
    if "INSERT INTO" in query:
        return "write"
    return "read (with BEGIN)" if "json" in query or "nextval" in query else "lock before weighing"


class Sampler:
    """Which room Python was in, asked at each millisecond of the process's CPU time; waits are not Python's."""

    def __init__(self) -> None:
        self.found: Counter[str] = Counter()

    @contextmanager
    def sampling(self) -> Iterator[None]:
        """Sample while the block runs."""
        before = signal.signal(signal.SIGPROF, self._look)
        signal.setitimer(signal.ITIMER_PROF, 0.001, 0.001)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0, 0)
            signal.signal(signal.SIGPROF, before)

    def _look(self, _signal: int, frame: FrameType | None) -> None:
        while frame is not None:
            if frame.f_code.co_name == "wait" and frame.f_code.co_filename.endswith("psycopg/connection.py"):
                return
            for part, room in ROOMS:
                if part in frame.f_code.co_filename:
                    self.found[room] += 1
                    return
            frame = frame.f_back


def measured(name: str, lives: int) -> dict[str, float]:
    """Milliseconds of a life by where they went, and how often what was sent."""
    clock, sampler = Clock(), Sampler()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        with start_postgres(Path(folder) / "postgres") as server:
            engine = make_engine(server.url)
            migrate.upgrade(engine)
            with engine.begin() as conn:
                office = create_organisation(conn, fen=PLENTY)
                families = workload.file_families(conn, office, BEFORE + lives)
            live = CONTESTANTS[name](server.url, office)
            for family in families[:BEFORE]:
                live(family)
            began = time.perf_counter()
            with clock.watching(), sampler.sampling():
                for family in families[BEFORE:]:
                    live(family)
            took = time.perf_counter() - began
            engine.dispose()
    return _told(took, clock, sampler, lives)


def _told(took: float, clock: Clock, sampler: Sampler, lives: int) -> dict[str, float]:
    python = took - sum(clock.took.values())
    samples = max(1, sum(sampler.found.values()))
    told = {"the whole life": took}
    told |= {f"{sent}: waiting": clock.took[sent] for sent in SENT}
    told |= {room: python * sampler.found[room] / samples for _, room in ROOMS}
    counts = {f"{sent}: times": float(clock.times[sent]) / lives for sent in SENT}
    return {name: spent * 1000 / lives for name, spent in told.items()} | counts


def main() -> int:
    """Run, print, write."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--lives", type=int, default=300)
    options.add_argument("--into", type=Path, default=Path("var/bench/where_it_goes.json"))
    given = options.parse_args()
    found = {name: measured(name, given.lives) for name in ("psycopg_two", "take")}
    two, take = found["psycopg_two"], found["take"]
    print(f"{'ms of a life, one client':<44}{'psycopg_two':>12}{'take':>8}{'more':>8}")
    for name in take:
        print(f"{name:<44}{two[name]:>12.1f}{take[name]:>8.1f}{take[name] - two[name]:>+8.1f}")
    given.into.parent.mkdir(parents=True, exist_ok=True)
    given.into.write_text(json.dumps({**machine(), **found}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
