"""The contest compares implementations that run the same hardship case on one PostgreSQL with fsync.

    python -m benchmarks.main --seconds 2 --rounds 5 --clients 1 4 8 --of psycopg_two take

Contestants take turns in short rounds, each turn starts with another contestant, and every round is recounted. Prints a
table of medians and writes var/bench/contest.json; a fault in any recount gives exit code 1.
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
    """The result of one contestant's turn with a number of clients."""

    name: str
    clients: int
    lives: int
    lives_per_second: float
    cpu_ms_per_life: float
    commits_per_life: float
    faults: dict[str, int]
    rows: dict[str, int]


class Contest:
    """The rounds in one environment."""

    def __init__(self, arena: environment.Arena, seconds: float) -> None:
        self.arena, self.seconds = arena, seconds
        self.families_per_second = dict.fromkeys(arena.installations, 10.0)

    def round(self, name: str, clients: int) -> Round:
        """Run one contestant's turn."""
        installation = self.arena.installations[name]
        families = int(self.families_per_second[name] * self.seconds * 1.5) + 2
        installation.clients.send(clients, order="file", name=name, families=families)
        since, began = new_id(), self._writes()
        answers = installation.clients.send(clients, order="run", name=name, seconds=self.seconds)
        wrote = self._writes() - began
        lives = sum(each["lives"] for each in answers)
        self._adjust_families(name, answers)
        with installation.engine.connect() as conn:
            counted = recount(conn, installation.organisation, since, lives)
        rate = sum(each["lives"] / each["seconds"] for each in answers)
        cpu = sum(each["cpu"] for each in answers) * 1000 / lives
        return Round(name, clients, lives, rate, cpu, wrote / lives, counted.faults, counted.rows)

    def _adjust_families(self, name: str, answers: list[dict[str, Any]]) -> None:
        """Set the number of families that a client needs in the next round."""
        fastest = max(each["lives"] / each["seconds"] for each in answers)
        short = any(each["short"] for each in answers)
        self.families_per_second[name] = 2 * fastest if short else max(self.families_per_second[name] / 2, fastest)

    def _writes(self) -> int:
        """Return the number of transactions that have written on this server."""
        with self.arena.engine.connect() as conn:
            return int(conn.scalar(sa.text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")) or 0)


def contest(arguments: argparse.Namespace, progress: table.Progress) -> tuple[list[Round], dict[str, object]]:
    """Start all processes, warm up, and run the rounds in rotation."""
    names: list[str] = arguments.of
    most = max(arguments.clients)
    rounds = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        arena = stack.enter_context(environment.Arena(folder, names, most, arguments.django))
        match = Contest(arena, arguments.seconds)
        for name in names:
            match.round(name, most)
        for turn in range(arguments.rounds):
            for number in arguments.clients:
                for name in (*names[turn % len(names) :], *names[: turn % len(names)]):
                    rounds.append(match.round(name, number))
                    progress.show(rounds[-1])
        arena.verify()
        return rounds, {**machine(), "postgres": arena.settings()}


def machine() -> dict[str, object]:
    """Return the machine's properties."""
    memory = psutil.virtual_memory().total
    return {
        "python": platform.python_version(),
        "cpus": psutil.cpu_count(),
        "memory": memory,
        "load": psutil.getloadavg(),
    }


def main() -> int:
    """Run the contest, print the table and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 8])
    parser.add_argument("--django", help="the Python of an environment made from requirements-django.lock")
    parser.add_argument("--of", nargs="+", choices=list(BY_NAME))
    parser.add_argument("--into", type=Path, default=Path("var/bench/contest.json"))
    arguments = parser.parse_args()
    arguments.of = arguments.of or [name for name, each in BY_NAME.items() if arguments.django or not each.django]
    rounds, environment_data = contest(arguments, table.Progress())
    ratios = table.show(rounds)
    arguments.into.parent.mkdir(parents=True, exist_ok=True)
    results = {
        "at": datetime.now(UTC).isoformat(),
        **environment_data,
        "ratios": ratios,
        "rounds": [asdict(each) for each in rounds],
    }
    arguments.into.write_text(json.dumps(results, indent=1))
    return 1 if any(each.faults for each in rounds) else 0


if __name__ == "__main__":
    sys.exit(main())
