"""Health checks and metrics have the right content and readers, and no case data."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families

from service.actions import bootstrap
from service.app import create_app
from service.clock import now, union_day
from service.config import BadSetting, read_settings
from service.db import migrate
from service.db.engine import make_engine
from service.tables.notifications import notification
from tests.api_client import ApiClient, refusal, serving
from tests.factories import RING, create_family, create_organisation
from tests.service.import_fixtures import COUNTY
from tests.service.test_api_access import opening
from tests.worker.notification_fixtures import owe

TOKEN = "w" * 32
WATCHER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def watched(desk: ApiClient, database_url: str, tmp_path: Path) -> Iterator[ApiClient]:
    """Yield a client of a service with a monitoring token."""
    with serving(database_url, tmp_path, SONGNUAN_MONITORING_TOKEN=TOKEN) as app:
        yield ApiClient(app.test_client(), desk.office, desk.today)


@pytest.fixture(scope="module")
def founded_office(migrated_database: Callable[[], str]) -> str:
    """Return the URL of a database with the record of an office."""
    url = migrated_database()
    engine = make_engine(url)
    with engine.begin() as conn:
        bootstrap.set_up_union(conn, COUNTY, now(), union_day(now()), RING)
    engine.dispose()
    return url


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Return every sample by its name and label values (labels in alphabetical order)."""
    parsed = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    return {(each.name, *each.labels.values()): each.value for each in parsed}


def test_healthz_from_any_address_answers_ok(desk: ApiClient) -> None:
    answer = desk.http.get("/healthz", environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})


def test_only_this_machine_sees_readyz_where_no_token_is_set(desk: ApiClient) -> None:
    for remote_address in ("203.0.113.9", "2001:db8::1", "10.0.0.7"):
        answer = desk.http.get("/readyz", environ_base={"REMOTE_ADDR": remote_address})
        assert (answer.status_code, desk.codes(answer)) == (403, ["monitoring_only"])
    for header in ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"):
        answer = desk.http.get("/readyz", headers={header: "203.0.113.9"})
        assert refusal(answer) == (403, ["monitoring_only"]), header
    for local_address in ("127.0.0.1", "::1", ""):
        assert desk.http.get("/readyz", environ_base={"REMOTE_ADDR": local_address}).status_code in {200, 503}


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "", "10.0.0.7"])
def test_nobody_sees_the_metrics_where_no_token_is_set(desk: ApiClient, address: str) -> None:
    """Why: they tell pots to the fen to every local process, and to everybody behind a proxy without X-Forwarded-For."""
    answer = desk.http.get("/metrics", environ_base={"REMOTE_ADDR": address})
    assert refusal(answer) == (403, ["monitoring_only"])


@pytest.mark.parametrize("page", ["/readyz", "/metrics"])
def test_monitoring_page_with_a_token_set_requires_the_token(database_url: str, tmp_path: Path, page: str) -> None:
    with serving(database_url, tmp_path, SONGNUAN_MONITORING_TOKEN=TOKEN) as app:
        http = app.test_client()
        assert refusal(http.get(page)) == (401, ["token_invalid"])
        assert refusal(http.get(page, headers={"Authorization": f"Bearer {TOKEN[:-1]}x"})) == (401, ["token_invalid"])
        answer = http.get(page, headers={"Authorization": f"Bearer {TOKEN}"}, environ_base={"REMOTE_ADDR": "10.0.0.7"})
        assert answer.status_code == 200


def test_monitoring_token_that_can_be_guessed_is_refused() -> None:
    for weak_token in ("pass1234", "密" * 30, "a b" * 20):
        with pytest.raises(BadSetting, match="SONGNUAN_MONITORING_TOKEN") as error:
            read_settings({"SONGNUAN_MONITORING_TOKEN": weak_token})
        assert weak_token not in str(error.value)


def not_ready(answer: Any) -> dict[str, str]:
    assert (answer.status_code, answer.content_type) == (503, "application/problem+json")
    assert answer.headers["Retry-After"] == "5"
    reasons = answer.get_json()["reasons"]
    assert {each["code"] for each in reasons} == {"not_ready"}
    return {each["values"]["check"]: each["values"]["state"] for each in reasons}


def test_readiness_with_a_failed_check_names_the_check(database_url: str, tmp_path: Path, broker_url: str) -> None:
    with serving(database_url, tmp_path / "1", REDIS_URL=broker_url) as app:
        ready = app.test_client().get("/readyz?for=web")
        assert (ready.status_code, ready.get_json()["checks"]) == (200, {"database": "ok", "migrations": "ok"})
    with serving(database_url, tmp_path / "2", REDIS_URL="redis://:secret-word@127.0.0.1:9/0") as app:
        answer = app.test_client().get("/readyz")
        assert not_ready(answer)["broker"] == "away"
        assert "secret-word" not in answer.get_data(as_text=True)
        assert app.test_client().get("/readyz?for=web").status_code == 200, "the web process needs no broker"
    unreachable_url = "postgresql://nobody:secret-word@127.0.0.1:9/nothing"
    with serving(unreachable_url, tmp_path / "3", REDIS_URL=broker_url) as app:
        answer = app.test_client().get("/readyz")
        assert not_ready(answer) == {
            "database": "away",
            **dict.fromkeys(("migrations", "outbox", "anchor", "writes", "role"), "unknown"),
        }
        assert "secret-word" not in answer.get_data(as_text=True)


