"""Tests of the running web processes: signals, oversized requests, metrics, logs and a lost broker."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

import httpx
import psutil
import pytest
import redis
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families

from service.local_servers.process import is_running
from service.tables.cases import case
from tests.factories import Organisation, create_family
from tests.worker.notification_fixtures import POSTED, tuition_at_review
from tests.worker.other_account import open_to_others
from tests.worker.processes import RELAY, ROOT, Process, Processes, wait_until

pytestmark = pytest.mark.timeout(300)
WEB = ("-m", "gunicorn", "-c", "python:service.http.gunicorn_conf")
QUIET = ("-m", "celery", "--quiet", "-A", "worker.app", "worker", "--loglevel=INFO", "--concurrency=1")
WATCHER = "w" * 32
MONITORING = {"Authorization": f"Bearer {WATCHER}"}
REQUEST_ID = "0123456789abcdef0123456789abcdef"
CANARY = "11010519491231002X"


@dataclass
class Web:
    """A running web process and a client of it."""

    process: Process
    socket: Path
    http: httpx.Client
    organisation: Organisation

    def post(
        self, account: str, path: str, body: dict[str, Any], on: date = POSTED, request: str = ""
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.organisation.tokens[account]}", "Idempotency-Key": uuid4().hex}
        return self.http.post(
            f"/api/v1{path}", json=body, headers={**headers, "X-Songnuan-Date": on.isoformat(), "X-Request-Id": request}
        )

    def get(self, account: str, path: str) -> httpx.Response:
        return self.http.get(path, headers={"Authorization": f"Bearer {self.organisation.tokens[account]}"})

    def send_raw(self, sent: bytes) -> bytes:
        """Send bytes that may be no valid request, and return the answer."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(30)
            connection.connect(str(self.socket))
            connection.sendall(sent)
            answer = b""
            while more := connection.recv(65536):
                answer += more
            return answer

    def lines(self) -> list[dict[str, Any]]:
        """Return its log, of which every line must be JSON."""
        return [json.loads(line) for line in self.process.log.read_text().splitlines()]


@pytest.fixture
def serve(processes: Processes, organisation: Organisation) -> Iterator[Callable[..., Web]]:
    """Yield a function that starts a web process with its own socket."""
    clients: list[httpx.Client] = []
    with TemporaryDirectory(prefix="sn-") as folder:

        def start(**more: str) -> Web:
            socket_path = Path(folder) / f"{len(clients)}.sock"
            process = processes.start(
                (*WEB, f"--bind=unix:{socket_path}"), SONGNUAN_DEMO_CLOCK="1", SONGNUAN_MONITORING_TOKEN=WATCHER, **more
            )
            http = httpx.Client(transport=httpx.HTTPTransport(uds=str(socket_path)), base_url="http://web", timeout=60)
            clients.append(http)
            assert wait_until(lambda: socket_path.exists() and _answers(socket_path)), process.log.read_text()
            return Web(process, socket_path, http, organisation)

        yield start
        for client in clients:
            client.close()


def _answers(path: Path) -> bool:
    """Return whether a web process answers on a socket; httpx would leave its socket open where nobody listens."""
    with socket.socket(socket.AF_UNIX) as connection, suppress(OSError):
        connection.settimeout(60)
        connection.connect(str(path))
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n")
        return connection.recv(12) == b"HTTP/1.1 200"
    return False


@pytest.fixture
def at_review(engine: sa.Engine, organisation: Organisation) -> UUID:
    with engine.begin() as conn:
        return tuition_at_review(conn, organisation, create_family(conn, organisation))


def review_form(organisation: Organisation) -> dict[str, Any]:
    return {
        "answers": {"award": "3000.00", "fund": str(organisation.fund_id), "places": ["unit_board", "community_board"]}
    }


