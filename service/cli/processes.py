"""Processes of the house: the web, the worker, beat and the relay, started side by side and stopped in good order."""

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

_PR_SET_PDEATHSIG = 1

STOP_TIMEOUT = 70.0
"""Seconds a process has to stop before it is killed: longer than any notification takes."""


def environment(settings: Settings, **more: str) -> dict[str, str]:
    """What a child is told: the servers, the folder, and whatever this process was told itself."""
    told = {
        "DATABASE_URL": settings.database_url or "",
        "REDIS_URL": settings.redis_url or "",
        "SONGNUAN_VAR": str(settings.var),
        "PYTHONUTF8": "1",
    }
    return {**os.environ, **told, **more}


def web(port: int) -> list[str]:
    """The command of the web processes; their number and patience are settings (service/limits.py)."""
    return [sys.executable, "-m", "gunicorn", "-c", "python:service.http.gunicorn_conf", "--bind", f"127.0.0.1:{port}"]


def worker(queues: str, *, concurrency: int = 2) -> list[str]:
    """The command of a Celery worker."""
    return [
        *(sys.executable, "-m", "celery", "--quiet", "-A", "worker.app", "worker", "--loglevel", "INFO"),
        *("--concurrency", str(concurrency), "--queues", queues, "--without-gossip", "--without-mingle"),
    ]


def beat(schedule: Path) -> list[str]:
    """The command of the clock's beat."""
    return [*(sys.executable, "-m", "celery", "--quiet", "-A", "worker.app", "beat", "--schedule", str(schedule))]


def relay() -> list[str]:
    """The command of the outbox relay."""
    return [sys.executable, "-m", "worker.relay"]


def _end_with_parent() -> None:
    """Linux asks a child to stop when whoever started it is gone, even killed: none of the house is left behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Processes:
    """Children of this process, each with its own log; leaving the context stops them, last started first."""

    logs: Path
    children: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def start(self, name: str, command: Sequence[str], environ: Mapping[str, str]) -> None:
        """Start one; its log, which is what it writes to standard error, goes to `logs/<name>.log`."""
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.logs / f"{name}.log").open("ab") as log:
            self.children[name] = subprocess.Popen(
                list(command),
                env=dict(environ),
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - no thread runs here yet
            )

    def ended(self) -> str | None:
        """The name of a child that has ended by itself, or None."""
        return next((name for name, child in self.children.items() if child.poll() is not None), None)

    def stop(self) -> None:
        """Ask one after another to stop and wait for it, last started first; one that does not is killed with its
        children. So a notification owed by the last request is seen by the relay, and what the relay rang for by the worker,
        when the web is the last to be started.
        """
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
