"""What is counted: requests, refusals, steps and connections in each web process, summed over them when read."""

import os

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

_OWN = CollectorRegistry()

REQUESTS = Counter("songnuan_requests", "Requests answered.", ("method", "route", "status"), registry=_OWN)
SECONDS = Histogram(
    "songnuan_request_seconds",
    "Time from a request's arrival to its answer.",
    ("route",),
    registry=_OWN,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
REFUSALS = Counter("songnuan_refusals", "Reasons given in refusals, by code.", ("code",), registry=_OWN)
STEPS = Counter("songnuan_steps", "Steps of cases taken and kept.", ("programme", "action"), registry=_OWN)
POOL_IN_USE = Gauge("songnuan_pool_in_use", "Database connections in use.", registry=_OWN, multiprocess_mode="livesum")
POOL_MAX = Gauge(
    "songnuan_db_pool_max",
    "Database connections the live processes may open.",
    registry=_OWN,
    multiprocess_mode="livesum",
)


def collected() -> CollectorRegistry:
    """A registry to be written out: of all web processes where they share a folder, else of this one."""
    found = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(found)  # type: ignore[no-untyped-call]
    else:
        found.register(_OWN)
    return found


def watch_pool(engine: sa.Engine, most: int) -> None:
    """Count the connections of an engine that are in use."""
    POOL_MAX.set(most)
    pool = engine.pool
    if isinstance(pool, sa.QueuePool):
        sa.event.listen(engine, "checkout", lambda *_: POOL_IN_USE.set(pool.checkedout()))
        sa.event.listen(engine, "checkin", lambda *_: POOL_IN_USE.set(pool.checkedout() - 1))
