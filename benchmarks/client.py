"""A client process for all contestants except the Django ones."""

from collections.abc import Callable
from functools import partial

from benchmarks import implementations, over_http, workload
from benchmarks.implementations import Live
from benchmarks.protocol import PreparedContestant, answer
from service.db.engine import make_engine
from tests.factories import Family, Organisation


def prepare(
    make: Callable[[str, Organisation], Live], *, url: str, office: str, server: str
) -> PreparedContestant[Family]:
    """Prepare a contestant in this process or behind `server`, with families in the service's tables."""
    engine, organisation = make_engine(url, pool=1), workload.organisation_from_json(office)

    def file(families: int) -> list[Family]:
        with engine.begin() as conn:
            return workload.file_families(conn, organisation, families) if families else []

    return PreparedContestant(file, make(server or url, organisation))


def posted(server: str, organisation: Organisation) -> Live:
    """Return a function that runs a case over HTTP on any web server."""
    run_case = over_http.live(server, organisation.tokens, workload.scenario_steps(organisation))
    return lambda family: run_case(str(family.household_id), str(family.head_id))


if __name__ == "__main__":
    answer({name: partial(prepare, make) for name, make in {**implementations.CONTESTANTS, "posted": posted}.items()})