def test_database_behind_its_migrations_is_not_ready(empty_database: Callable[..., str], tmp_path: Path) -> None:
    url = empty_database()
    engine = make_engine(url)
    migrate.upgrade(engine, "0001")
    engine.dispose()
    with serving(url, tmp_path) as app:
        assert not_ready(app.test_client().get("/readyz?for=web")) == {"migrations": "behind"}


def test_outbox_with_notifications_waiting_too_long_is_not_ready(
    migrated_database: Callable[[], str], tmp_path: Path
) -> None:
    url = migrated_database()
    engine = make_engine(url)
    with engine.begin() as conn:
        organisation = create_organisation(conn)
    with serving(url, tmp_path, SONGNUAN_OUTBOX_AGE="60", SONGNUAN_MONITORING_TOKEN=TOKEN) as app:
        owe(engine, organisation, 2)
        assert app.test_client().get("/readyz", headers=WATCHER).get_json()["checks"]["outbox"] == "ok"
        with engine.begin() as conn:
            conn.execute(notification.update().values(created_at=sa.func.now() - sa.text("interval '61 seconds'")))
        assert not_ready(app.test_client().get("/readyz", headers=WATCHER)) == {"outbox": "late"}
        metrics = samples(app.test_client().get("/metrics", headers=WATCHER).get_data(as_text=True))
        assert metrics[("songnuan_outbox_notifications",)] == 2
        assert 61 <= metrics[("songnuan_outbox_oldest_seconds",)] < 120
    engine.dispose()


