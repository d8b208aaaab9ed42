"""The printed table of the compared pages: medians of the rounds, and medians of the ratios within each turn."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any

REFERENCE = "thin_pages"


@dataclass(frozen=True)
class PageRound:
    """The result of one contestant's turn with one page and a number of clients."""

    name: str
    page: str
    clients: int
    pages: int
    pages_per_second: float
    p95_ms: float
    bytes: int
    wrong: int


@dataclass(frozen=True)
class PageFacts:
    """What is counted once of a contestant's page: the SELECTs it runs, and the faults that the check found."""

    name: str
    page: str
    selects: int
    faults: list[str]


def round_of(name: str, page: str, answers: list[dict[str, Any]]) -> PageRound:
    """Return the round of the clients' answers."""
    latencies = [each for answer in answers for each in answer["latencies"]]
    rate = sum(len(answer["latencies"]) / answer["seconds"] for answer in answers)
    p95 = quantiles(latencies, n=20)[-1] if len(latencies) > 1 else latencies[0]
    wrong = sum(answer["wrong"] for answer in answers)
    return PageRound(name, page, len(answers), len(latencies), rate, p95, answers[0]["bytes"], wrong)


def _chosen(rounds: Sequence[PageRound], name: str, page: str, clients: int) -> list[PageRound]:
    return [each for each in rounds if (each.name, each.page, each.clients) == (name, page, clients)]


def ratio(rounds: Sequence[PageRound], name: str, page: str, clients: int) -> float:
    """Return the median of the ratios to the thin Flask within each turn, which cancels changes of the machine's load."""
    pairs = zip(_chosen(rounds, name, page, clients), _chosen(rounds, REFERENCE, page, clients), strict=True)
    return median(one.pages_per_second / other.pages_per_second for one, other in pairs)


def progress(turn: PageRound) -> None:
    """Show the result of a round, on a terminal only."""
    if sys.stderr.isatty():
        line = f"{turn.page}, {turn.name} × {turn.clients}: {turn.pages_per_second:.1f}"
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)


def show(rounds: Sequence[PageRound], facts: Sequence[PageFacts]) -> dict[str, dict[str, float]]:
    """Print a table for each page, and return the ratios to the thin Flask by number of clients."""
    numbers, ratios = sorted({each.clients for each in rounds}), dict[str, dict[str, float]]()
    print("\r\033[K" if sys.stderr.isatty() else "", end="", file=sys.stderr)
    for page in dict.fromkeys(each.page for each in rounds):
        print(
            f"{page + ': pages a second, × ' + REFERENCE:<38}" + "".join(f"{n:>4} clients, p95      " for n in numbers)
        )
        for each in (fact for fact in facts if fact.page == page):
            cells = "".join(_cell(rounds, each.name, page, number) for number in numbers)
            print(f"{each.name:<38}{cells}{_counted(rounds, each)}")
            if _has_reference(rounds):
                key = f"{page}: {each.name}/{REFERENCE}"
                ratios[key] = {str(number): round(ratio(rounds, each.name, page, number), 2) for number in numbers}
    for each in facts:
        for fault in each.faults[:10]:
            print(f"{each.page}, {each.name}: {fault}")
    return ratios


def _has_reference(rounds: Sequence[PageRound]) -> bool:
    return any(each.name == REFERENCE for each in rounds)


def _counted(rounds: Sequence[PageRound], facts: PageFacts) -> str:
    own = [each for each in rounds if (each.name, each.page) == (facts.name, facts.page)]
    wrong = sum(each.wrong for each in own) + len(facts.faults)
    return f"{own[0].bytes:>7,} bytes, {facts.selects:>3} SELECTs, {wrong} faults"


def _cell(rounds: Sequence[PageRound], name: str, page: str, clients: int) -> str:
    own = _chosen(rounds, name, page, clients)
    share = f"×{ratio(rounds, name, page, clients):.2f}" if _has_reference(rounds) else ""
    rate, p95 = median(each.pages_per_second for each in own), median(each.p95_ms for each in own)
    return f"{rate:>7.1f} {share:<6}{p95:>6.1f} ms "
