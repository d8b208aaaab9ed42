"""Fixtures of the worker tests: a database, a mailbox and a broker per test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
import sqlalchemy as sa

from service.db import engine as database
from service.local_servers.smtp import Mailbox
from tests.application_role import application_url
from tests.factories import RING, Organisation, create_organisation
from tests.migrated import database_url
from tests.worker.processes import Processes
from worker.channels.message import MailSettings
from worker.outbox import OutboxSender

__all__ = ["database_url"]


@pytest.fixture
def own_url(empty_database: Callable[..., str], database_url: str) -> str:
    """Return the URL of a new migrated database."""
    return empty_database(template=database_url)


@pytest.fixture
def engine(own_url: str) -> Iterator[sa.Engine]:
    engine = database.make_engine(own_url)
    yield engine
    engine.dispose()


@pytest.fixture
def application(own_url: str) -> Iterator[sa.Engine]:
    """Yield an engine of the role that the worker has."""
    engine = database.make_engine(application_url(own_url))
    yield engine
    engine.dispose()


@pytest.fixture
def organisation(engine: sa.Engine) -> Organisation:
    """Return a union with its accounts; the scheduler's account has the login the worker looks for."""
    with engine.begin() as conn:
        organisation = create_organisation(conn)
        conn.execute(
            sa.text("UPDATE account SET login = 'clock' WHERE login = :login"), {"login": organisation.login("clock")}
        )
    return organisation


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    with Mailbox(tmp_path / "mail") as running:
        yield running


@pytest.fixture
def outbox_sender(application: sa.Engine, mailbox: Mailbox) -> OutboxSender:
    """Return an outbox sender in this process."""
    return OutboxSender(application, RING, MailSettings(mailbox.mail_server, "送温暖 <post@union.example>"), "zh_CN")


@pytest.fixture
def broker(broker_url: str) -> Iterator[redis.Redis]:
    """Yield a client of an empty broker."""
    with redis.Redis.from_url(broker_url) as client:
        client.flushdb()
        yield client
        client.flushdb()


@pytest.fixture
def processes(
    own_url: str, broker_url: str, broker: redis.Redis, mailbox: Mailbox, tmp_path: Path
) -> Iterator[Processes]:
    """Yield a starter of worker processes, and end those that it started."""
    assert broker.dbsize() == 0, "a broker belongs to one installation"
    environ = {
        "DATABASE_URL": application_url(own_url),
        "REDIS_URL": broker_url,
        "SMTP_URL": mailbox.url,
        "MAIL_FROM": "送温暖 <post@union.example>",
        "SONGNUAN_VAR": str(tmp_path / "var"),
        "KEYRING": ",".join(f"{number}:{secret.hex()}" for number, secret in RING.keys.items()),
    }
    with Processes(environ, tmp_path) as started:
        yield started
