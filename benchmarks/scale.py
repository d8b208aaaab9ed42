"""A record of a million cases: lists, counts, inbox, figures, the section and the audit, at 10 k, 100 k and 1 M.

    python -m benchmarks.scale --sizes 10000 100000 1000000

Each question is asked again and again for a while; p50 and p95 in milliseconds are printed with the growth since the first
size, and written to var/bench/scale.json. A promise that is not kept ends the run with exit code 1.
"""

import argparse
import json
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
from benchmarks.scale_reads import Asked, ScaleReader
from service.db import migrate
from service.db.engine import make_engine
from service.integrity.verify import verify
from service.local_servers import start_postgres

PATIENCE, LEAST, MOST = 8.0, 5, 40
"""A question is asked for so many seconds, at least and at most so many times."""


@dataclass(frozen=True)
class Answer:
    """How long a question took at one size, in milliseconds."""

    size: int
    name: str
    times: int
    p50: float
    p95: float
    promise: float | None


def measured(desk: ScaleReader, context: Asked, size: int) -> Answer:
    """Ask again and again, each time in a transaction of its own, the first time not counted."""
    took: list[float] = []
    began = time.perf_counter()
    while len(took) <= LEAST or (time.perf_counter() - began < PATIENCE and len(took) <= MOST):
        with desk.opened(context) as conn:
            start = time.perf_counter()
            context.ask(conn)
            took.append((time.perf_counter() - start) * 1000)
    kept = sorted(took[1:])
    return Answer(size, context.name, len(kept), _at(kept, 0.5), _at(kept, 0.95), context.promise)


def _at(sorted_times: list[float], share: float) -> float:
    return round(sorted_times[min(len(sorted_times) - 1, int(len(sorted_times) * share))], 1)


def audited(engine: sa.Engine, size: int) -> Answer:
    """The whole trail, once: milliseconds for a thousand events. A fault ends the run."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as conn:
        began = time.perf_counter()
        found = verify(conn)
        took = time.perf_counter() - began
    if found.faults:
        raise SystemExit(f"the generated trail does not hold: {found.faults[:5]}")
    print(
        f"audit verify at {size:,}: {found.events:,} events, {found.rows:,} rows, {found.events / took:,.0f} events/s"
    )
    each = round(took * 1_000_000 / found.events, 1)
    return Answer(size, "audit verify, a thousand events", found.events, each, each, None)


def run(given: argparse.Namespace) -> Iterator[Answer]:
    """Grow the record from size to size, and ask everything at each."""
    with tempfile.TemporaryDirectory(dir=given.room) as folder, start_postgres(Path(folder) / "postgres") as server:
        engine = make_engine(server.url)
        migrate.upgrade(engine)
        with engine.begin() as conn:
            union = scale_fixtures.found(conn)
        families, filled = 0, 0
        for size in given.sizes:
            began = time.perf_counter()
            families += scale_load.fill(server.url, union, size - filled, families)
            filled = size
            print(f"{size:,} cases after {time.perf_counter() - began:,.0f} s more", flush=True)
            desk = ScaleReader(engine, union)
            for context in desk.questions():
                yield measured(desk, context, size)
            if size <= given.audit:
                yield audited(engine, size)
        engine.dispose()


def show(answers: list[Answer], sizes: list[int]) -> None:
    """Print the table: p50 and p95 at each size, and how much more the last p50 is than the first."""
    print(f"{'ms':<52}" + "".join(f"{size:>12,} p50    p95" for size in sizes) + "   growth")
    for name in dict.fromkeys(each.name for each in answers):
        one = {each.size: each for each in answers if each.name == name}
        cells = "".join(f"{one[size].p50:>16.1f} {one[size].p95:>6.1f}" if size in one else " " * 23 for size in sizes)
        last = one[max(one)]
        kept = (
            ""
            if last.promise is None
            else f"  promised {last.promise:.0f}: {'kept' if last.p95 < last.promise else 'NOT KEPT'}"
        )
        print(f"{name:<52}{cells}   ×{last.p50 / max(one[min(one)].p50, 0.01):.1f}{kept}")


def main() -> int:
    """Run, print, write."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    options.add_argument("--audit", type=int, default=10_000_000, help="verify the trail up to this size")
    options.add_argument("--room", type=Path, help="where the database lies (about 9 GB for a million cases)")
    options.add_argument("--into", type=Path, default=Path("var/bench/scale.json"))
    given = options.parse_args()
    answers = []
    for answer in run(given):
        answers.append(answer)
        print(f"  {answer.size:>9,}  {answer.name:<52}{answer.p50:>9.1f} {answer.p95:>9.1f}", flush=True)
    show(answers, given.sizes)
    given.into.parent.mkdir(parents=True, exist_ok=True)
    what = {"at": datetime.now(UTC).isoformat(), **machine(), "answers": [asdict(each) for each in answers]}
    given.into.write_text(json.dumps(what, indent=1))
    most = max(given.sizes)
    return int(any(each.promise and each.p95 >= each.promise for each in answers if each.size == most))


if __name__ == "__main__":
    sys.exit(main())
