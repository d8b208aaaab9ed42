"""The processes of one machine: web, worker, beat and relay, started and stopped together."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from service.config import Settings
from service.private_files import close_folder

_PR_SET_PDEATHSIG = 1

STOP_TIMEOUT = 70.0
"""Seconds a process has to stop before it is killed: longer than one delivery (worker/channels/mail.py)."""


def environment(settings: Settings, **more: str) -> dict[str, str]:
    """Return a child's environment: this process's own, then the servers and the folder, then `more`."""
    variables = {
        "DATABASE_URL": settings.database_url or "",
        "OWNER_DATABASE_URL": "",  # only migrations run as the owner
        "REDIS_URL": settings.redis_url or "",
        "SONGNUAN_VAR": str(settings.var),
        "PYTHONUTF8": "1",
    }
    return {**os.environ, **variables, **more}


def web(port: int) -> list[str]:
    """Return the command of the web processes; their number and timeouts are settings (service/limits.py)."""
    return [sys.executable, "-m", "gunicorn", "-c", "python:service.http.gunicorn_conf", "--bind", f"127.0.0.1:{port}"]


def worker(queues: str, *, concurrency: int = 2) -> list[str]:
    """Return the command of a Celery worker."""
    return [
        *(sys.executable, "-m", "celery", "--quiet", "-A", "worker.app", "worker", "--loglevel", "INFO"),
        *("--concurrency", str(concurrency), "--queues", queues, "--without-gossip", "--without-mingle"),
    ]


def beat(schedule: Path) -> list[str]:
    """Return the command of Celery beat, which starts the scheduled jobs."""
    return [*(sys.executable, "-m", "celery", "--quiet", "-A", "worker.app", "beat", "--schedule", str(schedule))]


def relay() -> list[str]:
    """Return the command of the outbox relay."""
    return [sys.executable, "-m", "worker.relay"]


def _end_with_parent() -> None:
    """Make Linux send SIGTERM to this child when its parent ends, even when the parent is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Processes:
    """Child processes, each with its own log; leaving the context stops them, last started first."""

    logs: Path
    children: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def start(self, name: str, command: Sequence[str], environ: Mapping[str, str]) -> None:
        """Start a process; what it writes to standard error goes to `logs/<name>.log`."""
        close_folder(self.logs)
        number = os.open(self.logs / f"{name}.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        with os.fdopen(number, "ab") as log:
            self.children[name] = subprocess.Popen(
                list(command),
                env=dict(environ),
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - no thread runs here yet
            )

    def ended(self) -> str | None:
        """Return the name of a child that has ended by itself, or None."""
        return next((name for name, child in self.children.items() if child.poll() is not None), None)

    def stop(self) -> None:
        """Stop the children one after another, last started first; kill one that does not stop, with its children."""
        # The web is started last, so it stops first: the relay still sees the last request's notifications, and the
        # worker still sends what the relay published.
        for child in reversed(self.children.values()):
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
            try:
                child.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
