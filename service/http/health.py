"""Serves /healthz, /readyz and /metrics for monitoring, with nothing of any case."""

from collections.abc import Iterable
from http import HTTPStatus

import redis
import sqlalchemy as sa
from flask import Flask, Response, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from redis.backoff import NoBackoff
from redis.retry import Retry

from service.clock import now
from service.db import migrate
from service.http.auth import public, requires_monitoring_access
from service.http.context import AppState, app_state
from service.http.errors import HttpProblem, respond
from service.http.known_names import takes_query
from service.integrity.owed import anchor_overdue
from service.observability import logs, metrics
from service.queries import funds, notifications
from service.queries.installation import record_kind
from service.tables.installation import RecordKind
from service.tables.privileges import owns_something
from workflows.vocabulary import Pot, Reason

PATIENCE = 2.0
"""Seconds that one check may take."""
FOR_WEB = ("database", "migrations")
"""The checks a web process cannot serve without. No case needs the broker or the mail server."""
WELL = ("ok", "unset")


def register(app: Flask) -> None:
    """Register the three routes."""
    app.add_url_rule("/healthz", "healthz", public(lambda: {"status": "ok"}))
    app.add_url_rule("/readyz", "readyz", requires_monitoring_access(readyz, here=True))
    app.add_url_rule("/metrics", "metrics", requires_monitoring_access(metrics_page))


@takes_query("for")
def readyz() -> Response:
    """Return 200 when every check passes, else 503 with those that fail; `?for=web` runs only those of a web process."""
    found = _database(app_state())
    if request.args.get("for") == "web":
        found = {name: found[name] for name in FOR_WEB}
    else:
        if found["migrations"] == "ok":
            found["writes"] = _writes(app_state().engine)
        found["broker"] = _broker(app_state().settings.redis_url)
    ill = [Reason.of("not_ready", check=name, state=state) for name, state in found.items() if state not in WELL]
    if ill:
        return respond(HttpProblem(HTTPStatus.SERVICE_UNAVAILABLE, *ill, headers={"Retry-After": "5"}))
    return jsonify(status="ready", checks=found)


def _database(here: AppState) -> dict[str, str]:
    """Check the database: its migration, whose role it is, how late notifications and the anchor are, and whether it writes."""
    found = dict.fromkeys(("migrations", "outbox", "anchor", "writes", "role"), "unknown") | {"database": "away"}
    try:
        with here.engine.connect() as conn:
            conn.execute(sa.text(f"SET LOCAL statement_timeout = '{PATIENCE:.0f}s'"))
            found["database"] = "ok"
            found["migrations"] = "ok" if migrate.present(conn) == migrate.newest() else "behind"
            if found["migrations"] == "ok":
                late = notifications.backlog(conn).age(now()) > here.settings.limits.outbox_age
                found["outbox"] = "late" if late else "ok"
                found["role"] = _role(conn)
                found["anchor"] = _anchor(conn, here)
    except sa.exc.SQLAlchemyError as error:
        logs.log_event("readyz", "warning", fault=logs.describe_exception(error))
    return found


def _role(conn: sa.Connection) -> str:
    """Check that the role of this process owns nothing; a demo's record may be served by the owner."""
    return "owner" if owns_something(conn) and record_kind(conn) is RecordKind.OFFICE else "ok"


def _writes(engine: sa.Engine) -> str:
    """Write a row that needs new room on the disk, and commit it."""
    try:
        with engine.begin() as conn:
            conn.execute(sa.text(f"SET LOCAL statement_timeout = '{PATIENCE:.0f}s'"))
            conn.execute(sa.text("SELECT write_heartbeat()"))
    except sa.exc.SQLAlchemyError as error:
        logs.log_event("readyz", "warning", fault=logs.describe_exception(error))
        return "failing"
    return "ok"


def _anchor(conn: sa.Connection, here: AppState) -> str:
    """Check that no event waits too long for its anchor; a demo is anchored by nobody."""
    if here.settings.demo_clock:
        return "unset"
    return "late" if anchor_overdue(conn, now()) else "ok"


def _broker(url: str | None) -> str:
    """Check that the broker answers. A web process speaks to it nowhere else."""
    if url is None:
        return "unset"
    try:
        once = Retry(NoBackoff(), 0)
        with redis.Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=once) as client:
            client.ping()
    except (redis.RedisError, OSError):
        return "away"
    return "ok"


def metrics_page() -> Response:
    """Return every metric in the text format of Prometheus; those of the database are counted now."""
    registry = metrics.collected()
    registry.register(DatabaseCollector(app_state().engine))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class DatabaseCollector(Collector):
    """Collects the outbox and the pots from their rows; without a database, only that it is away."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterable[Metric]:
        """Read everything in one short transaction."""
        up = GaugeMetricFamily("songnuan_database_up", "Whether the database answers.")
        try:
            with self._engine.connect() as conn:
                conn.execute(sa.text(f"SET LOCAL statement_timeout = '{PATIENCE:.0f}s'"))
                found = [_outbox(conn), _pots(conn)]
        except sa.exc.SQLAlchemyError as error:
            logs.log_event("metrics", "warning", fault=logs.describe_exception(error))
            found = []
        up.add_metric([], 1 if found else 0)
        yield up
        for each in found:
            yield from each


def _outbox(conn: sa.Connection) -> list[Metric]:
    behind = notifications.backlog(conn)
    depth = GaugeMetricFamily("songnuan_outbox_notifications", "Notifications owed that have not gone.", behind.owed)
    retrying = GaugeMetricFamily("songnuan_outbox_retrying", "Those of them that have failed before.", behind.retrying)
    age = GaugeMetricFamily("songnuan_outbox_oldest_seconds", "Age of the oldest of them.", behind.age(now()))
    return [depth, retrying, age]


def _pots(conn: sa.Connection) -> list[Metric]:
    pots = GaugeMetricFamily(
        "songnuan_fund_fen", "Fen in a pot of a fund line.", labels=["unit", "code", "year", "pot"]
    )
    for row in funds.pots(conn):
        for pot in Pot:
            pots.add_metric([str(row.unit_id), row.code, str(row.year), pot.value], getattr(row, f"{pot.value}_fen"))
    return [pots]
