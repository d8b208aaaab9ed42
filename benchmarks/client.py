"""One client of the contest: a process that lives the lives it is told to, as fast as one contestant lets it.

It is told one JSON object a line and answers each with one: `make` a contestant, `file` families for it, `run` it.
"""

import gc
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from benchmarks import life
from benchmarks.contestants import CONTESTANTS, Live
from service.db import engine as make_engine
from tests.office import Family, Office


class Client:
    """The contestants made so far, each with its office and the families that wait for it."""

    def __init__(self) -> None:
        self.lives: dict[str, Live] = {}
        self.offices: dict[str, Office] = {}
        self.waiting: dict[str, list[Family]] = {}
        self.engine: sa.Engine | None = None

    def make(self, name: str, url: str, office: str, server: str) -> dict[str, object]:
        """Make a contestant ready: connected, and its office known."""
        self.engine = self.engine or make_engine(url, pool=1)
        self.offices[name], self.waiting[name] = life.heard(office), []
        self.lives[name] = CONTESTANTS[name](server or url, self.offices[name])
        return {}

    def file(self, name: str, families: int) -> dict[str, object]:
        """File as many families as are missing, so that `families` wait."""
        missing = families - len(self.waiting[name])
        if missing > 0 and self.engine is not None:
            with self.engine.begin() as tx:
                self.waiting[name] += life.file_families(tx, self.offices[name], missing)
        return {}

    def run(self, name: str, seconds: float) -> dict[str, object]:
        """Live until `seconds` are over; a life that has begun is lived to its end, and its time counts."""
        live, waiting, lives = self.lives[name], self.waiting[name], 0
        gc.collect()
        began, worked = time.perf_counter(), time.process_time()
        while waiting and time.perf_counter() - began < seconds:
            live(waiting.pop())
            lives += 1
        took = time.perf_counter() - began
        return {"lives": lives, "seconds": took, "cpu": time.process_time() - worked, "short": not waiting}


def main() -> None:
    """Answer each order until there are no more."""
    client = Client()
    orders: dict[str, Callable[..., dict[str, object]]] = {"make": client.make, "file": client.file, "run": client.run}
    for line in sys.stdin:
        order: dict[str, Any] = json.loads(line)
        answer = orders[order.pop("order")](**order)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
