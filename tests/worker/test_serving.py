"""The web as it is served: real processes, told to stop, flooded, cut off from the broker, and followed by one id."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
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
from tests.worker.processes import RELAY, ROOT, Process, Processes, wait_until

pytestmark = pytest.mark.timeout(300)
WEB = ("-m", "gunicorn", "-c", "python:service.http.gunicorn_conf")
QUIET = ("-m", "celery", "--quiet", "-A", "worker.app", "worker", "--loglevel=INFO", "--concurrency=1")
GIVEN = "0123456789abcdef0123456789abcdef"
CANARY = "11010519491231002X"


@dataclass
class Web:
    """A running web and a way to it."""

    process: Process
    socket: Path
    http: httpx.Client
    office: Organisation

    def post(self, who: str, path: str, body: dict[str, Any], on: date = POSTED, request: str = "") -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.office.tokens[who]}", "Idempotency-Key": uuid4().hex}
        return self.http.post(
            f"/api/v1{path}", json=body, headers={**headers, "X-Songnuan-Date": on.isoformat(), "X-Request-Id": request}
        )

    def get(self, who: str, path: str) -> httpx.Response:
        return self.http.get(path, headers={"Authorization": f"Bearer {self.office.tokens[who]}"})

    def raw(self, sent: bytes) -> bytes:
        """What comes back for bytes that may be no request."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(30)
            line.connect(str(self.socket))
            line.sendall(sent)
            said = b""
            while more := line.recv(65536):
                said += more
            return said

    def lines(self) -> list[dict[str, Any]]:
        """Its log; every line must be JSON."""
        return [json.loads(line) for line in self.process.log.read_text().splitlines()]


@pytest.fixture
def serve(processes: Processes, office: Organisation) -> Iterator[Callable[..., Web]]:
    """Starts webs, each at a socket of its own."""
    opened: list[httpx.Client] = []
    with TemporaryDirectory(prefix="sn-") as folder:

        def start(**more: str) -> Web:
            place = Path(folder) / f"{len(opened)}.sock"
            process = processes.start((*WEB, f"--bind=unix:{place}"), SONGNUAN_DEMO_CLOCK="1", **more)
            http = httpx.Client(transport=httpx.HTTPTransport(uds=str(place)), base_url="http://web", timeout=60)
            opened.append(http)
            assert wait_until(lambda: place.exists() and _answers(http)), process.log.read_text()
            return Web(process, place, http, office)

        yield start
        for each in opened:
            each.close()


def _answers(http: httpx.Client) -> bool:
    try:
        return http.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def at_review(engine: sa.Engine, office: Organisation) -> UUID:
    with engine.begin() as conn:
        return tuition_at_review(conn, office, create_family(conn, office))


def passing(office: Organisation) -> dict[str, Any]:
    return {"answers": {"award": "3000.00", "fund": str(office.fund_id), "places": ["workplace", "village_board"]}}


def test_one_id_is_followed_from_the_request_to_the_mail(
    serve: Callable[..., Web], processes: Processes, office: Organisation, at_review: UUID, broker: redis.Redis
) -> None:
    assert broker.ping()
    web, relay, worker = serve(), processes.start(RELAY), processes.start((*QUIET, "--without-mingle"))
    path = f"/cases/{at_review}/actions/pass_review"
    assert web.post("reviewer", path, passing(office), request=GIVEN).status_code == 200

    def told() -> list[dict[str, Any]]:
        lines = worker.log.read_text().splitlines() + relay.log.read_text().splitlines()
        return [json.loads(line) for line in lines if '"event":"notification"' in line]

    assert wait_until(lambda: len(told()) >= 2)
    assert {(each["request"], each["fate"]) for each in told()} == {(GIVEN, "delivered")}
    assert [each["status"] for each in web.lines() if each["request"] == GIVEN] == [200]
    assert worker.terminate() == 0
    assert relay.terminate() == 0
    for each in (worker, relay):
        said = [line for line in each.log.read_text().splitlines() if line and not line.startswith("worker: Warm")]
        assert all(json.loads(line)["event"] for line in said), "Celery's farewell on standard output is no log"


