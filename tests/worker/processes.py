"""Worker programs as processes of their own, which tests can kill."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

ROOT = Path(__file__).resolve().parents[2]
WORKER = ("-m", "celery", "-A", "worker.app", "worker", "--loglevel=INFO", "--concurrency=1", "--without-mingle")
RELAY = ("-m", "worker.relay", "--poll=0.2", "--patience=1.5")
BEAT = ("-m", "celery", "-A", "worker.app", "beat", "--loglevel=INFO")


def wait_until(condition: Callable[[], bool], seconds: float = 40.0) -> bool:
    """Return whether `condition` becomes true within `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


@dataclass
class Process:
    """A running program and its log."""

    running: subprocess.Popen[bytes]
    log: Path

    def says(self, words: str, seconds: float = 40.0) -> bool:
        """Return whether `words` appear in the log within `seconds`."""
        return wait_until(lambda: words in self.log.read_text("utf-8", "replace"), seconds)

    def kill(self) -> None:
        """Kill it and its descendants at once, as a power cut would."""
        victims = [psutil.Process(self.running.pid)]
        victims += victims[0].children(recursive=True)
        for process in victims:
            process.kill()
        self.running.wait(10)

    def terminate(self) -> int:
        """Send SIGTERM, wait for the end, and return the exit code."""
        self.running.terminate()
        return self.running.wait(100)


@dataclass
class Processes:
    """A starter of programs that ends all of them with its context."""

    environ: dict[str, str]
    folder: Path
    started: list[Process] = field(default_factory=list)

    def start(self, command: tuple[str, ...], **more: str) -> Process:
        """Start a program whose output goes into a log file."""
        log = self.folder / f"process-{len(self.started)}.log"
        environ = {**os.environ, **self.environ, **more, "PYTHONUNBUFFERED": "1"}
        with log.open("wb") as out:
            running = subprocess.Popen(
                [sys.executable, *command], cwd=ROOT, env=environ, stdout=out, stderr=out, start_new_session=True
            )
        self.started.append(Process(running, log))
        return self.started[-1]

    def worker(self) -> Process:
        """Start a Celery worker, and wait until it is ready."""
        return self.workers(1)[0]

    def workers(self, count: int) -> list[Process]:
        """Start Celery workers, and wait until they are ready."""
        names = [f"--hostname=w{len(self.started) + number}@%h" for number in range(count)]
        workers = [self.start((*WORKER, name)) for name in names]
        for worker in workers:
            assert worker.says(" ready."), worker.log.read_text()
        return workers

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        for each in self.started:
            if each.running.poll() is None:
                each.kill()
        if kind is not None:
            for each in self.started:
                sys.stderr.write(f"\n--- {each.running.args!r}\n{each.log.read_text('utf-8', 'replace')[-4000:]}\n")
