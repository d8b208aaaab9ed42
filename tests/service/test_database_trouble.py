"""A failing database gives 503 with Retry-After and leaves nothing half-written."""

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
    """Return status and code; check that a 503 is a problem document with Retry-After."""
    body = answer.get_json()
    if answer.status_code == 503:
        assert answer.content_type == "application/problem+json"
        assert 1 <= int(answer.headers["Retry-After"]) <= 30
        assert body["request_id"] == answer.headers["X-Request-Id"]
    return answer.status_code, body.get("code", "")


@contextmanager
def client_with_settings(client: ApiClient, url: str, folder: Path, **settings: str) -> Iterator[ApiClient]:
    variables: dict[str, Any] = {f"SONGNUAN_{name.upper()}": value for name, value in settings.items()}
    with serving(url, folder, **variables) as app:
        yield ApiClient(app.test_client(), client.office, client.today)


def test_step_waiting_past_the_lock_limit_gets_503(
    client: ApiClient, engine: sa.Engine, database_url: str, tmp_path: Path
) -> None:
    case_id = client.post("registrar", "/cases", opening(client, engine)).get_json()["id"]
    with client_with_settings(client, database_url, tmp_path, lock_wait="1") as limited_client:
        with engine.begin() as conn:
            conn.execute(sa.select(case.c.id).where(case.c.id == case_id).with_for_update())
            began = time.monotonic()
            assert said(limited_client.act("registrar", case_id, "submit")) == (503, "database_busy")
            assert 1 <= round(time.monotonic() - began, 1) < 20
            assert said(limited_client.get("registrar", f"/cases/{case_id}"))[0] == 200, "a read does not wait"
        assert said(limited_client.act("registrar", case_id, "submit"))[0] == 200


def test_statement_past_its_time_limit_gets_503(client: ApiClient, database_url: str, tmp_path: Path) -> None:
    with client_with_settings(client, database_url, tmp_path, statement_time="1") as limited_client:

        def slow() -> str:
            with limited_client.http.application.extensions["songnuan"].engine.connect() as conn:
                conn.execute(sa.text("SELECT pg_sleep(60)"))
            return ""

        slow.needs = ()  # type: ignore[attr-defined]
        limited_client.http.application.add_url_rule("/api/slow", view_func=slow)
        assert said(limited_client.http.get("/api/slow")) == (503, "database_busy")


def test_exhausted_pool_gets_503_and_recovers(client: ApiClient, database_url: str, tmp_path: Path) -> None:
    with client_with_settings(client, database_url, tmp_path, pool="1", db_pool_timeout="1") as limited_client:
        pool = limited_client.http.application.extensions["songnuan"].engine
        connections = [pool.connect() for _ in range(2)]
        assert said(limited_client.get("auditor", "/me")) == (503, "database_busy")
        for each in connections:
            each.close()
        assert said(limited_client.get("auditor", "/me"))[0] == 200


def test_read_only_database_serves_reads_and_refuses_writes(
    client: ApiClient, engine: sa.Engine, database_url: str, tmp_path: Path
) -> None:
    body = opening(client, engine)
    case_id = client.post("registrar", "/cases", body).get_json()["id"]
    with client_with_settings(client, database_url, tmp_path) as read_only_client:
        extension = read_only_client.http.application.extensions["songnuan"]
        statement = "SET default_transaction_read_only = on"
        sa.event.listen(
            extension.engine,
            "connect",
            lambda connection, _record: connection.execute(statement) and connection.commit(),
        )
        extension.engine.dispose()
        assert said(read_only_client.get("registrar", f"/cases/{case_id}"))[0] == 200
        assert said(read_only_client.get("registrar", "/cases"))[0] == 200
        assert said(read_only_client.act("registrar", case_id, "submit")) == (503, "database_read_only")
    assert said(client.act("registrar", case_id, "submit"))[0] == 200


