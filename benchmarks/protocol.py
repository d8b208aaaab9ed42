"""What a client of the contest is told, one JSON object a line, and how it answers. Standard library only.

`make` a contestant ready, `file` families for it, `run` it: live one life after the other for so many seconds.
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
class Ready(Generic[Family]):
    """A contestant that can begin: how it files families, how it lives the life of one, and those that wait."""

    file: Callable[[int], list[Family]]
    live: Callable[[Family], None]
    waiting: list[Family] = field(default_factory=list)


Makers = Mapping[str, Callable[..., Ready[Any]]]


class Connection:
    """One process that lives lives."""

    def __init__(self, makers: Makers) -> None:
        self.makers = makers
        self.ready: dict[str, Ready[Any]] = {}

    def make(self, name: str, kind: str, **how: str) -> dict[str, object]:
        """Make a contestant ready: connected, and its office known."""
        self.ready[name] = self.makers[kind](**how)
        return {}

    def file(self, name: str, families: int) -> dict[str, object]:
        """File as many families as are missing, so that `families` wait."""
        ready = self.ready[name]
        ready.waiting += ready.file(max(0, families - len(ready.waiting)))
        return {}

    def run(self, name: str, seconds: float) -> dict[str, object]:
        """Live until `seconds` are over; a life that has begun is lived to its end, and its time counts."""
        live, waiting, lives = self.ready[name].live, self.ready[name].waiting, 0
        gc.collect()
        began, worked = time.perf_counter(), time.process_time()
        while waiting and time.perf_counter() - began < seconds:
            live(waiting.pop())
            lives += 1
        took = time.perf_counter() - began
        return {"lives": lives, "seconds": took, "cpu": time.process_time() - worked, "short": not waiting}


def answer(makers: Makers) -> None:
    """Answer each order until there are no more."""
    client = Connection(makers)
    orders: dict[str, Callable[..., dict[str, object]]] = {"make": client.make, "file": client.file, "run": client.run}
    for line in sys.stdin:
        order: dict[str, Any] = json.loads(line)
        print(json.dumps(orders[order.pop("order")](**order)), flush=True)
