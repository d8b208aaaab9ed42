"""Uploads against a web process (`make uploads`): hostile files, kills half-way, and lists over 10,000 documents.

Prints a line per part; exits 1 when a file that may not be kept was kept, when a killed upload left half a row or a file
that is not removed, or when a figure is over its limit (memory 300 MB, p95 150 ms).
"""

import argparse
import random
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from uuid import UUID

import httpx
import psutil
import sqlalchemy as sa

from service.actions.documents import NewDocument, add_documents
from service.db import engine, migrate
from service.db.columns import new_id
from service.files.received import ReceivedFile
from service.files.store import FolderStore
from service.integrity.stored_files import remove_unused, store_state
from service.local_servers import start_postgres
from service.tables.documents import document, stored_file
from tests.api_client import NO_RATES
from tests.application_role import application_url
from tests.document_files import EICAR, pdf, photo, pixel_bomb
from tests.factories import RING, Organisation, create_family, create_organisation
from tests.fuzz.fuzzing import address
from tests.page_client import open_session
from tests.service.org_tree import TODAY
from tests.worker.processes import Process, Processes, wait_until

MOST_MEMORY = 300
"""MB of a web process or of the process that decodes."""

MOST_WAIT = 150
"""Milliseconds of a list or a small picture, p95."""

MUST_NOT_BE_KEPT = 422
HEADERS = {"X-Songnuan-Date": f"{TODAY.isoformat()}T09:30:00+08:00", "Sec-Fetch-Site": "same-origin"}


@dataclass
class Office:
    """A union with one family, its store, and the web process in front of it."""

    office: Organisation
    family: UUID
    engine: sa.Engine
    folder: Path
    processes: Processes
    web: Process
    url: str

    @property
    def store(self) -> FolderStore:
        """The file store of the web process."""
        return FolderStore(self.folder / "var" / "files")

    def signed_in(self) -> httpx.Client:
        """Return a registrar's browser."""
        token = open_session(self.engine, self.office, "registrar", TODAY).token
        return httpx.Client(base_url=self.url, headers=HEADERS, cookies={"songnuan": token}, timeout=120)

    def restart(self) -> None:
        """Start another web process on the same record."""
        self.web = self.processes.start(COMMAND)
        assert wait_until(lambda: address(self.web) is not None), self.web.log.read_text()
        self.url = address(self.web) or ""


COMMAND = ("-m", "gunicorn", "-c", "python:service.http.gunicorn_conf", "--bind=127.0.0.1:0")


@contextmanager
def served(folder: Path) -> Iterator[Office]:
    """Start a database with a union and a web process on it."""
    with start_postgres(folder / "pg", durable=False) as pg:
        db = engine.make_engine(pg.url)
        migrate.upgrade(db)
        with db.begin() as conn:
            office = create_organisation(conn)
            family = create_family(conn, office).household_id
        settings = {
            **NO_RATES,
            "DATABASE_URL": application_url(pg.url),
            "KEYRING": ",".join(f"{number}:{secret.hex()}" for number, secret in RING.keys.items()),
            "SONGNUAN_VAR": str(folder / "var"),
            "SONGNUAN_DEMO_CLOCK": "1",
            "SONGNUAN_WEB_WORKERS": "1",
        }
        with Processes(settings, folder) as processes:
            web = processes.start(COMMAND)
            assert wait_until(lambda: address(web) is not None), web.log.read_text()
            yield Office(office, family, db, folder, processes, web, address(web) or "")
        db.dispose()


def send(browser: httpx.Client, family: UUID, *files: tuple[str, bytes]) -> httpx.Response:
    """Upload files to a family by the form of its page."""
    path = f"/households/{family}/documents/new"
    shown = browser.get(path).text
    [token] = re.findall(r'enctype="multipart/form-data".*?name="_csrf" value="([^"]+)"', shown, re.DOTALL)
    typed = {"_csrf": token, "_key": str(new_id()), "kind": "identity"}
    return browser.post(path, data=typed, files=[("files", (name, content)) for name, content in files])


