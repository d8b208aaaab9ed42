"""A database that is gone, full, locked or read-only: 503 with a time to come back, never 500, and nothing half-written."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
import sqlalchemy as sa

from service.db import migrate
from service.db.engine import make_engine
from service.local_servers import ServerProcess, start_postgres
from service.tables.cases import case
from service.tables.events import idempotency
from tests.api_client import ApiClient, serving
from tests.factories import create_organisation
from tests.service.test_api_access import opening


def said(answer: Any) -> tuple[int, str]:
    """Status and code; a 503 is a problem document and says when to come back."""
    told = answer.get_json()
    if answer.status_code == 503:
        assert answer.content_type == "application/problem+json"
        assert 1 <= int(answer.headers["Retry-After"]) <= 30
        assert told["request_id"] == answer.headers["X-Request-Id"]
    return answer.status_code, told.get("code", "")


@contextmanager
def desk_on(desk: ApiClient, url: str, folder: Path, **bounds: str) -> Iterator[ApiClient]:
    told: dict[str, Any] = {f"SONGNUAN_{name.upper()}": value for name, value in bounds.items()}
    with serving(url, folder, **told) as app:
        yield ApiClient(app.test_client(), desk.office, desk.today)


def test_a_step_waits_for_a_lock_no_longer_than_it_may(
    desk: ApiClient, engine: sa.Engine, database_url: str, tmp_path: Path
) -> None:
    case_id = desk.post("registrar", "/cases", opening(desk, engine)).get_json()["id"]
    with desk_on(desk, database_url, tmp_path, lock_wait="1") as hurried:
        with engine.begin() as conn:
            conn.execute(sa.select(case.c.id).where(case.c.id == case_id).with_for_update())
            began = time.monotonic()
            assert said(hurried.act("registrar", case_id, "submit")) == (503, "database_busy")
            assert 1 <= round(time.monotonic() - began, 1) < 20
            assert said(hurried.get("registrar", f"/cases/{case_id}"))[0] == 200, "who only reads does not wait"
        assert said(hurried.act("registrar", case_id, "submit"))[0] == 200


def test_a_statement_that_runs_too_long_is_cut(desk: ApiClient, database_url: str, tmp_path: Path) -> None:
    with desk_on(desk, database_url, tmp_path, statement_time="1") as hurried:

        def slow() -> str:
            with hurried.http.application.extensions["songnuan"].engine.connect() as conn:
                conn.execute(sa.text("SELECT pg_sleep(60)"))
            return ""

        slow.needs = ()  # type: ignore[attr-defined]
        hurried.http.application.add_url_rule("/slow", view_func=slow)
        assert said(hurried.http.get("/slow")) == (503, "database_busy")


def test_a_pool_that_is_used_up_says_busy_and_heals(desk: ApiClient, database_url: str, tmp_path: Path) -> None:
    with desk_on(desk, database_url, tmp_path, pool="1", db_pool_timeout="1") as crowded:
        pool = crowded.http.application.extensions["songnuan"].engine
        held = [pool.connect() for _ in range(2)]
        assert said(crowded.get("auditor", "/me")) == (503, "database_busy")
        for each in held:
            each.close()
        assert said(crowded.get("auditor", "/me"))[0] == 200


def test_a_database_that_takes_no_writes_is_read_all_the_same(
    desk: ApiClient, engine: sa.Engine, database_url: str, tmp_path: Path
) -> None:
    body = opening(desk, engine)
    case_id = desk.post("registrar", "/cases", body).get_json()["id"]
    with desk_on(desk, database_url, tmp_path) as reading:
        house = reading.http.application.extensions["songnuan"]
        only = "SET default_transaction_read_only = on"
        sa.event.listen(house.engine, "connect", lambda made, _record: made.execute(only) and made.commit())
        assert said(reading.get("registrar", f"/cases/{case_id}"))[0] == 200
        assert said(reading.get("registrar", "/cases"))[0] == 200
        assert said(reading.act("registrar", case_id, "submit")) == (503, "database_read_only")
    assert said(desk.act("registrar", case_id, "submit"))[0] == 200


CUT = """
    CREATE FUNCTION cut_here() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); RETURN NEW; END $$;
    CREATE TRIGGER cut_here BEFORE {when} FOR EACH ROW EXECUTE FUNCTION cut_here()"""


@contextmanager
def cut_at(engine: sa.Engine, when: str) -> Iterator[None]:
    """Whoever writes here loses his connection."""
    with engine.begin() as conn:
        conn.execute(sa.text(CUT.format(when=when)))
    yield
    with engine.begin() as conn:
        conn.execute(sa.text("DROP FUNCTION cut_here() CASCADE"))


@pytest.mark.parametrize("when", ['INSERT ON "case"', "UPDATE ON idempotency"])
def test_a_connection_that_is_cut_in_the_middle_is_no_fault_of_ours(
    desk: ApiClient, engine: sa.Engine, database_url: str, tmp_path: Path, when: str
) -> None:
    """Cut while the transaction is open, and while the answer is being kept."""
    body = opening(desk, engine)
    with desk_on(desk, database_url, tmp_path) as cutting:
        headers = cutting.headers("registrar")
        with cut_at(engine, when):
            lost = cutting.http.post("/api/v1/cases", json=body, headers=headers)
        assert said(lost) == (503, "database_away")
        again = cutting.http.post("/api/v1/cases", json=body, headers=headers)
        assert said(again)[0] == 201, "the same key does it once"
        with engine.connect() as conn:
            mine = case.c.household_id == body["household_id"]
            assert conn.scalar(sa.select(sa.func.count()).where(mine)) == 1
            assert conn.scalar(sa.select(sa.func.count()).where(idempotency.c.key == headers["Idempotency-Key"])) == 1


def test_a_commit_that_fails_is_503_and_leaves_nothing(
    desk: ApiClient, engine: sa.Engine, database_url: str, tmp_path: Path
) -> None:
    with desk_on(desk, database_url, tmp_path) as cutting:
        house, body = cutting.http.application.extensions["songnuan"], opening(desk, engine)
        armed = [True]

        def kill(conn: Any) -> None:
            if armed:
                armed.clear()
                with engine.begin() as other:
                    other.execute(
                        sa.text("SELECT pg_terminate_backend(:pid)"),
                        {"pid": conn.connection.dbapi_connection.info.backend_pid},
                    )
                time.sleep(0.2)

        sa.event.listen(house.engine, "commit", kill)
        assert said(cutting.post("registrar", "/cases", body)) == (503, "database_away")
        assert armed == []
        with engine.connect() as conn:
            assert conn.scalar(sa.select(sa.func.count()).where(case.c.household_id == body["household_id"])) == 0
        assert said(cutting.post("registrar", "/cases", body))[0] == 201


@pytest.fixture
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, ServerProcess]]:
    folder = tmp_path_factory.mktemp("pg")
    folder.chmod(0o711)
    server = start_postgres(folder / "pg")
    yield folder / "pg", server
    start_postgres(folder / "pg").stop()


def killed_whole(pid: int) -> None:
    """A server and all it started, gone: one that lost only its head serves on for a moment."""
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    for each in family:
        each.kill()
    psutil.wait_procs(family, timeout=10)


def test_the_web_heals_within_five_seconds_of_the_databases_return(
    own_postgres: tuple[Path, ServerProcess], tmp_path: Path, desk: ApiClient
) -> None:
    folder, server = own_postgres
    made = make_engine(server.url)
    migrate.upgrade(made)
    with made.begin() as conn:
        office = create_organisation(conn)
    made.dispose()
    with serving(server.url, tmp_path) as app:
        here = ApiClient(app.test_client(), office, desk.today)
        assert said(here.get("auditor", "/me"))[0] == 200
        killed_whole(server.pid)
        for _ in range(3):
            assert said(here.get("auditor", "/me")) == (503, "database_away")
        again = start_postgres(folder)
        with psycopg.connect(again.url) as back:
            assert back.execute("SELECT 1").fetchone()
        returned = time.monotonic()
        answers: list[tuple[int, str]] = []
        while not answers or answers[-1][0] != 200:
            answers.append(said(here.get("auditor", "/me")))
            assert time.monotonic() - returned < 5, answers[-1]
        assert again.url == server.url
