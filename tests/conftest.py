"""Real servers for the tests: those DATABASE_URL and REDIS_URL name, else our own, started when the first test asks."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import redis
from psycopg import sql
from sqlalchemy.engine import make_url

from service.local_servers import start_broker, start_postgres
from service.local_servers.process import is_running

_FOLDER = pytest.StashKey[Path]()
_PREFIX = "songnuan-test-"

for _rate in ("TOKEN", "ADDRESS", "GUESSES"):  # what the tests start may be asked as often as they like
    os.environ.setdefault(f"SONGNUAN_RATE_{_rate}", "off")


def pytest_configure(config: pytest.Config) -> None:
    """One folder for the servers of a run; with xdist the workers share the controller's."""
    handed_over = getattr(config, "workerinput", {}).get("servers")
    if handed_over:
        config.stash[_FOLDER] = Path(handed_over)
        return
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        if not is_running(int(left.name.split("-")[2])) and os.access(left, os.W_OK):
            _take_away(left)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    folder.chmod(0o711)  # for root, PostgreSQL runs as another account
    config.stash[_FOLDER] = folder


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """Tell an xdist worker where the servers are."""
    node.workerinput["servers"] = str(node.config.stash[_FOLDER])  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what the run started."""
    if not hasattr(config, "workerinput"):
        _take_away(config.stash[_FOLDER])


def _take_away(folder: Path) -> None:
    for postgres in (folder / "postgres", *folder.glob("*/postgres")):
        if (postgres / "data").exists():
            start_postgres(postgres, durable=False).stop()
        shutil.rmtree(postgres.resolve(), ignore_errors=True)
    for broker in (*folder.glob("broker-*"), *folder.glob("*/broker")):
        start_broker(broker, durable=False).stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def servers_folder(pytestconfig: pytest.Config) -> Path:
    """Where a test may start servers of its own; what it leaves running there is stopped with the run."""
    return pytestconfig.stash[_FOLDER]


@pytest.fixture(scope="session")
def postgres_url(pytestconfig: pytest.Config) -> str:
    """A PostgreSQL server, by the URL of a database on it that the tests leave alone."""
    given = os.environ.get("DATABASE_URL")
    return given or start_postgres(pytestconfig.stash[_FOLDER] / "postgres", durable=False).url


@pytest.fixture(scope="session")
def empty_database(postgres_url: str) -> Iterator[Callable[..., str]]:
    """Make databases that go away at the end: `empty_database()`, or a copy: `empty_database(template=url)`.

    Nobody may be connected to the template while it is copied.
    """
    made: list[str] = []
    plain = make_url(postgres_url).set(drivername="postgresql")
    with psycopg.connect(plain.render_as_string(hide_password=False), autocommit=True) as server:

        def make(template: str | None = None) -> str:
            name = f"songnuan_test_{uuid4().hex[:12]}"
            source = make_url(template).database or "" if template else "template0"
            copy = "CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy" if template else "CREATE DATABASE {} TEMPLATE {}"
            server.execute(sql.SQL(copy).format(sql.Identifier(name), sql.Identifier(source)))
            made.append(name)
            return plain.set(database=name).render_as_string(hide_password=False)

        yield make
        for name in made:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def broker_url(pytestconfig: pytest.Config, worker_id: str) -> Iterator[str]:
    """A broker of this worker's own, empty: a Valkey, or a free database of the server REDIS_URL names."""
    given = os.environ.get("REDIS_URL")
    if not given:
        yield start_broker(pytestconfig.stash[_FOLDER] / f"broker-{worker_id}", durable=False).url
        return
    url = make_url(given)
    for number in range(15, 0, -1):
        here = url.set(database=str(number)).render_as_string(hide_password=False)
        with redis.Redis.from_url(here) as client:
            claimed = client.dbsize() == 0 and client.set("songnuan-test", worker_id, nx=True, ex=3600)
            if claimed:
                yield here
                client.flushdb()
                return
    pytest.fail("REDIS_URL: databases 1 to 15 are all in use; name a server with a free one")
