"""What a started server is, and how we tell that a process still runs."""

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

PATIENCE = 30.0
"""Seconds a server may take to come up or to go."""


class CannotStart(RuntimeError):
    """A server did not start, or does not stop; says why and how to mend it."""


@dataclass(frozen=True)
class ServerProcess:
    """A running server. Used as a context it stops at the end, unless it was found running already (`found`).

    `url` holds the password where there is one.
    """

    url: str = field(repr=False)
    pid: int
    found: bool
    _stop: Callable[[], None] = field(repr=False)

    def stop(self) -> None:
        """Stop the server in good order, whoever started it; one that is gone already is no fault."""
        self._stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        if not self.found:
            self.stop()


@contextmanager
def exclusive_lock(folder: Path) -> Iterator[None]:
    """Only one process at a time starts or stops the server of a folder."""
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def is_running(pid: int, argument: str = "") -> bool:
    """Whether the process lives, and was given this argument if one is named; a zombie does not live."""
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and (not argument or argument in process.cmdline())
    except psutil.Error:
        return False


def port_free(port: int) -> bool:
    """Whether nobody listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def a_free_port() -> int:
    """A port of the system's choosing: two that begin at once do not choose the same."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(happened: Callable[[], bool], fault: str) -> None:
    """Look every 20 ms, for PATIENCE seconds. Raises CannotStart with `fault`."""
    until = time.monotonic() + PATIENCE
    while not happened():
        if time.monotonic() > until:
            raise CannotStart(fault)
        time.sleep(0.02)


def plain_environment() -> Mapping[str, str]:
    """What a server is given of our environment: no PG… variable, no odd locale."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def tail(log: Path) -> str:
    """The last lines of a log, for an error."""
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-8:]) if log.exists() else ""
