"""create_app: puts the web process together, and owns the request's transaction through auth and request."""

import os

from flask import Flask, Response
from werkzeug.middleware.proxy_fix import ProxyFix

from service import auth, errors, metrics, request, watch
from service.api import BLUEPRINTS, document
from service.config import Settings, read_settings
from service.db import engine
from service.pace import Pace
from service.privacy import installation_keyring

CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none';"
    " base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)


class UnguardedRoute(RuntimeError):
    """A route does not say who may call it; the app does not start."""


def create_app(settings: Settings | None = None) -> Flask:
    """The web process. Raises UnguardedRoute, or config.BadSetting for a wrong environment."""
    settings = settings or read_settings(os.environ)
    if settings.database_url is None:
        raise SystemExit("DATABASE_URL is not set. Run `songnuan serve`, which starts a database of its own.")
    app = Flask("service", static_folder="static", template_folder="templates")
    bounds = settings.bounds
    app.config["MAX_CONTENT_LENGTH"] = bounds.max_body
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    made = engine(settings.database_url, pool=bounds.pool, bounds=bounds)
    metrics.watch_pool(made, 2 * bounds.pool)
    app.extensions["songnuan"] = request.House(settings, made, installation_keyring(settings), Pace(bounds))
    if bounds.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=bounds.proxies)  # type: ignore[method-assign]
    app.after_request(_headers)
    request.register(app)
    auth.register(app)
    errors.register(app)
    document.register(app, BLUEPRINTS)
    watch.register(app)
    left_open = auth.unguarded(app)
    if left_open:
        raise UnguardedRoute(f"these routes do not say who may call them: {', '.join(left_open)}")
    return app


def _headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", CSP)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    response.headers.setdefault("Cache-Control", "no-store")
    return response
