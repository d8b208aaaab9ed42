"""Metrics count requests, refusals, steps and connections of each web process."""

import os

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

_PROCESS = CollectorRegistry()

REQUESTS = Counter("songnuan_requests", "Requests answered.", ("method", "route", "status"), registry=_PROCESS)
SECONDS = Histogram(
    "songnuan_request_seconds",
    "Time from a request's arrival to its response.",
    ("route",),
    registry=_PROCESS,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
REFUSALS = Counter("songnuan_refusals", "Reasons given in refusals, by code.", ("code",), registry=_PROCESS)
PASSWORD_CHECKS = Counter("songnuan_password_checks", "Passwords hashed to be checked.", registry=_PROCESS)
STEPS = Counter("songnuan_steps", "Case steps taken and committed.", ("programme", "action"), registry=_PROCESS)
POOL_IN_USE = Gauge(
    "songnuan_pool_in_use", "Database connections in use.", registry=_PROCESS, multiprocess_mode="livesum"
)
POOL_MAX = Gauge(
    "songnuan_db_pool_max",
    "Database connections the live processes may open.",
    registry=_PROCESS,
    multiprocess_mode="livesum",
)


def collected() -> CollectorRegistry:
    """Return a registry to expose: of all web processes when they share PROMETHEUS_MULTIPROC_DIR, else of this one."""
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(_PROCESS)
    return registry


def watch_pool(engine: sa.Engine, maximum: int) -> None:
    """Count the connections in use of an engine that may open `maximum`."""
    POOL_MAX.set(maximum)
    pool = engine.pool
    if isinstance(pool, sa.QueuePool):
        sa.event.listen(engine, "checkout", lambda *_: POOL_IN_USE.set(pool.checkedout()))
        sa.event.listen(engine, "checkin", lambda *_: POOL_IN_USE.set(pool.checkedout() - 1))
