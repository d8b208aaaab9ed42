"""The profile shows how the milliseconds of a case are spent in take() and in the hand-written program.

    python -m benchmarks.profile --lives 300

The time of waiting for PostgreSQL (in libpq) is measured by the kind of statement. The rest of the wall-clock time is
Python; a sampler attributes it to parts of the code at each millisecond of CPU time.
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

WARM_UP = 60
"""Cases run before the measurement, so that statements are prepared and pages cached."""

FUND_FEN = 10**13
CODE_PARTS = (
    ("/psycopg/", "psycopg, Python side"),
    ("/sqlalchemy/", "SQLAlchemy"),
    ("/service/db/", "service: sending a statement"),
    ("/service/queries/", "service: queries and loading"),
    ("/service/actions/", "service: rows and event"),
    ("/service/tables/", "service: row fingerprints"),
    ("/service/", "service: encryption, hash chain"),
    ("/workflows/", "workflows: the rules"),
    ("/benchmarks/", "the benchmark's own code"),
)
SENT = ("read (with BEGIN)", "lock before reading", "write", "commit")


class WaitTimer:
    """The number and duration of waits for the server, by kind of statement."""

    def __init__(self) -> None:
        self.times: Counter[str] = Counter()
        self.took: defaultdict[str, float] = defaultdict(float)
        self._sent = "commit"

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Time every wait of the driver while the block runs."""
        originals = (psycopg.Cursor.execute, psycopg.Connection.commit, psycopg.Connection.wait)
        names = ((psycopg.Cursor, "execute"), (psycopg.Connection, "commit"), (psycopg.Connection, "wait"))
        for (kind, name), wrap in zip(names, (self._execute, self._commit, self._wait), strict=True):
            setattr(kind, name, wrap(getattr(kind, name)))
        try:
            yield
        finally:
            for (kind, name), original in zip(names, originals, strict=True):
                setattr(kind, name, original)

    def _execute(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def execute(cursor: Any, query: Any, *arguments: Any, **named: Any) -> Any:
            self._sent = _kind(str(query))
            self.times[self._sent] += 1
            return original(cursor, query, *arguments, **named)

        return execute

    def _commit(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def commit(connection: Any) -> Any:
            self._sent = "commit"
            self.times["commit"] += 1
            return original(connection)

        return commit

    def _wait(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def wait(*arguments: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return original(*arguments, **named)
            finally:
                self.took[self._sent] += time.perf_counter() - began

        return wait


def _kind(query: str) -> str:
    if "INSERT INTO" in query:
        return "write"
    return "read (with BEGIN)" if "json" in query or "nextval" in query else "lock before reading"


class Sampler:
    """Samples the part of the code that runs at each millisecond of CPU time, except in waits."""

    def __init__(self) -> None:
        self.samples: Counter[str] = Counter()

    @contextmanager
    def sampling(self) -> Iterator[None]:
        """Sample while the block runs."""
        before = signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, 0.001, 0.001)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0, 0)
            signal.signal(signal.SIGPROF, before)

    def _sample(self, _signal: int, frame: FrameType | None) -> None:
        while frame is not None:
            if frame.f_code.co_name == "wait" and frame.f_code.co_filename.endswith("psycopg/connection.py"):
                return
            for part, label in CODE_PARTS:
                if part in frame.f_code.co_filename:
                    self.samples[label] += 1
                    return
            frame = frame.f_back


def measure(name: str, lives: int) -> dict[str, float]:
    """Return the milliseconds of a case by part, and the number of statements by kind."""
    timer, sampler = WaitTimer(), Sampler()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        with start_postgres(Path(folder) / "postgres") as server:
            engine = make_engine(server.url)
            migrate.upgrade(engine)
            with engine.begin() as conn:
                organisation = create_organisation(conn, fen=FUND_FEN)
                families = workload.file_families(conn, organisation, WARM_UP + lives)
            live = CONTESTANTS[name](server.url, organisation)
            for family in families[:WARM_UP]:
                live(family)
            began = time.perf_counter()
            with timer.watching(), sampler.sampling():
                for family in families[WARM_UP:]:
                    live(family)
            took = time.perf_counter() - began
            engine.dispose()
    return _milliseconds(took, timer, sampler, lives)


def _milliseconds(took: float, timer: WaitTimer, sampler: Sampler, lives: int) -> dict[str, float]:
    python = took - sum(timer.took.values())
    samples = max(1, sum(sampler.samples.values()))
    spent = {"the whole life": took}
    spent |= {f"{sent}: waiting": timer.took[sent] for sent in SENT}
    spent |= {label: python * sampler.samples[label] / samples for _, label in CODE_PARTS}
    counts = {f"{sent}: times": float(timer.times[sent]) / lives for sent in SENT}
    return {name: seconds * 1000 / lives for name, seconds in spent.items()} | counts


def main() -> int:
    """Run both programs, print the table and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lives", type=int, default=300)
    parser.add_argument("--into", type=Path, default=Path("var/bench/where_it_goes.json"))
    arguments = parser.parse_args()
    results = {name: measure(name, arguments.lives) for name in ("psycopg_two", "take")}
    two, take = results["psycopg_two"], results["take"]
    print(f"{'ms of a life, one client':<44}{'psycopg_two':>12}{'take':>8}{'more':>8}")
    for name in take:
        print(f"{name:<44}{two[name]:>12.1f}{take[name]:>8.1f}{take[name] - two[name]:>+8.1f}")
    arguments.into.parent.mkdir(parents=True, exist_ok=True)
    arguments.into.write_text(json.dumps({**machine(), **results}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
