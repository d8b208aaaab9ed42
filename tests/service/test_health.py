"""Whether the house is well: what the watchers' pages say, to whom, and that they hold nothing of any case."""

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
    """Name and label values (labels in alphabetical order) of every sample."""
    found = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    return {(each.name, *each.labels.values()): each.value for each in found}


def test_a_living_process_says_so_to_everybody(desk: ApiClient) -> None:
    answer = desk.http.get("/healthz", environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("page", ["/readyz", "/metrics"])
def test_only_this_machine_looks_where_no_token_is_set(desk: ApiClient, page: str) -> None:
    for elsewhere in ("203.0.113.9", "2001:db8::1", "10.0.0.7"):
        refused = desk.http.get(page, environ_base={"REMOTE_ADDR": elsewhere})
        assert (refused.status_code, desk.codes(refused)) == (403, ["monitoring_only"])
    for header in ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"):
        refused = desk.http.get(page, headers={header: "203.0.113.9"})
        assert refusal(refused) == (403, ["monitoring_only"]), header
    for here in ("127.0.0.1", "::1", ""):
        assert desk.http.get(page, environ_base={"REMOTE_ADDR": here}).status_code in {200, 503}


@pytest.mark.parametrize("page", ["/readyz", "/metrics"])
def test_where_a_token_is_set_it_is_asked_of_everybody(database_url: str, tmp_path: Path, page: str) -> None:
    with serving(database_url, tmp_path, SONGNUAN_MONITORING_TOKEN=TOKEN) as app:
        http = app.test_client()
        assert refusal(http.get(page)) == (401, ["token_invalid"])
        assert refusal(http.get(page, headers={"Authorization": f"Bearer {TOKEN[:-1]}x"})) == (401, ["token_invalid"])
        seen = http.get(page, headers={"Authorization": f"Bearer {TOKEN}"}, environ_base={"REMOTE_ADDR": "10.0.0.7"})
        assert seen.status_code == 200


def test_a_watchers_token_that_can_be_guessed_is_no_setting() -> None:
    for weak in ("pass1234", "密" * 30, "a b" * 20):
        with pytest.raises(BadSetting, match="SONGNUAN_MONITORING_TOKEN") as bad:
            read_settings({"SONGNUAN_MONITORING_TOKEN": weak})
        assert weak not in str(bad.value)


def not_ready(answer: Any) -> dict[str, str]:
    assert (answer.status_code, answer.content_type) == (503, "application/problem+json")
    assert answer.headers["Retry-After"] == "5"
    told = answer.get_json()["reasons"]
    assert {each["code"] for each in told} == {"not_ready"}
    return {each["values"]["check"]: each["values"]["state"] for each in told}


def test_readiness_names_what_is_not_ready(database_url: str, tmp_path: Path, broker_url: str) -> None:
    with serving(database_url, tmp_path / "1", REDIS_URL=broker_url) as app:
        well = app.test_client().get("/readyz?for=web")
        assert (well.status_code, well.get_json()["checks"]) == (200, {"database": "ok", "migrations": "ok"})
    with serving(database_url, tmp_path / "2", REDIS_URL="redis://:secret-word@127.0.0.1:9/0") as app:
        answer = app.test_client().get("/readyz")
        assert not_ready(answer)["broker"] == "away"
        assert "secret-word" not in answer.get_data(as_text=True)
        assert app.test_client().get("/readyz?for=web").status_code == 200, "the web needs no broker"
    away = "postgresql://nobody:secret-word@127.0.0.1:9/nothing"
    with serving(away, tmp_path / "3", REDIS_URL=broker_url) as app:
        answer = app.test_client().get("/readyz")
        assert not_ready(answer) == {"database": "away", "migrations": "unknown", "outbox": "unknown"}
        assert "secret-word" not in answer.get_data(as_text=True)


def test_a_database_behind_its_migrations_is_not_ready(empty_database: Callable[..., str], tmp_path: Path) -> None:
    url = empty_database()
    fresh = make_engine(url)
    migrate.upgrade(fresh, "0001")
    fresh.dispose()
    with serving(url, tmp_path) as app:
        assert not_ready(app.test_client().get("/readyz?for=web")) == {"migrations": "behind"}


def test_notifications_that_wait_too_long_make_the_house_not_ready(
    empty_database: Callable[..., str], tmp_path: Path
) -> None:
    url = empty_database()
    made = make_engine(url)
    migrate.upgrade(made)
    with made.begin() as conn:
        office = create_organisation(conn)
    with serving(url, tmp_path, SONGNUAN_OUTBOX_AGE="60") as app:
        owe(made, office, 2)
        assert app.test_client().get("/readyz").get_json()["checks"]["outbox"] == "ok"
        with made.begin() as later:
            later.execute(notification.update().values(created_at=sa.func.now() - sa.text("interval '61 seconds'")))
        assert not_ready(app.test_client().get("/readyz")) == {"outbox": "late"}
        told = samples(app.test_client().get("/metrics").get_data(as_text=True))
        assert told[("songnuan_outbox_notifications",)] == 2
        assert 61 <= told[("songnuan_outbox_oldest_seconds",)] < 120
    made.dispose()


def test_everything_that_happens_is_counted(desk: ApiClient, engine: sa.Engine) -> None:
    def counted() -> dict[tuple[str, ...], float]:
        return samples(desk.http.get("/metrics").get_data(as_text=True))

    body, before = opening(desk, engine), counted()
    case_id = desk.post("registrar", "/cases", body).get_json()["id"]
    assert desk.act("registrar", case_id, "submit").status_code == 200
    assert desk.codes(desk.act("registrar", case_id, "pay")) == ["wrong_state"]
    with engine.begin() as conn:
        stranger = create_family(conn, desk.office)
    desk.get("registrar", f"/cases/{stranger.household_id}")
    after = counted()

    def grew(*name: str) -> float:
        return after[name] - before.get(name, 0)

    take = "/api/v1/cases/<uuid:case_id>/actions/<action>"
    assert grew("songnuan_requests_total", "POST", take, "200") == 1
    assert grew("songnuan_requests_total", "POST", take, "409") == 1
    assert grew("songnuan_requests_total", "GET", "/api/v1/cases/<uuid:case_id>", "404") == 1
    assert grew("songnuan_request_seconds_count", take) == 2
    assert grew("songnuan_steps_total", "open", "hardship") == 1
    assert grew("songnuan_steps_total", "submit", "hardship") == 1
    assert grew("songnuan_refusals_total", "wrong_state") == 1
    assert grew("songnuan_refusals_total", "not_found") == 1
    with engine.connect() as conn:
        code = conn.scalar(sa.text("SELECT code FROM fund WHERE id = :id"), {"id": desk.office.fund_id})
    assert after[("songnuan_fund_fen", code, "available", str(desk.office.unit_id), "2025")] == 10_000_000
    assert after[("songnuan_database_up",)] == 1
    with desk.http.application.extensions["songnuan"].engine.connect():
        assert counted()[("songnuan_pool_in_use",)] == after[("songnuan_pool_in_use",)] + 1


def test_counts_are_told_though_the_database_is_away(tmp_path: Path) -> None:
    with serving("postgresql://nobody@127.0.0.1:9/nothing", tmp_path) as app:
        told = samples(app.test_client().get("/metrics").get_data(as_text=True))
        assert told[("songnuan_database_up",)] == 0
        assert any(name[0] == "songnuan_requests_total" for name in samples(app.test_client().get("/metrics").text))


def test_a_method_nobody_knows_makes_no_line_of_its_own(desk: ApiClient) -> None:
    for odd in ("BREW", "X" * 40):
        desk.http.open("/api/v1/cases", method=odd)
    text = desk.http.get("/metrics").get_data(as_text=True)
    assert 'method="other"' in text
    assert "BREW" not in text


def test_a_bound_that_is_none_is_named(tmp_path: Path) -> None:
    for variable, value in (
        ("SONGNUAN_RATE_TOKEN", "fast"),
        ("SONGNUAN_RATE_FAILED_TOKENS", "0/minute"),
        ("SONGNUAN_MAX_BODY", "-1"),
        ("SONGNUAN_POOL", "many"),
        ("SONGNUAN_LOCK_WAIT", "0"),
    ):
        with pytest.raises(BadSetting, match=variable):
            create_app(read_settings({"SONGNUAN_VAR": str(tmp_path), variable: value}))
    bounds = read_settings({"SONGNUAN_RATE_TOKEN": "off", "SONGNUAN_POOL": "3"}).limits
    assert (bounds.rate_token, bounds.pool) == (None, 3)