@contextmanager
def held(engine: sa.Engine, case_id: UUID) -> Iterator[None]:
    """Somebody holds the case's row."""
    with engine.begin() as conn:
        conn.execute(sa.select(case.c.id).where(case.c.id == case_id).with_for_update())
        yield


def waiting(engine: sa.Engine) -> bool:
    """Whether a request waits for the row."""
    rows = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with engine.connect() as conn:
        return bool(conn.scalar(sa.text(rows)))


def test_a_web_told_to_stop_finishes_the_request_in_its_hand(
    serve: Callable[..., Web], engine: sa.Engine, office: Organisation, at_review: UUID
) -> None:
    web = serve(SONGNUAN_LOCK_WAIT="60", SONGNUAN_WEB_GRACE="60")
    with ThreadPoolExecutor(1) as hands, held(engine, at_review):
        path = f"/cases/{at_review}/actions/pass_review"
        answer = hands.submit(web.post, "reviewer", path, passing(office))
        assert wait_until(lambda: waiting(engine))
        web.process.running.send_signal(signal.SIGTERM)
        assert wait_until(lambda: not web.socket.exists() or not _answers(web.http)), "nobody new is let in"
        assert not answer.done()
    assert answer.result().status_code == 200
    assert web.process.running.wait(60) == 0
    with engine.connect() as conn:
        assert conn.scalar(sa.select(case.c.state).where(case.c.id == at_review)) == "notice"


@contextmanager
def doorbell() -> Iterator[tuple[int, list[int]]]:
    """A port that counts who comes, and says nothing."""
    came: list[int] = []
    with closing(socket.create_server(("127.0.0.1", 0))) as door:

        def count() -> None:
            while True:
                try:
                    line, _ = door.accept()
                except OSError:
                    return
                came.append(1)
                line.close()

        threading.Thread(target=count, daemon=True).start()
        yield door.getsockname()[1], came
        door.shutdown(socket.SHUT_RDWR)


def test_reads_and_steps_never_touch_the_broker(
    serve: Callable[..., Web], office: Organisation, at_review: UUID
) -> None:
    with doorbell() as (port, came):
        web = serve(REDIS_URL=f"redis://:secret-word@127.0.0.1:{port}/0")
        assert web.get("registrar", f"/api/v1/cases/{at_review}").status_code == 200
        assert web.get("registrar", "/api/v1/cases").json()["count"] == 1
        assert web.post("reviewer", f"/cases/{at_review}/actions/pass_review", passing(office)).status_code == 200
        assert web.get("registrar", "/api/v1/inbox").status_code == 200
        assert web.http.get("/metrics").status_code == 200
        assert came == []
        unready = web.http.get("/readyz")
        (reason,) = unready.json()["reasons"]
        assert (unready.status_code, reason["code"], reason["values"]["check"]) == (503, "not_ready", "broker")
        assert came, "the bell does ring when somebody comes"
        assert web.http.get("/readyz?for=web").status_code == 200


