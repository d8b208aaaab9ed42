"""create_app: puts the web process together, and owns the request's transaction through auth and request."""

import logging
import os
import sys

from flask import Flask, Response

from service import auth, errors, request
from service.api import BLUEPRINTS, document
from service.config import Settings, read_settings
from service.db import engine
from service.privacy import Keyring, keyring_at, read_keyring

LARGEST_BODY = 2 * 1024 * 1024
CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none';"
    " base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)


class UnguardedRoute(RuntimeError):
    """A route does not say who may call it; the app does not start."""


def keyring(settings: Settings) -> Keyring:
    """The keys of the installation: from KEYRING, or the file var/keyring."""
    return read_keyring(settings.keyring) if settings.keyring else keyring_at(settings.var / "keyring")


def create_app(settings: Settings | None = None) -> Flask:
    """The web process. Raises UnguardedRoute, or config.BadSetting for a wrong environment."""
    settings = settings or read_settings(os.environ)
    if settings.database_url is None:
        raise SystemExit("DATABASE_URL is not set. Run `songnuan serve`, which starts a database of its own.")
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("transitions").setLevel(logging.WARNING)
    app = Flask("service", static_folder="static", template_folder="templates")
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions["songnuan"] = request.House(settings, engine(settings.database_url), keyring(settings))
    app.after_request(_headers)
    request.register(app)
    auth.register(app)
    errors.register(app)
    document.register(app, BLUEPRINTS)
    app.add_url_rule("/healthz", "healthz", auth.open_to_all(lambda: {"status": "ok"}))
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
