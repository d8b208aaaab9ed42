"""The web servers of the contest: the service and the compared apps under the same gunicorn."""

import os
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

from service.cli import processes
from service.limits import Limits
from tests.factories import RING

ROOT = Path(__file__).resolve().parents[1]
START_TIMEOUT = 60.0
NOTHING_MORE: Mapping[str, str] = {}
APPS = {
    "thin_flask": "benchmarks.thin_flask:create_app()",
    "django_http": "benchmarks.django_way.wsgi:application",
    "thin_pages": "benchmarks.pages_flask:create_app()",
    "django_pages": "benchmarks.django_way.wsgi:application",
}


def environment(url: str) -> dict[str, str]:
    """Return the environment of every process: database, keys, no rate limits and a settable clock."""
    keys = ",".join(f"{number}:{secret.hex()}" for number, secret in RING.keys.items())
    rates = {"SONGNUAN_RATE_TOKEN": "off", "SONGNUAN_RATE_ADDRESS": "off", "SONGNUAN_DEMO_CLOCK": "1"}
    return {**os.environ, "DATABASE_URL": url, "KEYRING": keys, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", **rates}


class Webs(AbstractContextManager["Webs"]):
    """The running web servers of a contest."""

    def __init__(self, folder: Path) -> None:
        self.logs, self.running = folder / "log", processes.Processes(folder / "log")

    def start(self, name: str, url: str, python: str = sys.executable, more: Mapping[str, str] = NOTHING_MORE) -> str:
        """Start the server of `name` on a database, with `more` in its environment, wait for it, and return its address."""
        port = _free_port()
        self.logs.mkdir(parents=True, exist_ok=True)
        command = (
            processes.web(port)
            if name == "http"
            else _gunicorn(python, APPS[name], port, self.logs / f"{name}-access.log")
        )
        self.running.start(name, command, environment(url) | {"SONGNUAN_VAR": str(self.logs.parent), **more})
        self._wait(name, port)
        return f"http://127.0.0.1:{port}"

    def _wait(self, name: str, port: int) -> None:
        until = time.monotonic() + START_TIMEOUT
        while time.monotonic() < until and self.running.ended() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.1)
        raise SystemExit(f"{name} does not serve:\n{(self.logs / f'{name}.log').read_text()[-2000:]}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.running.stop()


def _gunicorn(python: str, app: str, port: int, log: Path) -> list[str]:
    """Return a gunicorn command with the service's workers, threads and options."""
    limits = Limits()
    workers = ("--workers", str(limits.web_workers), "--threads", str(limits.web_threads))
    options = ("--keep-alive", str(limits.web_keepalive), "--worker-tmp-dir", "/dev/shm")  # noqa: S108 - as the service
    command = (
        python,
        "-m",
        "gunicorn",
        app,
        "--bind",
        f"127.0.0.1:{port}",
        "--worker-class",
        "gthread",
        *workers,
        *options,
    )
    return [*command, "--access-logfile", str(log), "--no-control-socket"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