OVERSIZED = {
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


def test_what_is_no_request_is_refused_in_our_own_form_and_not_repeated(serve: Callable[..., Web]) -> None:
    web = serve()
    for name, (sent, status, code) in OVERSIZED.items():
        head, _, body = web.raw(sent.encode()).partition(b"\r\n\r\n")
        assert head.startswith(f"HTTP/1.1 {status} ".encode()), (name, head)
        assert b"application/problem+json" in head, name
        assert (json.loads(body)["code"], json.loads(body)["status"]) == (code, status), name
        assert CANARY.encode() not in body
    assert web.http.get("/healthz").status_code == 200
    assert CANARY not in web.process.log.read_text()
    assert sum(each["event"] == "unread_request" for each in web.lines()) == len(OVERSIZED)


def test_a_body_too_large_is_refused_and_the_web_goes_on(serve: Callable[..., Web]) -> None:
    web = serve(SONGNUAN_MAX_BODY="2048")
    refused = web.post("registrar", "/cases", {"x": "x" * 1_000_000})
    assert (refused.status_code, refused.json()["code"]) == (413, "request_too_large")
    assert web.get("registrar", "/api/v1/me").status_code == 200


def test_counts_are_summed_over_the_processes_and_outlive_them(serve: Callable[..., Web]) -> None:
    web = serve(SONGNUAN_WEB_WORKERS="2")

    def counted() -> float:
        families = text_string_to_metric_families(web.http.get("/metrics", headers={"Connection": "close"}).text)
        context = [each for family in families for each in family.samples if each.name == "songnuan_requests_total"]
        return sum(each.value for each in context if each.labels["route"] == "/api/v1/me")

    def ask(_number: int) -> int:
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(web.socket)), base_url="http://web") as once:
            return once.get("/api/v1/me").status_code

    with ThreadPoolExecutor(8) as hands:
        assert set(hands.map(ask, range(80))) == {401}
    assert counted() == 80
    children = psutil.Process(web.process.running.pid).children()
    assert len(children) == 2
    children[0].kill()
    assert wait_until(
        lambda: len([each for each in psutil.Process(web.process.running.pid).children() if is_running(each.pid)]) == 2
    )
    assert wait_until(lambda: _answers(web.http))
    assert counted() == 80


# --- the whole house ----------------------------------------------------------------------------------------------------


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def whole_house(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`songnuan serve` with servers of its own, as a service manager would start it."""
    environ = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    command = "from service.cli import main; main()"
    arguments = [sys.executable, "-c", command, "serve", "--port", str(_free_port()), "--var", str(folder / "var")]
    with (folder / "serve.log").open("wb") as log:
        house = subprocess.Popen(arguments, cwd=ROOT, env=environ, stdout=log, stderr=log)
    try:
        yield house
    finally:
        if house.poll() is None:
            for each in psutil.Process(house.pid).children(recursive=True):
                each.kill()
            house.kill()


def _servers(folder: Path) -> set[int]:
    """The database's process and the broker's."""
    found = set()
    for place in (folder / "var" / "postgres" / "data" / "postmaster.pid", folder / "var" / "broker" / "valkey.pid"):
        if place.exists() and (lines := place.read_text().split()):
            found.add(int(lines[0]))
    return found


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGHUP])
def test_a_house_told_to_stop_leaves_nothing_behind(tmp_path: Path, told: signal.Signals) -> None:
    tmp_path.chmod(0o711)
    with whole_house(tmp_path) as house:
        log = tmp_path / "var" / "log"
        ready = {"web.log": "Listening at", "worker.log": " ready.", "relay.log": "relaying"}
        assert wait_until(
            lambda: all((log / name).exists() and words in (log / name).read_text() for name, words in ready.items()),
            120,
        ), (tmp_path / "serve.log").read_text()
        pids = {each.pid for each in psutil.Process(house.pid).children(recursive=True)} | _servers(tmp_path)
        assert len(pids) >= 8
        house.send_signal(told)
        house.send_signal(told)
        assert house.wait(100) == 0, (tmp_path / "serve.log").read_text()
    assert not [pid for pid in pids if is_running(pid)]
    stopped = [json.loads((log / name).read_text().splitlines()[-1])["at"] for name in ("web.log", "relay.log")]
    assert stopped == sorted(stopped), "the web first, then the post room"


def test_a_house_told_to_stop_while_it_starts_leaves_nothing_behind(tmp_path: Path) -> None:
    tmp_path.chmod(0o711)
    with whole_house(tmp_path) as house:
        assert wait_until(lambda: bool(_servers(tmp_path)), 120), (tmp_path / "serve.log").read_text()
        house.terminate()
        assert house.wait(100) == 0
        assert wait_until(lambda: not [pid for pid in _servers(tmp_path) if is_running(pid)])
        assert not psutil.pid_exists(house.pid) or psutil.Process(house.pid).children() == []
