"""A query parameter or a body that a route does not have is refused with the names it has."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

from flask import current_app, json, request

from service.http.errors import HttpProblem
from workflows.vocabulary import Reason

View = TypeVar("View", bound=Callable[..., Any])

BODY = "body"
"""What a refusal names where the body is no object with fields."""


def takes_query(*names: str) -> Callable[[View], View]:
    """Name the query parameters of a view without a schema."""

    def named(view: View) -> View:
        view.query_names = names  # type: ignore[attr-defined]
        return view

    return named


def query_names(view: Callable[..., Any]) -> list[str]:
    """Return the query parameters of a view: those of its schemas and of `takes_query`, in alphabetical order."""
    schemas = (each["schema"]() for each in _arguments(view) if each["in"] == "query")
    named = {field.data_key or name for schema in schemas for name, field in schema.load_fields.items()}
    return sorted(named | set(getattr(view, "query_names", ())))


def takes_body(view: Callable[..., Any]) -> bool:
    """Return whether a view has a schema for its JSON body; the schema refuses unknown fields itself."""
    return any(each["in"] == "json" for each in _arguments(view))


def _arguments(view: Callable[..., Any]) -> list[dict[str, Any]]:
    # flask-smorest keeps here what `arguments` was given; the route test fails when it no longer does.
    arguments: list[dict[str, Any]] = getattr(view, "_apidoc", {}).get("arguments", {}).get("parameters", [])
    return arguments


def refuse_unknown_query() -> None:
    """Refuse query parameters that the route does not have. Raises HttpProblem 422 with one reason for each."""
    if not request.args or request.endpoint in {None, "static"}:
        return
    known = query_names(current_app.view_functions[request.endpoint])
    unknown = [name for name in request.args if name not in known]
    if unknown:
        reasons = (Reason.of("parameter_unknown", field=name, known=known) for name in unknown)
        raise HttpProblem(HTTPStatus.UNPROCESSABLE_ENTITY, *reasons)


def refuse_body_without_schema() -> None:
    """Refuse a JSON body where the route has none. Raises HttpProblem 422 with one reason for each field."""
    if takes_body(current_app.view_functions[request.endpoint or ""]) or not request.get_data():
        return
    body = json.loads(request.get_data())
    fields = list(body) if isinstance(body, dict) else [BODY]
    if fields:
        reasons = (Reason.of("field_unknown", field=name, known=[]) for name in fields)
        raise HttpProblem(HTTPStatus.UNPROCESSABLE_ENTITY, *reasons)
