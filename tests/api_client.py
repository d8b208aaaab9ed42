"""People at their desks: one token each, every request with its own key and its own day."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

from flask import Flask
from flask.testing import FlaskClient

from service.app import create_app
from service.config import read_settings
from tests.factories import RING, Organisation

NO_RATES = dict.fromkeys(("SONGNUAN_RATE_TOKEN", "SONGNUAN_RATE_ADDRESS", "SONGNUAN_RATE_FAILED_TOKENS"), "off")
"""A test may ask as often as it likes; the limits have tests of their own."""


def make_app(url: str, folder: Path, *, demo_clock: bool = True, **more: Any) -> Flask:
    """The web process on a database, its keys those of the tests."""
    environ = {
        **NO_RATES,
        "DATABASE_URL": url,
        "SONGNUAN_VAR": str(folder),
        "SONGNUAN_DEMO_CLOCK": "1" if demo_clock else "0",
        "KEYRING": ",".join(f"{number}:{secret.hex()}" for number, secret in RING.keys.items()),
        **more,
    }
    return create_app(read_settings(environ))


@contextmanager
def serving(url: str, folder: Path, *, demo_clock: bool = True, **more: Any) -> Iterator[Flask]:
    """The same, its connections ended with the context."""
    app = make_app(url, folder, demo_clock=demo_clock, **more)
    try:
        yield app
    finally:
        app.extensions["songnuan"].engine.dispose()


def refusal(response: Any) -> tuple[int, list[str]]:
    """Status and reason codes of a refusal: what a test of one compares, so that no other reason passes for it."""
    return response.status_code, [reason["code"] for reason in response.get_json()["reasons"]]


@dataclass
class ApiClient:
    """The office over HTTP."""

    http: FlaskClient
    office: Organisation
    today: date

    def headers(self, who: str, **more: str) -> dict[str, str]:
        """Token, day and key of a request by `who`."""
        return {
            "Authorization": f"Bearer {self.office.tokens[who]}",
            "X-Songnuan-Date": f"{self.today.isoformat()}T09:30:00+08:00",
            "Idempotency-Key": uuid4().hex,
            **more,
        }

    def post(self, who: str, path: str, body: dict[str, Any], **more: str) -> Any:
        """POST as `who`; the answer, whatever it is."""
        return self.http.post(f"/api/v1{path}", json=body, headers=self.headers(who, **more))

    def get(self, who: str, path: str, **more: str) -> Any:
        """GET as `who`."""
        return self.http.get(f"/api/v1{path}", headers=self.headers(who, **more))

    def act(self, who: str, case_id: str, action: str, **answers: Any) -> Any:
        """Take one action on a case."""
        return self.post(who, f"/cases/{case_id}/actions/{action}", {"answers": answers})

    def codes(self, response: Any) -> list[str]:
        """The reason codes of a refusal."""
        return refusal(response)[1]
