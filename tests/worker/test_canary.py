"""Planted families: their numbers, cards, phones, addresses and names stand nowhere in plain but in the answer that shows
them for a purpose: not in the database's files and log, its WAL, the web's and the workers' logs, the broker, the mail,
the counts, the report, nor in any refusal.

`make canary` plants a thousand; the suite a hundred.
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
from tests.worker.canaries import LIVES, MARKS, PLANTED, Installation, live, opened, plant, provoke
from tests.worker.processes import RELAY, wait_until
from tests.worker.test_serving import QUIET

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def house() -> Iterator[Installation]:
    with TemporaryDirectory(prefix="songnuan-canary-") as folder:
        Path(folder).chmod(0o711)  # for root, PostgreSQL runs as another account
        with opened(Path(folder)) as made:
            yield made


def emptied(broker: str) -> bytes:
    """Every key and value of the broker."""
    with redis.Redis.from_url(broker) as client:
        kinds: dict[bytes, Callable[[bytes], Any]] = {
            b"list": lambda key: client.lrange(key, 0, -1), b"set": client.smembers, b"hash": client.hgetall,
            b"zset": lambda key: client.zrange(key, 0, -1, withscores=True), b"string": client.get,
        }  # fmt: skip
        return b"\n".join(key + b" " + repr(kinds[client.type(key)](key)).encode() for key in client.keys("*"))


def dumped(url: str) -> bytes:
    """Every row of every table as text, as pg_dump would write it."""
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


def files(*places: Path) -> bytes:
    return b"\n".join(each.read_bytes() for place in places for each in sorted(place.rglob("*")) if each.is_file())


def told(house: Installation) -> bytes:
    """What the report says, in all its forms."""
    period = f"unit={house.office.unit_id}&from=2025-01-01&to=2025-12-31"
    found = [house.get("auditor", f"/api/v1/reports/welfare{form}?{period}").content for form in ("", ".md", ".docx")]
    with ZipFile(BytesIO(found[-1])) as parts:
        return b"\n".join([*found, *(parts.read(name) for name in parts.namelist())])


def spelled(mark: str) -> set[bytes]:
    """How a value might stand there: as it is, as bytea in hex, as JSON escapes, in GBK."""
    plain = mark.encode()
    return {plain, plain.hex().encode(), mark.encode("unicode_escape"), mark.encode("gbk")}


def test_planted_values_stand_nowhere_in_plain(house: Installation) -> None:
    households = plant(house)
    relay = house.processes.start(RELAY)
    assert relay.says("relaying")
    for number, household in enumerate(households[:LIVES]):
        live(house, household, number)
    with redis.Redis.from_url(house.broker) as client:
        assert wait_until(lambda: client.llen("email") > 0)
    queued = emptied(house.broker)
    house.processes.start((*QUIET, "--without-mingle"))
    assert wait_until(lambda: len(house.mailbox.files()) >= LIVES)
    provoke(house, households[0])
    house.http.get("/broken%0d%0a")
    engine = database.make_engine(house.url)
    with engine.connect() as conn:
        assert wait_until(
            lambda: conn.scalar(sa.text("SELECT count(*) FROM notification WHERE state <> 'delivered'")) == 0
        )
    engine.dispose()
    logs = {each.name: each.read_bytes() for each in house.folder.glob("process-*.log")}
    data = (house.folder / "pg").resolve()
    places = {
        "rows": dumped(house.url),
        "the database's files and WAL": files(data / "data"),
        "the database's log": (data / "postgresql.log").read_bytes(),
        "broker, queued": queued,
        "broker, files": emptied(house.broker) + files(house.folder / "broker"),
        "mails": b"".join(_without_reader(each.read_bytes()) for each in house.mailbox.files()),
        "counts": house.http.get("/metrics").content + house.http.get("/readyz").content,
        "report": told(house),
        "refusals": b"\n".join(house.refused),
        **logs,
    }
    hits = [
        f"{kind} in {name}"
        for name, text in places.items()
        for kind, mark in MARKS.items()
        for way in spelled(mark)
        if way in text
    ]
    sizes = ", ".join(f"{name} {len(text):,} B" for name, text in places.items())
    print(f"{PLANTED} families planted, {len(house.refused)} refusals; looked through {sizes}: {len(hits)} hits")  # noqa: T201
    assert hits == []
    assert all(len(text) > 20 for text in places.values()), sizes
    assert b"plain-0000" in places["rows"]
    assert b"plain-0000" in places["the database's files and WAL"], "what is in plain is found by looking so"
    assert any(b'"event":"notification"' in text for text in logs.values())


def _without_reader(mail: bytes) -> bytes:
    """A mail but for the address it goes to."""
    return b"\n".join(line for line in mail.splitlines() if not line.lower().startswith((b"to:", b"x-rcptto:")))
