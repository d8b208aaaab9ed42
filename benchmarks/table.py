"""Rounds as people read them: medians of lives a second, and the median of the ratios within each turn."""

import sys
from collections.abc import Sequence
from statistics import median
from typing import Protocol

YARDSTICK = "psycopg_two"


class Turn(Protocol):
    """What a table needs of a round."""

    @property
    def name(self) -> str: ...
    @property
    def clients(self) -> int: ...
    @property
    def lives_per_second(self) -> float: ...
    @property
    def cpu_ms_per_life(self) -> float: ...
    @property
    def commits_per_life(self) -> float: ...
    @property
    def faults(self) -> dict[str, int]: ...


class Telling:
    """Says how far the run is, on a screen only."""

    def heard(self, turn: Turn) -> None:
        """One more round is over."""
        if sys.stderr.isatty():
            line = f"{turn.name} × {turn.clients}: {turn.lives_per_second:.1f}"
            print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)


def rates(rounds: Sequence[Turn], name: str, clients: int) -> list[float]:
    """Lives a second of each round, in the order of the turns."""
    return [each.lives_per_second for each in rounds if (each.name, each.clients) == (name, clients)]


def ratio(rounds: Sequence[Turn], name: str, to: str, clients: int) -> float:
    """The median of the ratios within each turn: what the machine did meanwhile falls out."""
    pairs = zip(rates(rounds, name, clients), rates(rounds, to, clients), strict=True)
    return median(one / other for one, other in pairs)


def show(rounds: Sequence[Turn]) -> None:
    """Print the table."""
    names = list(dict.fromkeys(each.name for each in rounds))
    numbers = sorted({each.clients for each in rounds})
    print("\r\033[K" if sys.stderr.isatty() else "", end="", file=sys.stderr)
    print(" " * 18 + "".join(f"{number:>5} clients          " for number in numbers))
    for name in names:
        cells = "".join(_cell(rounds, name, number) for number in numbers)
        one = [each for each in rounds if each.name == name]
        commits = median(each.commits_per_life for each in one)
        faults = sum(sum(each.faults.values()) for each in one)
        print(f"{name:<18}{cells}  {commits:.2f} commits a life, {faults} faults")


def _cell(rounds: Sequence[Turn], name: str, clients: int) -> str:
    cpu = median(each.cpu_ms_per_life for each in rounds if (each.name, each.clients) == (name, clients))
    share = f"×{ratio(rounds, name, YARDSTICK, clients):.2f}" if rates(rounds, YARDSTICK, clients) else ""
    return f"{median(rates(rounds, name, clients)):>7.1f} {share:<6}{cpu:>5.1f}ms  "
