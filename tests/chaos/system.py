"""The real system as processes on one machine: any of them killed by signal, and started again on its data and port."""

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
from tests.chaos.retrying_client import answers
from tests.factories import RING
from tests.worker.processes import ROOT, wait_until

PATIENCE = 120.0
"""Seconds anything may take to come up on a machine that is busy with other tests."""

WEB = {"SONGNUAN_WEB_WORKERS": "3", "SONGNUAN_WEB_THREADS": "8"}
NO_RATES = {"SONGNUAN_RATE_TOKEN": "off", "SONGNUAN_RATE_ADDRESS": "off"}


def family(pid: int) -> list[psutil.Process]:
    """A process and everything it started."""
    with suppress(psutil.NoSuchProcess):
        head = psutil.Process(pid)
        return [head, *head.children(recursive=True)]
    return []


def kill_family(pid: int) -> None:
    """SIGKILL to a process and all its children at once, as a power cut would; returns when they are gone."""
    doomed = family(pid)
    for each in doomed:
        with suppress(psutil.NoSuchProcess):
            each.suspend()  # nobody is to notice that another has gone, and tidy up
    for each in doomed:
        with suppress(psutil.NoSuchProcess):
            each.kill()
    assert wait_until(lambda: not any(is_running(each.pid) for each in doomed), PATIENCE), doomed


@dataclass
class System:
    """PostgreSQL, Valkey, and what `songnuan serve` starts beside them; used as a context it leaves nothing behind."""

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
        """PostgreSQL on its data; what a killed one left behind is recovered first."""
        self.postgres = start_postgres(self.folder / "postgres", durable=self.durable)

    def start_broker(self) -> None:
        """The broker, with the port and password it had."""
        self.broker = start_broker(self.folder / "broker", durable=False)

    def kill_postgres(self) -> None:
        """-9 to the postmaster and every child of it."""
        kill_family(self.postgres.pid)

    def kill_broker(self) -> None:
        """-9 to the broker; it keeps nothing."""
        os.kill(self.broker.pid, signal.SIGKILL)
        assert wait_until(lambda: not is_running(self.broker.pid), PATIENCE)

    def flush_broker(self) -> None:
        """Everything the broker holds is gone."""
        with redis.Redis.from_url(self.broker.url) as client:
            client.flushall()

    @contextmanager
    def engine(self, pool: int = 8) -> Iterator[sa.Engine]:
        """Connections of the test's own, closed with the context."""
        made = database.make_engine(self.postgres.url, pool=pool)
        try:
            yield made
        finally:
            made.dispose()

    def environment(self) -> dict[str, str]:
        """What every process is told."""
        told = {
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.broker.url,
            "SONGNUAN_VAR": str(self.folder / "var"),
            "SONGNUAN_DEMO_CLOCK": "1" if self.demo_clock else "0",
            "KEYRING": ",".join(f"{number}:{secret.hex()}" for number, secret in RING.keys.items()),
            "SMTP_URL": self.smtp_url,
            "MAIL_FROM": "送温暖 <post@union.example>",
        }
        return {**os.environ, **told, **WEB, **NO_RATES, **self.more, "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}

    def log(self, name: str) -> str:
        """What a process has said, over all its lives."""
        place = self.folder / f"{name}.log"
        return place.read_text("utf-8", "replace") if place.exists() else ""

    def start(self, name: str, command: Sequence[str] = ()) -> None:
        """Start a process, or start it again with the command it had."""
        self.commands[name] = command or self.commands[name]
        with (self.folder / f"{name}.log").open("ab") as out:
            self.running[name] = subprocess.Popen(
                self.commands[name], cwd=ROOT, env=self.environment(), stdout=out, stderr=out, start_new_session=True
            )

    def start_web(self) -> None:
        """gunicorn with several processes, answering."""
        self.start("web", processes.web(self.port))
        assert wait_until(lambda: answers(self.port), PATIENCE), self.log("web")[-4000:]

    def start_worker(self, name: str = "worker") -> None:
        """A Celery worker with two children, ready."""
        before = self.log(name).count(" ready.")
        self.start(name, [*processes.worker(QUEUES), f"--hostname={name}@%h"])
        assert wait_until(lambda: self.log(name).count(" ready.") > before, PATIENCE), self.log(name)[-4000:]

    def start_relay(self, name: str = "relay") -> None:
        """The relay, which looks often and is soon out of patience."""
        self.start(name, [*processes.relay(), "--poll=0.2", "--patience=1.5"])

    def kill(self, name: str) -> None:
        """-9 to a process and its children."""
        process = self.running.pop(name)
        kill_family(process.pid)
        process.wait(PATIENCE)

    def kill_a_child(self, name: str, choose: Callable[[Sequence[psutil.Process]], psutil.Process]) -> None:
        """-9 to one child of a process; its parent is to see to it."""
        children = family(self.running[name].pid)[1:]
        if children:
            with suppress(psutil.NoSuchProcess):
                choose(children).kill()
