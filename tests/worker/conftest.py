"""Each test of the post room has a database, a mailbox and, if it asks, a broker of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
import sqlalchemy as sa

from service.config import MailServer
from service.db import engine as database
from service.local_servers.smtp import HOST, Mailbox
from tests.factories import RING, Organisation, create_organisation
from tests.migrated import database_url
from tests.worker.processes import Processes
from worker.channels.message import MailSettings
from worker.outbox import OutboxSender

__all__ = ["database_url"]


@pytest.fixture
def own_url(empty_database: Callable[..., str], database_url: str) -> str:
    """A migrated database nobody else uses."""
    return empty_database(template=database_url)


@pytest.fixture
def engine(own_url: str) -> Iterator[sa.Engine]:
    made = database.make_engine(own_url)
    yield made
    made.dispose()


@pytest.fixture
def office(engine: sa.Engine) -> Organisation:
    """A union with its people; the one who ends notices goes by the name the clock looks for."""
    with engine.begin() as conn:
        made = create_organisation(conn)
        conn.execute(sa.text("UPDATE account SET login = 'clock' WHERE login = :was"), {"was": made.login("clock")})
    return made


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    with Mailbox(tmp_path / "mail") as running:
        yield running


@pytest.fixture
def room(engine: sa.Engine, mailbox: Mailbox) -> OutboxSender:
    """A post room in this process."""
    return OutboxSender(
        engine, RING, MailSettings(MailServer(HOST, mailbox.port, tls=False), "送温暖 <post@union.example>"), "zh_CN"
    )


@pytest.fixture
def broker(broker_url: str) -> Iterator[redis.Redis]:
    """An empty broker."""
    with redis.Redis.from_url(broker_url) as client:
        client.flushdb()
        yield client
        client.flushdb()


@pytest.fixture
def processes(own_url: str, broker_url: str, mailbox: Mailbox, tmp_path: Path) -> Iterator[Processes]:
    """Starts the post room's programs, and ends those it started."""
    environ = {
        "DATABASE_URL": own_url,
        "REDIS_URL": broker_url,
        "SMTP_URL": mailbox.url,
        "MAIL_FROM": "送温暖 <post@union.example>",
        "SONGNUAN_VAR": str(tmp_path / "var"),
        "KEYRING": ",".join(f"{number}:{secret.hex()}" for number, secret in RING.keys.items()),
    }
    with Processes(environ, tmp_path) as started:
        yield started
