"""Collusion search: every person of a small union, alone and with every other, tries every write (`make collusion`).

Prints the seed, what came of the walks, and every find with its story; exits 1 on a find, or where a mutant was not found.
"""

import argparse
import os
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager, redirect_stderr
from pathlib import Path
from random import SystemRandom

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from service.local_servers import start_postgres
from tests.collusion.demanded import what_suffices
from tests.collusion.mutants import MUTANTS, Mutant
from tests.collusion.search import Search, Tally, prepare, searching

PORTION = 20
"""Runs between two lines of progress."""

MOST_WALKS = 50
"""How many walks may look for the fraud of a mutant."""


def main() -> int:
    """Read the arguments, search, and print what came of it."""
    parser = argparse.ArgumentParser(prog="make collusion", description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**9))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--mutants", action="store_true", help="switch each rule off, and look for the fraud")
    parser.add_argument("--only", default="", help="only the mutants whose name matches this")
    arguments = parser.parse_args()
    with ExitStack() as stack, _without_log():
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="songnuan-collusion-")))
        folder.chmod(0o711)
        url = os.environ.get("DATABASE_URL") or stack.enter_context(start_postgres(folder / "pg", durable=False)).url
        urls = [_database(url) for _ in range(1 if arguments.mutants else arguments.jobs)]
        for each in urls:
            stack.callback(_drop, each)
        if arguments.mutants:
            return _try_mutants(urls[0], arguments.seed, arguments.steps, arguments.only)
        return _search(urls, arguments.seed, arguments.runs, arguments.steps)


def _database(url: str) -> str:
    """Make a database at the newest migration; return its URL."""
    name = f"songnuan_collusion_{os.urandom(4).hex()}"
    with _server(url) as server:
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    made = make_url(url).set(drivername="postgresql", database=name).render_as_string(hide_password=False)
    prepare(made)
    return made


def _drop(url: str) -> None:
    with _server(make_url(url).set(database="postgres").render_as_string(hide_password=False)) as server:
        name = make_url(url).database or ""
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _server(url: str) -> psycopg.Connection:
    libpq_url = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(libpq_url, autocommit=True)


def _search(urls: list[str], seed: int, runs: int, steps: int) -> int:
    """Run the walks in as many processes as there are databases; print what came of them."""
    _say(f"seed {seed}, {runs} runs of {steps} steps\n", "What suffices by the tables:", *what_suffices(), "")
    begun = time.monotonic()
    portions = [range(first, runs, len(urls)) for first in range(len(urls))]
    with ProcessPoolExecutor(len(urls)) as processes:
        parts = list(processes.map(_run, urls, [seed] * len(urls), portions, [steps] * len(urls)))
    accepted: Counter[str] = sum((part.accepted for part in parts), Counter())
    found = [line for part in parts for line in part.finds]
    _say(*(f"{count:8} {name}" for name, count in accepted.most_common()), "", *found)
    walked = f"{sum(part.runs for part in parts)} runs, {sum(part.steps for part in parts)} steps"
    writes = sum(count for name, count in accepted.items() if not name.startswith("step "))
    count = sum(not line.startswith("    ") for line in found)
    _say(f"{walked}, {writes} accepted writes, {count} finds, {time.monotonic() - begun:.0f} s")
    return 1 if found else 0


def _run(url: str, seed: int, runs: range, steps: int) -> Tally:
    tally = Tally()
    with _without_log(), searching(url) as search:
        for first in range(0, len(runs), PORTION):
            tally += search.run(seed, runs[first : first + PORTION], steps)
            _say(f"... {tally.runs} of {len(runs)} runs of one process, {len(tally.finds)} lines of finds")
    return tally


@contextmanager
def _without_log() -> Iterator[None]:
    """Throw the lines of the access log away: thousands of refusals."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stderr(nowhere):
        yield


def _try_mutants(url: str, seed: int, steps: int, only: str) -> int:
    """Switch off one rule after another; print which fraud was found, and after how many walks."""
    _say(f"seed {seed}, at most {MOST_WALKS} walks of {steps} steps for each mutant")
    begun, missed, mutants = time.monotonic(), 0, [mutant for mutant in MUTANTS if re.search(only, mutant.name)]
    with searching(url) as search:
        for mutant in mutants:
            walks, found = look_for(search, mutant, seed, steps)
            missed += not found
            _say(f"{'found' if found else 'NOT FOUND':10} {mutant.row:8} {mutant.name} ({walks} walks): {found}")
    _say(f"{len(mutants) - missed} of {len(mutants)} mutants found, {time.monotonic() - begun:.0f} s")
    return 1 if missed else 0


def look_for(search: Search, mutant: Mutant, seed: int, steps: int, most: int = MOST_WALKS) -> tuple[int, str]:
    """Walk with a rule switched off until the fraud is found; return the number of walks, and the first find."""
    with mutant.switched_off():
        for walks in range(1, most + 1):
            seed_of_walk = f"{seed}:{mutant.name}:{walks}"
            _, found = search.walk(mutant.people, seed_of_walk, steps, mutant.favours, mutant.switch)
            if found:
                return walks, found[0]
    return most, ""


def _say(*lines: str) -> None:
    for line in lines:
        print(line, flush=True)  # noqa: T201 - the output is what the program is for


if __name__ == "__main__":
    sys.exit(main())
