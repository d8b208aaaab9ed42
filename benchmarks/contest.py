"""The contest: the same life of a hardship case, lived by each contestant in turn, in one run on one PostgreSQL with fsync on.

    python -m benchmarks.contest --seconds 2 --rounds 5 --clients 1 4 8 --of psycopg_two take

Contestants take turns in short rounds, each round begins with another one, and every round is recounted. Prints a table
of medians and writes var/bench/contest.json; a fault in any recount ends the run with exit code 1.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa

from benchmarks import life, table
from benchmarks.contestants import CONTESTANTS
from benchmarks.recount import Recount, recount
from service import schema
from service.audit.chain import verify
from service.db import engine as make_engine
from service.db import new_id
from service.servers import start_postgres
from service.tables.cases import case
from tests.office import Office, open_office

PLENTY = 10**13
"""Fen in each contestant's fund: no life is refused for want of money."""

SPELLED_ALIKE = {"psycopg_two", "two_pipelined", "take"}
"""Those whose events are spelled as the house spells them; the others keep a chain too, of words of their own."""


@dataclass(frozen=True)
class Round:
    """One contestant's turn with so many clients."""

    name: str
    clients: int
    lives: int
    lives_per_second: float
    cpu_ms_per_life: float
    commits_per_life: float
    faults: dict[str, int]
    rows: dict[str, int]


class Clients:
    """Client processes, started once: told the same at the same moment."""

    def __init__(self, number: int) -> None:
        command = [sys.executable, "-m", "benchmarks.client"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.all = [subprocess.Popen(command, **pipes) for _ in range(number)]  # type: ignore[call-overload]

    def tell(self, number: int, **order: object) -> list[dict[str, Any]]:
        """Give the first `number` clients an order and wait for all their answers."""
        chosen = self.all[:number]
        for each in chosen:
            each.stdin.write(json.dumps(order) + "\n")
            each.stdin.flush()
        return [json.loads(each.stdout.readline()) for each in chosen]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in self.all:
            each.stdin.close()
        for each in self.all:
            each.wait(20)


class Contest:
    """One database, the contestants' offices on it, and the clients."""

    def __init__(self, engine: sa.Engine, clients: Clients, offices: dict[str, Office], seconds: float) -> None:
        self.engine, self.clients, self.offices, self.seconds = engine, clients, offices, seconds
        self.pace = dict.fromkeys(offices, 20.0)

    def round(self, name: str, clients: int) -> Round:
        """One contestant's turn."""
        families = int(self.pace[name] * self.seconds * 1.5) + 2
        self.clients.tell(clients, order="file", name=name, families=families)
        since, began = new_id(), self._writes()
        answers = self.clients.tell(clients, order="run", name=name, seconds=self.seconds)
        wrote = self._writes() - began
        lives = sum(each["lives"] for each in answers)
        self.pace[name] = max(self.pace[name] / 2, *(each["lives"] / each["seconds"] for each in answers))
        if any(each["short"] for each in answers):
            self.pace[name] *= 2
        with self.engine.connect() as tx:
            counted: Recount = recount(tx, self.offices[name], since, lives)
        rate = sum(each["lives"] / each["seconds"] for each in answers)
        cpu = sum(each["cpu"] for each in answers) * 1000 / lives
        return Round(name, clients, lives, rate, cpu, wrote / lives, counted.faults, counted.rows)

    def _writes(self) -> int:
        """Transactions that have written, so far."""
        with self.engine.connect() as tx:
            return int(tx.scalar(sa.text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")) or 0)


def contest(given: argparse.Namespace, told: table.Telling) -> list[Round]:
    """Start everything, warm up, then the rounds in rotation."""
    names: list[str] = given.of
    with ExitStack() as house:
        folder = Path(house.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o711)
        server = house.enter_context(start_postgres(folder / "postgres"))
        engine = make_engine(server.url)
        house.callback(engine.dispose)
        schema.upgrade(engine)
        clients = house.enter_context(Clients(max(given.clients)))
        with engine.begin() as tx:
            offices = {name: open_office(tx, fen=PLENTY) for name in names}
        for name, office in offices.items():
            clients.tell(
                max(given.clients), order="make", name=name, url=server.url, office=life.told(office), server=""
            )
        arena = Contest(engine, clients, offices, given.seconds)
        for name in names:
            arena.round(name, max(given.clients))
        rounds = []
        for turn in range(given.rounds):
            for number in given.clients:
                for name in (*names[turn % len(names) :], *names[: turn % len(names)]):
                    rounds.append(arena.round(name, number))
                    told.heard(rounds[-1])
        _check(engine, [office for name, office in offices.items() if name in SPELLED_ALIKE])
    return rounds


def _check(engine: sa.Engine, offices: list[Office]) -> None:
    """The house's own verification of what was written in the house's own spelling."""
    with engine.connect() as tx:
        units = [office.unit_id for office in offices]
        ours = {str(each) for each in tx.scalars(sa.select(case.c.id).where(case.c.unit_id.in_(units)))}
        faults = [each for each in verify(tx).faults if each.key in ours and each.code.startswith("event_")]
    if faults:
        raise SystemExit(f"the trail does not hold: {faults[:5]}")


def main() -> int:
    """Run, print, write."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=2)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--clients", type=int, nargs="+", default=[1, 4, 8])
    options.add_argument("--of", nargs="+", default=list(CONTESTANTS), choices=list(CONTESTANTS))
    options.add_argument("--into", type=Path, default=Path("var/bench/contest.json"))
    given = options.parse_args()
    rounds = contest(given, table.Telling())
    table.show(rounds)
    given.into.parent.mkdir(parents=True, exist_ok=True)
    what = {"at": datetime.now(UTC).isoformat(), "rounds": [asdict(each) for each in rounds]}
    given.into.write_text(json.dumps(what, indent=1))
    return 1 if any(each.faults for each in rounds) else 0


if __name__ == "__main__":
    sys.exit(main())
