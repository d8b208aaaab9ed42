"""Server processes, and checks of whether a process still runs."""

import fcntl
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

SERVER_TIMEOUT = 30.0
"""Seconds a server may take to start or to stop."""


class CannotStart(RuntimeError):
    """A server that does not start or does not stop: why, and the remedy."""


@dataclass(frozen=True)
class ServerProcess:
    """A running server. As a context manager it stops at the end, unless it was already running (`found`).

    `url` includes the password, if the server has one.
    """

    url: str = field(repr=False)
    pid: int
    found: bool
    _stop: Callable[[], None] = field(repr=False)

    def stop(self) -> None:
        """Stop the server normally, also when another command started it; a stopped server is no error."""
        self._stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        if not self.found:
            self.stop()


@contextmanager
def exclusive_lock(folder: Path) -> Iterator[None]:
    """Lock the folder, so that one process at a time starts or stops its server."""
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def is_running(pid: int, argument: str = "") -> bool:
    """Return whether the process runs, with `argument` on its command line if given; a zombie does not run."""
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and (not argument or argument in process.cmdline())
    except psutil.Error:
        return False


def port_free(port: int) -> bool:
    """Return whether no process listens on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def port_answers(port: int) -> bool:
    """Return whether a process accepts connections on this port of 127.0.0.1."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
    except OSError:
        return False
    return True


def a_free_port() -> int:
    """Return a free port chosen by the system."""
    # Chosen by the system, so that two servers that start together do not get the same port.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(happened: Callable[[], bool], fault: str) -> None:
    """Wait until `happened` returns true, asking every 20 ms. Raises CannotStart with `fault` after SERVER_TIMEOUT."""
    until = time.monotonic() + SERVER_TIMEOUT
    while not happened():
        if time.monotonic() > until:
            raise CannotStart(fault)
        time.sleep(0.02)


def plain_environment() -> Mapping[str, str]:
    """Return the environment of a server: our PATH, no PG… variable, locale C, UTC."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def tail(log: Path) -> str:
    """Return the last 8 lines of a log, for an error message."""
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-8:]) if log.exists() else ""
