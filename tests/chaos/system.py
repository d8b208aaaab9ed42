"""The whole system as processes on one machine, which a test can kill and restart."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
import redis
import sqlalchemy as sa

from service.cli import processes
from service.cli.serve import QUEUES
from service.db import engine as database
from service.db import migrate
from service.local_servers import ServerProcess, a_free_port, start_broker, start_postgres
from service.local_servers.process import is_running
from tests.application_role import application_url
from tests.chaos.retrying_client import answers
from tests.factories import RING
from tests.worker.processes import ROOT, wait_until

START_TIMEOUT = 120.0
"""Seconds a process may take to start on a machine that runs other tests."""

WEB = {"SONGNUAN_WEB_WORKERS": "3", "SONGNUAN_WEB_THREADS": "8"}
NO_RATES = {"SONGNUAN_RATE_TOKEN": "off", "SONGNUAN_RATE_ADDRESS": "off"}


def process_tree(pid: int) -> list[psutil.Process]:
    """Return a process and all its descendants."""
    with suppress(psutil.NoSuchProcess):
        head = psutil.Process(pid)
        return [head, *head.children(recursive=True)]
    return []


def kill_process_tree(pid: int) -> None:
    """Send SIGKILL to a process and all its descendants, as a power cut would, and wait until they have ended."""
    victims = process_tree(pid)
    for process in victims:
        with suppress(psutil.NoSuchProcess):
            process.suspend()  # a process that sees another end would clean up
    for process in victims:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    assert wait_until(lambda: not any(is_running(process.pid) for process in victims), START_TIMEOUT), victims


@dataclass
class System:
    """PostgreSQL, Valkey and the processes of `songnuan serve`; all end with the context."""

    folder: Path
    smtp_url: str = ""
    demo_clock: bool = True
    durable: bool = True
    more: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=a_free_port)
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    commands: dict[str, Sequence[str]] = field(default_factory=dict)
    postgres: ServerProcess = field(init=False)
    broker: ServerProcess = field(init=False)

    def __enter__(self) -> Self:
        self.folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        self.start_postgres()
        self.start_broker()
        with self.engine() as fresh:
            migrate.upgrade(fresh)
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        for name in list(self.running):
            self.kill(name)
        self.broker.stop()
        self.postgres.stop()

    def start_postgres(self) -> None:
        """Start PostgreSQL on its data folder; it recovers first after a kill."""
        self.postgres = start_postgres(self.folder / "postgres", durable=self.durable)

    def start_broker(self) -> None:
        """Start the broker with the same port and password as before."""
        self.broker = start_broker(self.folder / "broker", durable=False)

    def kill_postgres(self) -> None:
        """Send SIGKILL to the postmaster and its children."""
        kill_process_tree(self.postgres.pid)

    def kill_broker(self) -> None:
        """Send SIGKILL to the broker, which loses its data."""
        os.kill(self.broker.pid, signal.SIGKILL)
        assert wait_until(lambda: not is_running(self.broker.pid), START_TIMEOUT)

    def flush_broker(self) -> None:
        """Delete everything the broker holds."""
        with redis.Redis.from_url(self.broker.url) as client:
            client.flushall()

    @contextmanager
    def engine(self, pool: int = 8) -> Iterator[sa.Engine]:
        """Yield an engine for the test, and dispose of it afterwards."""
        engine = database.make_engine(self.postgres.url, pool=pool)
        try:
            yield engine
        finally:
            engine.dispose()

    def environment(self) -> dict[str, str]:
        """Return the environment of every process."""
        settings = {
            "DATABASE_URL": application_url(self.postgres.url),
            "REDIS_URL": self.broker.url,
            "SONGNUAN_VAR": str(self.folder / "var"),
            "SONGNUAN_DEMO_CLOCK": "1" if self.demo_clock else "0",
            "KEYRING": ",".join(f"{number}:{secret.hex()}" for number, secret in RING.keys.items()),
            "SMTP_URL": self.smtp_url,
            "MAIL_FROM": "送温暖 <post@union.example>",
        }
        return {**os.environ, **settings, **WEB, **NO_RATES, **self.more, "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}

    def log(self, name: str) -> str:
        """Return the log of a process over all its starts."""
        log_file = self.folder / f"{name}.log"
        return log_file.read_text("utf-8", "replace") if log_file.exists() else ""

    def start(self, name: str, command: Sequence[str] = ()) -> None:
        """Start a process; without a command, with the one it had before."""
        self.commands[name] = command or self.commands[name]
        with (self.folder / f"{name}.log").open("ab") as out:
            self.running[name] = subprocess.Popen(
                self.commands[name], cwd=ROOT, env=self.environment(), stdout=out, stderr=out, start_new_session=True
            )

    def start_web(self) -> None:
        """Start gunicorn with several processes, and wait until it answers."""
        self.start("web", processes.web(self.port))
        assert wait_until(lambda: answers(self.port), START_TIMEOUT), self.log("web")[-4000:]

    def start_worker(self, name: str = "worker") -> None:
        """Start a Celery worker with two children, and wait until it is ready."""
        before = self.log(name).count(" ready.")
        self.start(name, [*processes.worker(QUEUES), f"--hostname={name}@%h"])
        assert wait_until(lambda: self.log(name).count(" ready.") > before, START_TIMEOUT), self.log(name)[-4000:]

    def start_relay(self, name: str = "relay") -> None:
        """Start the relay with a poll every 0.2 seconds and a short patience."""
        self.start(name, [*processes.relay(), "--poll=0.2", "--patience=1.5"])

    def kill(self, name: str) -> None:
        """Send SIGKILL to a process and its children."""
        process = self.running.pop(name)
        kill_process_tree(process.pid)
        process.wait(START_TIMEOUT)

    def kill_a_child(self, name: str, choose: Callable[[Sequence[psutil.Process]], psutil.Process]) -> None:
        """Send SIGKILL to one child of a process; the parent must replace it."""
        children = process_tree(self.running[name].pid)[1:]
        if children:
            with suppress(psutil.NoSuchProcess):
                choose(children).kill()
