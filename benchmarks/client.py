"""A client in the house's own environment: everything but the Django way."""

from collections.abc import Callable
from functools import partial

from benchmarks import implementations, over_http, workload
from benchmarks.implementations import Live
from benchmarks.protocol import Ready, answer
from service.db.engine import make_engine
from tests.factories import Family, Organisation


def ready(make: Callable[[str, Organisation], Live], *, url: str, office: str, server: str) -> Ready[Family]:
    """A contestant in process, or behind `server`, with its families in the house's tables."""
    engine, known = make_engine(url, pool=1), workload.heard(office)

    def file(families: int) -> list[Family]:
        with engine.begin() as conn:
            return workload.file_families(conn, known, families) if families else []

    return Ready(file, make(server or url, known))


def posted(server: str, office: Organisation) -> Live:
    """Behind a web server, whatever stands there."""
    lived = over_http.live(server, office.tokens, workload.lines(office))
    return lambda family: lived(str(family.household_id), str(family.head_id))


if __name__ == "__main__":
    answer({name: partial(ready, make) for name, make in {**implementations.CONTESTANTS, "posted": posted}.items()})