def test_request_id_is_logged_from_request_to_mail(
    serve: Callable[..., Web], processes: Processes, organisation: Organisation, at_review: UUID, broker: redis.Redis
) -> None:
    assert broker.ping()
    web, relay, worker = serve(), processes.start(RELAY), processes.start((*QUIET, "--without-mingle"))
    path = f"/cases/{at_review}/actions/pass_review"
    answer = web.post("reviewer", path, review_form(organisation), request=REQUEST_ID)
    assert answer.status_code == 200
    own_id = answer.headers["X-Request-Id"]

    def delivery_lines() -> list[dict[str, Any]]:
        lines = worker.log.read_text().splitlines() + relay.log.read_text().splitlines()
        return [json.loads(line) for line in lines if '"event":"notification"' in line]

    assert wait_until(lambda: len(delivery_lines()) >= 2)
    assert {(each["request"], each["fate"]) for each in delivery_lines()} == {(own_id, "delivered")}
    assert [each["status"] for each in web.lines() if each.get("client_request") == REQUEST_ID] == [200]
    assert worker.terminate() == 0
    assert relay.terminate() == 0
    for each in (worker, relay):
        log_lines = [line for line in each.log.read_text().splitlines() if line and not line.startswith("worker: Warm")]
        assert all(json.loads(line)["event"] for line in log_lines), (
            "Celery's shutdown message on standard output is no log line"
        )


@contextmanager
def locked_case(engine: sa.Engine, case_id: UUID) -> Iterator[None]:
    """Hold the lock of the case's row."""
    with engine.begin() as conn:
        conn.execute(sa.select(case.c.id).where(case.c.id == case_id).with_for_update())
        yield


def is_waiting(engine: sa.Engine) -> bool:
    """Return whether a request waits for the row."""
    rows = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with engine.connect() as conn:
        return bool(conn.scalar(sa.text(rows)))


def test_web_finishes_its_request_on_sigterm(
    serve: Callable[..., Web], engine: sa.Engine, organisation: Organisation, at_review: UUID
) -> None:
    web = serve(SONGNUAN_LOCK_WAIT="60", SONGNUAN_WEB_GRACE="60")
    with ThreadPoolExecutor(1) as executor, locked_case(engine, at_review):
        path = f"/cases/{at_review}/actions/pass_review"
        answer = executor.submit(web.post, "reviewer", path, review_form(organisation))
        assert wait_until(lambda: is_waiting(engine))
        web.process.running.send_signal(signal.SIGTERM)
        assert wait_until(lambda: not web.socket.exists() or not _answers(web.socket)), "no new request is accepted"
        assert not answer.done()
    assert answer.result().status_code == 200
    assert web.process.running.wait(60) == 0
    with engine.connect() as conn:
        assert conn.scalar(sa.select(case.c.state).where(case.c.id == at_review)) == "notice"


@contextmanager
def connection_counter() -> Iterator[tuple[int, list[int]]]:
    """Yield a port that accepts connections without an answer, and a list that counts them."""
    connections: list[int] = []
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def count() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                connections.append(1)
                connection.close()

        threading.Thread(target=count, daemon=True).start()
        yield server.getsockname()[1], connections
        server.shutdown(socket.SHUT_RDWR)


def test_reads_and_steps_need_no_broker(serve: Callable[..., Web], organisation: Organisation, at_review: UUID) -> None:
    with connection_counter() as (port, connections):
        web = serve(REDIS_URL=f"redis://:secret-word@127.0.0.1:{port}/0")
        assert web.get("registrar", f"/api/v1/cases/{at_review}").status_code == 200
        assert web.get("registrar", "/api/v1/cases").json()["count"] == 1
        assert (
            web.post("reviewer", f"/cases/{at_review}/actions/pass_review", review_form(organisation)).status_code
            == 200
        )
        assert web.get("registrar", "/api/v1/inbox").status_code == 200
        assert web.http.get("/metrics", headers=MONITORING).status_code == 200
        assert connections == []
        unready = web.http.get("/readyz", headers=MONITORING)
        (reason,) = unready.json()["reasons"]
        assert (unready.status_code, reason["code"], reason["values"]["check"]) == (503, "not_ready", "broker")
        assert connections, "the port counts a connection"
        assert web.http.get("/readyz?for=web", headers=MONITORING).status_code == 200


