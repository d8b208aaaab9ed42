"""Route by role by unit, from one table: who is served, who is refused, and for whom the thing is not there at all."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from service.tables.accounts import account, role_grant, token
from tests.api_client import ApiClient, refusal, serving
from tests.factories import LONG_AGO, Organisation, grant
from tests.service.org_tree import TODAY, OrgTree, build
from tests.service.route_table import OPEN, ROUTES, WATCHED, Route
from workflows.vocabulary import Role

HOLDERS = {Role.VISITOR: "visitor_1", Role.APPROVER: "approver_3"}
"""Who holds a role in the offices of the tests, where it is not called like the role."""
NOT_THERE = {"row", "unit", "addressee"}
REFUSED = {"role_missing": (403, ["role_missing"]), "not_found": (404, ["not_found"])}


@pytest.fixture(scope="module")
def place(engine: sa.Engine) -> OrgTree:
    with engine.begin() as conn:
        return build(conn)


@pytest.fixture
def http(database_url: str, tmp_path: Path) -> Iterator[Any]:
    with serving(database_url, tmp_path) as app:
        yield app.test_client()


def call(http: Any, place: OrgTree, route: Route, role: Role, where: str) -> Any:
    """Call a route as the holder of a role in one of the offices, about what the bureau has."""
    desk = ApiClient(http, place.offices[where], TODAY)
    ids = {"notification": place.ids["dead"]} if route.rule.endswith("/resending") else {}
    here = OrgTree(
        place.offices, {**place.ids, **{f"{name}_id": value for name, value in {**place.ids, **ids}.items()}}
    )
    body = here.filled(route.body) if route.method != "GET" else None
    edit = {"If-Match": '"999"'} if route.method in {"PUT", "PATCH", "DELETE"} else {}
    headers = desk.headers(HOLDERS.get(role, role.value), **edit)
    return http.open(here.filled(route.called), method=route.method, headers=headers, json=body)


def test_every_route_stands_in_the_table(http: Any) -> None:
    """Why: a route nobody has thought about is served to whoever finds it."""
    found = {
        (method, rule.rule.removeprefix("/api/v1"))
        for rule in http.application.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule not in OPEN | WATCHED
    }
    assert found == {(each.method, each.rule) for each in ROUTES}
    views = http.application.view_functions
    said = {
        (method, rule.rule.removeprefix("/api/v1")): set(views[rule.endpoint].needs)
        for rule in http.application.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule not in OPEN | WATCHED
    }
    assert said == {(each.method, each.rule): set(each.roles) for each in ROUTES}
    rules = {rule.rule for rule in http.application.url_map.iter_rules()}
    assert rules >= OPEN | WATCHED


@pytest.mark.parametrize("where", ["below", "beside"])
def test_what_is_elsewhere_is_not_there(http: Any, place: OrgTree, where: str) -> None:
    """A stranger's case, file, person, visit, notice, fund or report is 404 for every role, and in no list."""
    wrong = []
    for route in ROUTES:
        for role in Role:
            answer = call(http, place, route, role, where)
            code = "role_missing" if role not in route.roles else "not_found" if route.about in NOT_THERE else ""
            if code and not is_refused(answer, code):
                wrong.append(f"{where} {role} {route}: {answer.status_code} {answer.get_json().get('code')}")
            if not code and route.about in {"self", "list"} and answer.status_code != 200:
                wrong.append(f"{where} {role} {route}: {answer.status_code}")
            leaked = [each for each in place.secret() if each in answer.get_data().decode("utf-8", "replace")]
            if leaked:
                wrong.append(f"{where} {role} {route}: tells {leaked}")
    assert wrong == []


def is_refused(answer: Any, code: str) -> bool:
    """Whether an answer is the refusal with this code and no other."""
    return bool(answer.status_code == REFUSED[code][0] and refusal(answer) == REFUSED[code])


def served(route: Route, role: Role, where: str, answer: Any) -> bool:
    """Whether an answer fits a caller from the bureau or above it."""
    status = answer.status_code
    if role not in route.roles:
        return is_refused(answer, "role_missing")
    if route.about == "addressee":
        return status == 200 if (where, role) == ("own", Role.REGISTRAR) else is_refused(answer, "not_found")
    if role in route.blind:
        return is_refused(answer, "not_found")
    return status not in {401, 403, 404, 405} and status < 500


def listed(route: Route, role: Role, place: OrgTree, text: str) -> bool:
    """Whether a list shows anything of the bureau to who may see it."""
    if route.about != "list" or role not in route.roles or route.rule == "/fund-allocations":
        return True
    return bool({place.ids["unit"], *place.secret()} & set(re.findall(r"[0-9a-f-]{36}", text)))


@pytest.mark.parametrize("where", ["own", "above"])
def test_what_is_ones_own_or_below_is_there_for_the_roles_named(http: Any, place: OrgTree, where: str) -> None:
    wrong = []
    for route in ROUTES:
        for role in Role:
            answer = call(http, place, route, role, where)
            text = answer.get_data().decode("utf-8", "replace")  # a Word file is no text
            if not served(route, role, where, answer) or not listed(route, role, place, text):
                wrong.append(f"{where} {role} {route}: {answer.status_code} {text[:300]}")
    assert wrong == []


# --- judged at the time of the action -----------------------------------------------------------------------------------

YESTERDAY = TODAY - timedelta(days=1)


