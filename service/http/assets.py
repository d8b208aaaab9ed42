"""Static files are named with their digest, so that a browser keeps them for good."""

from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Flask, Response, current_app, request, url_for

IMMUTABLE = "public, max-age=31536000, immutable"


def register(app: Flask) -> None:
    """Let templates name static files by `asset()`, and let browsers keep them."""
    app.jinja_env.globals["asset"] = asset
    app.after_request(_keep)


def asset(filename: str) -> str:
    """Return the address of a static file: `css/page.css` → `/static/css/page.css?v=1f3a…`."""
    return url_for("static", filename=filename, v=_digest(current_app.static_folder or "", filename))


@cache
def _digest(folder: str, filename: str) -> str:
    return sha256((Path(folder) / filename).read_bytes()).hexdigest()[:16]


def _keep(response: Response) -> Response:
    if request.endpoint == "static" and response.status_code < 400 and "v" in request.args:
        response.headers["Cache-Control"] = IMMUTABLE
    return response
