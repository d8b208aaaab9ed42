"""The export benchmark takes whole lists as files from a running web process: rows, seconds and memory.

    python -m benchmarks.exports --sizes 10000 100000

The record is generated, with so many families, more cases, payments and events; of events the newest `size` are asked for.
One gunicorn process serves; its largest memory is that of /proc. A list of 100,000 rows and more that takes longer than
30 s for 100,000 rows, or 200 MB, gives exit code 1.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import sqlalchemy as sa

from benchmarks import scale_fixtures, scale_load
from benchmarks.scale_cases import TODAY
from benchmarks.scale_fixtures import Union
from benchmarks.web_servers import Webs, environment
from service.actions import prepared_files
from service.actions.context import ActionContext, BrowserRequest
from service.actions.prepared_files import WantedFile
from service.actions.sign_in import start_session
from service.clock import Clock, now
from service.db import migrate
from service.db.engine import make_engine
from service.local_servers import start_postgres
from service.queries import accounts
from service.tables.events import event
from service.tables.prepared_files import prepared_file
from tests.factories import RING, instant
from tests.sign_in_browser import ensure_password

MOST_SECONDS, MOST_MEGABYTES, OF_ROWS = 30.0, 200, 100_000
PART = 2**16


@dataclass(frozen=True)
class Taken:
    """A file that was taken: its rows and bytes, seconds to its first and last byte, and the process's memory in MB."""

    name: str
    rows: int
    size: int
    first: float
    seconds: float
    memory: int

    @property
    def is_slow(self) -> bool:
        """Return whether a file as long as the limits are made for does not keep them."""
        per_row = self.seconds / max(self.rows, 1)
        return self.rows >= OF_ROWS and (per_row > MOST_SECONDS / OF_ROWS or self.memory > MOST_MEGABYTES)


