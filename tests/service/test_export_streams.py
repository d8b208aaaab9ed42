"""Exports longer than a batch: one moment, the event before the first byte, a cut file that shows, and few at once."""

import csv
import io
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa
from flask import Flask, Response
from python_calamine import CalamineWorkbook

from benchmarks.scale_cases import TODAY, Batch, make
from benchmarks.scale_fixtures import Union, found
from benchmarks.web_servers import environment
from benchmarks.workload import pour
from service.cli.processes import Processes, web
from service.db.engine import make_engine
from service.http.csrf import masked
from service.queries import accounts, case_list
from service.queries.case_list import Sort
from service.tables.events import event
from service.web.exported_columns import BATCH
from tests.api_client import serving
from tests.page_client import open_session, page_refusal
from tests.worker.processes import wait_until

FAMILIES = 2_400
ONE_MORE = """INSERT INTO "case" SELECT (jsonb_populate_record("case".*, jsonb_build_object(
    'id', gen_random_uuid(), 'case_no', 'ONE-MORE', 'opened_on', CAST(:on AS text)))).* FROM "case" LIMIT 1"""
IDLE = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'idle in transaction'"""


@dataclass(frozen=True)
class Record:
    """A record with more cases than an export reads at once."""

    url: str
    engine: sa.Engine
    union: Union

    def exports(self) -> list[dict[str, Any]]:
        """Return the facts of the events of exports, oldest first."""
        facts = sa.cast(event.c.body, sa.dialects.postgresql.JSONB)["facts"]
        with self.engine.connect() as conn:
            return list(conn.scalars(sa.select(facts).where(event.c.action == "export").order_by(event.c.no)))

    def case_numbers(self) -> list[str]:
        """Return the numbers of all cases in the order of the list."""
        with self.engine.connect() as conn:
            caller = accounts.caller_by_login(conn, self.union.city.login("auditor"), TODAY)
            assert caller is not None
            rows = case_list.page(conn, caller, {}, Sort.OLDEST, TODAY, None, 100_000).rows
        return [row["case_no"] for row in rows]


@pytest.fixture(scope="module")
def record(migrated_database: Callable[[], str]) -> Iterator[Record]:
    """Yield a generated record in a database of its own."""
    url = migrated_database()
    engine = make_engine(url)
    with engine.begin() as conn:
        union = found(conn, counties=2, below=3)
        conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
        for table, rows in make(Batch(0, FAMILIES, FAMILIES, union.city.policy_id), union.places).items():
            pour(conn, table, rows)
    yield Record(url, engine, union)
    engine.dispose()


@pytest.fixture(scope="module")
def app(record: Record, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Yield the web application on that record."""
    with serving(record.url, tmp_path_factory.mktemp("var")) as app:
        yield app


Take = Callable[..., Any]


@pytest.fixture
def take(app: Flask, record: Record) -> Iterator[Take]:
    """Yield a function that asks for an export, and returns the answer as it begins to arrive."""
    answers: list[Any] = []

    def taken(address: str, staff_name: str = "auditor") -> Any:
        session = open_session(record.engine, record.union.city, staff_name, TODAY)
        http = app.test_client()
        http.set_cookie("songnuan", session.token)
        headers = {"X-Songnuan-Date": f"{TODAY.isoformat()}T09:30:00+08:00", "Sec-Fetch-Site": "same-origin"}
        fields = {"_csrf": masked(session.csrf), "_key": uuid4().hex}
        answers.append(http.post(address, data=fields, headers=headers))
        return answers[-1]

    yield taken
    for each in reversed(answers):
        each.close()


def lines(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def open_connections(app: Flask) -> int:
    pool: Any = app.extensions["songnuan"].engine.pool
    count: int = pool.checkedout()
    return count


def test_file_longer_than_a_batch_has_the_rows_of_the_list_in_its_order(record: Record, take: Take) -> None:
    numbers = record.case_numbers()
    assert len(numbers) > BATCH
    answer = take("/exports/cases/csv?sort=oldest")
    _note, _header, *rows, ending = lines(answer.get_data())
    assert [row[0] for row in rows] == numbers
    assert ending == [f"共 {len(numbers):,} 行"]
    assert record.exports()[-1] == {"list": "cases", "kind": "csv", "rows": len(numbers), "filters": {}}
    answer.close()
    workbook = take("/exports/cases/xlsx?sort=oldest")
    assert int(workbook.headers["Content-Length"]) == len(workbook.data)
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(workbook.data)).get_sheet_by_index(0).to_python()
    assert [row[0] for row in sheet[2:]] == numbers
    assert record.exports()[-1]["rows"] == len(numbers)


def test_event_is_committed_before_the_first_byte(record: Record, take: Take) -> None:
    before = len(record.exports())
    answer = take("/exports/events/csv")
    first = next(answer.response)
    assert lines(first)[0][0].startswith("留痕。由 ")
    assert len(record.exports()) == before + 1, "another transaction sees it while the file is being sent"
    rest = b"".join(answer.response)
    assert rest, "the file was not whole with its first part"
    assert lines(first + rest)[-1] == [f"共 {record.exports()[-1]['rows']:,} 行"]


def test_rows_are_of_the_moment_of_the_count(record: Record, take: Take) -> None:
    answer = take("/exports/cases/csv?sort=oldest")
    first = next(answer.response)
    with record.engine.begin() as conn:
        conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
        conn.execute(sa.text(ONE_MORE), {"on": TODAY.isoformat()})
    _note, _header, *rows, ending = lines(first + b"".join(answer.response))
    numbers = record.case_numbers()
    assert numbers[-1] == "ONE-MORE"
    assert [row[0] for row in rows] == numbers[:-1]
    assert ending == [f"共 {len(numbers) - 1:,} 行"]


