"""A browser of the tests: the pages' cookies, and forms filled in as their page shows them."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from typing import Any
from uuid import UUID

import pyotp
import sqlalchemy as sa
from argon2 import PasswordHasher
from flask.testing import FlaskClient

from service.actions.one_time_codes import SECRET_FIELD, STEP
from service.actions.write_batch import WriteBatch
from service.crypto.encryption import encrypt_field
from service.db.columns import new_id
from service.queries.credentials import secret_of
from service.tables.credentials import CredentialKind, credential
from tests.factories import RING, Organisation, instant_of

PASSWORD = "beside the quiet river 7"
QUICK_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD).encode()
"""A hash names its own cost, so the tests check it in a millisecond."""

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
_CSRF = re.compile(r'name="_csrf" value="([^"]*)"')
_KEY = re.compile(r'name="_key" value="([^"]*)"')


def one_time_code(at: datetime | None = None, *, steps: int = 0, secret: str = SECRET) -> str:
    """Return the code of a secret at an instant, or some steps of 30 seconds from it."""
    return pyotp.TOTP(secret).generate_otp(int((at or datetime.now(UTC)).timestamp()) // STEP + steps)


def add_credentials(
    conn: sa.Connection,
    organisation: Organisation,
    staff_name: str,
    *,
    password: bool = True,
    totp: bool = False,
    hashed: bytes = QUICK_HASH,
) -> UUID:
    """Give a member of staff the password of the tests, with `totp` also one-time codes; return the password's id."""
    batch, account_id, password_id, totp_id = WriteBatch(), organisation.people[staff_name], new_id(), new_id()
    shared = {"account_id": account_id, "created_at": datetime.now(UTC)}
    if password:
        batch.add(credential, {"id": password_id, "kind": CredentialKind.PASSWORD.value, "secret": hashed, **shared})
    if totp:
        sealed = encrypt_field(RING, SECRET_FIELD, totp_id, SECRET)
        batch.add(credential, {"id": totp_id, "kind": CredentialKind.TOTP.value, "secret": sealed, **shared})
    instant_of(conn, organisation, "account", account_id, batch)
    return password_id


def ensure_password(conn: sa.Connection, organisation: Organisation, staff_name: str) -> None:
    """Give a member of staff the password of the tests, with which forms of decisions are proved, where they have none."""
    if secret_of(conn, organisation.people[staff_name], CredentialKind.PASSWORD) is None:
        add_credentials(conn, organisation, staff_name)


@dataclass
class Browser:
    """A browser with its cookies; `page` is the last page it shows."""

    http: FlaskClient
    address: str = "192.0.2.1"
    site: str = "http://localhost"
    page: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Any:
        """Open a page, and return the response of any status."""
        return self._shown(self.http.get(path, headers={**self.headers, **headers}, **self._site()))

    def post(self, path: str, fields: dict[str, str] | None = None, **headers: str) -> Any:
        """Send a form of the page it shows, with the page's hidden fields."""
        hidden = {"_csrf": self._hidden(_CSRF), "_key": self._hidden(_KEY) or new_id().hex}
        form, sent = {**hidden, **(fields or {})}, {**self.headers, **headers}
        return self._shown(self.http.post(path, data=form, headers=sent, **self._site()))

    def sign_in(self, login: str, password: str = PASSWORD, code: str | None = None) -> Any:
        """Sign in with a password, and with a code where one is asked for; return the last response."""
        self.get("/sign-in")
        response = self.post("/sign-in", {"login": login, "password": password})
        if response.headers.get("Location", "").endswith("/second-factor"):
            self.get("/sign-in/second-factor")
            response = self.post("/sign-in/second-factor", {"code": code or one_time_code()})
        return response

    def cookie(self, name: str = "songnuan") -> str | None:
        """Return the value of the browser's cookie."""
        path = "/sign-in" if name == "songnuan_attempt" else "/"
        found = self.http.get_cookie(name, path=path)
        return found.value if found else None

    def _site(self) -> dict[str, Any]:
        return {"environ_base": {"REMOTE_ADDR": self.address}, "base_url": self.site}

    def _hidden(self, pattern: re.Pattern[str]) -> str:
        found = pattern.search(self.page)
        return unescape(found[1]) if found else ""

    def _shown(self, response: Any) -> Any:
        if response.mimetype == "text/html" and response.status_code != 303:
            self.page = response.text
        return response