class Memory:
    """The most memory that a process and its children had, in MB, each by itself."""

    def __init__(self, process: Process) -> None:
        self.peak, self.is_over = Counter[str](), threading.Event()
        self._root = psutil.Process(process.running.pid)
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self.is_over.wait(0.02):
            for each in self._root.children(recursive=True):
                try:
                    kind = "decoder" if "service.files" in " ".join(each.cmdline()) else "web"
                    self.peak[kind] = max(self.peak[kind], each.memory_info().rss // 2**20)
                except psutil.Error:
                    continue

    def stop(self) -> Counter[str]:
        """Stop watching; return the peaks."""
        self.is_over.set()
        self._thread.join()
        return self.peak


def hostile_files(number: int, dice: random.Random) -> Iterator[tuple[str, bytes, bool]]:
    """Yield files with whether they must be refused: those of known attacks, then whole files with bytes changed."""
    large = photo(3, 12_000, 9_000)
    yield "eicar.jpg", EICAR, True
    yield "page.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", True
    yield "bomb.png", pixel_bomb(), True
    yield "bomb.zip", b"PK\x03\x04" + bytes(10**6), True
    yield "scan.pdf", pdf(script=True), True
    yield "both.pdf", pdf() + b"PK\x03\x04" + bytes(100), True
    yield "../../up.jpg", b"", True
    yield "108-megapixels.jpg", large, False
    yield "20-megapixels.png", photo(4, 5_000, 4_000, "PNG"), False
    yield "12-megapixels.heic", photo(5, 4_000, 3_000, "HEIF"), False
    for seed in range(number):
        whole = bytearray(dice.choice((photo, lambda n: photo(n, kind="PNG"), lambda n: pdf(1 + n % 3)))(seed + 10))
        for _ in range(dice.randrange(1, 40)):
            whole[dice.randrange(len(whole))] = dice.randrange(256)
        yield f"changed-{seed}", bytes(whole), False


def try_hostile(served_office: Office, number: int, seed: int) -> int:
    """Upload hostile files; return how many answers were wrong, and whether a process had too much memory."""
    memory, answers, wrong = Memory(served_office.web), Counter[int](), 0
    with served_office.signed_in() as browser:
        for name, content, must_refuse in hostile_files(number, random.Random(seed)):
            status = send(browser, served_office.family, (name, content)).status_code
            answers[status] += 1
            wrong += status >= 500 or (must_refuse and status != MUST_NOT_BE_KEPT)
    peak = memory.stop()
    say(f"hostile files, seed {seed}: {sum(answers.values())} sent, answers {dict(answers)}, {wrong} wrong")
    say(f"  memory at most: web process {peak['web']} MB, decoder {peak['decoder']} MB (limit {MOST_MEMORY})")
    return wrong + sum(value > MOST_MEMORY for value in peak.values())


def kill_half_way(served_office: Office, kills: int, seed: int) -> int:
    """Kill the web process in the middle of uploads; return how many rows have no file, and files that stay."""
    dice = random.Random(seed)
    for number in range(kills):
        browser = served_office.signed_in()
        sender = threading.Thread(target=_send_until_killed, args=(browser, served_office.family, number), daemon=True)
        sender.start()
        time.sleep(dice.uniform(0.2, 2.5))
        served_office.web.kill()
        sender.join()
        browser.close()
        served_office.restart()
    with served_office.engine.connect() as conn:
        state = store_state(conn, served_office.store)
        rows = conn.scalar(sa.select(sa.func.count()).select_from(document)) or 0
        halves = conn.scalar(sa.select(sa.func.count()).select_from(stored_file).where(~_is_used())) or 0
        removed = remove_unused(conn, served_office.store, datetime.now(UTC) + timedelta(hours=25))
        left = len(store_state(conn, served_office.store).unused)
    say(
        f"killed half-way {kills} times, seed {seed}: {rows} documents, {len(state.lost)} files lost, {halves} half rows,"
    )
    say(f"  {removed} files of uploads that were not committed, all named by doctor; {left} left after the daily job")
    return len(state.lost) + halves + left


def _is_used() -> sa.ColumnElement[bool]:
    return sa.exists().where(document.c.file_id == stored_file.c.id)


def _send_until_killed(browser: httpx.Client, family: UUID, number: int) -> None:
    try:
        for each in range(20):
            send(browser, family, (f"{number}-{each}.jpg", photo(1_000 + number * 20 + each, 800, 600)))
    except httpx.TransportError:
        return


def list_many(served_office: Office, documents: int) -> int:
    """Fill the record with documents, then measure the list, a family's page and small pictures; return what is over."""
    small = photo(7, 240, 180)
    with served_office.engine.begin() as conn:
        context = served_office.office.context(conn, "registrar", TODAY)
        families = [create_family(conn, served_office.office).household_id for _ in range(documents // 10)]
        for number in range(documents):
            file = ReceivedFile(
                *(f"{number}.jpg", f"content {number}".encode(), small, "image/jpeg", 1, 240, 180, None),
                *(number.to_bytes(32), None),
            )
            new = NewDocument(families[number % len(families)], None, "identity", file)
            add_documents(conn, served_office.store, [new], context)
        conn.execute(sa.text("ANALYZE"))
        ids = list(conn.scalars(sa.select(document.c.id).order_by(sa.func.random()).limit(300)))
    with served_office.signed_in() as browser:
        paths = {
            "list": ["/documents?kind=identity&twice=1", *["/documents?kind=identity&state=in_force"] * 9] * 30,
            "family": [f"/households/{families[number % len(families)]}" for number in range(300)],
            "small picture": [f"/documents/{each}/small.jpg" for each in ids],
        }
        slowest = {name: _p95(browser, each) for name, each in paths.items()}
    words = ", ".join(f"{name} p95 {value:.0f} ms" for name, value in slowest.items())
    say(f"{documents} documents: {words} (limit {MOST_WAIT})")
    return sum(value > MOST_WAIT for value in slowest.values())


def _p95(browser: httpx.Client, paths: list[str]) -> float:
    times = []
    for path in paths:
        start = time.perf_counter()
        answer = browser.get(path)
        times.append((time.perf_counter() - start) * 1000)
        assert answer.is_success, (path, answer.status_code)
    return quantiles(times, n=20)[-1]


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    """Run the three parts."""
    parser = argparse.ArgumentParser(prog="make uploads", description=__doc__)
    parser.add_argument("--changed", type=int, default=300, help="whole files with bytes changed")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    arguments = parser.parse_args()
    with TemporaryDirectory(prefix="songnuan-uploads-") as folder:
        Path(folder).chmod(0o711)
        with served(Path(folder)) as served_office:
            faults = try_hostile(served_office, arguments.changed, arguments.seed)
            faults += kill_half_way(served_office, arguments.kills, arguments.seed)
            faults += list_many(served_office, arguments.documents)
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
