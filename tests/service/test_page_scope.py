"""Every page serves or refuses each role in each unit as the table of pages says, and takes forms of its own alone."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from service.http.csrf import masked
from service.tables.sessions import session
from tests.api_client import refusal, serving
from tests.architecture.test_routes import api_rules
from tests.page_client import PageClient, open_session, page_refusal
from tests.page_table import PAGES, PageRoute
from tests.service.org_tree import TODAY, OrgTree, build
from workflows.vocabulary import Role

HOLDERS = {Role.VISITOR: "visitor_1", Role.APPROVER: "approver_3"}
"""The account that holds a role in a test organisation, where the account has another name than the role."""
WITH_SESSION = tuple(each for each in PAGES if each.about not in {"signing in", "open"})
OF_RECORDS = tuple(each for each in WITH_SESSION if each.about in {"row", "list"})
POSTS = tuple(each for each in WITH_SESSION if each.method == "POST")
NOT_FOUND, ROLE_MISSING = (404, "not_found"), (403, "role_missing")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the data folder of the web process."""
    return tmp_path_factory.mktemp("var")


@pytest.fixture(scope="module")
def tree(engine: sa.Engine, folder: Path) -> OrgTree:
    """Return the units with the bureau's records, and among their ids that of a live session of its witness."""
    with engine.begin() as conn:
        built = build(conn, folder)
    open_session(engine, built.offices["own"], "witness", TODAY)
    with engine.connect() as conn:
        of_witness = session.c.account_id == built.offices["own"].people["witness"]
        return OrgTree(
            built.offices, {**built.ids, "ended": str(conn.scalar(sa.select(session.c.id).where(of_witness)))}
        )


@pytest.fixture(scope="module")
def app(tree: OrgTree, database_url: str, folder: Path) -> Iterator[Flask]:
    """Yield an app that was started after its record had become a demo's: its pages ask for no second factor."""
    assert tree.offices
    with serving(database_url, folder) as created:
        yield created


@pytest.fixture(scope="module")
def clients(app: Flask, engine: sa.Engine, tree: OrgTree) -> dict[str, PageClient]:
    """Return a client for the staff of each office."""
    return {position: PageClient(app, engine, office, TODAY) for position, office in tree.offices.items()}


def call(client: PageClient, tree: OrgTree, route: PageRoute, role: Role) -> Any:
    """Call a page about a record of the bureau as the holder of a role."""
    name, path = HOLDERS.get(role, role.value), path_of(route, tree)
    if route.method == "GET":
        return client.get(name, path)
    return client.post(name, path, tree.filled(route.form))


def path_of(route: PageRoute, tree: OrgTree) -> str:
    """Return the address of a page about the records of the bureau."""
    action = "refuse" if "confirmation" in route.rule else tree.ids["action"]
    ids = {**tree.ids, "action": action, "kind": "exit", "act": "void", "key": tree.ids["ended"]}
    ids |= {
        "name": "cases",
        "file": "csv",
        "form": "md",
        "upload": tree.ids["confirmation"],
        "made": tree.ids["confirmation"],
    }
    if "/imports/" in route.rule:
        ids |= {"action": "check"}
    if "<any(files, cases):kind>" in route.rule:
        ids |= {"kind": "files"}
    filled: str = OrgTree(tree.offices, ids).filled(route.path)
    return filled


def leaked(tree: OrgTree, path: str, text: str) -> list[str]:
    """Return the ids of the bureau in a page, except those that its reader asked for."""
    return [each for each in tree.secret() if each in text and each not in path]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("position", ["below", "beside"])
