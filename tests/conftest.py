"""Fixtures of real servers: those of DATABASE_URL and REDIS_URL, or our own."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4
from zlib import crc32

import psycopg
import pytest
import redis
from psycopg import sql
from sqlalchemy.engine import make_url

from service.db import migrate
from service.db.engine import make_engine
from service.local_servers import start_broker, start_postgres
from service.local_servers.process import exclusive_lock, is_running
from tests.application_role import make_role

_FOLDER = pytest.StashKey[Path]()
_PREFIX = "songnuan-test-"
_SPREAD = ("workflows", "mutation")
"""Folders whose tests do not share what is made for a file."""

_IN_PARTS = {"web": 3}
"""Folders whose tests share what takes long to make, a browser and a union: in how many parts they are done."""

_WHOLE = ("architecture",)
"""Folders whose files share what is made once: the syntax trees of the whole project."""

_LONG = ("web", "journeys", "chaos")
"""Folders whose tests begin first: a group that begins last keeps one worker busy alone."""

_SHORT = 40
"""Bytes that are shown in the name of a test."""

for _limit in ("TOKEN", "ADDRESS", "FAILED_TOKENS"):  # processes that tests start have no rate limits
    os.environ.setdefault(f"SONGNUAN_RATE_{_limit}", "off")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the page tests keep pictures of their pages: `pytest tests/web --screenshots FOLDER`."""
    parser.addoption("--screenshots", metavar="FOLDER", help="keep pictures of the pages in this folder")


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name bytes by their number: archives hold the time at which they were made, and each worker must name a test alike."""
    return f"{len(val)} bytes" if isinstance(val, bytes) and len(val) > _SHORT else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each file to one xdist worker, so that its fixtures are made once; files that take long begin first.

    Files whose tests share nothing are spread over the workers test by test.
    """
    for item in items:
        folder = item.path.parent.name
        if folder not in _SPREAD and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(_group(item, folder)))
    items.sort(key=lambda item: item.path.parent.name not in _LONG)


def _group(item: pytest.Item, folder: str) -> str:
    """Return the name that is the same for tests of one worker."""
    if folder in _IN_PARTS:
        return f"{folder}-{crc32(item.nodeid.encode()) % _IN_PARTS[folder]}"
    return folder if folder in _WHOLE else item.path.stem


def pytest_configure(config: pytest.Config) -> None:
    """Create one folder for the servers of a run; xdist workers share the controller's."""
    servers_folder = getattr(config, "workerinput", {}).get("servers")
    if servers_folder:
        config.stash[_FOLDER] = Path(servers_folder)
        return
    for folder_left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        if not is_running(int(folder_left.name.split("-")[2])) and os.access(folder_left, os.W_OK):
            _remove_servers(folder_left)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    folder.chmod(0o711)  # as root, PostgreSQL runs under another account
    config.stash[_FOLDER] = folder


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """Pass the folder of the servers to an xdist worker."""
    node.workerinput["servers"] = str(node.config.stash[_FOLDER])  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers of the run."""
    if not hasattr(config, "workerinput"):
        _remove_servers(config.stash[_FOLDER])


def _remove_servers(folder: Path) -> None:
    for postgres in (folder / "postgres", *folder.glob("*/postgres")):
        if (postgres / "data" / "PG_VERSION").exists():  # a killed run may have left half a cluster
            start_postgres(postgres, durable=False).stop()
        shutil.rmtree(postgres.resolve(), ignore_errors=True)
    for broker in (*folder.glob("broker-*"), *folder.glob("*/broker")):
        start_broker(broker, durable=False).stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def servers_folder(pytestconfig: pytest.Config) -> Path:
    """Return the folder in which a test may start servers; they are stopped with the run."""
    return pytestconfig.stash[_FOLDER]


@pytest.fixture(scope="session")
def postgres_url(pytestconfig: pytest.Config) -> str:
    """Return the URL of a database on a PostgreSQL server; tests do not change that database."""
    if configured_url := os.environ.get("DATABASE_URL"):
        make_role(configured_url)
        return configured_url
    url = start_postgres(pytestconfig.stash[_FOLDER] / "postgres", durable=False, connections=300).url
    with psycopg.connect(url, autocommit=True) as server:
        # Hundreds of small databases are used for a moment each: vacuuming them costs more than it gives.
        server.execute("ALTER SYSTEM SET autovacuum = off")
        server.execute("SELECT pg_reload_conf()")
    return url


@pytest.fixture(scope="session")
def empty_database(postgres_url: str) -> Iterator[Callable[..., str]]:
    """Create databases: `empty_database()`, or a copy: `empty_database(template=url)`.

    On a server of DATABASE_URL they are dropped at the end; our own server is removed with the run. No connection may be
    open to the template while it is copied.
    """
    names: list[str] = []
    server_url = make_url(postgres_url).set(drivername="postgresql")
    with psycopg.connect(server_url.render_as_string(hide_password=False), autocommit=True) as server:

        def make(template: str | None = None) -> str:
            name = f"songnuan_test_{uuid4().hex[:12]}"
            source = make_url(template).database or "" if template else "template0"
            copy = "CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy" if template else "CREATE DATABASE {} TEMPLATE {}"
            server.execute(sql.SQL(copy).format(sql.Identifier(name), sql.Identifier(source)))
            names.append(name)
            return server_url.set(database=name).render_as_string(hide_password=False)

        yield make
        for name in names if os.environ.get("DATABASE_URL") else ():
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def migrated_database(empty_database: Callable[..., str], servers_folder: Path) -> Callable[[], str]:
    """Return a function that creates a database at the newest migration: a copy, made in a tenth of the time.

    The workers of a run on our own server share the one that is copied.
    """
    if os.environ.get("DATABASE_URL"):
        template = _migrated(empty_database())
    else:
        with exclusive_lock(servers_folder):
            known = servers_folder / "template"
            template = known.read_text() if known.exists() else _migrated(empty_database())
            known.write_text(template)
    return lambda: empty_database(template=template)


def _migrated(url: str) -> str:
    """Bring a database to the newest migration; return its URL."""
    engine = make_engine(url)
    migrate.upgrade(engine)
    engine.dispose()
    return url


@pytest.fixture(scope="session")
def broker_url(pytestconfig: pytest.Config, worker_id: str) -> Iterator[str]:
    """Yield the URL of an empty broker of this worker: a Valkey, or a free database of the server in REDIS_URL."""
    configured_url = os.environ.get("REDIS_URL")
    if not configured_url:
        yield start_broker(pytestconfig.stash[_FOLDER] / f"broker-{worker_id}", durable=False).url
        return
    url = make_url(configured_url)
    for number in range(15, 0, -1):
        database_url = url.set(database=str(number)).render_as_string(hide_password=False)
        with redis.Redis.from_url(database_url) as client:
            is_claimed = client.dbsize() == 0 and client.set("songnuan-test", worker_id, nx=True, ex=3600)
            if is_claimed:
                yield database_url
                client.flushdb()
                return
    pytest.fail("REDIS_URL: databases 1 to 15 are all in use; name a server with a free one")
