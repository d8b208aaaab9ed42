"""Local PostgreSQL runs on a Unix socket that only its account may open."""

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

from service.local_servers.database_roles import APPLICATION, OWNER, ensure_database
from service.local_servers.os_account import Account, account_for_servers, cluster_folder
from service.local_servers.postgres_binaries import fitting_programs, major_version, postgres_programs
from service.local_servers.process import CannotStart, ServerProcess, exclusive_lock, is_running, tail, wait_until

NAME = "songnuan"
"""The database, and the superuser, who only makes the two roles below."""

_MAX_SOCKET_FOLDER = 90
"""Bytes of the path of a socket's folder; Linux allows 107 for the whole path of the socket."""

_START_ATTEMPTS = 20
"""Attempts to start after a kill: the children of the killed server keep its shared memory for a moment."""

_BUILTIN_LOCALE_SINCE = 17
"""The first PostgreSQL with a built-in C.UTF-8; older ones use the system's."""


def _memory_settings() -> dict[str, str]:
    """Return shared_buffers (an eighth of the memory, 128 to 512 MB) and effective_cache_size (half of it)."""
    # A county's year did not fit into PostgreSQL's default of 128 MB.
    megabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return {"shared_buffers": f"{min(max(megabytes // 8, 128), 512)}MB", "effective_cache_size": f"{megabytes // 2}MB"}


@dataclass(frozen=True)
class Postgres(ServerProcess):
    """A running PostgreSQL; `url` is the superuser's."""

    @property
    def owner_url(self) -> str:
        """The URL of the role that owns the tables and runs the migrations."""
        return _as_role(self.url, OWNER)

    @property
    def application_url(self) -> str:
        """The URL of the role that owns nothing, for web, worker and scheduler."""
        return _as_role(self.url, APPLICATION)


def _as_role(url: str, role: str) -> str:
    return url.replace(f"//{NAME}@", f"//{role}@", 1)


def start_postgres(
    folder: Path, *, durable: bool = True, programs: Sequence[Path] = (), connections: int = 100
) -> Postgres:
    """Start PostgreSQL on the data in `folder`, created on first use, or find it running.

    It listens on a socket in a folder closed to other accounts and on no port. `durable=False` is for data that may be
    lost in a power cut. For root see `account_for_servers` and `cluster_folder`. Raises CannotStart.
    """
    account = account_for_servers(folder / "data")
    cluster_home = cluster_folder(folder, account)
    with exclusive_lock(cluster_home):
        fitting = fitting_programs(programs or postgres_programs(), cluster_home, account)
        cluster = _Cluster(cluster_home, account, fitting)
        pid = cluster.pid()
        if pid is None:
            cluster.start(durable=durable, connections=connections)
        ensure_database(cluster.url(), NAME)
        return Postgres(cluster.url(), pid or cluster.pid() or 0, pid is not None, cluster.stop)


@dataclass(frozen=True)
class _Cluster:
    folder: Path
    account: Account
    programs: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def pid(self) -> int | None:
        """Return the process that serves this data, or None."""
        # A killed server leaves its pid file, and another process may have the number: look at its arguments too.
        lines = self._pid_file()
        return int(lines[0]) if lines and is_running(int(lines[0]), str(self.data)) else None

    def url(self) -> str:
        return f"postgresql://{NAME}@/{NAME}?host={quote(self._pid_file()[4], safe='')}&port=5432"

    def start(self, *, durable: bool, connections: int) -> None:
        if not self.data.exists():
            self._initialise(durable=durable)
        was_killed = bool(self._pid_file())
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        settings = {"listen_addresses": "", "port": "5432", "unix_socket_directories": str(self._sockets())}
        settings |= _memory_settings() | {"max_connections": str(connections)}
        if not durable:
            settings |= dict.fromkeys(("fsync", "synchronous_commit", "full_page_writes"), "off")
        options = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items())
        for attempts_left in reversed(range(_START_ATTEMPTS if was_killed else 1)):
            try:
                self._pg_ctl("start", "-o", options, "-l", str(self.folder / "postgresql.log"))
                break
            except CannotStart:
                if not attempts_left:
                    raise
                time.sleep(0.2)

    def stop(self) -> None:
        with exclusive_lock(self.folder):
            pid = self.pid()
            if pid is None:
                return
            sockets = Path(self._pid_file()[4])
            self._pg_ctl("stop", "-m", "fast")
            wait_until(lambda: not is_running(pid), f"PostgreSQL (process {pid}) does not stop")
            if sockets != self.folder / "socket":
                shutil.rmtree(sockets, ignore_errors=True)

    def _initialise(self, *, durable: bool) -> None:
        """Create the data folder; text sorts by code point, the same on every machine."""
        # Renamed at the end: an interrupted initdb leaves no folder that looks complete.
        unfinished = self.folder / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        options = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
        if (major_version(self.programs) or 0) >= _BUILTIN_LOCALE_SINCE:
            options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if not durable:
            options.append("--no-sync")
        self._run("initdb", "-D", str(unfinished), "-U", NAME, *options)
        unfinished.rename(self.data)

    def _sockets(self) -> Path:
        sockets = self.folder / "socket"
        if len(os.fsencode(sockets)) > _MAX_SOCKET_FOLDER or not re.fullmatch(r"[\w/.+-]+", str(sockets)):
            sockets = Path(tempfile.mkdtemp(prefix=f"{NAME}-"))
        self.account.own(sockets)
        return sockets

    def _pid_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text("utf-8").splitlines()
        except FileNotFoundError:
            return []

    def _pg_ctl(self, command: str, *arguments: str) -> None:
        self._run("pg_ctl", command, "-D", str(self.data), "-w", *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        log = self.folder / "programs.log"
        with log.open("wb") as output:
            exit_code = self.account.run([str(self.programs / program), *arguments], self.folder, output)
        if exit_code:
            logs = f"{tail(log)}\n{tail(self.folder / 'postgresql.log')}"
            remedy = "Fix what the log reports, or point DATABASE_URL at a running PostgreSQL."
            raise CannotStart(f"{program} failed in {self.folder}:\n{logs}\n{remedy}")
