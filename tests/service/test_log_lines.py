"""The log: each request one line of JSON with its id, and nothing that anybody typed."""

import json
import logging
import re
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from service.http import errors
from service.observability import logs
from service.tables.events import event
from service.tables.notifications import notification
from tests.api_client import ApiClient, refusal
from tests.lives import case_at
from tests.service.test_api_access import opening

GIVEN = "0123456789abcdef0123456789abcdef"
ID_NUMBER, PHONE = "11010519491231002X", "13912345678"
EVIL = '\r\n{"event":"forged"}\x1b[31m\u202e\u2028\x7f'


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What has been logged since last asked."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def requests(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [each for each in lines(capsys) if each["event"] == "request"]


def test_a_request_has_one_id_from_its_header_to_its_event_and_notifications(
    desk: ApiClient, engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    life = case_at("review", desk, engine)
    capsys.readouterr()
    body = {"award": "1500.00", "fund": str(desk.office.fund_id), "places": ["unit_board"]}
    path = f"/cases/{life.case_id}/actions/pass_review"
    desk.today = life.desk.today
    answer = desk.post("reviewer", path, {"answers": body}, **{"X-Request-Id": GIVEN})
    assert (answer.status_code, answer.headers["X-Request-Id"]) == (200, GIVEN)
    (told,) = requests(capsys)
    assert (told["request"], told["status"], told["account"]) == (GIVEN, 200, str(desk.office.people["reviewer"]))
    assert told["path"] == f"/api/v1{path}"
    with engine.connect() as conn:
        mine = sa.select(event.c.body).where(event.c.subject_id == life.case_id, event.c.action == "pass_review")
        assert json.loads(conn.scalars(mine).one())["request"] == GIVEN
        notifications = conn.scalars(
            sa.select(notification.c.request).where(notification.c.case_id == life.case_id)
        ).all()
    assert GIVEN in notifications


@pytest.mark.parametrize(
    "given",
    [
        "",
        "x",
        ID_NUMBER,
        "6222020200112233445",
        "a" * 31,
        "a" * 33,
        GIVEN + "\u202e",
        "{01234567-89ab-cdef-0123-456789abcdef}",
        "../etc",
    ],
)
def test_an_id_that_is_not_well_formed_is_replaced(desk: ApiClient, given: str) -> None:
    answer = desk.get("auditor", "/me", **{"X-Request-Id": given.encode().decode("latin-1")})
    assert answer.status_code == 200
    made = answer.headers["X-Request-Id"]
    assert logs.WELL_FORMED.fullmatch(made)
    assert made != given


def test_a_refusal_names_its_request(desk: ApiClient) -> None:
    answers = [desk.get("registrar", path) for path in ("/cases/nothing", f"/cases/{uuid4()}", "/cases?size=0")]
    named = [each.get_json()["request_id"] for each in answers]
    assert named == [each.headers["X-Request-Id"] for each in answers]
    assert len(set(named)) == 3


def test_nothing_that_was_typed_is_logged(
    desk: ApiClient, engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    body = opening(desk, engine)
    capsys.readouterr()
    desk.get("registrar", f"/cases?state={ID_NUMBER}&cursor={PHONE}")
    desk.get("registrar", f"/households/{ID_NUMBER}")
    desk.get("registrar", f"/persons/{PHONE}/{ID_NUMBER}")
    desk.get(
        "auditor", f"/reports/welfare/figures/{ID_NUMBER}/rows?unit={desk.office.unit_id}&from=2025-01-01&to=2025-01-02"
    )
    desk.post("registrar", "/cases", {**body, "item": ID_NUMBER, "programme": PHONE})
    desk.act("registrar", str(uuid4()), ID_NUMBER)
    desk.get("registrar", "/cases", **{"User-Agent": ID_NUMBER, "Referer": f"http://x/?{PHONE}"})
    desk.http.get("/api/v1/me", headers={"Authorization": f"Bearer {ID_NUMBER}"})
    logged = capsys.readouterr().err
    assert logged.count("\n") == 8
    assert ID_NUMBER not in logged
    assert PHONE not in logged


def test_no_line_can_be_forged(desk: ApiClient, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    for where in ("/cases/", f"/cases/{uuid4()}/actions/", "/reports/welfare/figures/"):
        desk.http.get(f"/api/v1{where}%0d%0a%7b%22event%22%3a%22forged%22%7d%1b%5b31m%e2%80%ae")
    logs.log_event("trial", words=EVIL, key={EVIL: [EVIL]})
    out = StringIO()
    stream = logging.StreamHandler(out)
    stream.setFormatter(logs.Lines())
    ours = logging.getLogger("service.trial")
    ours.addHandler(stream)
    ours.warning("odd %s", EVIL)
    ours.removeHandler(stream)
    raw = capsys.readouterr().err + out.getvalue()
    assert raw.count("\n") == 5
    assert re.fullmatch(r"[ -~\n]*", raw), "nothing but printable ASCII"
    assert not [line for line in raw.splitlines() if json.loads(line)["event"] == "forged"]


def test_an_exception_is_told_without_its_words(desk: ApiClient, capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> str:
        try:
            int(ID_NUMBER)
        except ValueError as inner:
            raise LookupError(PHONE) from inner
        return ""

    broken.needs = ()  # type: ignore[attr-defined]
    desk.http.application.add_url_rule("/broken", view_func=broken)
    capsys.readouterr()
    answer = desk.http.get("/broken", headers={"X-Request-Id": GIVEN})
    assert answer.get_json()["request_id"] == GIVEN
    unexpected, told = lines(capsys)
    assert (unexpected["event"], unexpected["request"], told["status"]) == ("unexpected", GIVEN, 500)
    assert unexpected["fault"]["kinds"] == ["builtins.LookupError", "builtins.ValueError"]
    assert unexpected["fault"]["frames"][-1].startswith("tests/service/test_log_lines.py:")
    assert ID_NUMBER not in str(unexpected)
    assert PHONE not in str(unexpected)


def test_a_librarys_warning_keeps_its_form_and_loses_its_values() -> None:
    def said(name: str, level: int, message: str, *args: object) -> str:
        record = logging.LogRecord(name, level, "x.py", 1, message, args, None)
        return str(json.loads(logs.Lines().format(record))["event"])

    assert said("kombu", logging.ERROR, "Cannot connect to %s: %d", ID_NUMBER, 3) == "Cannot connect to str: 3"
    context = {"name": "worker.deliver", "exc": f"ValueError({ID_NUMBER!r})"}
    assert said("celery", logging.ERROR, "Task %(name)s raised: %(exc)s", context) == "Task worker.deliver raised: str"
    assert said("celery", logging.INFO, "%s ready.", "w1@host") == "w1@host ready."
    assert said("worker.relay", logging.WARNING, "gone (%s)", "OSError") == "gone (OSError)"
    assert said("other", logging.WARNING, "%d", "no number") == "%d"


def test_a_log_that_cannot_be_written_stops_nothing(desk: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(StringIO):
        def write(self, _text: str) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("sys.stderr", Full())
    assert desk.get("auditor", "/me").status_code == 200


def test_the_database_does_not_repeat_what_it_was_given(desk: ApiClient, capsys: pytest.CaptureFixture[str]) -> None:
    with desk.http.application.test_request_context():
        fault = sa.exc.DBAPIError("SELECT :x", {"x": ID_NUMBER}, ValueError(f"invalid input: {PHONE}"))
        answer = errors.database_problem(fault)
    told = answer.get_data(as_text=True) + capsys.readouterr().err
    assert refusal(answer) == (500, ["internal_server_error"])
    assert ID_NUMBER not in told
    assert PHONE not in told
