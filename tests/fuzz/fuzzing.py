"""Run schemathesis with each role's token against a web process (`make fuzz`).

A run fails when a contract check fails (schemathesis.toml lists the expected refusals) or the web's log contains a 5xx.
Prints a line per role, and exits 1 on any failure.
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
from tests.application_role import application_url
from tests.factories import RING
from tests.service.org_tree import OrgTree, build
from tests.worker.processes import ROOT, Process, Processes, wait_until

ROLES = {"visitor": "visitor_1", "approver": "approver_3"}
"""The account of a role in the tests' organisation, if it is not named like the role."""
ALL_ROLES = ("registrar", "visitor", "verifier", "reviewer", "approver", "cashier", "clock", "auditor", "admin")
TOOL_FAULTS = re.compile(r"🚫 [A-Za-z ]+: (\d+)")
COUNTS = re.compile(r"(\d+) generated(?:, (\d+) found)?")


@dataclass(frozen=True)
class FuzzResult:
    """The result of one role's run."""

    cases: int
    failures: int
    tool_faults: int
    """Faults of the tool or the connection, which are no answers of the web process."""
    server_errors: int
    output: str


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, OrgTree, Process]]:
    """Start a database with a county and a web process on it."""
    with start_postgres(folder / "pg", durable=False) as pg:
        db = engine.make_engine(pg.url)
        migrate.upgrade(db)
        with db.begin() as conn:
            tree = build(conn, folder / "var")
        db.dispose()
        keyring = ",".join(f"{number}:{secret.hex()}" for number, secret in RING.keys.items())
        settings = {
            "DATABASE_URL": application_url(pg.url),
            "KEYRING": keyring,
            "SONGNUAN_VAR": str(folder / "var"),
            **NO_RATES,
        }
        with Processes({**settings, "SONGNUAN_DEMO_CLOCK": "1"}, folder) as processes:
            web = processes.start(("-m", "gunicorn", "-c", "python:service.http.gunicorn_conf", "--bind=127.0.0.1:0"))
            assert wait_until(lambda: address(web) is not None), web.log.read_text()
            yield address(web) or "", tree, web


def address(web: Process) -> str | None:
    """Return the address in the web's log once it answers there."""
    listening = re.search(r"Listening at: (http://[0-9.:]+)", web.log.read_text())
    try:
        return listening[1] if listening and httpx.get(f"{listening[1]}/healthz").is_success else None
    except httpx.TransportError:
        return None


def fuzz(url: str, token: str, web: Process, examples: int, seed: int, *phases: str) -> FuzzResult:
    """Run schemathesis once with one token."""
    before = count_server_errors(web)
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
    environ = {**os.environ, "PYTHONWARNINGS": "default"}
    done = subprocess.run(command, capture_output=True, text=True, env=environ, cwd=web.log.parent, check=False)
    counts = COUNTS.search(done.stdout)
    if counts is None:
        raise RuntimeError(done.stdout[-3000:] + done.stderr[-3000:])
    tool_faults = sum(map(int, TOOL_FAULTS.findall(done.stdout)))
    return FuzzResult(int(counts[1]), int(counts[2] or 0), tool_faults, count_server_errors(web) - before, done.stdout)


def count_server_errors(web: Process) -> int:
    """Return the number of requests that the web answered with a 5xx."""
    requests = [json.loads(line) for line in web.log.read_text().splitlines() if '"event":"request"' in line]
    return sum(each["status"] >= 500 for each in requests)


def unexpected(web: Process) -> list[str]:
    """Return the lines of the web's log on faults that it did not expect, with where each came from."""
    return [f"{line}\n" for line in web.log.read_text().splitlines() if '"event":"unexpected"' in line]


def main() -> int:
    """Fuzz with each role's token in turn."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.fuzzing", description=__doc__)
    parser.add_argument("--examples", type=int, default=10, help="examples an operation and phase")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--roles", nargs="+", default=ALL_ROLES, choices=ALL_ROLES)
    arguments, faults = parser.parse_args(), 0
    with TemporaryDirectory(prefix="songnuan-fuzz-") as folder:
        Path(folder).chmod(0o711)
        with served(Path(folder)) as (url, tree, web):
            for role in arguments.roles:
                token = tree.offices["own"].tokens[ROLES.get(role, role)]
                result = fuzz(url, token, web, arguments.examples, arguments.seed)
                summary = f"{role:<10} seed {arguments.seed}: {result.cases:>6,} cases, {result.failures} failures, {result.server_errors} 5xx"
                sys.stdout.write(f"{summary}, {result.tool_faults} faults of the tool\n")
                sys.stdout.flush()
                faults += result.failures + result.tool_faults + result.server_errors
                if result.failures + result.tool_faults:
                    sys.stdout.write(result.output[-9000:])
            sys.stdout.write("".join(unexpected(web)))
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
