"""Views that take files may get longer requests than the others."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app, request

from service.http.context import app_state

View = TypeVar("View", bound=Callable[..., Any])


def takes_files(view: View) -> View:
    """Declare that a view takes files; stands above @idempotent."""
    view.takes_files = True  # type: ignore[attr-defined]
    return view


def allow_upload() -> None:
    """Let the body be as long as the limit for uploads, where the view takes files."""
    if getattr(current_app.view_functions.get(request.endpoint or ""), "takes_files", False):
        request.max_content_length = app_state().settings.limits.max_upload
