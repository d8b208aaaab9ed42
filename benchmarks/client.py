"""A client in the house's own environment: everything but the Django way."""

from collections.abc import Callable
from functools import partial

from benchmarks import contestants, life, over_http
from benchmarks.contestants import Live
from benchmarks.orders import Ready, answer
from service.db import engine as make_engine
from tests.office import Family, Office


def ready(make: Callable[[str, Office], Live], *, url: str, office: str, server: str) -> Ready[Family]:
    """A contestant in process, or behind `server`, with its families in the house's tables."""
    engine, known = make_engine(url, pool=1), life.heard(office)

    def file(families: int) -> list[Family]:
        with engine.begin() as tx:
            return life.file_families(tx, known, families) if families else []

    return Ready(file, make(server or url, known))


def posted(server: str, office: Office) -> Live:
    """Behind a web server, whatever stands there."""
    lived = over_http.live(server, office.tokens, life.lines(office))
    return lambda family: lived(str(family.household_id), str(family.head_id))


if __name__ == "__main__":
    answer({name: partial(ready, make) for name, make in {**contestants.CONTESTANTS, "posted": posted}.items()})