CUT = """
    CREATE FUNCTION cut_here() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); RETURN NEW; END $$;
    CREATE TRIGGER cut_here BEFORE {when} FOR EACH ROW EXECUTE FUNCTION cut_here()"""


@contextmanager
def cut_connection_at(engine: sa.Engine, when: str) -> Iterator[None]:
    """Cut the connection of every write at this point."""
    with engine.begin() as conn:
        conn.execute(sa.text(CUT.format(when=when)))
    yield
    with engine.begin() as conn:
        conn.execute(sa.text("DROP FUNCTION cut_here() CASCADE"))


@pytest.mark.parametrize("when", ['INSERT ON "case"', "UPDATE ON idempotency"])
def test_connection_cut_during_a_request_gets_503_and_the_retry_has_one_effect(
    client: ApiClient, engine: sa.Engine, database_url: str, tmp_path: Path, when: str
) -> None:
    """The connection is cut while the transaction is open, and while the response is being stored."""
    body = opening(client, engine)
    with client_with_settings(client, database_url, tmp_path) as cut_client:
        headers = cut_client.headers("registrar")
        with cut_connection_at(engine, when):
            refused = cut_client.http.post("/api/v1/cases", json=body, headers=headers)
        assert said(refused) == (503, "database_away")
        retried = cut_client.http.post("/api/v1/cases", json=body, headers=headers)
        assert said(retried)[0] == 201, "the same key does it once"
        with engine.connect() as conn:
            own_cases = case.c.household_id == body["household_id"]
            assert conn.scalar(sa.select(sa.func.count()).where(own_cases)) == 1
            assert conn.scalar(sa.select(sa.func.count()).where(idempotency.c.key == headers["Idempotency-Key"])) == 1


def test_failed_commit_gets_503_and_leaves_nothing(
    client: ApiClient, engine: sa.Engine, database_url: str, tmp_path: Path
) -> None:
    with client_with_settings(client, database_url, tmp_path) as cut_client:
        extension, body = cut_client.http.application.extensions["songnuan"], opening(client, engine)
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

        sa.event.listen(extension.engine, "commit", kill)
        assert said(cut_client.post("registrar", "/cases", body)) == (503, "database_away")
        assert armed == []
        with engine.connect() as conn:
            assert conn.scalar(sa.select(sa.func.count()).where(case.c.household_id == body["household_id"])) == 0
        assert said(cut_client.post("registrar", "/cases", body))[0] == 201


@pytest.fixture
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, ServerProcess]]:
    folder = tmp_path_factory.mktemp("pg")
    folder.chmod(0o711)
    server = start_postgres(folder / "pg")
    yield folder / "pg", server
    start_postgres(folder / "pg").stop()


def kill_with_children(pid: int) -> None:
    """Kill a server and its children: if only the parent dies, the children serve on for a moment."""
    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    for each in processes:
        each.kill()
    psutil.wait_procs(processes, timeout=10)


def test_web_process_recovers_within_five_seconds_of_the_database(
    own_postgres: tuple[Path, ServerProcess], tmp_path: Path, client: ApiClient
) -> None:
    folder, server = own_postgres
    engine = make_engine(server.url)
    migrate.upgrade(engine)
    with engine.begin() as conn:
        organisation = create_organisation(conn)
    engine.dispose()
    with serving(server.url, tmp_path) as app:
        own_client = ApiClient(app.test_client(), organisation, client.today)
        assert said(own_client.get("auditor", "/me"))[0] == 200
        kill_with_children(server.pid)
        for _ in range(3):
            assert said(own_client.get("auditor", "/me")) == (503, "database_away")
        restarted = start_postgres(folder)
        with psycopg.connect(restarted.url) as connection:
            assert connection.execute("SELECT 1").fetchone()
        returned = time.monotonic()
        answers: list[tuple[int, str]] = []
        while not answers or answers[-1][0] != 200:
            answers.append(said(own_client.get("auditor", "/me")))
            assert time.monotonic() - returned < 5, answers[-1]
        assert restarted.url == server.url
