"""Tests of the pages' source: routes, menu, templates, macros, and what no template may contain."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from service import web
from service.http.auth import SIGNING_IN
from service.i18n.catalogue import LANGUAGES, catalogue
from service.web.navigation import MENU, WITHIN, WITHOUT_MENU
from tests.api_client import serving
from tests.architecture.source import listed, name_of, pages, text_of
from tests.architecture.templates import filter_groups, templates, text_keys
from tests.architecture.test_routes import NOBODY
from tests.page_table import PAGES

HX = {"hx-post", "hx-target", "hx-select", "hx-select-oob", "hx-swap"}
"""The attributes that forms have; a filter form has hx-get in the place of hx-post."""

WITHOUT_KEY = {
    "web.sessions.enter_password": "an attempt to sign in is used once",
    "web.sessions.enter_code": "an attempt to sign in is used once",
    "web.sessions.sign_out": "a session ends once",
    "web.setup.accept_invitation": "a code is used once",
    "web.accounts.set_totp": "codes are set up once",
    "web.accounts.change_password": "asks for the present password, which then is another",
    "web.accounts.end_one_session": "a session ends once",
    "web.accounts.make_recovery_codes": "asks for a code, which is used once",
    "web.passkeys.begin_passkey": "asks for a challenge, and the last one counts",
    "web.passkeys.add_passkey": "a challenge is used once",
    "web.passkeys.remove_passkey": "a passkey ends once",
    "web.passkeys.begin_sign_in": "asks for a challenge, and the last one counts",
    "web.passkeys.sign_in_with_passkey": "a challenge is used once",
    "web.identity_provider.begin_link": "begins an attempt, and the last one counts",
    "web.identity_provider.end_link": "a link ends once",
    "web.cases.ask_proof": "asks for a challenge, and the last one counts",
    "web.confirmations.ask_proof": "asks for a challenge, and the last one counts",
    "web.finances.ask_proof": "asks for a challenge, and the last one counts",
}
"""POSTs that need no idempotency key, and why a second one does nothing."""

OPEN = {"web.sessions.choose_language"}
"""Pages for everybody: they show nothing and write nothing."""

INSIDE = {"record_sections": "shown by record_form"}
"""Macros whose example is that of another."""

NOT_PAGES = {"docs.html": "the document of the API", "error.html": "drawn by service/http/errors.py"}
"""Templates that no view of service/web draws."""

FORBIDDEN = {
    "an inline style": r"\sstyle\s*=",
    "an inline event handler": r"\son[a-z]+\s*=",
    "markup that is not escaped": r"\|\s*safe\b|autoescape|\bMarkup\b",
    "an address that runs script": r"javascript:",
    "an inline script or style": r"<script(?![^>]*\ssrc=)[^>]*>|<style",
}


@pytest.fixture(scope="module")
def flask_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Yield the app without a database."""
    with serving(NOBODY, tmp_path_factory.mktemp("var")) as created:
        yield created


def page_routes(app: Flask) -> Iterator[tuple[str, str, str, Any]]:
    """Yield method, rule, endpoint and view of each route of a page."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            if rule.endpoint.startswith("web."):
                yield method, rule.rule, rule.endpoint, app.view_functions[rule.endpoint]


def test_page_declares_who_may_open_it(flask_app: Flask) -> None:
    """Why: a page without roles is open to everybody, and a form without a session has no CSRF token to compare."""
    routes = list(page_routes(flask_app))
    assert routes
    without_roles = {endpoint for _, _, endpoint, view in routes if not view.needs}
    assert without_roles == OPEN
    posts = [f"{method} {rule}" for method, rule, endpoint, _ in routes if method == "POST" and endpoint in OPEN]
    others = [f"{method} {rule}" for method, rule, _, _ in routes if method not in {"GET", "POST"}]
    assert not posts + others, "browsers send GET and POST, and a POST needs the token of a session or an attempt"


def test_form_that_writes_is_done_once_for_each_key(flask_app: Flask) -> None:
    """Why: a double click or a page sent again must not pay twice."""
    posts = {endpoint: view for method, _, endpoint, view in page_routes(flask_app) if method == "POST"}
    assert {name for name, view in posts.items() if not hasattr(view, "idempotent")} == WITHOUT_KEY.keys()
    signing_in = {name for name, view in posts.items() if view.needs == SIGNING_IN}
    assert signing_in <= WITHOUT_KEY.keys(), "whoever signs in has no account that a key could belong to"


def test_page_has_its_place_in_the_menu_or_is_named_as_having_none(flask_app: Flask) -> None:
    """Why: nobody finds a page that nothing leads to."""
    sections = {item.section for item in MENU} | WITHIN.keys() | WITHOUT_MENU.keys()
    routes = list(page_routes(flask_app))
    found = {endpoint for method, _, endpoint, _ in routes if method == "GET"}
    lost = [endpoint for endpoint in found if not endpoint.startswith(tuple(sections))]
    assert not lost, listed(lost)
    unused = [section for section in sections if not any(endpoint.startswith(section) for _, _, endpoint, _ in routes)]
    assert not unused, listed(unused)
    assert {item.endpoint for item in MENU} <= found


def test_menu_shows_a_page_to_those_who_may_open_it(flask_app: Flask) -> None:
    """Why: an entry that leads to a refusal looks like a fault."""
    wrong = {
        item.endpoint
        for item in MENU
        if item.roles - set(getattr(flask_app.view_functions[item.endpoint], "needs", ()))
    }
    assert not wrong, listed(wrong)


def test_page_is_in_the_table_of_pages(flask_app: Flask) -> None:
    """Why: the tests of scope, axe and layout go through tests/page_table.py."""
    roles = {(method, rule): set(view.needs) for method, rule, _, view in page_routes(flask_app)}
    assert roles == {(each.method, each.rule): set(each.roles) for each in PAGES}


def test_blueprint_of_the_pages_is_mounted() -> None:
    """Why: pages of an unlisted blueprint are neither served nor checked."""
    folder = Path(web.__file__).parent
    with_blueprint = {path.stem for path in folder.glob("*.py") if " = Blueprint(" in path.read_text(encoding="utf-8")}
    mounted = {each.__name__.rpartition(".")[2] for each in web.BLUEPRINTS}
    assert with_blueprint - {"__init__"} == mounted


def test_pages_hold_no_select() -> None:
    """Why: what a page reads is one named SELECT in service/queries, which starts from what the caller may see."""
    allowed = {("service/web/refusals.py", "sqlalchemy.exc")}
    found = {
        (page.path, str(name))
        for page in pages("service/web")
        for node in page.imports()
        for name in ([each.name for each in node.names] if isinstance(node, ast.Import) else [node.module])
        if str(name).startswith(("sqlalchemy", "psycopg", "service.db.engine", "service.db.prepared"))
    }
    assert found <= allowed, listed(found - allowed)


@pytest.mark.parametrize("content", FORBIDDEN)
def test_template_does_not_contain(content: str) -> None:
    """Why: the content security policy blocks it, or a family's name with a bracket in it becomes markup."""
    shape = re.compile(FORBIDDEN[content], re.IGNORECASE)
    found = [f"{each.name}: {match[0]}" for each in templates() for match in shape.finditer(each.text)]
    assert not found, listed(found)


