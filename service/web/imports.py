"""/imports: workbooks are uploaded, checked by a dry run, then imported or proposed; the files that were imported."""

from dataclasses import dataclass
from http import HTTPStatus
from io import BytesIO
from urllib.parse import quote
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, send_file
from flask.typing import ResponseReturnValue

from service.actions.errors import NotFound
from service.http.auth import requires_role
from service.http.context import action_context, app_state, caller
from service.http.errors import language
from service.http.idempotency import idempotent
from service.http.known_names import takes_query
from service.http.transaction import connection
from service.imports import kept_workbook
from service.imports.import_context import SheetRow
from service.imports.kept_workbook import About
from service.imports.problems import Unreadable
from service.imports.workbooks import SHEETS
from service.queries import uploaded_workbooks as read
from service.queries import workbook_imports
from service.web import lists
from service.web.import_page import import_page
from service.web.layout import text
from service.web.refusals import NO_PROBLEMS, REFUSALS, Problems, problems_of
from workflows.vocabulary import InvalidForm, Reason, Role

blueprint = Blueprint("imports", __name__)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MEGABYTE = 2**20


@dataclass(frozen=True, slots=True)
class TypedUpload:
    """What the form says besides the file."""

    kind: str = ""
    late: str = ""


@blueprint.get("/imports")
@requires_role(Role.ADMIN)
@takes_query("after", "done")
def list_imports() -> str:
    """List the administrator's own uploads, and the imports of their units from whatever way in."""
    conn, keyring = connection(), app_state().keyring
    page = workbook_imports.page(conn, caller(), lists.cursor_key({}), lists.PAGE_SIZE)
    return render_template(
        "imports/list.html",
        own=[(row, kept_workbook.name_of(row, keyring)) for row in read.own(conn, caller())],
        rows=[(row, workbook_imports.names_of(row["id"], row["names_sealed"], keyring)) for row in page.rows],
        before=workbook_imports.files_before(conn, caller(), lists.PAGE_SIZE),
        count=page.count,
        next_url=lists.next_url(page.last, {}),
    )


@blueprint.get("/imports/new")
@requires_role(Role.ADMIN)
def show_new() -> str:
    """Show the form for a workbook."""
    return _form(TypedUpload(), NO_PROBLEMS)


def _form(typed: TypedUpload, problems: Problems) -> str:
    limits = app_state().settings.limits
    sizes = {"most": f"{limits.max_body / MEGABYTE:g}", "rows": limits.import_rows}
    return render_template("imports/new.html", typed=typed, problems=problems, kinds=tuple(SHEETS), **sizes)


def _labels() -> dict[str, str]:
    return {name: text(f"imports.{name}") for name in ("file", "kind", "late")}


@blueprint.post("/imports/new")
@requires_role(Role.ADMIN)
@idempotent
def upload() -> ResponseReturnValue:
    """Check a workbook by a dry run, and keep it until it is imported or put aside."""
    limits = app_state().settings.limits
    typed = TypedUpload(request.form.get("kind", ""), request.form.get("late", "").strip())
    try:
        name, content = _uploaded()
        about = About(name, typed.kind if typed.kind in SHEETS else "", typed.late)
        upload_id = kept_workbook.keep(connection(), content, about, action_context(), limits.import_rows)
    except REFUSALS as refusal:
        problems = problems_of(refusal, _labels())
        return _form(typed, problems), problems.status
    return _to(upload_id)


def _uploaded() -> tuple[str, bytes]:
    """Return the name and the content of the posted file. Raises InvalidForm."""
    chosen = request.files.get("file")
    content = chosen.read() if chosen is not None else b""
    if chosen is None or not content:
        raise InvalidForm(Reason.of("answer_missing", field="file"))
    try:
        return kept_workbook.name_by_content(chosen.filename or "", content), content
    except Unreadable as fault:
        raise InvalidForm(Reason(fault.reason.code, {"field": "file", **fault.reason.values})) from None


def _to(upload_id: UUID) -> ResponseReturnValue:
    return redirect(f"/imports/{upload_id}", HTTPStatus.SEE_OTHER)


@blueprint.get("/imports/<uuid:upload_id>")
@requires_role(Role.ADMIN)
def show_import(upload_id: UUID) -> str:
    """Show what the dry run of an upload found, and what became of it."""
    return _page(upload_id, NO_PROBLEMS)


def _page(upload_id: UUID, problems: Problems) -> str:
    return render_template("imports/show.html", page=import_page(upload_id), problems=problems)


@blueprint.post("/imports/<uuid:upload_id>/<any(check, carry_out, discard):action>")
@requires_role(Role.ADMIN)
@idempotent
def act_on_import(upload_id: UUID, action: str) -> ResponseReturnValue:
    """Check an upload again without some rows, import or propose it, or put it aside."""
    conn, context = connection(), action_context()
    try:
        if action == "check":
            kept_workbook.check(conn, upload_id, _left_out(), context)
        elif action == "carry_out":
            kept_workbook.carry_out(conn, upload_id, context)
        else:
            kept_workbook.discard(conn, upload_id, context)
            return redirect("/imports?done=discard", HTTPStatus.SEE_OTHER)
    except REFUSALS as refusal:
        problems = problems_of(refusal, _labels())
        return _page(upload_id, problems), problems.status
    return _to(upload_id)


def _left_out() -> tuple[SheetRow, ...]:
    """Return the rows that were marked: those chosen before, and those chosen now."""
    marks = (value.rpartition("#") for value in request.form.getlist("left_out"))
    rows = {(sheet, int(row)) for sheet, _, row in marks if sheet in SHEETS and _is_number(row)}
    return tuple(SheetRow(sheet, row) for sheet, row in sorted(rows))


def _is_number(row: str) -> bool:
    return row.isascii() and row.isdigit() and len(row) < 8


@blueprint.get("/imports/<uuid:upload_id>/errors.xlsx")
@requires_role(Role.ADMIN)
def download_errors(upload_id: UUID) -> ResponseReturnValue:
    """Return a copy of an upload with a column that says what is wrong in each row."""
    try:
        name, copy = kept_workbook.error_copy(connection(), upload_id, action_context(), language())
    except Unreadable:
        raise NotFound from None
    response = send_file(BytesIO(copy), XLSX, as_attachment=True, download_name="errors.xlsx")
    response.headers["Content-Disposition"] = f"attachment; filename=errors.xlsx; filename*=UTF-8''{quote(name)}"
    return response
