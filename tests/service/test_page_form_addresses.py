"""A form posts to the address at which it is shown: what that address asks for is taken with it."""

import html
import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from service.http.known_names import query_names
from tests.api_client import ApiClient
from tests.lives import case_at
from tests.service.browser import Browser, browser_of

Open = Callable[[str], Browser]

SHOWN_AT = {
    "/visits/new": "/visits/new?file_no=X-1",
    "/households/<uuid:household_id>/documents/new": "/households/{household}/documents/new?kind=identity",
    "/cases/<uuid:case_id>/documents/new": "/cases/{case}/documents/new?kind=diagnosis",
    "/households/<uuid:household_id>/cases/new": "/households/{household}/cases/new?programme=tuition",
    "/households/<uuid:household_id>/kinship": "/households/{household}/kinship?done=yes",
    "/account/tokens": "/account/tokens?done=yes",
}
"""Each page whose address has parameters and whose form may be posted back to it."""

SIGNING_IN = {"/sign-in"}
"""Its form names its address."""


@pytest.fixture
def open_as(shared_app: Flask, engine: sa.Engine, desk: ApiClient) -> Open:
    """Return a function that opens the browser of a member of staff on the day of the client."""
    return lambda name: browser_of(shared_app, engine, desk, name)


def test_every_page_that_is_posted_to_its_own_address_is_tried(shared_app: Flask) -> None:
    def takes(rule: str, method: str) -> list[str]:
        endpoints = [
            each.endpoint
            for each in shared_app.url_map.iter_rules()
            if each.rule == rule and method in (each.methods or ()) and each.endpoint.startswith("web.")
        ]
        return query_names(shared_app.view_functions[endpoints[0]]) if endpoints else []

    posted = {each.rule for each in shared_app.url_map.iter_rules() if "POST" in (each.methods or ())}
    assert {rule for rule in posted if takes(rule, "GET")} - SIGNING_IN == set(SHOWN_AT)


@pytest.mark.parametrize("shown_at", SHOWN_AT.values(), ids=SHOWN_AT)
def test_form_is_read_at_the_address_at_which_it_is_shown(
    desk: ApiClient, engine: sa.Engine, open_as: Open, shown_at: str
) -> None:
    """A visit recorded from the page of a family was refused, because its address names the family's file."""
    life, registrar = case_at("survey", desk, engine), open_as("registrar")
    address = shown_at.format(case=life.case_id, household=life.family.household_id)
    page = registrar.open(address)
    found = (re.search(r'action="([^"]*)"', tag) for tag in re.findall(r'<form[^>]*method="post"[^>]*>', page.text))
    addresses = {html.unescape(action[1]) if action else address for action in found}
    [posted_to] = [each for each in addresses if each.partition("?")[0] == address.partition("?")[0]]
    sent = registrar.send(posted_to, page)
    assert "parameter_unknown" not in sent.codes
    assert sent.leads_to or sent.summary, "it is done, or the page itself says why not"