def test_template_uses_the_few_attributes_of_htmx() -> None:
    """Why: each of them works without script too; hx-get outside a filter form would be a button that does nothing then."""
    found, filters = [], re.compile(r"<form\b[^>]*\bmethod=\"get\"[^>]*>", re.DOTALL)
    for each in templates():
        outside = filters.sub("", each.markup)
        found += [f"{each.name}: {name}" for name in re.findall(r"\bhx-[a-z-]+", outside) if name not in HX]
        in_filters = " ".join(filters.findall(each.markup))
        found += [
            f"{each.name}: {name}" for name in re.findall(r"\bhx-[a-z-]+", in_filters) if name not in HX | {"hx-get"}
        ]
    assert not found, listed(found)


def test_form_that_posts_carries_the_hidden_fields() -> None:
    """Why: a form without the token of its session is refused, which its author would see last."""
    form = re.compile(r"<form\b[^>]*method=\"post\".*?</form>", re.DOTALL)
    without = [
        f"{each.name}: {found[0][:80]}"
        for each in templates()
        for found in form.finditer(each.text)
        if "hidden(" not in found[0] and 'name="_csrf"' not in found[0]
    ]
    assert not without, listed(without)


def test_imported_macro_is_used_and_exists() -> None:
    """Why: an import that is left over hides that a component has no user."""
    defined = {(each.name, macro) for each in templates() for macro in each.macros}
    wrong = [
        f"{each.name}: {macro} of {source}"
        for each in templates()
        for source, macro in each.imports
        if macro not in each.called or (source, macro) not in defined
    ]
    assert not wrong, listed(wrong)


def test_defined_macro_is_imported_or_used_in_its_file() -> None:
    """Why: a component that no page shows is neither seen nor checked."""
    imported = {pair for each in templates() for pair in each.imports}
    unused = [
        f"{each.name}: {macro}"
        for each in templates()
        for macro in each.macros
        if (each.name, macro) not in imported and macro not in each.called
    ]
    assert not unused, listed(unused)


def test_component_has_an_example() -> None:
    """Why: axe and the layout tests look at /components, where every component is seen in one place."""
    (examples,) = [each for each in templates() if each.name == "examples/components.html"]
    (skeleton,) = [each for each in templates() if each.name == "page.html"]
    shown = examples.imports | skeleton.imports
    missing = {
        f"{source}: {macro}"
        for each in templates()
        for source, macro in each.imports
        if source.startswith("components/") and (source, macro) not in shown and macro not in INSIDE
    }
    assert not missing, listed(missing)


def test_template_is_drawn_by_a_view_or_used_by_another() -> None:
    """Why: a template that nothing draws is neither seen nor checked."""
    drawn = {text for page in pages("service/web", "service/http", "service/api") for call in page.calls()
             if name_of(call) == "render_template" and call.args and (text := text_of(call.args[0]))}  # fmt: skip
    used = {name for each in templates() for name in each.used_templates}
    names = {each.name for each in templates()}
    assert not names - drawn - used, listed(names - drawn - used)
    assert drawn | used <= names, listed((drawn | used) - names)
    by_pages = {text for page in pages("service/web") for call in page.calls()
                if name_of(call) == "render_template" and call.args and (text := text_of(call.args[0]))}  # fmt: skip
    assert names - by_pages - used == NOT_PAGES.keys()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_text_named_in_a_template_exists(lang: str) -> None:
    """Why: a page without one of its words answers 500."""
    known = catalogue(lang)
    keys, patterns = text_keys()
    assert keys
    silent = [f"{template}: {key}" for template, key in keys if f"pages.{key}" not in known]
    assert not silent, listed(silent)
    empty = [each for each in patterns if not any(re.fullmatch(rf"pages\.{each}", key) for key in known)]
    assert not empty, listed(empty)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_group_of_terms_named_in_a_template_exists(lang: str) -> None:
    """Why: a code without a word is shown as it is, and nobody understands it."""
    groups = {key.split(".")[1] for key in catalogue(lang) if key.startswith("terms.")}
    silent = [
        f"{template}: {group}"
        for template, group in filter_groups()
        if not any(re.fullmatch(group, each) for each in groups)
    ]
    assert not silent, listed(silent)
