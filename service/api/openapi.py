"""The OpenAPI 3.1 document, the page that shows it, and their routes."""

from collections.abc import Iterator
from typing import Any

from flask import Flask, jsonify, render_template
from flask.typing import ResponseReturnValue
from flask_smorest import Api, Blueprint
from marshmallow import Schema, fields

from service.http.auth import public
from service.http.csp import API_DOCUMENT
from service.http.errors import language
from service.http.idempotency import HEADER
from service.i18n.catalogue import translate
from service.schemas.fields import Money

PREFIX = "/api/v1"
EDITS = ("put", "patch", "delete")
GUARDED = "/actions/{action}"
"""End of the paths where If-Match is optional: an action may name the version of the case it has read."""

NO_TOKEN: list[dict[str, list[str]]] = []
"""`security` of an operation that is called without a token; its request is no one's, so it takes no key either."""


class Reasons(Schema):
    """One reason, with a stable code."""

    code = fields.String(required=True)
    message = fields.String(required=True)
    values = fields.Dict()


class ProblemSchema(Schema):
    """RFC 9457 problem details."""

    type = fields.String()
    title = fields.String()
    status = fields.Integer(required=True)
    code = fields.String(required=True)
    detail = fields.String()
    reasons = fields.List(fields.Nested(Reasons), required=True)
    request_id = fields.String(allow_none=True)


class ProblemApi(Api):  # type: ignore[misc]
    """flask-smorest with our problem documents instead of its own error bodies."""

    ERROR_SCHEMA = ProblemSchema

    def _register_error_handlers(self) -> None:
        """Register nothing: http.errors.register() has registered the handlers."""


CONFIG = {
    "API_TITLE": "Songnuan 送温暖",
    "API_VERSION": "v1",
    "OPENAPI_VERSION": "3.1.0",
    "OPENAPI_URL_PREFIX": None,
    "API_SPEC_OPTIONS": {
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{"token": []}],
    },
}


def register(app: Flask, blueprints: tuple[Blueprint, ...]) -> None:
    """Mount the blueprints under /api/v1, and serve their document and its page."""
    app.config.update(CONFIG)
    api = ProblemApi(app)
    api.register_field(Money, "string", None)
    for blueprint in blueprints:
        api.register_blueprint(blueprint, url_prefix=PREFIX)
    document = completed(api.spec.to_dict())

    @app.get(f"{PREFIX}/openapi.json")
    @public
    def openapi_json() -> ResponseReturnValue:
        return jsonify(document)

    @app.get(f"{PREFIX}/docs")
    @public
    def docs() -> ResponseReturnValue:
        lang = language()
        page = render_template(
            "docs.html", title=translate("pages.docs.title", lang), lead=translate("pages.docs.lead", lang)
        )
        return page, {"Content-Security-Policy": API_DOCUMENT}


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """Add to the document what every route does and no view repeats: headers, and problem documents as errors."""
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path, method, operation in _operations(document):
        operation["responses"]["default"] = {"description": "Problem, with every reason", "content": problem}
        for status, response in operation["responses"].items():
            if status[:1] in "45" and "content" in response:
                response["content"] = problem
            elif "$ref" in response:
                operation["responses"][status] = {"description": status, "content": problem}
        if method == "post" and operation.get("security") != NO_TOKEN:
            operation.setdefault("parameters", []).append(_header(HEADER, "^[!-~]{8,120}$", required=True))
        if method in EDITS or path.endswith(GUARDED):
            guard = _header("If-Match", '^"[0-9]+"$', required=method in EDITS)
            operation.setdefault("parameters", []).append(guard)
    return document


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method in {"get", "post", *EDITS}:
                yield path, method, operation


def _header(name: str, pattern: str, *, required: bool) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "schema": {"type": "string", "pattern": pattern}}
