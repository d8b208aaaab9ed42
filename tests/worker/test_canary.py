"""Tests that planted personal data is stored and logged nowhere in plain text.

The test searches the database's files, log and WAL, the logs of all processes, the broker, the mail, the metrics, the
report and all refusals. `make canary` plants a thousand families, the test suite a hundred.
"""

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

import psycopg
import pytest
import redis
import sqlalchemy as sa

from service.db import engine as database
from tests.worker.canaries import (
    CASES,
    MARKS,
    PLANTED,
    Installation,
    add_photos,
    plant,
    run_case,
    send_invalid_requests,
    start_installation,
)
from tests.worker.processes import RELAY, wait_until
from tests.worker.test_serving import MONITORING, QUIET

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def installation() -> Iterator[Installation]:
    with TemporaryDirectory(prefix="songnuan-canary-") as folder:
        Path(folder).chmod(0o711)  # started by root, PostgreSQL runs as another account
        with start_installation(Path(folder)) as installation:
            yield installation


def read_broker(broker: str) -> bytes:
    """Return every key and value of the broker."""
    with redis.Redis.from_url(broker) as client:
        kinds: dict[bytes, Callable[[bytes], Any]] = {
            b"list": lambda key: client.lrange(key, 0, -1), b"set": client.smembers, b"hash": client.hgetall,
            b"zset": lambda key: client.zrange(key, 0, -1, withscores=True), b"string": client.get,
        }  # fmt: skip
        return b"\n".join(key + b" " + repr(kinds[client.type(key)](key)).encode() for key in client.keys("*"))


def dump_rows(url: str) -> bytes:
    """Return every row of every table as text, as pg_dump writes it."""
    with psycopg.connect(url) as server:
        server.execute("CHECKPOINT")
        tables = [
            name
            for (name,) in server.execute("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'")
        ]
        rows = bytearray()
        for name in tables:
            with server.cursor().copy(f"COPY {name} TO STDOUT") as copy:
                for part in copy:
                    rows += part
        return bytes(rows)


def read_files(*folders: Path) -> bytes:
    return b"\n".join(path.read_bytes() for folder in folders for path in sorted(folder.rglob("*")) if path.is_file())


def read_report(installation: Installation) -> bytes:
    """Return the report in all its formats."""
    period = f"unit={installation.organisation.unit_id}&from=2025-01-01&to=2025-12-31"
    documents = [
        installation.get("auditor", f"/api/v1/reports/welfare{form}?{period}").content for form in ("", ".md", ".docx")
    ]
    with ZipFile(BytesIO(documents[-1])) as parts:
        return b"\n".join([*documents, *(parts.read(name) for name in parts.namelist())])


def encodings(mark: str) -> set[bytes]:
    """Return a value in UTF-8, as bytea in hex, as JSON escapes and in GBK."""
    plain = mark.encode()
    return {plain, plain.hex().encode(), mark.encode("unicode_escape"), mark.encode("gbk")}


def test_planted_personal_data_is_nowhere_in_plain_text(installation: Installation) -> None:
    households = plant(installation)
    relay = installation.processes.start(RELAY)
    assert relay.says("relaying")
    for number, household in enumerate(households[:CASES]):
        run_case(installation, household, number)
        add_photos(installation, household, number)
    with redis.Redis.from_url(installation.broker) as client:
        assert wait_until(lambda: client.llen("email") > 0)
    queued = read_broker(installation.broker)
    installation.processes.start((*QUIET, "--without-mingle"))
    assert wait_until(lambda: len(installation.mailbox.files()) >= CASES)
    send_invalid_requests(installation, households[0])
    installation.http.get("/broken%0d%0a")
    engine = database.make_engine(installation.url)
    with engine.connect() as conn:
        assert wait_until(
            lambda: conn.scalar(sa.text("SELECT count(*) FROM notification WHERE state <> 'delivered'")) == 0
        )
    engine.dispose()
    logs = {each.name: each.read_bytes() for each in installation.folder.glob("process-*.log")}
    data = (installation.folder / "pg").resolve()
    contents = {
        "rows": dump_rows(installation.url),
        "the database's files and WAL": read_files(data / "data"),
        "the database's log": (data / "postgresql.log").read_bytes(),
        "broker, queued": queued,
        "broker, files": read_broker(installation.broker) + read_files(installation.folder / "broker"),
        "mails": b"".join(_without_recipient(each.read_bytes()) for each in installation.mailbox.files()),
        "counts": installation.http.get("/metrics", headers=MONITORING).content
        + installation.http.get("/readyz", headers=MONITORING).content,
        "report": read_report(installation),
        "the files": read_files(installation.folder / "var"),
        "refusals": b"\n".join(installation.refused),
        **logs,
    }
    hits = [
        f"{kind} in {name}"
        for name, text in contents.items()
        for kind, mark in MARKS.items()
        for encoded in encodings(mark)
        if encoded in text
    ]
    sizes = ", ".join(f"{name} {len(text):,} B" for name, text in contents.items())
    print(f"{PLANTED} families planted, {len(installation.refused)} refusals; searched {sizes}: {len(hits)} hits")  # noqa: T201
    assert hits == []
    assert all(len(text) > 20 for text in contents.values()), sizes
    assert b"plain-0000" in contents["rows"]
    assert b"plain-0000" in contents["the database's files and WAL"], "the search finds values in plain text"
    assert any(b'"event":"notification"' in text for text in logs.values())


def _without_recipient(mail: bytes) -> bytes:
    """Return a mail without its recipient's address."""
    return b"\n".join(line for line in mail.splitlines() if not line.lower().startswith((b"to:", b"x-rcptto:")))
