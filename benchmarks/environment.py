"""The environment of the contest: PostgreSQL, an organisation per contestant, clients and web servers."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

import sqlalchemy as sa

from benchmarks import workload
from benchmarks.registry import BY_NAME
from benchmarks.web_servers import ROOT, Webs, environment
from service.db import migrate
from service.db.engine import make_engine
from service.integrity.parallel import verify_in_processes
from service.local_servers import start_postgres
from tests.factories import Organisation, create_organisation

MAX_CONNECTIONS = 200
"""Enough for every client of every contestant and every web server, which keep their connections."""

FUND_FEN = 10**13
"""Fen in each contestant's fund, so that no case is refused for lack of money."""

SAME_EVENT_FORMAT = {"psycopg_two", "take", "thin_flask", "http"}
"""Contestants that write events in the service's format, so that `songnuan audit verify` accepts them.

The audit decides their steps again from the facts that their events keep. The others keep chains too, but record neither
their rows nor these facts in them, which saves them work.
"""


class Clients(AbstractContextManager["Clients"]):
    """Client processes that receive each order at the same moment."""

    def __init__(self, number: int, python: str, module: str, environ: Mapping[str, str]) -> None:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT, "env": environ}
        command = [python, "-m", module]
        self.all = [subprocess.Popen(command, **pipes) for _ in range(number)]  # type: ignore[call-overload]

    def send(self, number: int, **order: object) -> list[dict[str, Any]]:
        """Send an order to the first `number` clients, and return all answers."""
        clients = self.all[:number]
        for client in clients:
            client.stdin.write(json.dumps(order) + "\n")
            client.stdin.flush()
        return [json.loads(client.stdout.readline()) for client in clients]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in self.all:
            each.stdin.close()
        for each in self.all:
            each.wait(20)


@dataclass(frozen=True)
class Installation:
    """A contestant's clients, organisation and database."""

    clients: Clients
    organisation: Organisation
    engine: sa.Engine


class Arena(AbstractContextManager["Arena"]):
    """All processes of a contest, started once and stopped in order."""

    def __init__(self, folder: Path, names: list[str], most: int, django: str | None) -> None:
        self.folder, self.names, self.most, self.django = folder, names, most, django
        self.stack, self.installations = ExitStack(), dict[str, Installation]()

    def __enter__(self) -> Self:
        with self.stack as stack:
            self.folder.chmod(0o711)
            server = stack.enter_context(start_postgres(self.folder / "postgres", connections=MAX_CONNECTIONS))
            self.url, self.engine = server.url, self._open(server.url)
            migrate.upgrade(self.engine)
            self.webs = stack.enter_context(Webs(self.folder))
            self.clients = stack.enter_context(
                Clients(self.most, sys.executable, "benchmarks.client", environment(self.url))
            )
            for name in self.names:
                self.installations[name] = self._install_django(name) if BY_NAME[name].django else self._install(name)
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def _open(self, url: str) -> sa.Engine:
        engine = make_engine(url)
        self.stack.callback(engine.dispose)
        return engine

    def _install(self, name: str) -> Installation:
        """Install a contestant on the service's tables; one with another event format has its own database."""
        url, engine = (self.url, self.engine) if name in SAME_EVENT_FORMAT else self._own_database(name)
        with engine.begin() as conn:
            organisation = create_organisation(conn, fen=FUND_FEN)
        server = self.webs.start(name, url) if BY_NAME[name].web else ""
        self._prepare(self.clients, name, url, workload.organisation_json(organisation), server)
        return Installation(self.clients, organisation, engine)

    def _own_database(self, name: str) -> tuple[str, sa.Engine]:
        url = self._database(name)
        engine = self._open(url)
        migrate.upgrade(engine)
        return url, engine

    def _database(self, name: str) -> str:
        """Create a database on the same server, and return its address."""
        with self.engine.connect() as conn:
            conn.execution_options(isolation_level="AUTOCOMMIT").execute(sa.text(f"CREATE DATABASE {name}"))
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    def _install_django(self, name: str) -> Installation:
        """Install a contestant on Django's tables, in a separate database."""
        python = str(self.django)
        if not hasattr(self, "django_clients"):
            self.django_url = self._database("django")
            self._django_fixture(python, "tables")
            self.django_engine = self._open(self.django_url)
            self.django_clients = self._django_clients(python)
        organisation_json = self._django_fixture(python, "office", str(FUND_FEN))
        server = self.webs.start(name, self.django_url, python) if BY_NAME[name].web else ""
        self._prepare(self.django_clients, name, self.django_url, organisation_json, server)
        return Installation(self.django_clients, workload.organisation_from_json(organisation_json), self.django_engine)

    def _django_clients(self, python: str) -> Clients:
        environ = environment(self.django_url)
        return self.stack.enter_context(Clients(self.most, python, "benchmarks.django_way.client", environ))

    def _prepare(self, clients: Clients, name: str, url: str, office: str, server: str) -> None:
        parameters = {"kind": BY_NAME[name].kind, "url": url, "office": office, "server": server}
        clients.send(self.most, order="make", name=name, **parameters)

    def _django_fixture(self, python: str, *arguments: str) -> str:
        command, environ = [python, "-m", "benchmarks.django_way.fixtures", *arguments], environment(self.django_url)
        return subprocess.run(command, check=True, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True).stdout

    def settings(self) -> dict[str, str]:
        """Return the server settings that determine what a commit costs."""
        names = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers")
        with self.engine.connect() as conn:
            return {name: str(conn.scalar(sa.text(f"SHOW {name}"))) for name in names}

    def verify(self) -> None:
        """Verify all events in the service's format, deciding each step again, and print the speed. Raises SystemExit on a fault."""
        for processes in (1, os.cpu_count() or 1):
            with self.engine.connect().execution_options(isolation_level="REPEATABLE READ") as conn:
                began = time.perf_counter()
                verified = verify_in_processes(conn, processes)
                took = time.perf_counter() - began
            if verified.faults:
                raise SystemExit(f"the event log has faults: {verified.faults[:5]}")
            decided, speed = verified.decided, verified.events / took
            print(
                f"audit verify in {processes} processes: {verified.events:,} events, {decided.steps:,} steps and"
                f" {decided.rules:,} rules decided again, {decided.undecided:,} not: {speed:,.0f} events/s"
            )
