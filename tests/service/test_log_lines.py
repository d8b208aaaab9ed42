"""Each request is logged as one JSON line with its id and no user input."""

import json
import logging
import re
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from service.http import errors
from service.observability import logs
from service.tables.events import event
from service.tables.notifications import notification
from tests.api_client import ApiClient, refusal, serving
from tests.lives import case_at
from tests.service.test_api_access import opening

REQUEST_ID = "0123456789abcdef0123456789abcdef"
ID_NUMBER, PHONE = "11010519491231002X", "13912345678"
HOSTILE_TEXT = '\r\n{"event":"forged"}\x1b[31m\u202e\u2028\x7f'


def log_lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return what was logged since the last call."""
    return [json.loads(text) for text in capsys.readouterr().err.splitlines()]


def request_lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [each for each in log_lines(capsys) if each["event"] == "request"]


def test_request_id_is_the_same_in_header_log_event_and_notifications(
    desk: ApiClient, engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    life = case_at("review", desk, engine)
    capsys.readouterr()
    answers = {"award": "1500.00", "fund": str(desk.office.fund_id), "places": ["unit_board"]}
    path = f"/cases/{life.case_id}/actions/pass_review"
    desk.today = life.desk.today
    answer = desk.post("reviewer", path, {"answers": answers}, **{"X-Request-Id": REQUEST_ID})
    own_id = answer.headers["X-Request-Id"]
    assert (answer.status_code, answer.headers["X-Client-Request-Id"]) == (200, REQUEST_ID)
    assert own_id != REQUEST_ID, "the caller's id is kept beside ours, and is never ours"
    (log_line,) = request_lines(capsys)
    assert (log_line["request"], log_line["client_request"]) == (own_id, REQUEST_ID)
    assert (log_line["status"], log_line["account"]) == (200, str(desk.office.people["reviewer"]))
    assert log_line["path"] == f"/api/v1{path}"
    with engine.connect() as conn:
        event_body = sa.select(event.c.body).where(event.c.subject_id == life.case_id, event.c.action == "pass_review")
        assert json.loads(conn.scalars(event_body).one())["request"] == own_id
        notifications = conn.scalars(
            sa.select(notification.c.request).where(notification.c.case_id == life.case_id)
        ).all()
    assert own_id in notifications
    assert REQUEST_ID not in notifications


@pytest.mark.parametrize(
    "request_id",
    [
        "",
        "x",
        ID_NUMBER,
        "6222020200112233445",
        "a" * 31,
        "a" * 33,
        REQUEST_ID + "\u202e",
        "{01234567-89ab-cdef-0123-456789abcdef}",
        "../etc",
    ],
)
def test_request_id_that_is_malformed_is_replaced(desk: ApiClient, request_id: str) -> None:
    answer = desk.get("auditor", "/me", **{"X-Request-Id": request_id.encode().decode("latin-1")})
    assert answer.status_code == 200
    new_id = answer.headers["X-Request-Id"]
    assert logs.WELL_FORMED.fullmatch(new_id)
    assert new_id != request_id
    assert "X-Client-Request-Id" not in answer.headers


def test_refusal_carries_the_id_of_its_request(desk: ApiClient) -> None:
    answers = [desk.get("registrar", path) for path in ("/cases/nothing", f"/cases/{uuid4()}", "/cases?size=0")]
    request_ids = [each.get_json()["request_id"] for each in answers]
    assert request_ids == [each.headers["X-Request-Id"] for each in answers]
    assert len(set(request_ids)) == 3


def test_log_never_holds_user_input(desk: ApiClient, engine: sa.Engine, capsys: pytest.CaptureFixture[str]) -> None:
    body = opening(desk, engine)
    capsys.readouterr()
    desk.get("registrar", f"/cases?state={ID_NUMBER}&cursor={PHONE}")
    desk.get("registrar", f"/households/{ID_NUMBER}")
    desk.get("registrar", f"/persons/{PHONE}/{ID_NUMBER}")
    desk.get(
        "auditor", f"/reports/welfare/figures/{ID_NUMBER}/rows?unit={desk.office.unit_id}&from=2025-01-01&to=2025-01-31"
    )
    desk.post("registrar", "/cases", {**body, "item": ID_NUMBER, "programme": PHONE})
    desk.act("registrar", str(uuid4()), ID_NUMBER)
    desk.get("registrar", "/cases", **{"User-Agent": ID_NUMBER, "Referer": f"http://x/?{PHONE}"})
    desk.http.get("/api/v1/me", headers={"Authorization": f"Bearer {ID_NUMBER}"})
    logged = capsys.readouterr().err
    assert logged.count("\n") == 8
    assert ID_NUMBER not in logged
    assert PHONE not in logged


def test_hostile_text_never_adds_a_log_line(desk: ApiClient, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    for path in ("/cases/", f"/cases/{uuid4()}/actions/", "/reports/welfare/figures/"):
        desk.http.get(f"/api/v1{path}%0d%0a%7b%22event%22%3a%22forged%22%7d%1b%5b31m%e2%80%ae")
    logs.log_event("trial", words=HOSTILE_TEXT, key={HOSTILE_TEXT: [HOSTILE_TEXT]})
    buffer = StringIO()
    stream = logging.StreamHandler(buffer)
    stream.setFormatter(logs.Lines())
    logger = logging.getLogger("service.trial")
    logger.addHandler(stream)
    logger.warning("odd %s", HOSTILE_TEXT)
    logger.removeHandler(stream)
    logged = capsys.readouterr().err + buffer.getvalue()
    assert logged.count("\n") == 5
    assert re.fullmatch(r"[ -~\n]*", logged), "nothing but printable ASCII"
    assert not [text for text in logged.splitlines() if json.loads(text)["event"] == "forged"]


def test_exception_is_logged_without_its_message(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing_view() -> str:
        try:
            int(ID_NUMBER)
        except ValueError as error:
            raise LookupError(PHONE) from error
        return ""

    failing_view.needs = ()  # type: ignore[attr-defined]
    with serving(database_url, tmp_path) as app:
        app.add_url_rule("/api/broken", view_func=failing_view)
        capsys.readouterr()
        answer = app.test_client().get("/api/broken", headers={"X-Request-Id": REQUEST_ID})
    own_id = answer.get_json()["request_id"]
    assert answer.headers["X-Client-Request-Id"] == REQUEST_ID
    error_line, request_line = log_lines(capsys)
    assert (error_line["event"], error_line["request"], request_line["status"]) == ("unexpected", own_id, 500)
    assert error_line["fault"]["kinds"] == ["builtins.LookupError", "builtins.ValueError"]
    assert error_line["fault"]["frames"][-1].startswith("tests/service/test_log_lines.py:")
    assert ID_NUMBER not in str(error_line)
    assert PHONE not in str(error_line)


def test_library_warning_is_logged_without_its_values() -> None:
    def logged_event(name: str, level: int, message: str, *args: object) -> str:
        record = logging.LogRecord(name, level, "x.py", 1, message, args, None)
        return str(json.loads(logs.Lines().format(record))["event"])

    assert logged_event("kombu", logging.ERROR, "Cannot connect to %s: %d", ID_NUMBER, 3) == "Cannot connect to str: 3"
    context = {"name": "worker.deliver", "exc": f"ValueError({ID_NUMBER!r})"}
    assert (
        logged_event("celery", logging.ERROR, "Task %(name)s raised: %(exc)s", context)
        == "Task worker.deliver raised: str"
    )
    assert logged_event("celery", logging.INFO, "%s ready.", "w1@host") == "w1@host ready."
    assert logged_event("worker.relay", logging.WARNING, "gone (%s)", "OSError") == "gone (OSError)"
    assert logged_event("other", logging.WARNING, "%d", "no number") == "%d"


def test_request_with_a_full_log_disk_is_still_answered(desk: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    class FullDisk(StringIO):
        def write(self, _text: str) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("sys.stderr", FullDisk())
    assert desk.get("auditor", "/me").status_code == 200


def test_database_error_does_not_repeat_its_parameters(desk: ApiClient, capsys: pytest.CaptureFixture[str]) -> None:
    with desk.http.application.test_request_context("/api/v1/cases"):
        error = sa.exc.DBAPIError("SELECT :x", {"x": ID_NUMBER}, ValueError(f"invalid input: {PHONE}"))
        answer = errors.database_problem(error)
    output = answer.get_data(as_text=True) + capsys.readouterr().err
    assert refusal(answer) == (500, ["internal_server_error"])
    assert ID_NUMBER not in output
    assert PHONE not in output