MALFORMED = {
    "a long address": (
        f"GET /api/v1/cases?x={CANARY}{'x' * 9000} HTTP/1.1\r\nHost: x\r\n\r\n",
        414,
        "address_too_long",
    ),
    "a long header": (f"GET / HTTP/1.1\r\nHost: x\r\nX-A: {CANARY}{'x' * 9000}\r\n\r\n", 431, "headers_too_large"),
    "many headers": (
        "GET / HTTP/1.1\r\nHost: x\r\n" + "".join(f"X-{n}: {CANARY}\r\n" for n in range(99)) + "\r\n",
        431,
        "headers_too_large",
    ),
    "no request": (f"{CANARY} \x1b[31m nothing\r\n\r\n", 400, "request_unreadable"),
    "a header without a name": (f"GET / HTTP/1.1\r\n: {CANARY}\r\n\r\n", 400, "request_unreadable"),
    "a line in a header": (f"GET / HTTP/1.1\r\nHost: x\r\nX\x1b-A{CANARY}: y\r\n\r\n", 400, "request_unreadable"),
}


def test_malformed_request_gets_a_problem_document_without_its_content(serve: Callable[..., Web]) -> None:
    web = serve()
    for name, (sent, status, code) in MALFORMED.items():
        head, _, body = web.send_raw(sent.encode()).partition(b"\r\n\r\n")
        assert head.startswith(f"HTTP/1.1 {status} ".encode()), (name, head)
        assert b"application/problem+json" in head, name
        assert (json.loads(body)["code"], json.loads(body)["status"]) == (code, status), name
        assert CANARY.encode() not in body
    assert web.http.get("/healthz").status_code == 200
    assert CANARY not in web.process.log.read_text()
    assert sum(each["event"] == "unread_request" for each in web.lines()) == len(MALFORMED)


def test_oversized_body_is_refused_and_the_web_serves_on(serve: Callable[..., Web]) -> None:
    web = serve(SONGNUAN_MAX_BODY="2048")
    refused = web.post("registrar", "/cases", {"x": "x" * 1_000_000})
    assert (refused.status_code, refused.json()["code"]) == (413, "request_too_large")
    assert web.get("registrar", "/api/v1/me").status_code == 200


def test_metrics_are_summed_over_processes_and_survive_a_kill(serve: Callable[..., Web]) -> None:
    web = serve(SONGNUAN_WEB_WORKERS="2")

    def request_count() -> float:
        families = text_string_to_metric_families(
            web.http.get("/metrics", headers={**MONITORING, "Connection": "close"}).text
        )
        samples = [
            sample for family in families for sample in family.samples if sample.name == "songnuan_requests_total"
        ]
        return sum(sample.value for sample in samples if sample.labels["route"] == "/api/v1/me")

    def send_request(_number: int) -> int:
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(web.socket)), base_url="http://web") as client:
            return client.get("/api/v1/me").status_code

    with ThreadPoolExecutor(8) as executor:
        assert set(executor.map(send_request, range(80))) == {401}
    assert request_count() == 80
    children = psutil.Process(web.process.running.pid).children()
    assert len(children) == 2
    children[0].kill()
    assert wait_until(
        lambda: len([each for each in psutil.Process(web.process.running.pid).children() if is_running(each.pid)]) == 2
    )
    assert wait_until(lambda: _answers(web.socket))
    assert request_count() == 80


