"""/reports/welfare: the section of the annual report, its figures, and the list behind every figure."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from io import BytesIO
from typing import Any

import sqlalchemy as sa
from flask import Response
from flask_smorest import Blueprint

from service.actions.trail import Unknown
from service.auth import READERS, needs
from service.errors import Problem, language
from service.queries import units
from service.queries.scope import CASE_ROLES
from service.report.figures import NoSuchFigure, rows_behind, snapshot
from service.report.figures_json import figures_json
from service.report.markdown import write_markdown
from service.report.measure import Scope
from service.report.section import Section, make_section
from service.report.word import write_docx
from service.request import at, caller, house, tx
from service.schemas.money import ReportIn, RowsIn, RowsOut
from workflows.terms import Reason

reports = Blueprint("reports", __name__, description="年度报告帮扶部分 Welfare section of the annual report")

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def _scope(query: dict[str, Any]) -> Scope:
    """The unit and period asked for, if the caller may read its cases."""
    row = units.one(tx(), query["unit"], caller())
    if row is None or not caller().holds(CASE_ROLES, row["path"]):
        raise Unknown
    if query["start"] > query["end"]:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, Reason.of("period_backwards", field="to"))
    return Scope(row["path"], query["start"], query["end"])


@contextmanager
def _snapshot() -> Iterator[sa.Connection]:
    with snapshot(house().engine) as connection:
        yield connection


def _section(query: dict[str, Any]) -> Section:
    scope = _scope(query)
    with _snapshot() as connection:
        return make_section(connection, scope.unit_path, scope.start, scope.end, at(), language())


@reports.get("/reports/welfare")
@needs(*READERS)
@reports.arguments(ReportIn, location="query")
@reports.response(200)
def figures(query: dict[str, Any]) -> Response:
    """Every figure: exact value, unit, words, definition, period, date basis, rows behind it, link to the list."""
    return Response(figures_json(_section(query)), content_type="application/json")


@reports.get("/reports/welfare.md")
@needs(*READERS)
@reports.arguments(ReportIn, location="query")
@reports.response(200, content_type="text/markdown")
def markdown(query: dict[str, Any]) -> Response:
    """The section as Markdown."""
    return Response(write_markdown(_section(query)), content_type="text/markdown; charset=utf-8")


@reports.get("/reports/welfare.docx")
@needs(*READERS)
@reports.arguments(ReportIn, location="query")
@reports.response(200, content_type=DOCX)
def word(query: dict[str, Any]) -> Response:
    """The section as a Word file in official style."""
    file = BytesIO()
    write_docx(_section(query), file)
    named = {"Content-Disposition": 'attachment; filename="welfare-section.docx"'}
    return Response(file.getvalue(), content_type=DOCX, headers=named)


@reports.get("/reports/welfare/figures/<key>/rows")
@needs(*READERS)
@reports.arguments(RowsIn, location="query")
@reports.response(200, RowsOut)
def rows(query: dict[str, Any], key: str) -> dict[str, Any]:
    """The rows that make up one figure; their count is the figure where rows are counted."""
    scope = _scope(query)
    if not key.isprintable():
        raise Unknown
    try:
        with _snapshot() as connection:
            page = rows_behind(connection, key, scope, query["after"], query["size"])
    except (NoSuchFigure, OverflowError, ValueError):
        raise Unknown from None
    return {"items": page.rows, "next": page.next, "count": page.count}