class Taker:
    """The auditor of the city at a browser, and the web process that serves it."""

    def __init__(self, server: str, engine: sa.Engine, union: Union, master: int) -> None:
        self.address, self.engine, self.union, self.master = urlsplit(server), engine, union, master
        self.url = engine.url.render_as_string(hide_password=False)
        office = union.city
        with engine.begin() as conn:
            ensure_password(conn, office, "auditor")
            caller = accounts.caller_by_login(conn, office.login("auditor"), TODAY)
            if caller is None:
                raise SystemExit("the union has no auditor")
            context = ActionContext(caller, instant(TODAY), TODAY, RING, clock=Clock.DEMO)
            cookie = start_session(conn, "password", now(), BrowserRequest("bench", "127.0.0.0/24", now()), context)
        day = f"{TODAY.isoformat()}T09:30:00+08:00"
        self.headers = {"Cookie": f"songnuan={cookie.token}", "X-Songnuan-Date": day, "Sec-Fetch-Site": "same-origin"}

    def take(self, name: str, kind: str, query: str = "") -> Taken:
        """Take a list as a file. Raises SystemExit where the answer is not a file."""
        worker = self._worker()
        Path(f"/proc/{worker}/clear_refs").write_text("5")  # the largest memory is counted again from now on
        http = HTTPConnection(str(self.address.hostname), self.address.port, timeout=600)
        form = urlencode({"_csrf": self._csrf(http), "_key": uuid4().hex})
        headers = {**self.headers, "Content-Type": "application/x-www-form-urlencoded"}
        began, size = time.perf_counter(), 0
        http.request("POST", f"/exports/{name}/{kind}{query}", form, headers)
        answer = http.getresponse()
        if answer.status != 200:
            raise SystemExit(f"{name} {kind}: {answer.status} {answer.read()[:2000].decode()}")
        first = time.perf_counter() - began
        while part := answer.read(PART):
            size += len(part)
        seconds = time.perf_counter() - began
        http.close()
        return Taken(f"{name} {kind}", self._rows(), size, first, seconds, _memory(worker, "VmHWM"))

    def memory(self) -> int:
        """Return the memory of the web process in MB, after a page and before the files."""
        http = HTTPConnection(str(self.address.hostname), self.address.port, timeout=60)
        self._csrf(http)
        http.close()
        return _memory(self._worker(), "VmRSS")

    def _worker(self) -> int:
        return int(Path(f"/proc/{self.master}/task/{self.master}/children").read_text().split()[0])

    def _csrf(self, http: HTTPConnection) -> str:
        http.request("GET", "/inbox", headers=self.headers)
        [token, *_] = re.findall(r'name="_csrf" value="([^"]+)"', http.getresponse().read().decode())
        return str(token)

    def _rows(self) -> int:
        """Return the number of rows that the event of the last export names."""
        rows = sa.cast(event.c.body, sa.dialects.postgresql.JSONB)["facts"]["rows"].as_integer()
        newest = sa.select(rows).where(event.c.action == "export").order_by(event.c.no.desc()).limit(1)
        with self.engine.connect() as conn:
            return conn.scalar(newest) or 0

    def prepare(self, name: str, kind: str, query: str, rows: int) -> Taken:
        """Have a list made as a file while nobody waits, in a process of its own. Raises SystemExit where it is not made."""
        with self.engine.begin() as conn:
            context = self.union.city.context(conn, "auditor", TODAY)
            wanted = WantedFile(name, kind, query.lstrip("?"), "说明", {}, "zh_CN", rows, ())
            file_id = prepared_files.ask(conn, wanted, now(), context)
        began = time.perf_counter()
        maker = subprocess.Popen([sys.executable, "-m", "service.file_maker"], env=environment(self.url))
        _pid, status, used = os.wait4(maker.pid, 0)
        seconds = time.perf_counter() - began
        with self.engine.connect() as conn:
            row = conn.execute(sa.select(prepared_file).where(prepared_file.c.id == file_id)).one()
        if status or row.state != "ready":
            raise SystemExit(f"{name} {kind} was not made: {row.state}")
        return Taken(f"{name} {kind}, prepared", row.rows_done, row.size, seconds, seconds, used.ru_maxrss // 1024)

    def first_day(self, size: int) -> str:
        """Return the day since which there are about `size` events."""
        with self.engine.connect() as conn:
            days = sa.select(event.c.on).order_by(event.c.on.desc()).offset(size - 1).limit(1)
            return str(conn.scalar(days) or TODAY)


def _memory(process: int, kind: str) -> int:
    """Return the memory of a process in MB: `VmRSS` now, `VmHWM` its largest."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(re.findall(rf"{kind}:\s+(\d+) kB", status)[0]) // 1024


def run(sizes: list[int], room: Path | None) -> Iterator[Taken]:
    """Extend the record from size to size, and take every list at each as both kinds of file."""
    with tempfile.TemporaryDirectory(dir=room) as folder, start_postgres(Path(folder) / "postgres") as server:
        engine = make_engine(server.url)
        migrate.upgrade(engine)
        with engine.begin() as conn:
            union = scale_fixtures.found(conn)
        families = filled = 0
        with Webs(Path(folder)) as webs:
            address = webs.start(
                "http", server.url, more={"SONGNUAN_WEB_WORKERS": "1", "SONGNUAN_EXPORT_ROWS": "10000000"}
            )
            taker = Taker(address, engine, union, webs.running.children["http"].pid)
            for size in sizes:
                cases = int(size * scale_load.CASES_PER_FAMILY)
                families += scale_load.fill(server.url, union, cases - filled, families)
                filled = cases
                print(f"{families:,} families; the web process has {taker.memory()} MB", flush=True)
                lists = dict.fromkeys(("cases", "households", "payments"), "")
                for name, query in (lists | {"events": f"?from={taker.first_day(size)}"}).items():
                    for kind in ("csv", "xlsx"):
                        taken = taker.take(name, kind, query)
                        yield taken
                        yield taker.prepare(name, kind, query, taken.rows)
        engine.dispose()


def main() -> int:
    """Read the sizes, run, and print a line for each file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000], help="numbers of families")
    parser.add_argument("--room", type=Path, help="folder of the database")
    arguments = parser.parse_args()
    slow = False
    for taken in run(arguments.sizes, arguments.room):
        slow = slow or taken.is_slow
        print(
            f"  {taken.name:<25}{taken.rows:>9,} rows {taken.size / 1e6:>7.1f} MB, first byte after {taken.first:>5.1f} s,"
            f" last after {taken.seconds:>6.1f} s, memory {taken.memory:>4} MB{'  EXCEEDED' * taken.is_slow}",
            flush=True,
        )
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
