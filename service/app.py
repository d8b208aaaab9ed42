"""create_app: puts the web process together, and owns the request's transaction through auth and request."""

import os

from flask import Flask, Response
from werkzeug.middleware.proxy_fix import ProxyFix

from service.api import BLUEPRINTS, openapi
from service.config import Settings, read_settings
from service.crypto.encryption import installation_keyring
from service.db.engine import make_engine
from service.http import auth, context, errors, health
from service.http.rate_limit import RateLimiter
from service.observability import metrics

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
    bounds = settings.limits
    app.config["MAX_CONTENT_LENGTH"] = bounds.max_body
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    made = make_engine(settings.database_url, pool=bounds.pool, limits=bounds)
    metrics.watch_pool(made, 2 * bounds.pool)
    app.extensions["songnuan"] = context.AppState(settings, made, installation_keyring(settings), RateLimiter(bounds))
    if bounds.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=bounds.proxies)  # type: ignore[method-assign]
    app.after_request(_headers)
    context.register(app)
    auth.register(app)
    errors.register(app)
    openapi.register(app, BLUEPRINTS)
    health.register(app)
    left_open = auth.unguarded_routes(app)
    if left_open:
        raise UnguardedRoute(f"these routes do not say who may call them: {', '.join(left_open)}")
    return app


def _headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", CSP)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    response.headers.setdefault("Cache-Control", "no-store")
    return response
