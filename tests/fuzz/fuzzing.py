"""schemathesis, all phases, with each role's token, against a web of its own: `make fuzz` (python -m tests.fuzz.fuzzing).

Judged are every contract check of schemathesis (schemathesis.toml says which refusals are ours) and the web's own log: no
answer is a 5xx. Prints a line a role, and exits 1 when anything fails.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from service.db import engine, migrate
from service.local_servers import start_postgres
from tests.api_client import NO_RATES
from tests.factories import RING
from tests.service.org_tree import OrgTree, build
from tests.worker.processes import ROOT, Process, Processes, wait_until

ROLES = {"visitor": "visitor_1", "approver": "approver_3"}
"""Who holds a role in the office of the tests, where it is not called like the role."""
EVERY = ("registrar", "visitor", "verifier", "reviewer", "approver", "cashier", "clock", "auditor", "admin")
STUMBLED = re.compile(r"🚫 [A-Za-z ]+: (\d+)")
TRIED = re.compile(r"(\d+) generated(?:, (\d+) found)?")


@dataclass(frozen=True)
class Fuzzed:
    """What came of one role's run."""

    cases: int
    failures: int
    stumbled: int
    """Faults of the tool itself or of the line: neither an answer of ours nor a proof of one."""
    broken: int
    said: str


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, OrgTree, Process]]:
    """A database with a county in it, and a web in front."""
    with start_postgres(folder / "pg", durable=False) as pg:
        made = engine.make_engine(pg.url)
        migrate.upgrade(made)
        with made.begin() as conn:
            place = build(conn)
        made.dispose()
        keyring = ",".join(f"{number}:{secret.hex()}" for number, secret in RING.keys.items())
        told = {"DATABASE_URL": pg.url, "KEYRING": keyring, "SONGNUAN_VAR": str(folder / "var"), **NO_RATES}
        with Processes({**told, "SONGNUAN_DEMO_CLOCK": "1"}, folder) as processes:
            web = processes.start(("-m", "gunicorn", "-c", "python:service.http.gunicorn_conf", "--bind=127.0.0.1:0"))
            assert wait_until(lambda: address(web) is not None), web.log.read_text()
            yield address(web) or "", place, web


def address(web: Process) -> str | None:
    """Where the web says that it listens, once it answers there."""
    found = re.search(r"Listening at: (http://[0-9.:]+)", web.log.read_text())
    try:
        return found[1] if found and httpx.get(f"{found[1]}/healthz").is_success else None
    except httpx.TransportError:
        return None


def fuzz(url: str, token: str, web: Process, examples: int, seed: int, *phases: str) -> Fuzzed:
    """One run with one token."""
    before = broken(web)
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(ROOT / "schemathesis.toml")),
        *("run", f"{url}/api/v1/openapi.json", "--header", f"Authorization: Bearer {token}", "--no-color"),
        *(
            "--max-examples",
            str(examples),
            "--seed",
            str(seed),
            "--workers",
            "1",
            "--request-timeout",
            "60",
            *(phases and ("--phases", ",".join(phases))),
        ),
    ]
    quiet = {**os.environ, "PYTHONWARNINGS": "default"}
    done = subprocess.run(command, capture_output=True, text=True, env=quiet, cwd=web.log.parent, check=False)
    found = TRIED.search(done.stdout)
    if found is None:
        raise RuntimeError(done.stdout[-3000:] + done.stderr[-3000:])
    stumbled = sum(map(int, STUMBLED.findall(done.stdout)))
    return Fuzzed(int(found[1]), int(found[2] or 0), stumbled, broken(web) - before, done.stdout)


def broken(web: Process) -> int:
    """How many requests the web has answered with a 5xx."""
    told = [json.loads(line) for line in web.log.read_text().splitlines() if '"event":"request"' in line]
    return sum(each["status"] >= 500 for each in told)


def main() -> int:
    """Fuzz with each role's token in turn."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.fuzzing", description=__doc__)
    parser.add_argument("--examples", type=int, default=10, help="examples an operation and phase")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--roles", nargs="+", default=EVERY, choices=EVERY)
    chosen, faults = parser.parse_args(), 0
    with TemporaryDirectory(prefix="songnuan-fuzz-") as folder:
        Path(folder).chmod(0o711)
        with served(Path(folder)) as (url, place, web):
            for role in chosen.roles:
                token = place.offices["own"].tokens[ROLES.get(role, role)]
                found = fuzz(url, token, web, chosen.examples, chosen.seed)
                told = f"{role:<10} seed {chosen.seed}: {found.cases:>6,} cases, {found.failures} failures, {found.broken} 5xx"
                sys.stdout.write(f"{told}, {found.stumbled} faults of the tool\n")
                sys.stdout.flush()
                faults += found.failures + found.stumbled + found.broken
                if found.failures + found.stumbled:
                    sys.stdout.write(found.said[-9000:])
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
