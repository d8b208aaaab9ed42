"""/healthz, /readyz and /metrics: whether the house is well, for those who watch over it; nothing of any case."""

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

from service import logs, metrics, schema
from service.auth import open_to_all, open_to_watchers
from service.clock import now
from service.errors import answer
from service.queries import funds, letters
from service.request import House, house
from workflows.terms import Pot, Reason

PATIENCE = 2.0
"""Seconds one look may take."""
FOR_WEB = ("database", "migrations")
"""What a web process cannot serve without; a broker or a mail server that is gone stops no case."""
WELL = ("ok", "unset")


def register(app: Flask) -> None:
    """Mount the three pages."""
    app.add_url_rule("/healthz", "healthz", open_to_all(lambda: {"status": "ok"}))
    app.add_url_rule("/readyz", "readyz", open_to_watchers(readyz))
    app.add_url_rule("/metrics", "metrics", open_to_watchers(scraped))


def readyz() -> Response:
    """200 when all is well, else 503 with what is not; `?for=web` asks only for what a web process needs."""
    found = _database(house())
    if request.args.get("for") == "web":
        found = {name: found[name] for name in FOR_WEB}
    else:
        found["broker"] = _broker(house().settings.redis_url)
    ill = [Reason.of("not_ready", check=name, state=state) for name, state in found.items() if state not in WELL]
    if ill:
        return answer(HTTPStatus.SERVICE_UNAVAILABLE, ill, {"Retry-After": "5"})
    return jsonify(status="ready", checks=found)


def _database(here: House) -> dict[str, str]:
    """Whether it answers, stands at the newest migration, and how late the letters are."""
    found = {"database": "away", "migrations": "unknown", "outbox": "unknown"}
    try:
        with here.engine.connect() as tx:
            tx.execute(sa.text(f"SET LOCAL statement_timeout = '{PATIENCE:.0f}s'"))
            found["database"] = "ok"
            found["migrations"] = "ok" if schema.present(tx) == schema.newest() else "behind"
            if found["migrations"] == "ok":
                late = letters.backlog(tx).age(now()) > here.settings.bounds.outbox_age
                found["outbox"] = "late" if late else "ok"
    except sa.exc.SQLAlchemyError as error:
        logs.tell("readyz", "warning", fault=logs.fault(error))
    return found


def _broker(url: str | None) -> str:
    """The one place where a web process speaks to the broker, and only when asked whether it is there."""
    if url is None:
        return "unset"
    try:
        once = Retry(NoBackoff(), 0)
        with redis.Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=once) as client:
            client.ping()
    except (redis.RedisError, OSError):
        return "away"
    return "ok"


def scraped() -> Response:
    """Everything counted, in Prometheus' text form; what stands in rows is counted when asked."""
    registry = metrics.collected()
    registry.register(Rows(house().engine))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class Rows(Collector):
    """The outbox and the pots, read from their rows; of a database that is away, only that it is."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterable[Metric]:
        """Read once, in one short transaction."""
        up = GaugeMetricFamily("songnuan_database_up", "Whether the database answers.")
        try:
            with self._engine.connect() as tx:
                tx.execute(sa.text(f"SET LOCAL statement_timeout = '{PATIENCE:.0f}s'"))
                found = [_outbox(tx), _pots(tx)]
        except sa.exc.SQLAlchemyError as error:
            logs.tell("metrics", "warning", fault=logs.fault(error))
            found = []
        up.add_metric([], 1 if found else 0)
        yield up
        for each in found:
            yield from each


def _outbox(tx: sa.Connection) -> list[Metric]:
    behind = letters.backlog(tx)
    depth = GaugeMetricFamily("songnuan_outbox_letters", "Letters owed that have not gone.", behind.owed)
    retrying = GaugeMetricFamily("songnuan_outbox_retrying", "Those of them that have failed before.", behind.retrying)
    age = GaugeMetricFamily("songnuan_outbox_oldest_seconds", "Age of the oldest of them.", behind.age(now()))
    return [depth, retrying, age]


def _pots(tx: sa.Connection) -> list[Metric]:
    pots = GaugeMetricFamily(
        "songnuan_fund_fen", "Fen in a pot of a fund line.", labels=["unit", "code", "year", "pot"]
    )
    for row in funds.pots(tx):
        for pot in Pot:
            pots.add_metric([str(row.unit_id), row.code, str(row.year), pot.value], getattr(row, f"{pot.value}_fen"))
    return [pots]
