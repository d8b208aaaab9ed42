"""An API client: it sends the token, date and idempotency key of a staff member."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache

from service.app import create_app
from service.config import read_settings
from tests.application_role import application_url
from tests.factories import RING, Organisation

NO_RATES = dict.fromkeys(("SONGNUAN_RATE_TOKEN", "SONGNUAN_RATE_ADDRESS", "SONGNUAN_RATE_FAILED_TOKENS"), "off")
"""Rate limits are off in tests; they have tests of their own."""


def make_app(url: str, folder: Path, *, demo_clock: bool = True, **more: Any) -> Flask:
    """Return the web application on a database, with the keyring of the tests."""
    environ = {
        **NO_RATES,
        "DATABASE_URL": application_url(url),
        "SONGNUAN_VAR": str(folder),
        "SONGNUAN_DEMO_CLOCK": "1" if demo_clock else "0",
        "KEYRING": ",".join(f"{number}:{secret.hex()}" for number, secret in RING.keys.items()),
        **more,
    }
    app = create_app(read_settings(environ))
    app.jinja_env.bytecode_cache = COMPILED
    return app


class CompiledTemplates(BytecodeCache):
    """Templates that an application of this process has compiled; each application would compile them all again."""

    def __init__(self) -> None:
        self.code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give a template its code, if it is known and its text is the same."""
        if bucket.key in self.code:
            bucket.bytecode_from_string(self.code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code of a template."""
        self.code[bucket.key] = bucket.bytecode_to_string()


COMPILED = CompiledTemplates()


@contextmanager
def serving(url: str, folder: Path, *, demo_clock: bool = True, **more: Any) -> Iterator[Flask]:
    """Yield the web application; close its connections at the end."""
    app = make_app(url, folder, demo_clock=demo_clock, **more)
    try:
        yield app
    finally:
        app.extensions["songnuan"].engine.dispose()


def refusal(response: Any) -> tuple[int, list[str]]:
    """Return status and reason codes of a refusal; tests compare both, so that no other reason passes."""
    return response.status_code, [reason["code"] for reason in response.get_json()["reasons"]]


@dataclass
class ApiClient:
    """A client of the API for the staff of one organisation (`office`) on one day."""

    http: FlaskClient
    office: Organisation
    today: date

    def headers(self, staff_name: str, **more: str) -> dict[str, str]:
        """Return the token, date and idempotency key headers of a staff member's request."""
        return {
            "Authorization": f"Bearer {self.office.tokens[staff_name]}",
            "X-Songnuan-Date": f"{self.today.isoformat()}T09:30:00+08:00",
            "Idempotency-Key": uuid4().hex,
            **more,
        }

    def post(self, staff_name: str, path: str, body: dict[str, Any], **more: str) -> Any:
        """Send a POST as a staff member and return the response of any status."""
        return self.http.post(f"/api/v1{path}", json=body, headers=self.headers(staff_name, **more))

    def send_files(self, staff_name: str, path: str, *files: tuple[str, bytes], **fields: Any) -> Any:
        """Send a form with files, each a name and its bytes, as a staff member; return the response of any status."""
        sent = {**fields, "files": [(BytesIO(content), name) for name, content in files]}
        headers = self.headers(staff_name, **{"Content-Type": "multipart/form-data"})
        return self.http.post(path, data=sent, headers=headers)

    def confirm(self, staff_name: str, proposed: Any) -> Any:
        """Confirm, as a staff member, what the response of a proposal says; return the response of any status."""
        document = proposed.get_json()
        assert proposed.status_code == 202, document
        path = f"/confirmations/{document['confirmation']}/confirmation"
        return self.post(staff_name, path, {"digest": document["digest"]})

    def confirmed(
        self, proposer: str, path: str, body: dict[str, Any], by: tuple[str, ...] = ("approver_3",), **more: str
    ) -> Any:
        """Propose a write, and let others confirm it in order; return the response of the last, who did the write."""
        proposed = self.post(proposer, path, body, **more)
        response = [self.confirm(each, proposed) for each in by][-1]
        assert response.status_code == 200, response.get_json()
        assert response.get_json()["done"], "somebody has still to confirm"
        return response

    def get(self, staff_name: str, path: str, **more: str) -> Any:
        """Send a GET as a staff member and return the response of any status."""
        return self.http.get(f"/api/v1{path}", headers=self.headers(staff_name, **more))

    def act(self, staff_name: str, case_id: str, action: str, **answers: Any) -> Any:
        """Take one action on a case and return the response of any status."""
        return self.post(staff_name, f"/cases/{case_id}/actions/{action}", {"answers": answers})

    def codes(self, response: Any) -> list[str]:
        """Return the reason codes of a refusal."""
        return refusal(response)[1]
