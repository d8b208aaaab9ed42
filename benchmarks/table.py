"""The printed table: medians of cases a second, and medians of the ratios within each turn."""

import sys
from collections.abc import Sequence
from statistics import median
from typing import Protocol

from benchmarks.registry import WANTED

REFERENCE = "psycopg_two"


class Turn(Protocol):
    """The attributes of a round that the table shows."""

    @property
    def name(self) -> str: ...
    @property
    def clients(self) -> int: ...
    @property
    def lives(self) -> int: ...
    @property
    def rows(self) -> dict[str, int]: ...
    @property
    def lives_per_second(self) -> float: ...
    @property
    def cpu_ms_per_life(self) -> float: ...
    @property
    def commits_per_life(self) -> float: ...
    @property
    def faults(self) -> dict[str, int]: ...


class Progress:
    """The progress of the run, shown on a terminal only."""

    def show(self, turn: Turn) -> None:
        """Show the result of a round."""
        if sys.stderr.isatty():
            line = f"{turn.name} × {turn.clients}: {turn.lives_per_second:.1f}"
            print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)


def rates(rounds: Sequence[Turn], name: str, clients: int) -> list[float]:
    """Return the cases a second of each round, in the order of the turns."""
    return [each.lives_per_second for each in rounds if (each.name, each.clients) == (name, clients)]


def ratio(rounds: Sequence[Turn], name: str, to: str, clients: int) -> float:
    """Return the median of the ratios within each turn, which cancels changes of the machine's load."""
    pairs = zip(rates(rounds, name, clients), rates(rounds, to, clients), strict=True)
    return median(one / other for one, other in pairs)


def show(rounds: Sequence[Turn]) -> dict[str, dict[str, float]]:
    """Print the table, and return the expected ratios by number of clients."""
    names = list(dict.fromkeys(each.name for each in rounds))
    numbers = sorted({each.clients for each in rounds})
    print("\r\033[K" if sys.stderr.isatty() else "", end="", file=sys.stderr)
    print(f"{'lives a second, × ' + REFERENCE:<34}" + "".join(f"{number:>4} clients            " for number in numbers))
    for name in names:
        cells = "".join(_cell(rounds, name, number) for number in numbers)
        one = [each for each in rounds if each.name == name]
        commits = median(each.commits_per_life for each in one)
        faults = sum(sum(each.faults.values()) for each in one)
        print(f"{name:<34}{cells}{commits:.1f} commits a life, {faults} faults")
    _show_rows(rounds, names)
    return _show_ratios(rounds, names, numbers)


def _show_ratios(rounds: Sequence[Turn], names: list[str], numbers: list[int]) -> dict[str, dict[str, float]]:
    ratios = {}
    for name, to, wanted in WANTED:
        if {name, to} <= set(names):
            by_clients = {str(number): round(ratio(rounds, name, to, number), 2) for number in numbers}
            ratios[f"{name}/{to}"] = by_clients
            cells = "".join(f"{by_clients[str(number)]:>14.2f}      " for number in numbers)
            print(f"{f'{name} / {to}, wanted {wanted}':<34}{cells}")
    return ratios


def _show_rows(rounds: Sequence[Turn], names: list[str]) -> None:
    """Print the tables whose rows per case differ from those of the first contestant."""
    row_counts = {name: _rows(rounds, name) for name in names}
    for name in names:
        other = {table: rows for table, rows in row_counts[name].items() if rows != row_counts[names[0]].get(table)}
        print(f"{name}: rows a life that differ from {names[0]}: {other}" if other else "", end="\n" if other else "")


def _rows(rounds: Sequence[Turn], name: str) -> dict[str, float]:
    one = [each for each in rounds if each.name == name]
    lives = sum(each.lives for each in one)
    return {table: round(sum(each.rows[table] for each in one) / lives, 2) for table in one[0].rows}


def _cell(rounds: Sequence[Turn], name: str, clients: int) -> str:
    cpu = median(each.cpu_ms_per_life for each in rounds if (each.name, each.clients) == (name, clients))
    share = f"×{ratio(rounds, name, REFERENCE, clients):.2f}" if rates(rounds, REFERENCE, clients) else ""
    return f"{median(rates(rounds, name, clients)):>8.1f} {share:<6}{cpu:>6.1f} ms "
