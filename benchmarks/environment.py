"""The ground of the contest: one PostgreSQL, an office for each contestant, client processes, web servers."""

import json
import subprocess
import sys
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
from service.integrity.verify import verify
from service.local_servers import start_postgres
from tests.factories import Organisation, create_organisation

EVERYBODY = 200
"""Connections: every client of every contestant and every web server keeps its own for the whole contest."""

PLENTY = 10**13
"""Fen in each contestant's fund: no life is refused for want of money."""

SPELLED_ALIKE = {"psycopg_two", "take", "thin_flask", "http"}
"""Those whose events are spelled as the house spells them: its own audit finds no fault in what they write. The others
keep a chain too, in words of their own; they do not name their rows in it, which spares them work."""


class Clients(AbstractContextManager["Clients"]):
    """Client processes, started once: told the same at the same moment."""

    def __init__(self, number: int, python: str, module: str, environ: Mapping[str, str]) -> None:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT, "env": environ}
        command = [python, "-m", module]
        self.all = [subprocess.Popen(command, **pipes) for _ in range(number)]  # type: ignore[call-overload]

    def tell(self, number: int, **order: object) -> list[dict[str, Any]]:
        """Give the first `number` clients an order and wait for all their answers."""
        chosen = self.all[:number]
        for each in chosen:
            each.stdin.write(json.dumps(order) + "\n")
            each.stdin.flush()
        return [json.loads(each.stdout.readline()) for each in chosen]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in self.all:
            each.stdin.close()
        for each in self.all:
            each.wait(20)


@dataclass(frozen=True)
class Place:
    """Where a contestant stands."""

    clients: Clients
    office: Organisation
    engine: sa.Engine


class Arena(AbstractContextManager["Arena"]):
    """Everything a contest needs, started once and stopped in good order."""

    def __init__(self, folder: Path, names: list[str], most: int, django: str | None) -> None:
        self.folder, self.names, self.most, self.django = folder, names, most, django
        self.stack, self.places = ExitStack(), dict[str, Place]()

    def __enter__(self) -> Self:
        with self.stack as stack:
            self.folder.chmod(0o711)
            server = stack.enter_context(start_postgres(self.folder / "postgres", connections=EVERYBODY))
            self.url, self.engine = server.url, self._open(server.url)
            migrate.upgrade(self.engine)
            self.webs = stack.enter_context(Webs(self.folder))
            self.clients = stack.enter_context(
                Clients(self.most, sys.executable, "benchmarks.client", environment(self.url))
            )
            for name in self.names:
                self.places[name] = self._rivals(name) if BY_NAME[name].django else self._ours(name)
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def _open(self, url: str) -> sa.Engine:
        engine = make_engine(url)
        self.stack.callback(engine.dispose)
        return engine

    def _ours(self, name: str) -> Place:
        """A contestant on the house's own tables; one whose trail is in words of its own has a database of its own."""
        url, engine = (self.url, self.engine) if name in SPELLED_ALIKE else self._own_words(name)
        with engine.begin() as conn:
            office = create_organisation(conn, fen=PLENTY)
        server = self.webs.start(name, url) if BY_NAME[name].web else ""
        self._made(self.clients, name, url, workload.told(office), server)
        return Place(self.clients, office, engine)

    def _own_words(self, name: str) -> tuple[str, sa.Engine]:
        url = self._database(name)
        engine = self._open(url)
        migrate.upgrade(engine)
        return url, engine

    def _database(self, name: str) -> str:
        """A new database on the same server; its address."""
        with self.engine.connect() as conn:
            conn.execution_options(isolation_level="AUTOCOMMIT").execute(sa.text(f"CREATE DATABASE {name}"))
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    def _rivals(self, name: str) -> Place:
        """A contestant on Django's tables, in a database beside ours."""
        python = str(self.django)
        if not hasattr(self, "rival_clients"):
            self.rival_url = self._database("rival")
            self._ground(python, "tables")
            self.rival_engine = self._open(self.rival_url)
            self.rival_clients = self._rival_clients(python)
        told = self._ground(python, "office", str(PLENTY))
        server = self.webs.start(name, self.rival_url, python) if BY_NAME[name].web else ""
        self._made(self.rival_clients, name, self.rival_url, told, server)
        return Place(self.rival_clients, workload.heard(told), self.rival_engine)

    def _rival_clients(self, python: str) -> Clients:
        told = environment(self.rival_url)
        return self.stack.enter_context(Clients(self.most, python, "benchmarks.django_way.client", told))

    def _made(self, clients: Clients, name: str, url: str, office: str, server: str) -> None:
        how = {"kind": BY_NAME[name].kind, "url": url, "office": office, "server": server}
        clients.tell(self.most, order="make", name=name, **how)

    def _ground(self, python: str, *what: str) -> str:
        command, told = [python, "-m", "benchmarks.django_way.fixtures", *what], environment(self.rival_url)
        return subprocess.run(command, check=True, cwd=ROOT, env=told, stdout=subprocess.PIPE, text=True).stdout

    def settings(self) -> dict[str, str]:
        """What a commit means here."""
        names = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers")
        with self.engine.connect() as conn:
            return {name: str(conn.scalar(sa.text(f"SHOW {name}"))) for name in names}

    def verify(self) -> None:
        """The house's own audit of everything that was written in the house's own spelling: no fault at all."""
        with self.engine.connect() as conn:
            faults = verify(conn).faults
        if faults:
            raise SystemExit(f"the trail does not hold: {faults[:5]}")
