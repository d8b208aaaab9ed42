"""The bundle benchmark makes and verifies auditors' bundles of a generated record, and prints time, memory and size.

    python -m benchmarks.bundles --sizes 6000 25000

A case has four events or so. Each bundle is of one year: of the city, which has everything, and of one of its counties.
Making and verifying run in processes of their own, whose largest memory is printed; verify.py runs with Python alone.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from multiprocessing import get_context
from pathlib import Path

import sqlalchemy as sa

from benchmarks import scale_fixtures, scale_load
from service.actions import anchors, bundles
from service.bundles.make import BundleSource, make_bundle
from service.crypto.signed_notes import SigningKey
from service.db import migrate
from service.db.engine import make_engine
from service.local_servers import start_postgres
from service.tables.events import event
from tests.factories import Organisation

TODAY, YEAR = date(2025, 12, 30), (date(2025, 1, 1), date(2025, 12, 30))
LOG_KEY = SigningKey("songnuan/bench", bytes(range(32)))


@dataclass(frozen=True)
class Job:
    """The bundle that one process makes."""

    url: str
    office: Organisation
    path: Path


def make(job: Job) -> tuple[float, int, int]:
    """Make a bundle; return its seconds of the processor, its memory in KB, and the number of events with their body."""
    engine, before = make_engine(job.url), time.process_time()
    with engine.connect() as conn:
        context = job.office.context(conn, "auditor", TODAY)
        request = bundles.bundle_request(conn, job.office.unit_id, YEAR, "yearly_audit", "示例〔2025〕1号", context)
    with job.path.open("w+b") as file:
        made = make_bundle(BundleSource(engine, LOG_KEY), file, request, context)
    engine.dispose()
    return time.process_time() - before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, made.with_body


def verify(path: Path) -> tuple[float, int]:
    """Run the bundle's own verify.py; return its seconds of the processor and its memory in KB. Raises SystemExit on a fault."""
    with zipfile.ZipFile(path) as archive:
        script = archive.extract("verify.py", path.parent)
    command = [sys.executable, "-I", "-c", MEASURED, script, str(path), "--key", str(LOG_KEY.verifier), "--json"]
    answer = subprocess.run(command, env={}, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise SystemExit(f"the bundle has faults: {json.loads(answer.stdout)['faults'][:5]} {answer.stderr}")
    seconds, memory = answer.stderr.split()[-2:]
    return float(seconds), int(memory)


MEASURED = """
import atexit, resource, runpy, sys
def measure():
    used = resource.getrusage(resource.RUSAGE_SELF)
    # ru_maxrss would be that of the process that started this one.
    memory = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(used.ru_utime + used.ru_stime, memory, file=sys.stderr)
atexit.register(measure)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Runs verify.py and prints its seconds of the processor and its memory in KB."""


def run(sizes: list[int], room: Path | None) -> None:
    """Extend the record from size to size; make and verify two bundles at each."""
    with tempfile.TemporaryDirectory(dir=room) as folder, start_postgres(Path(folder) / "postgres") as server:
        engine = make_engine(server.url)
        migrate.upgrade(engine)
        with engine.begin() as conn:
            union = scale_fixtures.found(conn)
        families = filled = 0
        for size in sizes:
            families += scale_load.fill(server.url, union, size - filled, families)
            filled = size
            with engine.begin() as conn:
                up_to = anchors.settled_event_number(conn) or 0
                anchors.add_anchor(conn, up_to, union.city.context(conn, "clock", TODAY), LOG_KEY)
                events = conn.scalar(sa.select(sa.func.count()).select_from(event)) or 0
            for name, office in (("city", union.city), ("county", union.counties[0])):
                path = Path(folder) / f"{name}.zip"
                began = time.perf_counter()
                with ProcessPoolExecutor(1, get_context("spawn")) as process:
                    took, memory, bodies = process.submit(make, Job(server.url, office, path)).result()
                whole = time.perf_counter() - began
                seconds, checked = verify(path)
                print(
                    f"{events:>9,} events, {name:<6} {bodies:>9,} with body: made in {whole:6.1f} s ({took:.1f} of this"
                    f" process), {memory // 1024:>4} MB of memory, {path.stat().st_size / 1e6:7.1f} MB; verified in"
                    f" {seconds:6.1f} s, {checked // 1024:>4} MB of memory",
                    flush=True,
                )
        engine.dispose()


def main() -> None:
    """Read the sizes and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[6_000, 25_000], help="numbers of cases")
    parser.add_argument("--room", type=Path, help="folder of the database")
    arguments = parser.parse_args()
    run(arguments.sizes, arguments.room)


if __name__ == "__main__":
    main()
