"""What signing in leaves in the record: verified events, and no password, code, secret or cookie in plain text."""

import base64
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from dataclasses import dataclass
from io import StringIO

import psycopg
import pytest
import sqlalchemy as sa

from service.db.engine import make_engine
from service.integrity.verify import verify
from service.tables.credentials import credential
from tests.factories import Organisation, create_organisation
from tests.service.sign_in_fixtures import desk_serving
from tests.sign_in_browser import PASSWORD, QUICK_HASH, SECRET, Browser, add_credentials, one_time_code

NEW_PASSWORD = "another quiet river 8"
WRONG = ("a wrong password 1", "000000")


@dataclass
class SignedIn:
    """A record with every kind of sign-in, and the secrets that were typed and shown."""

    engine: sa.Engine
    organisation: Organisation
    secrets: dict[str, str]
    url: str
    log: str


@pytest.fixture(scope="module")
def signed_in(migrated_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[SignedIn]:
    """A record of its own: other tests change rows without events, which the verifier would report."""
    url = migrated_database()
    engine = make_engine(url)
    with engine.begin() as conn:
        organisation = create_organisation(conn)
        for name in ("registrar", "approver_1"):
            add_credentials(conn, organisation, name, totp=name == "approver_1")
    log = StringIO()
    with desk_serving(url, tmp_path_factory.mktemp("var")) as app, redirect_stderr(log):
        secrets = walk(lambda: Browser(app.test_client()), organisation)
    yield SignedIn(engine, organisation, secrets, url, log.getvalue())
    engine.dispose()


def walk(new_browser: Callable[[], Browser], organisation: Organisation) -> dict[str, str]:
    """Sign in and out in every way; return what must be nowhere in plain text, by what it is."""
    registrar, approver = new_browser(), new_browser()
    registrar.sign_in(organisation.login("registrar"), WRONG[0])
    registrar.sign_in(organisation.login("registrar"))
    cookies = {"first cookie": registrar.cookie() or ""}
    registrar.get("/account/keys")
    fields = {"old_password": PASSWORD, "password": NEW_PASSWORD, "repeated": NEW_PASSWORD}
    assert registrar.post("/account/keys/password", fields).status_code == 303
    cookies["second cookie"] = registrar.cookie() or ""
    code, next_code = one_time_code(), one_time_code(steps=1)
    approver.sign_in(organisation.login("approver_1"), code=WRONG[1])
    approver.sign_in(organisation.login("approver_1"), code=code)
    approver.get("/account/keys")
    shown = approver.post("/account/keys/recovery-codes", {"proof": next_code}).text
    recovery = shown.partition("<code>")[2].partition("</code>")[0]
    other = new_browser()
    assert other.sign_in(organisation.login("approver_1"), code=recovery).status_code == 303
    other.get("/inbox")
    assert other.post("/sign-out").status_code == 303
    assert new_browser().sign_in("nobody.at.all", "typed by nobody 9").status_code != 303
    plain = {
        "password": PASSWORD,
        "new password": NEW_PASSWORD,
        "wrong password": WRONG[0],
        "unknown": "typed by nobody 9",
    }
    return plain | {"secret": SECRET, "recovery code": recovery, "bare code": recovery.replace("-", "")} | cookies


def test_record_with_sign_ins_verifies(signed_in: SignedIn) -> None:
    with signed_in.engine.connect() as conn:
        done = verify(conn)
    assert done.faults == []
    assert done.events > 10


@pytest.mark.parametrize(
    "tampering",
    [
        sa.update(credential).where(credential.c.kind == "password").values(secret=QUICK_HASH[:-4] + b"AAAA"),
        sa.update(credential).where(credential.c.kind == "password", credential.c.ended_at.isnot(None)).values(ended_at=None),
        sa.text("UPDATE session SET ended_at = NULL"),
        sa.text("UPDATE recovery_code SET used_at = NULL"),
        sa.text("DELETE FROM credential WHERE kind = 'totp'"),
    ],
    ids=["password exchanged", "old password revived", "session revived", "recovery code revived", "totp gone"],
)  # fmt: skip
def test_credential_changed_by_sql_is_found(signed_in: SignedIn, tampering: sa.Executable) -> None:
    """Why: whoever writes a password hash of their own signs in as somebody else."""
    with signed_in.engine.connect() as conn:
        conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
        conn.execute(sa.text("DROP INDEX uq_credential_one_of_a_kind"))
        changed = conn.execute(tampering).rowcount
        faults = verify(conn).faults
        conn.rollback()
    assert changed
    assert faults


def test_no_secret_of_a_sign_in_is_stored_or_logged_in_plain_text(signed_in: SignedIn) -> None:
    places = {"log": signed_in.log.encode(), "rows": dumped(signed_in.url)}
    assert signed_in.organisation.login("registrar").encode() in places["rows"], "the search finds values in plain text"
    assert b'"event":"request"' in places["log"]
    hits = [
        f"{name} in {place}"
        for place, text in places.items()
        for name, secret in signed_in.secrets.items()
        for form in (secret.encode(), secret.encode().hex().encode(), base64.b64encode(secret.encode()))
        if form in text
    ]
    assert hits == []


def dumped(url: str) -> bytes:
    """Return every row of every table as text."""
    with psycopg.connect(url) as server:
        names = server.execute("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'").fetchall()
        rows = bytearray()
        for (name,) in names:
            with server.cursor().copy(f"COPY {name} TO STDOUT") as copy:
                for part in copy:
                    rows += part
        return bytes(rows)
