"""Routes of /reports/welfare: report section, figures, rows behind figures."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http import HTTPStatus
from io import BytesIO
from typing import Any

import sqlalchemy as sa
from flask import Response
from flask_smorest import Blueprint

from service.actions.errors import NotFound
from service.http.auth import READERS, requires_role
from service.http.context import app_state, at, caller
from service.http.errors import HttpProblem, language
from service.http.transaction import connection
from service.report.docx_writer import write_docx
from service.report.figure_definition import Scope
from service.report.figures import NoSuchFigure, rows_behind, snapshot
from service.report.figures_json import figures_json
from service.report.markdown import write_markdown
from service.report.period import period_problem
from service.report.report_scope import scope_for
from service.report.section import Section, make_section
from service.schemas.reports import ReportIn, RowsIn, RowsOut

blueprint = Blueprint("reports", __name__, description="报告 Reports")

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def _scope(query: dict[str, Any]) -> Scope:
    """Return the unit and the period of the query.

    Raises NotFound when the caller may not read the unit's cases, HttpProblem when the period is not of whole months.
    """
    problem = period_problem(query["start"], query["end"])
    start, end = (query["start"], query["end"]) if problem is None else (date.min, date.max)
    scope = scope_for(connection(), query["unit"], start, end, caller())
    if scope is None:
        raise NotFound
    if problem is not None:
        raise HttpProblem(HTTPStatus.UNPROCESSABLE_ENTITY, problem)
    return scope


@contextmanager
def _snapshot() -> Iterator[sa.Connection]:
    with snapshot(app_state().engine) as connection:
        yield connection


def _section(query: dict[str, Any]) -> Section:
    scope = _scope(query)
    with _snapshot() as connection:
        return make_section(connection, scope.unit_path, scope.start, scope.end, at(), language())


@blueprint.get("/reports/welfare")
@requires_role(*READERS)
@blueprint.arguments(ReportIn, location="query")
@blueprint.response(200)
def figures(query: dict[str, Any]) -> Response:
    """List every figure: exact value, unit, words, definition, period, date basis, rows behind it, link to the list."""
    return Response(figures_json(_section(query)), content_type="application/json")


@blueprint.get("/reports/welfare.md")
@requires_role(*READERS)
@blueprint.arguments(ReportIn, location="query")
@blueprint.response(200, content_type="text/markdown")
def markdown(query: dict[str, Any]) -> Response:
    """Return the section as Markdown."""
    return Response(write_markdown(_section(query)), content_type="text/markdown; charset=utf-8")


@blueprint.get("/reports/welfare.docx")
@requires_role(*READERS)
@blueprint.arguments(ReportIn, location="query")
@blueprint.response(200, content_type=DOCX)
def word(query: dict[str, Any]) -> Response:
    """Return the section as a Word file in official style."""
    file = BytesIO()
    write_docx(_section(query), file)
    headers = {"Content-Disposition": 'attachment; filename="welfare-section.docx"'}
    return Response(file.getvalue(), content_type=DOCX, headers=headers)


@blueprint.get("/reports/welfare/figures/<key>/rows")
@requires_role(*READERS)
@blueprint.arguments(RowsIn, location="query")
@blueprint.response(200, RowsOut)
def rows(query: dict[str, Any], key: str) -> dict[str, Any]:
    """List the rows behind one figure; where rows are counted, their count is the figure."""
    scope = _scope(query)
    if not key.isprintable():
        raise NotFound
    try:
        with _snapshot() as connection:
            page = rows_behind(connection, key, scope, query["after"], query["size"])
    except (NoSuchFigure, OverflowError, ValueError):
        raise NotFound from None
    return {"items": page.rows, "next": page.next, "count": page.count}
