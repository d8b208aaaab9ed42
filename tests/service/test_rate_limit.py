"""How often one may ask, how much one may send, and that the answer says when to come back."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.http.rate_limit import address_block
from tests.api_client import ApiClient, serving


def me(http: FlaskClient, token: str, address: str = "192.0.2.1", **headers: str) -> TestResponse:
    told = {"Authorization": f"Bearer {token}", **headers}
    return http.get("/api/v1/me", headers=told, environ_base={"REMOTE_ADDR": address})


def refused(answer: TestResponse) -> tuple[int, str]:
    """Status and code of a 429, whose answer must say when to come back."""
    told: dict[str, Any] = answer.get_json()
    if answer.status_code == 429:
        assert 1 <= int(answer.headers["Retry-After"]) <= told["reasons"][0]["values"]["seconds"]
        assert answer.content_type == "application/problem+json"
        assert told["request_id"] == answer.headers["X-Request-Id"]
    return answer.status_code, told.get("code", "")


def limited(url: str, folder: Path, **rates: str) -> AbstractContextManager[Flask]:
    told: dict[str, Any] = {f"SONGNUAN_RATE_{name.upper()}": rate for name, rate in rates.items()}
    return serving(url, folder, **told)


def test_a_token_that_asks_too_often_is_told_when_to_come_back(
    desk: ApiClient, database_url: str, tmp_path: Path
) -> None:
    tokens = desk.office.tokens
    with limited(database_url, tmp_path, token="3/hour") as app:
        http = app.test_client()
        assert [me(http, tokens["auditor"]).status_code for _ in range(3)] == [200] * 3
        assert refused(me(http, tokens["auditor"])) == (429, "rate_limited")
        assert refused(me(http, tokens["auditor"], "192.0.2.2")) == (429, "rate_limited")
        assert me(http, tokens["registrar"]).status_code == 200, "another token has its own count"


def test_an_address_that_asks_too_often_is_told_so_whatever_it_asks(
    desk: ApiClient, database_url: str, tmp_path: Path
) -> None:
    with limited(database_url, tmp_path, address="3/hour") as app:
        http = app.test_client()
        context = [
            http.get(path, environ_base={"REMOTE_ADDR": "192.0.2.1"}) for path in ("/nothing", "/api/v1/me", "/x")
        ]
        assert [refused(each) for each in context] == [(404, "not_found"), (401, "token_missing"), (404, "not_found")]
        assert refused(me(http, desk.office.tokens["auditor"])) == (429, "rate_limited")
        assert me(http, desk.office.tokens["auditor"], "192.0.2.2").status_code == 200


def test_who_guesses_tokens_is_stopped_and_his_neighbour_is_not(
    desk: ApiClient, database_url: str, tmp_path: Path
) -> None:
    good = desk.office.tokens["auditor"]
    with limited(database_url, tmp_path, guesses="5/hour") as app:
        http = app.test_client()
        assert {refused(me(http, f"snt_guess_{number}")) for number in range(5)} == {(401, "token_invalid")}
        assert refused(me(http, "snt_guess_6")) == (429, "too_many_failed_tokens")
        assert refused(me(http, good)) == (429, "too_many_failed_tokens"), (
            "even with a true one, lest he learn which it is"
        )
        assert me(http, good, "192.0.2.2").status_code == 200
        missing = http.get("/api/v1/me", environ_base={"REMOTE_ADDR": "192.0.2.3"})
        assert refused(missing) == (401, "token_missing"), "to show no token is no guess"


def test_guesses_at_the_watchers_token_count_too(database_url: str, tmp_path: Path) -> None:
    more: dict[str, Any] = {"SONGNUAN_MONITORING_TOKEN": "w" * 24, "SONGNUAN_RATE_FAILED_TOKENS": "2/hour"}
    with serving(database_url, tmp_path, **more) as app:
        http = app.test_client()
        answers = [refused(http.get("/metrics", headers={"Authorization": f"Bearer {n}"})) for n in range(3)]
        assert answers == [(401, "token_invalid"), (401, "token_invalid"), (429, "too_many_failed_tokens")]


def test_the_address_is_the_one_our_own_proxy_heard(desk: ApiClient, database_url: str, tmp_path: Path) -> None:
    good = desk.office.tokens["auditor"]
    more: dict[str, Any] = {"SONGNUAN_PROXIES": "1", "SONGNUAN_RATE_FAILED_TOKENS": "1/hour"}
    with serving(database_url, tmp_path, **more) as app:
        http = app.test_client()
        forged = {"X-Forwarded-For": "192.0.2.2, 198.51.100.7"}
        assert refused(me(http, "wrong", "127.0.0.1", **forged)) == (401, "token_invalid")
        assert refused(me(http, good, "127.0.0.1", **forged)) == (429, "too_many_failed_tokens")
        assert me(http, good, "127.0.0.1", **{"X-Forwarded-For": "192.0.2.2"}).status_code == 200
    with limited(database_url, tmp_path, guesses="1/hour") as app:
        http = app.test_client()
        me(http, "wrong", "192.0.2.1", **{"X-Forwarded-For": "192.0.2.9"})
        moved = me(http, good, "192.0.2.1", **{"X-Forwarded-For": "192.0.2.10"})
        assert refused(moved) == (429, "too_many_failed_tokens"), "no proxy of ours: the header is anybody's word"


def test_an_address_is_counted_by_its_line() -> None:
    assert address_block("2001:db8:1:2:3::4") == address_block("2001:db8:1:2::9") != address_block("2001:db8:1:3::9")
    assert address_block("192.0.2.1") != address_block("192.0.2.2")
    assert address_block("") == address_block(None) == "local"


def test_a_body_larger_than_allowed_is_refused(desk: ApiClient, database_url: str, tmp_path: Path) -> None:
    with serving(database_url, tmp_path, SONGNUAN_MAX_BODY="2048") as app:
        small, large = "x" * 500, "x" * 3000
        for words, status, code in ((small, 422, "field_wrong"), (large, 413, "request_too_large")):
            sent = ApiClient(app.test_client(), desk.office, desk.today).post("registrar", "/cases", {"words": words})
            assert (sent.status_code, sent.get_json()["code"]) == (status, code)


def test_limits_are_sensible_where_nobody_sets_them(desk: ApiClient) -> None:
    app: Flask = desk.http.application
    unset = type(app.extensions["songnuan"].settings.limits)()
    assert (unset.rate_token.count, unset.rate_address.count, unset.rate_failed_tokens.count) == (1200, 6000, 20)
