"""A PostgreSQL of the house's own, on a socket that only its account may open."""

import os
import re
import shlex
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from service.local_servers.os_account import Account, account_for_servers, home_for
from service.local_servers.postgres_binaries import fitting, postgres_programs, version
from service.local_servers.process import CannotStart, ServerProcess, exclusive_lock, is_running, tail, wait_until

NAME = "songnuan"
"""The database, and its only user."""

_LONGEST = 90
"""Bytes of a folder a socket fits in: the system takes 107 for the whole path."""

_TRIES = 20
"""How often a killed server is started: its children hold its memory for a moment."""

_PROVIDERS_SINCE = 17
"""The first PostgreSQL that brings the collation C.UTF-8 itself instead of asking the system for it."""


def _memory() -> dict[str, str]:
    """What PostgreSQL may keep: an eighth of the machine's memory, from its own default of 128 MB up to 512 MB, beside
    what the system keeps of its files. A county's year did not fit into the default.
    """
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return {"shared_buffers": f"{min(max(whole // 8, 128), 512)}MB", "effective_cache_size": f"{whole // 2}MB"}


def start_postgres(
    folder: Path, *, durable: bool = True, programs: Sequence[Path] = (), connections: int = 100
) -> ServerProcess:
    """Start PostgreSQL on the data kept in `folder`, made on first use, or find it running; the url opens its database.

    It listens on a socket in a folder closed to other accounts, and on no port, to so many connections at once. Not
    `durable` is for throw-away data: a power cut loses it. For root see `account_for_servers` and `home_for`. Raises CannotStart.
    """
    account = account_for_servers(folder / "data")
    home = home_for(folder, account)
    with exclusive_lock(home):
        cluster = _Cluster(home, account, fitting(programs or postgres_programs(), home, account))
        pid = cluster.pid()
        if pid is None:
            cluster.start(durable=durable, connections=connections)
        _ensure_database(cluster.url())
        return ServerProcess(cluster.url(), pid or cluster.pid() or 0, pid is not None, cluster.stop)


@dataclass(frozen=True)
class _Cluster:
    home: Path
    account: Account
    programs: Path

    @property
    def data(self) -> Path:
        return self.home / "data"

    def pid(self) -> int | None:
        """The process that serves this data; a pid file left by a killed one, its number perhaps reused, is none."""
        lines = self._pid_file()
        return int(lines[0]) if lines and is_running(int(lines[0]), str(self.data)) else None

    def url(self) -> str:
        return f"postgresql://{NAME}@/{NAME}?host={quote(self._pid_file()[4], safe='')}&port=5432"

    def start(self, *, durable: bool, connections: int) -> None:
        if not self.data.exists():
            self._make(durable=durable)
        was_killed = bool(self._pid_file())
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        settings = {"listen_addresses": "", "port": "5432", "unix_socket_directories": str(self._sockets())}
        settings |= _memory() | {"max_connections": str(connections)}
        if not durable:
            settings |= dict.fromkeys(("fsync", "synchronous_commit", "full_page_writes"), "off")
        options = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items())
        for left in reversed(range(_TRIES if was_killed else 1)):
            try:
                self._pg_ctl("start", "-o", options, "-l", str(self.home / "postgresql.log"))
                break
            except CannotStart:
                if not left:
                    raise
                time.sleep(0.2)

    def stop(self) -> None:
        with exclusive_lock(self.home):
            pid = self.pid()
            if pid is None:
                return
            sockets = Path(self._pid_file()[4])
            self._pg_ctl("stop", "-m", "fast")
            wait_until(lambda: not is_running(pid), f"PostgreSQL (process {pid}) does not stop")
            if sockets != self.home / "socket":
                shutil.rmtree(sockets, ignore_errors=True)

    def _make(self, *, durable: bool) -> None:
        """Make the data folder; it gets its name when it is whole. Text sorts by code point, alike on every machine."""
        unfinished = self.home / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        choices = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
        if (version(self.programs) or 0) >= _PROVIDERS_SINCE:
            choices += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if not durable:
            choices.append("--no-sync")
        self._run("initdb", "-D", str(unfinished), "-U", NAME, *choices)
        unfinished.rename(self.data)

    def _sockets(self) -> Path:
        sockets = self.home / "socket"
        if len(os.fsencode(sockets)) > _LONGEST or not re.fullmatch(r"[\w/.+-]+", str(sockets)):
            sockets = Path(tempfile.mkdtemp(prefix=f"{NAME}-"))
        self.account.own(sockets)
        return sockets

    def _pid_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text("utf-8").splitlines()
        except FileNotFoundError:
            return []

    def _pg_ctl(self, order: str, *arguments: str) -> None:
        self._run("pg_ctl", order, "-D", str(self.data), "-w", *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        log = self.home / "programs.log"
        with log.open("wb") as out:
            failed = self.account.run([str(self.programs / program), *arguments], self.home, out)
        if failed:
            said = f"{tail(log)}\n{tail(self.home / 'postgresql.log')}"
            mend = "Mend what it says, or point DATABASE_URL at a PostgreSQL that runs."
            raise CannotStart(f"{program} failed in {self.home}:\n{said}\n{mend}")


def _ensure_database(url: str) -> None:
    with psycopg.connect(url, dbname="postgres", autocommit=True, connect_timeout=10) as server:
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone():
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
