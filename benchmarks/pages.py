"""The pages that people open most, beside the same pages in the thinnest Flask and in Django, over HTTP.

    python -m benchmarks.pages --seconds 1 --rounds 5 --clients 1 4 8 --of http thin_pages

The decision page of a case and the first page of the list of cases: each contestant reads the same rows and shows the same
texts, which a check compares first. Contestants take turns in short rounds. Prints a table of medians and writes
var/bench/pages.json; a page that shows something else, or shows it to a stranger, gives exit code 1.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import pages_table
from benchmarks.main import machine
from benchmarks.pages_environment import PageArena
from benchmarks.pages_table import PageFacts, PageRound

NAMES = ("http", "thin_pages", "django_pages")
"""The service as `songnuan serve` runs it, a minimal Flask over psycopg, and Django with its ORM and templates."""

WARM_UP = 1.0
"""Seconds in which every thread of a web server opens its connection and compiles its template."""


def compare(arena: PageArena, arguments: argparse.Namespace) -> tuple[list[PageRound], list[PageFacts]]:
    """Warm up, check each page, and run the rounds in rotation."""
    names, rounds, facts, pages = arguments.of, list[PageRound](), list[PageFacts](), arena.pages()
    for page in pages:
        for name in names:
            arena.run(name, page, max(arguments.clients), WARM_UP)
        facts += [PageFacts(name, page.name, arena.selects(name, page), arena.faults(name, page)) for name in names]
    for turn in range(arguments.rounds):
        for page in pages:
            for number in arguments.clients:
                for name in (*names[turn % len(names) :], *names[: turn % len(names)]):
                    answers = arena.run(name, page, number, arguments.seconds)
                    rounds.append(pages_table.round_of(name, page.name, answers))
                    pages_table.progress(rounds[-1])
    return rounds, facts


def main() -> int:
    """Compare the pages, print the table and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 8])
    parser.add_argument("--cases", type=int, default=3000, help="about so many cases are listed")
    parser.add_argument("--django", help="the Python of an environment made from requirements-django.lock")
    parser.add_argument("--of", nargs="+", choices=NAMES)
    parser.add_argument("--into", type=Path, default=Path("var/bench/pages.json"))
    arguments = parser.parse_args()
    arguments.of = arguments.of or [name for name in NAMES if arguments.django or name != "django_pages"]
    most = max(arguments.clients)
    with (
        tempfile.TemporaryDirectory() as folder,
        PageArena(Path(folder), arguments.of, most, arguments.django, arguments.cases) as arena,
    ):
        rounds, facts = compare(arena, arguments)
    results = {
        "at": datetime.now(UTC).isoformat(),
        **machine(),
        "ratios": pages_table.show(rounds, facts),
        "pages": [asdict(each) for each in facts],
        "rounds": [asdict(each) for each in rounds],
    }
    arguments.into.parent.mkdir(parents=True, exist_ok=True)
    arguments.into.write_text(json.dumps(results, indent=1))
    return 1 if any(each.faults for each in facts) or any(each.wrong for each in rounds) else 0


if __name__ == "__main__":
    sys.exit(main())