def test_page_of_another_unit_is_not_found_by_any_role(
    clients: dict[str, PageClient], tree: OrgTree, position: str
) -> None:
    """Why: a union's families are seen by the unit that helps them, and by those above it."""
    wrong = []
    for route in WITH_SESSION if position == "beside" else OF_RECORDS:
        for role in Role:
            answer, text = (answer := call(clients[position], tree, route, role)), answer.get_data(as_text=True)
            expected = (
                ROLE_MISSING if role not in route.roles else NOT_FOUND if route.about in {"row", "owner"} else None
            )
            if expected and page_refusal(answer) != expected:
                wrong.append(f"{role} {route}: {answer.status_code} {page_refusal(answer)}")
            if not expected and not _is_served(answer):
                wrong.append(f"{role} {route}: {answer.status_code}")
            wrong += [f"{role} {route}: discloses {each}" for each in leaked(tree, path_of(route, tree), text)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("position", ["own", "above"])
def test_page_of_own_unit_or_below_is_served_to_the_named_roles(
    clients: dict[str, PageClient], tree: OrgTree, position: str
) -> None:
    """Why: a page that its people cannot open is no page."""
    wrong = []
    for route in WITH_SESSION if position == "own" else OF_RECORDS:
        for role in Role:
            answer = call(clients[position], tree, route, role)
            expected = ROLE_MISSING if role not in route.roles else NOT_FOUND if route.about == "owner" else None
            if expected and page_refusal(answer) != expected:
                wrong.append(f"{role} {route}: {page_refusal(answer)}")
            if not expected and not _is_served(answer):
                wrong.append(f"{role} {route}: {answer.status_code} {page_refusal(answer)}")
            if (
                route.about == "list"
                and not expected
                and not any(each in answer.get_data(as_text=True) for each in tree.secret())
            ):
                wrong.append(f"{role} {route}: shows nothing of the bureau")
    assert not wrong, "\n".join(wrong)


def _is_served(answer: Any) -> bool:
    """Return whether a page was shown, led on, or showed a form again with the reasons against it."""
    to_sign_in = answer.headers.get("Location", "").startswith("/sign-in") and answer.request.path != "/sign-out"
    return answer.status_code in {200, 303, 409, 412, 422} and not to_sign_in


def test_page_without_a_session_leads_to_signing_in(app: Flask, engine: sa.Engine, tree: OrgTree) -> None:
    """Why: a page that is shown without a session is shown to everybody. A bearer token is no session."""
    office = tree.offices["own"]
    nobody = PageClient(app, engine, office, TODAY)
    for headers in ({}, {"Authorization": f"Bearer {office.tokens['auditor']}"}, {"Cookie": "songnuan=made-up"}):
        for route in WITH_SESSION:
            answer = nobody.open(route.method, path_of(route, tree), headers, {} if route.method == "POST" else None)
            assert answer.status_code == 303, f"{route} {headers}"
            assert answer.headers["Location"].startswith("/sign-in"), f"{route} {headers}"


def test_session_is_no_token_of_the_api(app: Flask, clients: dict[str, PageClient], tree: OrgTree) -> None:
    """Why: a page of another site could send the API a form with the cookie, which asks for no CSRF token."""
    cookie, tried = clients["own"].cookie("auditor"), 0
    for rule in api_rules(app):
        needs = {str(each) for each in getattr(app.view_functions[rule.endpoint], "needs", ())}
        if rule.rule.startswith("/api/v1/") and needs:
            if "auditor" not in needs:
                continue
            path = re.sub(r"<uuid:[^>]*>", tree.ids["case"], re.sub(r"<(?!uuid)[^>]*>", "1", rule.rule))
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                answer = clients["own"].open(method, path, {"Cookie": cookie})
                assert refusal(answer) == (401, ["token_missing"]), f"{method} {path}"
                tried += 1
    assert tried > 20


@pytest.mark.parametrize("route", POSTS, ids=str)
def test_form_from_elsewhere_is_refused(clients: dict[str, PageClient], tree: OrgTree, route: PageRoute) -> None:
    """Why: another site must not act with the session of somebody who looks at it."""
    client, path, form = clients["own"], path_of(route, tree), tree.filled(route.form)
    role = HOLDERS.get(Role(route.roles[0]), str(route.roles[0]))
    refused = (403, "csrf_invalid")
    other = masked(open_session(client.engine, client.office, "reviewer_2", TODAY).csrf)
    for token in ("", "made up", other):
        assert page_refusal(client.post(role, path, {**form, "_csrf": token})) == refused, token
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://elsewhere.example"},
    ):
        assert page_refusal(client.post(role, path, form, **headers)) == refused, headers


def test_form_without_a_key_is_refused_and_a_repeated_one_acts_once(
    clients: dict[str, PageClient], tree: OrgTree
) -> None:
    """Why: a form that is sent twice must act once, and show the second sender the same answer."""
    client = clients["own"]
    acting = [each for each in POSTS if each.rule.startswith(("/cases/", "/confirmations/"))]
    keyless = [each for each in acting if not each.rule.endswith("/challenge")]
    assert keyless
    for route in keyless:
        role = HOLDERS.get(Role(route.roles[0]), str(route.roles[0]))
        answer = client.post(role, path_of(route, tree), {**tree.filled(route.form), "_key": ""})
        assert page_refusal(answer) == (400, "idempotency_key_missing"), route
    path, form = (
        f"/cases/{tree.ids['case']}/actions/suspend",
        {"until": "2025-10-20", "ground": "query", "reason": "查"},
    )
    answers = [client.post("reviewer", path, {**form, "_key": "key-of-one-form"}) for _ in range(3)]
    assert [each.status_code for each in answers] == [303] * 3
    assert len({each.headers["Location"] for each in answers}) == 1
    assert [each.headers.get("Idempotency-Replayed") for each in answers] == [None, "true", "true"]


def test_old_version_is_refused_and_what_was_typed_is_shown_again(
    clients: dict[str, PageClient], tree: OrgTree
) -> None:
    """Why: of two people with one case, the second must see what the first did, and lose nothing that they typed."""
    path = f"/cases/{tree.ids['case']}/actions/return_to_review"
    answer = clients["own"].post("reviewer", path, {"reason": "重新核实收入", "_version": "1"})
    text = answer.get_data(as_text=True)
    assert page_refusal(answer) == (412, "stale")
    assert "重新核实收入" in text


def test_action_that_the_case_no_longer_offers_says_why(clients: dict[str, PageClient], tree: OrgTree) -> None:
    """A form of an earlier state was answered with 409 and a page without any reason."""
    answer = clients["own"].post(
        "cashier", f"/cases/{tree.ids['case']}/actions/pay", {"method": "bank", "voucher": "V-1"}
    )
    assert page_refusal(answer) == (409, "wrong_state")


def test_components_are_shown_by_a_demo_alone(
    database_url: str, engine: sa.Engine, tree: OrgTree, tmp_path: Path
) -> None:
    """Why: examples are for contributors, and not part of an office's work."""
    with serving(database_url, tmp_path, demo_clock=False) as app:
        client = PageClient(app, engine, tree.offices["own"], TODAY)
        answer = client.open("GET", "/components", {"Cookie": client.cookie("auditor")})
        assert page_refusal(answer) == NOT_FOUND
