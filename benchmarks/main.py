"""The contest: the same life of a hardship case, lived by each contestant in turn, in one run on one PostgreSQL with fsync on.

    python -m benchmarks.contest --seconds 2 --rounds 5 --clients 1 4 8 --of psycopg_two take

Contestants take turns in short rounds, each turn begins with another one, and every round is recounted. Prints a table of
medians and writes var/bench/contest.json; a fault in any recount ends the run with exit code 1.
"""

import argparse
import json
import platform
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import sqlalchemy as sa

from benchmarks import environment, table
from benchmarks.reconcile import recount
from benchmarks.registry import BY_NAME
from service.db.columns import new_id


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


class Contest:
    """The rounds on an arena."""

    def __init__(self, ground: environment.Arena, seconds: float) -> None:
        self.ground, self.seconds = ground, seconds
        self.rate_limiter = dict.fromkeys(ground.places, 10.0)

    def round(self, name: str, clients: int) -> Round:
        """One contestant's turn."""
        place = self.ground.places[name]
        families = int(self.rate_limiter[name] * self.seconds * 1.5) + 2
        place.clients.tell(clients, order="file", name=name, families=families)
        since, began = new_id(), self._writes()
        answers = place.clients.tell(clients, order="run", name=name, seconds=self.seconds)
        wrote = self._writes() - began
        lives = sum(each["lives"] for each in answers)
        self._keep_pace(name, answers)
        with place.engine.connect() as conn:
            counted = recount(conn, place.office, since, lives)
        rate = sum(each["lives"] / each["seconds"] for each in answers)
        cpu = sum(each["cpu"] for each in answers) * 1000 / lives
        return Round(name, clients, lives, rate, cpu, wrote / lives, counted.faults, counted.rows)

    def _keep_pace(self, name: str, answers: list[dict[str, Any]]) -> None:
        """How many families a client needs for the next round."""
        fastest = max(each["lives"] / each["seconds"] for each in answers)
        short = any(each["short"] for each in answers)
        self.rate_limiter[name] = 2 * fastest if short else max(self.rate_limiter[name] / 2, fastest)

    def _writes(self) -> int:
        """Transactions that have written, so far, anywhere on this server."""
        with self.ground.engine.connect() as conn:
            return int(conn.scalar(sa.text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")) or 0)


def contest(given: argparse.Namespace, told: table.Telling) -> tuple[list[Round], dict[str, object]]:
    """Start everything, warm up, then the rounds in rotation."""
    names: list[str] = given.of
    most = max(given.clients)
    rounds = []
    with ExitStack() as house:
        folder = Path(house.enter_context(tempfile.TemporaryDirectory()))
        ground = house.enter_context(environment.Arena(folder, names, most, given.django))
        match = Contest(ground, given.seconds)
        for name in names:
            match.round(name, most)
        for turn in range(given.rounds):
            for number in given.clients:
                for name in (*names[turn % len(names) :], *names[: turn % len(names)]):
                    rounds.append(match.round(name, number))
                    told.heard(rounds[-1])
        ground.verify()
        return rounds, {**machine(), "postgres": ground.settings()}


def machine() -> dict[str, object]:
    """Where it ran."""
    memory = psutil.virtual_memory().total
    return {
        "python": platform.python_version(),
        "cpus": psutil.cpu_count(),
        "memory": memory,
        "load": psutil.getloadavg(),
    }


def main() -> int:
    """Run, print, write."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=2)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--clients", type=int, nargs="+", default=[1, 4, 8])
    options.add_argument("--django", help="the Python of an environment made from requirements-django.lock")
    options.add_argument("--of", nargs="+", choices=list(BY_NAME))
    options.add_argument("--into", type=Path, default=Path("var/bench/contest.json"))
    given = options.parse_args()
    given.of = given.of or [name for name, each in BY_NAME.items() if given.django or not each.django]
    rounds, where = contest(given, table.Telling())
    ratios = table.show(rounds)
    given.into.parent.mkdir(parents=True, exist_ok=True)
    what = {"at": datetime.now(UTC).isoformat(), **where, "ratios": ratios, "rounds": [asdict(each) for each in rounds]}
    given.into.write_text(json.dumps(what, indent=1))
    return 1 if any(each.faults for each in rounds) else 0


if __name__ == "__main__":
    sys.exit(main())
