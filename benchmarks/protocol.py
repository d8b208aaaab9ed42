"""The protocol of a contest client: one JSON order a line, one JSON answer a line.

Orders are `make` (prepare a contestant), `file` (create families) and `run` (run cases for some seconds). It uses the
standard library only, because it also runs in Django's environment.
"""

import gc
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Family = TypeVar("Family")


@dataclass
class PreparedContestant(Generic[Family]):
    """A prepared contestant: its functions that file families and run a case, and the waiting families."""

    file: Callable[[int], list[Family]]
    live: Callable[[Family], None]
    waiting: list[Family] = field(default_factory=list)


Makers = Mapping[str, Callable[..., PreparedContestant[Any]]]


class ContestClient:
    """A process that runs cases."""

    def __init__(self, makers: Makers) -> None:
        self.makers = makers
        self.contestants: dict[str, PreparedContestant[Any]] = {}

    def make(self, name: str, kind: str, **parameters: str) -> dict[str, object]:
        """Prepare a contestant, with its connection and organisation."""
        self.contestants[name] = self.makers[kind](**parameters)
        return {}

    def file(self, name: str, families: int) -> dict[str, object]:
        """File families until `families` are waiting."""
        contestant = self.contestants[name]
        contestant.waiting += contestant.file(max(0, families - len(contestant.waiting)))
        return {}

    def run(self, name: str, seconds: float) -> dict[str, object]:
        """Run cases for `seconds`; the last case is completed, and its time counts."""
        live, waiting, lives = self.contestants[name].live, self.contestants[name].waiting, 0
        gc.collect()
        began, worked = time.perf_counter(), time.process_time()
        while waiting and time.perf_counter() - began < seconds:
            live(waiting.pop())
            lives += 1
        took = time.perf_counter() - began
        return {"lives": lives, "seconds": took, "cpu": time.process_time() - worked, "short": not waiting}


def answer(makers: Makers) -> None:
    """Answer each order until the input ends."""
    client = ContestClient(makers)
    orders: dict[str, Callable[..., dict[str, object]]] = {"make": client.make, "file": client.file, "run": client.run}
    for line in sys.stdin:
        order: dict[str, Any] = json.loads(line)
        print(json.dumps(orders[order.pop("order")](**order)), flush=True)
