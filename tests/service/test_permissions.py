"""Every route serves or refuses each role in each unit as the route table says."""

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
from tests.architecture.test_routes import api_rules
from tests.document_files import photo
from tests.factories import LONG_AGO, Organisation, grant
from tests.service.org_tree import TODAY, OrgTree, build
from tests.service.route_table import INVITED, OPEN, ROUTES, WATCHED, Route
from workflows.vocabulary import Role

HOLDERS = {Role.VISITOR: "visitor_1", Role.APPROVER: "approver_3"}
"""The account that holds a role in a test organisation, where the account has another name than the role."""
PHOTO = photo(7, 40, 30)
HIDDEN = {"row", "unit", "addressee"}
REFUSED = {"role_missing": (403, ["role_missing"]), "not_found": (404, ["not_found"])}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the data folder of the web process."""
    return tmp_path_factory.mktemp("var")


@pytest.fixture(scope="module")
def tree(engine: sa.Engine, folder: Path) -> OrgTree:
    with engine.begin() as conn:
        return build(conn, folder)


@pytest.fixture(scope="module")
def http(database_url: str, folder: Path) -> Iterator[Any]:
    with serving(database_url, folder) as app:
        yield app.test_client()


def call(http: Any, tree: OrgTree, route: Route, role: Role, position: str) -> Any:
    """Call a route about a record of the bureau, as the holder of a role in the unit at `position`."""
    client = ApiClient(http, tree.offices[position], TODAY)
    ids = {"notification": tree.ids["dead"]} if route.rule.endswith("/resending") else {}
    bureau_tree = OrgTree(
        tree.offices, {**tree.ids, **{f"{name}_id": value for name, value in {**tree.ids, **ids}.items()}}
    )
    body = bureau_tree.filled(route.body) if route.method != "GET" else None
    if_match = {"If-Match": '"999"'} if route.method in {"PUT", "PATCH", "DELETE"} else {}
    headers = client.headers(HOLDERS.get(role, role.value), **if_match)
    path = bureau_tree.filled(route.called)
    if route.takes_files:
        return client.send_files(HOLDERS.get(role, role.value), path, ("照片.jpg", PHOTO), **(body or {}))
    return http.open(path, method=route.method, headers=headers, json=body)


def test_every_route_is_in_the_route_table(http: Any) -> None:
    """Why: a route outside the table is served to callers that no test has considered. Pages have tests/page_table.py."""
    views = http.application.view_functions
    roles_by_route = {
        (method, rule.rule.removeprefix("/api/v1")): set(views[rule.endpoint].needs)
        for rule in api_rules(http.application)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule not in OPEN | WATCHED | INVITED
    }
    assert roles_by_route == {(each.method, each.rule): set(each.roles) for each in ROUTES}
    rules = {rule.rule for rule in http.application.url_map.iter_rules()}
    assert rules >= OPEN | WATCHED | INVITED


@pytest.mark.parametrize("position", ["below", "beside"])
def test_record_of_another_unit_is_not_found_by_any_role(http: Any, tree: OrgTree, position: str) -> None:
    """A case, household, person, visit, notice, fund or report of another unit is 404 for every role and in no list."""
    wrong = []
    for route in ROUTES:
        for role in Role:
            answer = call(http, tree, route, role, position)
            code = "role_missing" if role not in route.roles else "not_found" if route.about in HIDDEN else ""
            if code and not is_refused(answer, code):
                wrong.append(f"{position} {role} {route}: {answer.status_code} {answer.get_json().get('code')}")
            if not code and route.about in {"self", "list"} and answer.status_code != 200:
                wrong.append(f"{position} {role} {route}: {answer.status_code}")
            leaked = [each for each in tree.secret() if each in answer.get_data().decode("utf-8", "replace")]
            if leaked:
                wrong.append(f"{position} {role} {route}: discloses {leaked}")
    assert wrong == []


def is_refused(answer: Any, code: str) -> bool:
    """Return whether an answer is the refusal with this code and no other."""
    return bool(answer.status_code == REFUSED[code][0] and refusal(answer) == REFUSED[code])


def served(route: Route, role: Role, position: str, answer: Any) -> bool:
    """Return whether an answer is right for a caller of the bureau or of a unit above it."""
    status = answer.status_code
    if role not in route.roles:
        return is_refused(answer, "role_missing")
    if route.about == "addressee":
        return status == 200 if (position, role) == ("own", Role.REGISTRAR) else is_refused(answer, "not_found")
    if role in route.blind:
        return is_refused(answer, "not_found")
    return status not in {401, 403, 404, 405} and status < 500


def listed(route: Route, role: Role, tree: OrgTree, text: str) -> bool:
    """Return whether a list shows something of the bureau to a role that may read it."""
    if route.about != "list" or role not in route.roles or route.rule == "/fund-allocations":
        return True
    return bool({tree.ids["unit"], *tree.secret()} & set(re.findall(r"[0-9a-f-]{36}", text)))


@pytest.mark.parametrize("position", ["own", "above"])
def test_record_of_own_unit_or_below_is_served_to_the_named_roles(http: Any, tree: OrgTree, position: str) -> None:
    wrong = []
    for route in ROUTES:
        for role in Role:
            answer = call(http, tree, route, role, position)
            text = answer.get_data().decode("utf-8", "replace")  # a Word file is not UTF-8
            if not served(route, role, position, answer) or not listed(route, role, tree, text):
                wrong.append(f"{position} {role} {route}: {answer.status_code} {text[:300]}")
    assert wrong == []


# --- permissions are checked at the time of the action ---------------------------------------------------------------

YESTERDAY = TODAY - timedelta(days=1)


def _has_token(organisation: Organisation, name: str) -> sa.ColumnElement[bool]:
    return token.c.hash == sha256(organisation.tokens[name].encode()).digest()


def _is_own_grant(organisation: Organisation, name: str) -> sa.ColumnElement[bool]:
    return sa.and_(role_grant.c.account_id == organisation.people[name], role_grant.c.for_account_id.is_(None))


PAST = datetime(2025, 1, 1, tzinfo=UTC)
BEFORE = datetime(2024, 1, 1, tzinfo=UTC)

NO_TOKEN = (401, ["token_invalid"])
ENDINGS: dict[str, tuple[Callable[[Organisation], sa.Update], tuple[int, list[str]]]] = {
    "token expired": (
        lambda o: token.update().where(_has_token(o, "auditor")).values(created_at=BEFORE, expires_at=PAST),
        NO_TOKEN,
    ),
    "token revoked": (lambda o: token.update().where(_has_token(o, "auditor")).values(revoked_at=PAST), NO_TOKEN),
    "account disabled": (
        lambda o: account.update().where(account.c.id == o.people["auditor"]).values(disabled_at=PAST),
        NO_TOKEN,
    ),
    "grant ended": (
        lambda o: role_grant.update().where(_is_own_grant(o, "auditor")).values(until_on=YESTERDAY),
        REFUSED["role_missing"],
    ),
    "grant not begun": (
        lambda o: role_grant.update().where(_is_own_grant(o, "auditor")).values(from_on=date(2025, 10, 1)),
        REFUSED["role_missing"],
    ),
    "grant revoked": (
        lambda o: role_grant.update().where(_is_own_grant(o, "auditor")).values(revoked_on=TODAY),
        REFUSED["role_missing"],
    ),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_token_account_or_grant_that_ended_is_refused_at_once(http: Any, engine: sa.Engine, ending: str) -> None:
    """Requests that were served with a token are refused with the same token from the moment of the end."""
    with engine.begin() as conn:
        tree = build(conn)
    client = ApiClient(http, tree.offices["own"], TODAY)
    paths = [f"/cases/{tree.ids['case']}", "/cases", f"/persons/{tree.ids['person']}", "/inbox"]
    assert [client.get("auditor", path).status_code for path in paths] == [200] * 4
    change, expected = ENDINGS[ending]
    with engine.begin() as conn:
        conn.execute(change(client.office))
    assert [refusal(client.get("auditor", path)) for path in paths] == [expected] * 4


@pytest.mark.parametrize("ending", ["own ended", "principal's ended", "principal's revoked"])
def test_delegate_is_refused_when_either_grant_has_ended(http: Any, engine: sa.Engine, ending: str) -> None:
    with engine.begin() as conn:
        tree = build(conn)
        organisation = tree.offices["own"]
        conn.execute(role_grant.delete().where(_is_own_grant(organisation, "witness")))
        grant(conn, organisation, "witness", "auditor", for_whom="auditor", since=LONG_AGO, until=TODAY)
    client, path = ApiClient(http, organisation, TODAY), f"/cases/{tree.ids['case']}"
    assert client.get("witness", path).status_code == 200
    delegated_grant = sa.and_(
        role_grant.c.account_id == organisation.people["witness"], role_grant.c.for_account_id.is_not(None)
    )
    with engine.begin() as conn:
        if ending == "own ended":
            conn.execute(role_grant.update().where(delegated_grant).values(until_on=YESTERDAY))
        elif ending == "principal's ended":
            conn.execute(role_grant.update().where(_is_own_grant(organisation, "auditor")).values(until_on=YESTERDAY))
        else:
            conn.execute(role_grant.update().where(_is_own_grant(organisation, "auditor")).values(revoked_on=YESTERDAY))
    assert refusal(client.get("witness", path)) == REFUSED["role_missing"]


def test_stored_response_is_not_shown_after_the_grant_was_revoked(http: Any, engine: sa.Engine) -> None:
    """A repeat with the same idempotency key needs the permission again before the stored response is shown."""
    with engine.begin() as conn:
        tree = build(conn)
    client, path = ApiClient(http, tree.offices["own"], TODAY), f"/api/v1/households/{tree.ids['household']}/consents"
    body = {"signed_on": "2025-09-01", "until_on": "2026-08-31", "text_version": "2025-1", "adults_signed": 2}
    headers = client.headers("registrar")
    first = http.post(path, json=body, headers=headers)
    assert (first.status_code, http.post(path, json=body, headers=headers).headers["Idempotency-Replayed"]) == (
        201,
        "true",
    )
    with engine.begin() as conn:
        conn.execute(role_grant.update().where(_is_own_grant(client.office, "registrar")).values(revoked_on=TODAY))
    assert refusal(http.post(path, json=body, headers=headers)) == REFUSED["role_missing"]


def test_notice_with_an_objection_can_be_read(http: Any, engine: sa.Engine) -> None:
    """Why: the database returns the dates of an objection as text, and the page once answered 500."""
    with engine.begin() as conn:
        tree = build(conn)
    client, path = ApiClient(http, tree.offices["own"], TODAY), f"/notices/{tree.ids['notice']}"
    created = client.post("registrar", f"{path}/objections", {"source": "written", "objection": "有异议"})
    assert created.status_code == 201
    for answer in (client.get("auditor", path), client.get("auditor", "/notices")):
        assert answer.status_code == 200
        objections = answer.get_json().get("items", [answer.get_json()])[0]["objections"]
        assert [(each["raised_on"], each["answered_on"]) for each in objections] == [(TODAY.isoformat(), None)]