def test_readyz_fails_where_writes_fail(founded_office: str, tmp_path: Path) -> None:
    """Why: on a full disk every write failed and /readyz said 200."""
    url, name = founded_office, sa.make_url(founded_office).database
    with serving(url, tmp_path, demo_clock=False) as app:
        http = app.test_client()
        assert http.get("/readyz").get_json()["checks"]["writes"] == "ok"
        engine = make_engine(url)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.exec_driver_sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        app.extensions["songnuan"].engine.dispose()
        assert not_ready(http.get("/readyz")) == {"writes": "failing"}
        assert http.get("/readyz?for=web").status_code == 200, "reads go on"
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.exec_driver_sql("SET default_transaction_read_only = off")
            conn.exec_driver_sql(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        engine.dispose()


def test_readyz_fails_where_the_disk_takes_no_new_file(
    founded_office: str, tmp_path: Path, servers_folder: Path
) -> None:
    """Why: an older page may have room for one more row on a disk that is full."""
    url, disk = founded_office, servers_folder / f"disk-{tmp_path.name}"
    data = servers_folder / "postgres" / "data"
    if not data.exists():
        pytest.skip("a server of its own, whose disk cannot be reached")
    disk.mkdir(mode=0o700)
    os.chown(disk, data.stat().st_uid, data.stat().st_gid)
    engine = make_engine(url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.exec_driver_sql(f"CREATE TABLESPACE {tmp_path.name} LOCATION '{disk}'")
        try:
            conn.exec_driver_sql(f"ALTER TABLE heartbeat SET TABLESPACE {tmp_path.name}")
            with serving(url, tmp_path, demo_clock=False) as app:
                http = app.test_client()
                assert http.get("/readyz").get_json()["checks"]["writes"] == "ok"
                folders = [each for each in disk.rglob("*") if each.is_dir()]
                for folder in folders:
                    folder.chmod(0o500)
                assert not_ready(http.get("/readyz")) == {"writes": "failing"}
                for folder in folders:
                    folder.chmod(0o700)
                assert http.get("/readyz").status_code == 200
        finally:
            conn.exec_driver_sql("ALTER TABLE heartbeat SET TABLESPACE pg_default")
            conn.exec_driver_sql(f"DROP TABLESPACE {tmp_path.name}")
    engine.dispose()


def test_office_served_by_the_owner_of_its_tables_is_not_ready(founded_office: str, tmp_path: Path) -> None:
    url = founded_office
    with serving(url, tmp_path, demo_clock=False) as app:
        assert app.test_client().get("/readyz").get_json()["checks"]["role"] == "ok"
    with serving(url, tmp_path, demo_clock=False, DATABASE_URL=url) as app:
        assert not_ready(app.test_client().get("/readyz")) == {"role": "owner"}


def test_metrics_count_requests_steps_and_refusals(watched: ApiClient, engine: sa.Engine) -> None:
    def read_samples() -> dict[tuple[str, ...], float]:
        return samples(watched.http.get("/metrics", headers=WATCHER).get_data(as_text=True))

    case_body, before = opening(watched, engine), read_samples()
    case_id = watched.post("registrar", "/cases", case_body).get_json()["id"]
    assert watched.act("registrar", case_id, "submit").status_code == 200
    assert watched.codes(watched.act("registrar", case_id, "pay")) == ["wrong_state"]
    with engine.begin() as conn:
        family = create_family(conn, watched.office)
    watched.get("registrar", f"/cases/{family.household_id}")
    after = read_samples()

    def increase(*name: str) -> float:
        return after[name] - before.get(name, 0)

    action_route = "/api/v1/cases/<uuid:case_id>/actions/<action>"
    assert increase("songnuan_requests_total", "POST", action_route, "200") == 1
    assert increase("songnuan_requests_total", "POST", action_route, "409") == 1
    assert increase("songnuan_requests_total", "GET", "/api/v1/cases/<uuid:case_id>", "404") == 1
    assert increase("songnuan_request_seconds_count", action_route) == 2
    assert increase("songnuan_steps_total", "open", "hardship") == 1
    assert increase("songnuan_steps_total", "submit", "hardship") == 1
    assert increase("songnuan_refusals_total", "wrong_state") == 1
    assert increase("songnuan_refusals_total", "not_found") == 1
    with engine.connect() as conn:
        code = conn.scalar(sa.text("SELECT code FROM fund WHERE id = :id"), {"id": watched.office.fund_id})
    assert after[("songnuan_fund_fen", code, "available", str(watched.office.unit_id), "2025")] == 10_000_000
    assert after[("songnuan_database_up",)] == 1
    with watched.http.application.extensions["songnuan"].engine.connect():
        assert read_samples()[("songnuan_pool_in_use",)] == after[("songnuan_pool_in_use",)] + 1


def test_metrics_without_a_database_are_served(tmp_path: Path) -> None:
    with serving("postgresql://nobody@127.0.0.1:9/nothing", tmp_path, SONGNUAN_MONITORING_TOKEN=TOKEN) as app:
        metrics = samples(app.test_client().get("/metrics", headers=WATCHER).get_data(as_text=True))
        assert metrics[("songnuan_database_up",)] == 0
        assert any(
            name[0] == "songnuan_requests_total"
            for name in samples(app.test_client().get("/metrics", headers=WATCHER).text)
        )


def test_unknown_http_method_is_counted_as_other(watched: ApiClient) -> None:
    for method in ("BREW", "X" * 40):
        watched.http.open("/api/v1/cases", method=method)
    text = watched.http.get("/metrics", headers=WATCHER).get_data(as_text=True)
    assert 'method="other"' in text
    assert "BREW" not in text


def test_setting_with_an_invalid_limit_is_named(tmp_path: Path) -> None:
    for variable, value in (
        ("SONGNUAN_RATE_TOKEN", "fast"),
        ("SONGNUAN_RATE_FAILED_TOKENS", "0/minute"),
        ("SONGNUAN_MAX_BODY", "-1"),
        ("SONGNUAN_POOL", "many"),
        ("SONGNUAN_LOCK_WAIT", "0"),
    ):
        with pytest.raises(BadSetting, match=variable):
            create_app(read_settings({"SONGNUAN_VAR": str(tmp_path), variable: value}))
    limits = read_settings({"SONGNUAN_RATE_TOKEN": "off", "SONGNUAN_POOL": "3"}).limits
    assert (limits.rate_token, limits.pool) == (None, 3)


def test_demo_clock_is_refused_on_the_record_of_an_office(founded_office: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="record of an office"), serving(founded_office, tmp_path):
        pass


def test_date_of_a_request_is_refused_on_the_record_of_an_office(founded_office: str, tmp_path: Path) -> None:
    """Why: the process may have started before the union was founded."""
    with serving(founded_office, tmp_path, demo_clock=False) as app:
        state = app.extensions["songnuan"]
        app.extensions["songnuan"] = replace(state, settings=replace(state.settings, demo_clock=True))
        http = app.test_client()
        answer = http.get("/api/v1/me", headers={"Authorization": "Bearer x", "X-Songnuan-Date": "2025-01-01"})
        assert refusal(answer) == (400, ["demo_clock_on_office"])


def test_every_answer_of_a_demo_record_says_so(desk: ApiClient, founded_office: str, tmp_path: Path) -> None:
    for path in ("/healthz", "/api/v1/me", "/nothing"):
        assert desk.http.get(path).headers["X-Songnuan-Record"] == "demo", path
    with serving(founded_office, tmp_path, demo_clock=False) as app:
        assert "X-Songnuan-Record" not in app.test_client().get("/healthz").headers
