"""create_app builds the Flask application of a web process."""

import os

import sqlalchemy as sa
from flask import Flask, Response
from werkzeug.middleware.proxy_fix import ProxyFix

from service import web
from service.api import BLUEPRINTS, openapi
from service.config import Settings, read_settings
from service.crypto.encryption import installation_keyring
from service.db.engine import make_engine
from service.files.scanner import Scanner
from service.files.store import file_store
from service.http import assets, auth, compression, context, errors, health, pipeline
from service.http.concurrency import ConcurrencyLimit
from service.http.csp import PAGES
from service.http.rate_limit import RateLimiter
from service.http.served_record import ServedRecord
from service.http.sessions import SessionStore, StoredSessions
from service.limits import Limits
from service.observability import metrics
from service.tables.installation import RecordKind


class UnguardedRoute(RuntimeError):
    """A route that declares no caller; raised at start, so the application does not start."""


def create_app(settings: Settings | None = None, sessions: SessionStore | None = None) -> Flask:
    """Return the Flask application, with settings from the environment by default; `sessions` finds signed-in browsers.

    Raises UnguardedRoute when a route declares no caller, BadSetting when a variable of the environment is wrong.
    """
    settings = settings or read_settings(os.environ)
    if settings.database_url is None:
        raise SystemExit("DATABASE_URL is not set. Run `songnuan serve`, which starts its own database.")
    app = Flask("service", static_folder="static", template_folder="templates")
    limits = settings.limits
    app.config["MAX_CONTENT_LENGTH"] = limits.max_body
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    engine = make_engine(settings.database_url, pool=limits.pool, limits=limits)
    metrics.watch_pool(engine, 2 * limits.pool)  # as many again may overflow (service/db/engine.py)
    record = _served_record(engine, settings)
    sessions = sessions or StoredSessions(second_factor=record.kind_if_known() is not RecordKind.DEMO)
    state = context.AppState(
        *(settings, engine, installation_keyring(settings), RateLimiter(limits), record, sessions),
        files=file_store(settings),
        scanner=Scanner(settings.clamd) if settings.clamd else None,
        exports=ConcurrencyLimit(min(limits.web_exports, max(1, limits.web_threads - 1))),
    )
    app.extensions["songnuan"] = state
    _add_parts(app, limits)
    unguarded = auth.unguarded_routes(app)
    if unguarded:
        raise UnguardedRoute(f"these routes do not say who may call them: {', '.join(unguarded)}")
    return app


def _add_parts(app: Flask, limits: Limits) -> None:
    """Add the pipeline, the routes and what surrounds them, in the order in which an answer passes through them."""
    if limits.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=limits.proxies)  # type: ignore[method-assign]
    app.after_request(compression.compress)
    app.after_request(_set_security_headers)
    assets.register(app)
    pipeline.register(app)
    errors.register(app)
    openapi.register(app, BLUEPRINTS)
    health.register(app)
    web.register(app)


def _served_record(engine: sa.Engine, settings: Settings) -> ServedRecord:
    """Return the record behind an engine. Raises SystemExit for a demo clock on the record of an office."""
    record = ServedRecord(engine)
    if settings.demo_clock and record.kind_if_known() is RecordKind.OFFICE:
        engine.dispose()
        raise SystemExit("SONGNUAN_DEMO_CLOCK is set, and this is the record of an office. Take the variable away.")
    return record


def _set_security_headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", PAGES)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    # With "no-referrer" a browser posts a form with "Origin: null", which tells nothing.
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if response.headers.get("Cache-Control", "no-cache") == "no-cache":
        # send_file says "no-cache", under which a browser keeps the file on its disk.
        response.headers["Cache-Control"] = "no-store"
    return response
