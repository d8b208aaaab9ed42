"""Requests above a rate or size limit are refused, with the time to wait."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.http.rate_limit import address_block
from tests.api_client import ApiClient, serving


def get_me(http: FlaskClient, token: str, address: str = "192.0.2.1", **headers: str) -> TestResponse:
    all_headers = {"Authorization": f"Bearer {token}", **headers}
    return http.get("/api/v1/me", headers=all_headers, environ_base={"REMOTE_ADDR": address})


def refused(answer: TestResponse) -> tuple[int, str]:
    """Return status and code of an answer, and check that a 429 says when to try again."""
    body: dict[str, Any] = answer.get_json()
    if answer.status_code == 429:
        assert 1 <= int(answer.headers["Retry-After"]) <= body["reasons"][0]["values"]["seconds"]
        assert answer.content_type == "application/problem+json"
        assert body["request_id"] == answer.headers["X-Request-Id"]
    return answer.status_code, body.get("code", "")


def limited(url: str, folder: Path, **rates: str) -> AbstractContextManager[Flask]:
    settings: dict[str, Any] = {f"SONGNUAN_RATE_{name.upper()}": rate for name, rate in rates.items()}
    return serving(url, folder, **settings)


def test_token_above_its_rate_is_refused_on_every_address(desk: ApiClient, database_url: str, tmp_path: Path) -> None:
    tokens = desk.office.tokens
    with limited(database_url, tmp_path, token="3/hour") as app:
        http = app.test_client()
        assert [get_me(http, tokens["auditor"]).status_code for _ in range(3)] == [200] * 3
        assert refused(get_me(http, tokens["auditor"])) == (429, "rate_limited")
        assert refused(get_me(http, tokens["auditor"], "192.0.2.2")) == (429, "rate_limited")
        assert get_me(http, tokens["registrar"]).status_code == 200, "another token has its own count"


def test_address_above_its_rate_is_refused_on_every_path(desk: ApiClient, database_url: str, tmp_path: Path) -> None:
    with limited(database_url, tmp_path, address="3/hour") as app:
        http = app.test_client()
        answers = [
            http.get(path, environ_base={"REMOTE_ADDR": "192.0.2.1"})
            for path in ("/api/nothing", "/api/v1/me", "/api/x")
        ]
        assert [refused(each) for each in answers] == [(404, "not_found"), (401, "token_missing"), (404, "not_found")]
        assert refused(get_me(http, desk.office.tokens["auditor"])) == (429, "rate_limited")
        assert get_me(http, desk.office.tokens["auditor"], "192.0.2.2").status_code == 200


def test_address_with_too_many_failed_tokens_is_refused_alone(
    desk: ApiClient, database_url: str, tmp_path: Path
) -> None:
    valid_token = desk.office.tokens["auditor"]
    with limited(database_url, tmp_path, failed_tokens="5/hour") as app:
        http = app.test_client()
        assert {refused(get_me(http, f"snt_guess_{number}")) for number in range(5)} == {(401, "token_invalid")}
        assert refused(get_me(http, "snt_guess_6")) == (429, "too_many_failed_tokens")
        assert refused(get_me(http, valid_token)) == (429, "too_many_failed_tokens"), (
            "a valid token is refused too, so that guessing does not show which one is valid"
        )
        assert get_me(http, valid_token, "192.0.2.2").status_code == 200
        no_token = http.get("/api/v1/me", environ_base={"REMOTE_ADDR": "192.0.2.3"})
        assert refused(no_token) == (401, "token_missing"), "a missing token is no failed token"


def test_failed_monitoring_tokens_count_towards_the_limit(database_url: str, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"SONGNUAN_MONITORING_TOKEN": "w" * 24, "SONGNUAN_RATE_FAILED_TOKENS": "2/hour"}
    with serving(database_url, tmp_path, **settings) as app:
        http = app.test_client()
        answers = [refused(http.get("/metrics", headers={"Authorization": f"Bearer {n}"})) for n in range(3)]
        assert answers == [(401, "token_invalid"), (401, "token_invalid"), (429, "too_many_failed_tokens")]


def test_client_address_is_the_one_the_trusted_proxy_reports(
    desk: ApiClient, database_url: str, tmp_path: Path
) -> None:
    valid_token = desk.office.tokens["auditor"]
    settings: dict[str, Any] = {"SONGNUAN_PROXIES": "1", "SONGNUAN_RATE_FAILED_TOKENS": "1/hour"}
    with serving(database_url, tmp_path, **settings) as app:
        http = app.test_client()
        spoofed = {"X-Forwarded-For": "192.0.2.2, 198.51.100.7"}
        assert refused(get_me(http, "wrong", "127.0.0.1", **spoofed)) == (401, "token_invalid")
        assert refused(get_me(http, valid_token, "127.0.0.1", **spoofed)) == (429, "too_many_failed_tokens")
        assert get_me(http, valid_token, "127.0.0.1", **{"X-Forwarded-For": "192.0.2.2"}).status_code == 200
    with limited(database_url, tmp_path, failed_tokens="1/hour") as app:
        http = app.test_client()
        get_me(http, "wrong", "192.0.2.1", **{"X-Forwarded-For": "192.0.2.9"})
        answer = get_me(http, valid_token, "192.0.2.1", **{"X-Forwarded-For": "192.0.2.10"})
        assert refused(answer) == (429, "too_many_failed_tokens"), "without a trusted proxy the header is ignored"


def test_address_is_counted_by_its_ipv6_network_or_ipv4_address() -> None:
    assert address_block("2001:db8:1:2:3::4") == address_block("2001:db8:1:2::9") != address_block("2001:db8:1:3::9")
    assert address_block("192.0.2.1") != address_block("192.0.2.2")
    assert address_block("") == address_block(None) == "local"


def test_body_larger_than_the_limit_is_refused(desk: ApiClient, database_url: str, tmp_path: Path) -> None:
    with serving(database_url, tmp_path, SONGNUAN_MAX_BODY="2048") as app:
        small, large = "x" * 500, "x" * 3000
        for text, status, code in ((small, 422, "field_wrong"), (large, 413, "request_too_large")):
            answer = ApiClient(app.test_client(), desk.office, desk.today).post("registrar", "/cases", {"words": text})
            assert (answer.status_code, answer.get_json()["code"]) == (status, code)


def test_limits_without_settings_have_their_defaults(desk: ApiClient) -> None:
    app: Flask = desk.http.application
    defaults = type(app.extensions["songnuan"].settings.limits)()
    assert (defaults.rate_token.count, defaults.rate_address.count, defaults.rate_failed_tokens.count) == (
        1200,
        6000,
        20,
    )
