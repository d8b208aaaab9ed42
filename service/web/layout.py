"""What every page shows around its content: menu, person, language, hidden fields of forms."""

from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import urlencode

from flask import request, url_for

from service.db.columns import new_id
from service.http.context import app_state
from service.http.csrf import masked
from service.http.errors import language
from service.http.request_state import has_request_state, request_state
from service.i18n.catalogue import LANGUAGES, translate
from service.tables.installation import RecordKind
from service.web import past_lists
from service.web.forms import action_words, choice_label
from service.web.navigation import MENU, RECORD_LISTS, MenuItem, is_current


def text(key: str, /, **values: object) -> str:
    """Return a text of pages.po in the reader's language."""
    return translate(f"pages.{key}", language(), **values)


@cache
def _texts(lang: str) -> Callable[..., str]:
    """Return text() of one language: a template asks for hundreds of texts, and each would ask for the language."""

    def text_in_language(key: str, /, **values: object) -> str:
        return translate(f"pages.{key}", lang, **values)

    return text_in_language


def layout_values() -> dict[str, Any]:
    """Return what templates may use: `t`, `lang`, `menu`, `me`, `csrf_token()`, `new_key()`, `other_language`."""
    session = request_state().session if has_request_state() else None
    return {
        "t": _texts(language()),
        "t_action": action_words,
        "t_programme": lambda key: translate(f"forms.programme.{key}", language()),
        "t_choice": lambda key, code: choice_label(key, str(code)),
        "lang": language(),
        "menu": [_shown(item) for item in MENU if session and item.roles & session.caller.roles],
        "record_lists": lambda: [_tab(item) for item in RECORD_LISTS if session and item.roles & session.caller.roles],
        "me": session.caller if session else None,
        "csrf_token": csrf_token,
        "new_key": lambda: str(new_id()),
        "other_language": _other_language(),
        "is_demo": app_state().record.kind_if_known() is RecordKind.DEMO,
        **past_lists.layout_of_past(),
        "needs_second_factor": bool(session and not session.is_proved),
        "has_second_factor": bool(session and session.has_second_factor),
    }


def csrf_token() -> str:
    """Return the token of the session, or of the attempt to sign in, as a form shows it."""
    state = request_state()
    owner = state.session or state.attempt
    return masked(owner.csrf_token) if owner else ""


def _shown(item: MenuItem) -> dict[str, object]:
    current = is_current(item, request.endpoint or "")
    return {"url": url_for(item.endpoint), "label": text(item.label), "current": current}


def _tab(item: MenuItem) -> dict[str, object]:
    past = request_state().past
    kept: dict[str, Any] = {past_lists.AS_OF: past.on.isoformat()} if past else {}
    return {
        "url": url_for(item.endpoint, **kept),
        "label": text(item.label),
        "current": item.endpoint == request.endpoint,
    }


def _other_language() -> dict[str, str]:
    other = LANGUAGES[1] if language() == LANGUAGES[0] else LANGUAGES[0]
    path = request.full_path.rstrip("?") if request.method == "GET" else "/"
    query = urlencode({"next": path})
    return {
        "url": f"/language/{other}?{query}",
        "label": translate("pages.language.own", other),
        "lang": other.replace("_", "-"),
    }
