"""/reports: the welfare section of a unit and period on the page, each number a link to its rows, and its files."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from service.actions.errors import NotFound
from service.http.auth import READERS, requires_role
from service.http.context import app_state, at, caller, today
from service.http.errors import language
from service.http.known_names import takes_query
from service.http.transaction import connection
from service.i18n.catalogue import translate
from service.queries import record_numbers
from service.report.docx_writer import write_docx
from service.report.figure_definition import Scope
from service.report.figure_lookup import title, title_of
from service.report.figure_wording import EXACT, format_figure
from service.report.figures import NoSuchFigure, definition_of, rows_behind, snapshot
from service.report.figures_json import figures_json
from service.report.markdown import write_markdown
from service.report.period import last_day, period_problem
from service.report.report_scope import scope_for
from service.report.section import Section, make_section
from service.web import family_options as options
from service.web.layout import text
from service.web.lists import PAGE_SIZE, own_url
from service.web.refusals import NO_PROBLEMS, Problems, problems_of
from workflows.vocabulary import InvalidForm
from workflows.wording import YUAN

blueprint = Blueprint("reports", __name__)
ASKED = ("unit_id", "from", "to")
FILES: Mapping[str, str] = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "md": "text/markdown; charset=utf-8",
    "json": "application/json",
}
"""The kinds of file of a section, with their content types."""

_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True, slots=True)
class ShownFigure:
    """A figure in the list below the section: what it counts, its exact words (None: withheld), its definition."""

    key: str
    title: str
    words: str | None
    rows: int | None


def _month(name: str) -> date | None:
    """Return the first day of the month that the address asks for: `2025-08`."""
    found = _MONTH.fullmatch(request.args.get(name, ""))
    return date(int(found[1]), int(found[2]), 1) if found else None


def _asked() -> tuple[UUID, date, date]:
    """Return unit, first and last day of the period; without them the own unit and the year so far."""
    unit_id = caller().unit_id
    with suppress(ValueError):
        unit_id = UUID(request.args.get("unit_id", ""))
    start = _month("from") or date(today().year, 1, 1)
    return unit_id, start, last_day(_month("to") or today().replace(day=1))


def _scope() -> Scope:
    """Return the scope that the address asks for. Raises NotFound, and InvalidForm for a period that ends before it begins."""
    unit_id, start, end = _asked()
    problem = period_problem(start, end)
    scope = scope_for(connection(), unit_id, *((start, end) if problem is None else (end, end)), caller())
    if scope is None:
        raise NotFound
    if problem is not None:
        raise InvalidForm(problem)
    return scope


def _section() -> Section:
    scope = _scope()
    with snapshot(app_state().engine) as conn:
        return make_section(conn, scope.unit_path, scope.start, scope.end, at(), language())


@blueprint.get("/reports")
@requires_role(*READERS)
@takes_query(*ASKED)
def show_report() -> ResponseReturnValue:
    """Show the form for a section; with a period in the address, the section itself, each number a link to its rows."""
    if not request.args.get("from"):
        return _page(None, NO_PROBLEMS)
    try:
        return _page(_section(), NO_PROBLEMS)
    except InvalidForm as refusal:
        problems = problems_of(refusal, {"to": text("report.to")})
        return _page(None, problems), problems.status


def _page(section: Section | None, problems: Problems) -> str:
    unit_id, start, end = _asked()
    asked = {"unit_id": str(unit_id), "from": f"{start:%Y-%m}", "to": f"{end:%Y-%m}"}
    units = {value: label for role in READERS for value, label in options.units_of(role)}
    figures = [_shown(figure, section.lang) for figure in section.figures] if section else []
    return render_template(
        "reports/show.html", section=section, figures=figures, asked=asked, units=units, problems=problems
    )


def _shown(figure: Any, lang: str) -> ShownFigure:
    words = format_figure(figure.value, EXACT, lang) if figure.value is not None else None
    return ShownFigure(figure.key, title(figure, lang), words, figure.rows)


@blueprint.get("/reports/welfare/<any(docx, md, json):form>")
@requires_role(*READERS)
@takes_query(*ASKED)
def download(form: str) -> Response:
    """Return the section as a file: Word in official style, Markdown, or its figures."""
    try:
        section = _section()
    except InvalidForm:
        raise NotFound from None
    file = f"welfare-{section.scope.start:%Y%m}-{section.scope.end:%Y%m}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    return Response(_content(section, form), content_type=FILES[form], headers=headers)


def _content(section: Section, form: str) -> bytes | str:
    if form == "docx":
        file = BytesIO()
        write_docx(section, file)
        return file.getvalue()
    return write_markdown(section) if form == "md" else figures_json(section)


@blueprint.get("/reports/figure")
@requires_role(*READERS)
@takes_query("key", "after", *ASKED)
def show_figure() -> ResponseReturnValue:
    """List the rows behind one figure, with links to the records that the caller sees. Raises NotFound."""
    try:
        scope, key, after = _scope(), request.args.get("key", ""), request.args.get("after")
        if not key.isprintable():
            raise NotFound
        with snapshot(app_state().engine) as conn:
            page = rows_behind(conn, key, scope, UUID(after) if after else None, PAGE_SIZE)
    except (InvalidForm, NoSuchFigure, OverflowError, ValueError):
        raise NotFound from None
    asked = {name: request.args.get(name, "") for name in ASKED}
    return render_template(
        "reports/figure.html",
        title=title_of(*definition_of(key), language()),
        definition=translate(definition_of(key)[0].definition, language()),
        is_money=definition_of(key)[0].unit is YUAN,
        rows=page.rows,
        count=page.count,
        addresses=record_numbers.addresses(connection(), (row["reference"] for row in page.rows), caller()),
        next_url=own_url({**asked, "key": key, "after": str(page.next)}) if page.next else None,
        asked=asked,
        scope=scope,
    )
