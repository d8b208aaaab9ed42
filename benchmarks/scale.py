"""The scale benchmark times lists, counts, inbox, report and audit at up to a million cases.

    python -m benchmarks.scale --sizes 10000 100000 1000000

Each query runs repeatedly for some seconds. p50 and p95 in milliseconds are printed with the growth since the first size,
and written to var/bench/scale.json. A query slower than its limit gives exit code 1.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from benchmarks import scale_fixtures, scale_load
from benchmarks.main import machine
from benchmarks.scale_reads import ScaleReader, TimedQuery
from service.db import migrate
from service.db.engine import make_engine
from service.integrity.parallel import verify_in_processes
from service.local_servers import start_postgres

QUERY_SECONDS, MIN_RUNS, MAX_RUNS = 8.0, 5, 40
"""A query runs for so many seconds, at least and at most so many times."""


@dataclass(frozen=True)
class Timing:
    """The milliseconds of a query at one size."""

    size: int
    name: str
    times: int
    p50: float
    p95: float
    limit: float | None


def measure(reader: ScaleReader, query: TimedQuery, size: int) -> Timing:
    """Run a query repeatedly, each time in a new transaction; the first run does not count."""
    durations: list[float] = []
    began = time.perf_counter()
    while len(durations) <= MIN_RUNS or (time.perf_counter() - began < QUERY_SECONDS and len(durations) <= MAX_RUNS):
        with reader.transaction(query) as conn:
            start = time.perf_counter()
            query.run(conn)
            durations.append((time.perf_counter() - start) * 1000)
    counted = sorted(durations[1:])
    return Timing(size, query.name, len(counted), _at(counted, 0.5), _at(counted, 0.95), query.limit)


def _at(sorted_times: list[float], share: float) -> float:
    return round(sorted_times[min(len(sorted_times) - 1, int(len(sorted_times) * share))], 1)


def time_verifications(engine: sa.Engine, size: int) -> Iterator[Timing]:
    """Verify the whole event log: without deciding steps again, with it, and in as many processes as there are cores.

    Milliseconds for a thousand events. Raises SystemExit on a fault.
    """
    cores = os.cpu_count() or 1
    for name, processes, decide in (
        ("without deciding again", 1, False),
        ("deciding again", 1, True),
        (f"deciding again in {cores} processes", cores, True),
    ):
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as conn:
            began = time.perf_counter()
            verified = verify_in_processes(conn, processes, decide=decide)
            took = time.perf_counter() - began
        if verified.faults:
            raise SystemExit(f"the generated event log has faults: {verified.faults[:5]}")
        speed, steps = verified.events / took, verified.decided.steps
        print(f"audit verify {name} at {size:,}: {verified.events:,} events, {steps:,} steps, {speed:,.0f} events/s")
        per_thousand = round(took * 1_000_000 / verified.events, 1)
        yield Timing(size, f"audit verify {name}, 1,000 events", verified.events, per_thousand, per_thousand, None)


def run(arguments: argparse.Namespace) -> Iterator[Timing]:
    """Extend the database from size to size, and time every query at each."""
    with tempfile.TemporaryDirectory(dir=arguments.room) as folder, start_postgres(Path(folder) / "postgres") as server:
        engine = make_engine(server.url)
        migrate.upgrade(engine)
        with engine.begin() as conn:
            union = scale_fixtures.found(conn)
        families, filled = 0, 0
        for size in arguments.sizes:
            began = time.perf_counter()
            families += scale_load.fill(server.url, union, size - filled, families)
            filled = size
            print(f"{size:,} cases after {time.perf_counter() - began:,.0f} s more", flush=True)
            reader = ScaleReader(engine, union)
            for query in reader.queries():
                yield measure(reader, query, size)
            if size <= arguments.audit:
                yield from time_verifications(engine, size)
        engine.dispose()


def show(timings: list[Timing], sizes: list[int]) -> None:
    """Print p50 and p95 at each size, and the ratio of the last p50 to the first."""
    print(f"{'ms':<52}" + "".join(f"{size:>12,} p50    p95" for size in sizes) + "   growth")
    for name in dict.fromkeys(each.name for each in timings):
        one = {each.size: each for each in timings if each.name == name}
        cells = "".join(f"{one[size].p50:>16.1f} {one[size].p95:>6.1f}" if size in one else " " * 23 for size in sizes)
        last = one[max(one)]
        kept = (
            "" if last.limit is None else f"  limit {last.limit:.0f}: {'kept' if last.p95 < last.limit else 'EXCEEDED'}"
        )
        print(f"{name:<52}{cells}   ×{last.p50 / max(one[min(one)].p50, 0.01):.1f}{kept}")


def main() -> int:
    """Run all sizes, print the table and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--audit", type=int, default=10_000_000, help="verify the event log up to this size")
    parser.add_argument("--room", type=Path, help="folder of the database (about 9 GB for a million cases)")
    parser.add_argument("--into", type=Path, default=Path("var/bench/scale.json"))
    arguments = parser.parse_args()
    timings = []
    for timing in run(arguments):
        timings.append(timing)
        print(f"  {timing.size:>9,}  {timing.name:<52}{timing.p50:>9.1f} {timing.p95:>9.1f}", flush=True)
    show(timings, arguments.sizes)
    arguments.into.parent.mkdir(parents=True, exist_ok=True)
    results = {"at": datetime.now(UTC).isoformat(), **machine(), "timings": [asdict(each) for each in timings]}
    arguments.into.write_text(json.dumps(results, indent=1))
    largest = max(arguments.sizes)
    return int(any(each.limit and each.p95 >= each.limit for each in timings if each.size == largest))


if __name__ == "__main__":
    sys.exit(main())