def _token(office: Organisation, who: str) -> sa.ColumnElement[bool]:
    return token.c.hash == sha256(office.tokens[who].encode()).digest()


def _grant(office: Organisation, who: str) -> sa.ColumnElement[bool]:
    return sa.and_(role_grant.c.account_id == office.people[who], role_grant.c.for_account_id.is_(None))


PAST = datetime(2025, 1, 1, tzinfo=UTC)
BEFORE = datetime(2024, 1, 1, tzinfo=UTC)

NO_TOKEN = (401, ["token_invalid"])
ENDINGS: dict[str, tuple[Callable[[Organisation], sa.Update], tuple[int, list[str]]]] = {
    "token expired": (
        lambda o: token.update().where(_token(o, "auditor")).values(created_at=BEFORE, expires_at=PAST),
        NO_TOKEN,
    ),
    "token revoked": (lambda o: token.update().where(_token(o, "auditor")).values(revoked_at=PAST), NO_TOKEN),
    "account disabled": (
        lambda o: account.update().where(account.c.id == o.people["auditor"]).values(disabled_at=PAST),
        NO_TOKEN,
    ),
    "grant ended": (
        lambda o: role_grant.update().where(_grant(o, "auditor")).values(until_on=YESTERDAY),
        REFUSED["role_missing"],
    ),
    "grant not begun": (
        lambda o: role_grant.update().where(_grant(o, "auditor")).values(from_on=date(2025, 10, 1)),
        REFUSED["role_missing"],
    ),
    "grant revoked": (
        lambda o: role_grant.update().where(_grant(o, "auditor")).values(revoked_on=TODAY),
        REFUSED["role_missing"],
    ),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_has_ended_opens_nothing_from_that_moment(http: Any, engine: sa.Engine, ending: str) -> None:
    """The very request that was served a moment ago, with the same token and, of a write, even with the same key."""
    with engine.begin() as conn:
        place = build(conn)
    desk = ApiClient(http, place.offices["own"], TODAY)
    paths = [f"/cases/{place.ids['case']}", "/cases", f"/persons/{place.ids['person']}", "/inbox"]
    assert [desk.get("auditor", path).status_code for path in paths] == [200] * 4
    change, expected = ENDINGS[ending]
    with engine.begin() as conn:
        conn.execute(change(desk.office))
    assert [refusal(desk.get("auditor", path)) for path in paths] == [expected] * 4


@pytest.mark.parametrize("ending", ["own ended", "principal's ended", "principal's revoked"])
def test_a_stand_in_acts_only_while_both_grants_run(http: Any, engine: sa.Engine, ending: str) -> None:
    with engine.begin() as conn:
        place = build(conn)
        office = place.offices["own"]
        conn.execute(role_grant.delete().where(_grant(office, "witness")))
        grant(conn, office, "witness", "auditor", for_whom="auditor", since=LONG_AGO, until=TODAY)
    desk, path = ApiClient(http, office, TODAY), f"/cases/{place.ids['case']}"
    assert desk.get("witness", path).status_code == 200
    own = sa.and_(role_grant.c.account_id == office.people["witness"], role_grant.c.for_account_id.is_not(None))
    with engine.begin() as conn:
        if ending == "own ended":
            conn.execute(role_grant.update().where(own).values(until_on=YESTERDAY))
        elif ending == "principal's ended":
            conn.execute(role_grant.update().where(_grant(office, "auditor")).values(until_on=YESTERDAY))
        else:
            conn.execute(role_grant.update().where(_grant(office, "auditor")).values(revoked_on=YESTERDAY))
    assert refusal(desk.get("witness", path)) == REFUSED["role_missing"]


def test_a_kept_answer_is_not_shown_to_whom_the_right_was_taken_from(http: Any, engine: sa.Engine) -> None:
    """A repeat with the same key is the same request: it is judged anew before anything kept is shown."""
    with engine.begin() as conn:
        place = build(conn)
    desk, path = ApiClient(http, place.offices["own"], TODAY), f"/api/v1/households/{place.ids['household']}/consents"
    body = {"signed_on": "2025-09-01", "until_on": "2026-08-31", "text_version": "2025-1", "adults_signed": 2}
    headers = desk.headers("registrar")
    first = http.post(path, json=body, headers=headers)
    assert (first.status_code, http.post(path, json=body, headers=headers).headers["Idempotency-Replayed"]) == (
        201,
        "true",
    )
    with engine.begin() as conn:
        conn.execute(role_grant.update().where(_grant(desk.office, "registrar")).values(revoked_on=TODAY))
    assert refusal(http.post(path, json=body, headers=headers)) == REFUSED["role_missing"]


def test_a_notice_with_an_objection_can_be_read(http: Any, engine: sa.Engine) -> None:
    """Its days come out of the database as text, and the page that shows them was a 500."""
    with engine.begin() as conn:
        place = build(conn)
    desk, path = ApiClient(http, place.offices["own"], TODAY), f"/notices/{place.ids['notice']}"
    raised = desk.post("registrar", f"{path}/objections", {"source": "written", "objection": "有异议"})
    assert raised.status_code == 201
    for answer in (desk.get("auditor", path), desk.get("auditor", "/notices")):
        assert answer.status_code == 200
        shown = answer.get_json().get("items", [answer.get_json()])[0]["objections"]
        assert [(each["raised_on"], each["answered_on"]) for each in shown] == [(TODAY.isoformat(), None)]
