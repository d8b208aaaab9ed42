"""Health checks and metrics have the right content and readers, and no case data."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families

from service.app import create_app
from service.config import BadSetting, read_settings
from service.db import migrate
from service.db.engine import make_engine
from service.tables.notifications import notification
from tests.api_client import ApiClient, refusal, serving
from tests.factories import create_family, create_organisation
from tests.service.test_api_access import opening
from tests.worker.notification_fixtures import owe

TOKEN = "w" * 32


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Return every sample by its name and label values (labels in alphabetical order)."""
    parsed = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    return {(each.name, *each.labels.values()): each.value for each in parsed}


def test_healthz_from_any_address_answers_ok(desk: ApiClient) -> None:
    answer = desk.http.get("/healthz", environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("page", ["/readyz", "/metrics"])
def test_only_this_machine_looks_where_no_token_is_set(desk: ApiClient, page: str) -> None:
    for remote_address in ("203.0.113.9", "2001:db8::1", "10.0.0.7"):
        answer = desk.http.get(page, environ_base={"REMOTE_ADDR": remote_address})
        assert (answer.status_code, desk.codes(answer)) == (403, ["monitoring_only"])
    for header in ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"):
        answer = desk.http.get(page, headers={header: "203.0.113.9"})
        assert refusal(answer) == (403, ["monitoring_only"]), header
    for local_address in ("127.0.0.1", "::1", ""):
        assert desk.http.get(page, environ_base={"REMOTE_ADDR": local_address}).status_code in {200, 503}


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
            "migrations": "unknown",
            "outbox": "unknown",
            "anchor": "unknown",
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
    empty_database: Callable[..., str], tmp_path: Path
) -> None:
    url = empty_database()
    engine = make_engine(url)
    migrate.upgrade(engine)
    with engine.begin() as conn:
        organisation = create_organisation(conn)
    with serving(url, tmp_path, SONGNUAN_OUTBOX_AGE="60") as app:
        owe(engine, organisation, 2)
        assert app.test_client().get("/readyz").get_json()["checks"]["outbox"] == "ok"
        with engine.begin() as conn:
            conn.execute(notification.update().values(created_at=sa.func.now() - sa.text("interval '61 seconds'")))
        assert not_ready(app.test_client().get("/readyz")) == {"outbox": "late"}
        metrics = samples(app.test_client().get("/metrics").get_data(as_text=True))
        assert metrics[("songnuan_outbox_notifications",)] == 2
        assert 61 <= metrics[("songnuan_outbox_oldest_seconds",)] < 120
    engine.dispose()


def test_metrics_count_requests_steps_and_refusals(desk: ApiClient, engine: sa.Engine) -> None:
    def read_samples() -> dict[tuple[str, ...], float]:
        return samples(desk.http.get("/metrics").get_data(as_text=True))

    case_body, before = opening(desk, engine), read_samples()
    case_id = desk.post("registrar", "/cases", case_body).get_json()["id"]
    assert desk.act("registrar", case_id, "submit").status_code == 200
    assert desk.codes(desk.act("registrar", case_id, "pay")) == ["wrong_state"]
    with engine.begin() as conn:
        family = create_family(conn, desk.office)
    desk.get("registrar", f"/cases/{family.household_id}")
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
        code = conn.scalar(sa.text("SELECT code FROM fund WHERE id = :id"), {"id": desk.office.fund_id})
    assert after[("songnuan_fund_fen", code, "available", str(desk.office.unit_id), "2025")] == 10_000_000
    assert after[("songnuan_database_up",)] == 1
    with desk.http.application.extensions["songnuan"].engine.connect():
        assert read_samples()[("songnuan_pool_in_use",)] == after[("songnuan_pool_in_use",)] + 1


def test_metrics_without_a_database_are_served(tmp_path: Path) -> None:
    with serving("postgresql://nobody@127.0.0.1:9/nothing", tmp_path) as app:
        metrics = samples(app.test_client().get("/metrics").get_data(as_text=True))
        assert metrics[("songnuan_database_up",)] == 0
        assert any(name[0] == "songnuan_requests_total" for name in samples(app.test_client().get("/metrics").text))


def test_unknown_http_method_is_counted_as_other(desk: ApiClient) -> None:
    for method in ("BREW", "X" * 40):
        desk.http.open("/api/v1/cases", method=method)
    text = desk.http.get("/metrics").get_data(as_text=True)
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