def test_file_that_is_cut_has_no_last_line(record: Record, app: Flask, take: Take) -> None:
    answer = take("/exports/events/csv")
    content = bytearray(next(answer.response))
    with record.engine.begin() as conn:
        assert conn.scalars(sa.text(IDLE)).all() == [True]
    with pytest.raises(sa.exc.OperationalError):
        deque(map(content.extend, answer.response), maxlen=0)
    assert not lines(bytes(content))[-1][0].startswith("共 ")
    assert open_connections(app) == 0


def test_reader_who_goes_leaves_no_connection_and_no_transaction(app: Flask, take: Take) -> None:
    answer = take("/exports/events/csv")
    next(answer.response)
    assert open_connections(app) == 1, "that of the snapshot; the request's own has gone back"
    answer.close()
    assert open_connections(app) == 0
    again = take("/exports/events/csv")
    assert (again.status_code, again.get_data() != b"") == (200, True)


def test_second_export_of_a_person_and_a_third_of_all_wait(record: Record, take: Take) -> None:
    before = len(record.exports())
    own = take("/exports/events/csv")
    next(own.response)
    with ThreadPoolExecutor(1) as registrar, ThreadPoolExecutor(1) as reviewer:
        refused = registrar.submit(take, "/exports/cases/xlsx").result()
        assert page_refusal(refused) == (429, "export_running")
        workbook = registrar.submit(take, "/exports/cases/xlsx", "registrar").result()
        busy = reviewer.submit(take, "/exports/cases/csv", "reviewer").result()
        assert page_refusal(busy) == (429, "exports_busy")
        assert int(busy.headers["Retry-After"]) > 0
        assert len(record.exports()) == before + 2, "a refused export is none"
        registrar.submit(workbook.close).result()
        free = reviewer.submit(take, "/exports/cases/csv", "reviewer").result()
        assert free.status_code == 200
        reviewer.submit(free.close).result()


@pytest.fixture
def served(record: Record, tmp_path: Path) -> Iterator[httpx.Client]:
    """Yield a client of a web process with three threads, two of which may export."""
    # The buffers of such a socket hold half of a file: the web process waits for a client that does not read on.
    with tempfile.TemporaryDirectory(prefix="sn-") as folder, Processes(tmp_path / "log") as running:
        socket = Path(folder) / "web.sock"
        command = [*web(0)[:-1], f"unix:{socket}"]
        more = {"SONGNUAN_WEB_WORKERS": "1", "SONGNUAN_WEB_THREADS": "3", "SONGNUAN_VAR": str(tmp_path)}
        running.start("web", command, {**environment(record.url), **more})
        assert wait_until(socket.exists)
        with httpx.Client(
            transport=httpx.HTTPTransport(uds=str(socket)), base_url="http://localhost", timeout=30
        ) as http:
            yield http


def sent(http: httpx.Client, record: Record, staff_name: str) -> Any:
    """Return the answer to an export as a stream."""
    session = open_session(record.engine, record.union.city, staff_name, TODAY)
    headers = {"X-Songnuan-Date": f"{TODAY.isoformat()}T09:30:00+08:00", "Sec-Fetch-Site": "same-origin"}
    headers |= {"Cookie": f"songnuan={session.token}"}
    fields = {"_csrf": masked(session.csrf), "_key": uuid4().hex}
    return http.stream("POST", "/exports/cases/csv", data=fields, headers=headers)


def test_slow_readers_do_not_stop_the_pages_and_a_cut_answer_is_an_error(record: Record, served: httpx.Client) -> None:
    with sent(served, record, "auditor") as first, sent(served, record, "registrar") as second:
        parts, others = first.iter_raw(1000), second.iter_raw(1000)
        assert [next(parts)[:3], next(others)[:3]] == [b"\xef\xbb\xbf"] * 2
        with sent(served, record, "reviewer") as third:
            assert page_refusal(Response(third.read(), third.status_code)) == (429, "exports_busy")
        assert served.get("/sign-in").status_code == 200
        with record.engine.begin() as conn:
            assert len(conn.scalars(sa.text(IDLE)).all()) == 2, "both are still being sent"
        with pytest.raises(httpx.RemoteProtocolError):
            deque(parts, maxlen=0)
    with sent(served, record, "reviewer") as third:
        assert third.status_code == 200


def test_failed_commit_sends_nothing_and_holds_nothing(record: Record, app: Flask, take: Take) -> None:
    before, engine, armed = len(record.exports()), app.extensions["songnuan"].engine, [True]

    def kill(conn: Any) -> None:
        if armed and conn.get_execution_options().get("isolation_level") is None:
            armed.clear()
            with record.engine.begin() as other:
                pid = conn.connection.dbapi_connection.info.backend_pid
                other.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})

    sa.event.listen(engine, "commit", kill)
    try:
        assert page_refusal(take("/exports/events/csv")) == (503, "database_away")
    finally:
        sa.event.remove(engine, "commit", kill)
    assert not armed
    assert len(record.exports()) == before
    assert open_connections(app) == 0
    assert take("/exports/events/csv").status_code == 200, "the refused one is not counted as running"


def test_files_of_a_workbook_are_gone_when_it_is_sent(
    take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    answer = take("/exports/cases/xlsx")
    assert answer.data.startswith(b"PK")
    answer.close()
    assert list(tmp_path.iterdir()) == []