# --- the whole installation ----------------------------------------------------------------------------------------------------


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def whole_installation(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run `songnuan serve` with its own servers, as a service manager starts it."""
    environ = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    command = "from service.cli import main; main()"
    arguments = [sys.executable, "-c", command, "serve", "--port", str(_free_port()), "--var", str(folder / "var")]
    with (folder / "serve.log").open("wb") as log:
        installation = subprocess.Popen(arguments, cwd=ROOT, env=environ, stdout=log, stderr=log)
    try:
        yield installation
    finally:
        if installation.poll() is None:
            for each in psutil.Process(installation.pid).children(recursive=True):
                each.kill()
            installation.kill()


def _servers(folder: Path) -> set[int]:
    """Return the process ids of the database and the broker."""
    pids = set()
    for pid_file in (folder / "var" / "postgres" / "data" / "postmaster.pid", folder / "var" / "broker" / "valkey.pid"):
        if pid_file.exists() and (lines := pid_file.read_text().split()):
            pids.add(int(lines[0]))
    return pids


def assert_alone_and_closed(installation: "subprocess.Popen[bytes]", var: Path) -> None:
    """Check that no second serve starts, that the processes have the right role, and that no other account reads.

    The same with two founded installations, copies and load: `make side-by-side` (tests/worker/side_by_side.py).
    """
    counts = set((var / "metrics").iterdir())
    with whole_installation(var.parent) as second:
        assert second.wait(60) == 2
    assert f" {installation.pid}" in (var.parent / "serve.log").read_text()
    assert counts <= set((var / "metrics").iterdir()), "a second serve deletes nothing of the first"
    assert list(open_to_others(var)) == []
    for child in psutil.Process(installation.pid).children():
        environ = child.environ()
        assert "songnuan_app@" in environ["DATABASE_URL"], child.cmdline()
        assert not environ["OWNER_DATABASE_URL"]
        assert re.fullmatch(r"smtp://songnuan:[\w-]{32}@127\.0\.0\.1:\d+", environ["SMTP_URL"])


@pytest.mark.parametrize("stop_signal", [signal.SIGTERM, signal.SIGHUP])
def test_stopped_installation_leaves_no_process(tmp_path: Path, stop_signal: signal.Signals) -> None:
    tmp_path.chmod(0o711)
    with whole_installation(tmp_path) as installation:
        log = tmp_path / "var" / "log"
        ready = {"web.log": "Listening at", "worker.log": " ready.", "relay.log": "relaying"}
        said = tmp_path / "serve.log"
        assert wait_until(lambda: "http://127.0.0.1:" in said.read_text(), 120), said.read_text()
        address = re.search(r"http://127\.0\.0\.1:\d+", said.read_text())
        assert address is not None
        assert httpx.get(f"{address[0]}/healthz").status_code == 200, "the address is printed when it can be opened"
        assert wait_until(
            lambda: all((log / name).exists() and words in (log / name).read_text() for name, words in ready.items()),
            120,
        ), (tmp_path / "serve.log").read_text()
        pids = {each.pid for each in psutil.Process(installation.pid).children(recursive=True)} | _servers(tmp_path)
        assert len(pids) >= 8
        assert_alone_and_closed(installation, tmp_path / "var")
        installation.send_signal(stop_signal)
        installation.send_signal(stop_signal)
        assert installation.wait(100) == 0, (tmp_path / "serve.log").read_text()
    assert not [pid for pid in pids if is_running(pid)]
    stopped = [json.loads((log / name).read_text().splitlines()[-1])["at"] for name in ("web.log", "relay.log")]
    assert stopped == sorted(stopped), "the web stops first, then the relay"


def test_installation_stopped_while_it_starts_leaves_no_process(tmp_path: Path) -> None:
    tmp_path.chmod(0o711)
    with whole_installation(tmp_path) as installation:
        assert wait_until(lambda: bool(_servers(tmp_path)), 120), (tmp_path / "serve.log").read_text()
        installation.terminate()
        assert installation.wait(100) == 0
        assert wait_until(lambda: not [pid for pid in _servers(tmp_path) if is_running(pid)])
        assert not psutil.pid_exists(installation.pid) or psutil.Process(installation.pid).children() == []
