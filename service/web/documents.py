"""/documents: scans and photos of a family or a case: upload, list, look, supersede, end; each look is an event."""

from io import BytesIO
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, send_file
from flask.typing import ResponseReturnValue

from service.actions import documents as actions
from service.actions.documents import NewDocument
from service.actions.errors import NotFound
from service.files.portable_documents import PDF
from service.files.received import draw_page
from service.http.auth import READERS, requires_role
from service.http.context import action_context, app_state, caller
from service.http.csrf import is_from_another_site
from service.http.idempotency import idempotent
from service.http.known_names import takes_query
from service.http.transaction import connection
from service.http.uploads import takes_files
from service.queries import case_pages, household_pages
from service.queries import documents as read
from service.web import document_filters, lists
from service.web import document_forms as forms
from service.web.document_forms import DocumentPage
from service.web.formatting import document_kind
from service.web.refusals import NO_PROBLEMS, REFUSALS, Problems
from workflows.powers import PAPER_KEEPERS

blueprint = Blueprint("documents", __name__)
JPEG = "image/jpeg"


@blueprint.get("/documents")
@requires_role(*READERS)
@takes_query("after", *document_filters.FILTERS)
def list_documents() -> str:
    """List the documents of the families and cases that the caller sees, newest first."""
    filters = document_filters.document_filters()
    page = read.page(connection(), caller(), filters, lists.cursor_key(filters), document_filters.PAGE_SIZE)
    return render_template(
        "documents/list.html",
        rows=page.rows,
        count=page.count,
        next_url=lists.next_url(page.last, filters),
        chosen=lists.chosen_filters(document_filters.document_labels(filters)),
        filters=filters,
        kinds=forms.kinds(),
    )


@blueprint.get("/households/<uuid:household_id>/documents/new")
@requires_role(*PAPER_KEEPERS)
@takes_query("kind")
def show_new_of_family(household_id: UUID) -> str:
    """Show the form that adds documents to a family."""
    return _new_page(_family(household_id), NO_PROBLEMS)


@blueprint.post("/households/<uuid:household_id>/documents/new")
@requires_role(*PAPER_KEEPERS)
@takes_files
@idempotent
def add_to_family(household_id: UUID) -> ResponseReturnValue:
    """Add documents to a family: identity cards, the household register, what holds for every case of theirs."""
    return _add(_family(household_id), household_id, None)


@blueprint.get("/cases/<uuid:case_id>/documents/new")
@requires_role(*PAPER_KEEPERS)
@takes_query("kind")
def show_new_of_case(case_id: UUID) -> str:
    """Show the form that adds documents to a case."""
    return _new_page(_case(case_id), NO_PROBLEMS)


@blueprint.post("/cases/<uuid:case_id>/documents/new")
@requires_role(*PAPER_KEEPERS)
@takes_files
@idempotent
def add_to_case(case_id: UUID) -> ResponseReturnValue:
    """Add documents to a case: its bills, photos of the visit, receipts."""
    page = _case(case_id)
    return _add(page, page["household_id"], case_id)


def _family(household_id: UUID) -> dict[str, Any]:
    """Return a file that the caller sees, as a page of it names it. Raises NotFound."""
    row = household_pages.heading(connection(), household_id, caller())
    if row is None:
        raise NotFound
    return {"back": f"/households/{household_id}", "about": row["file_no"] or "—", "household_id": household_id}


def _case(case_id: UUID) -> dict[str, Any]:
    row = case_pages.heading(connection(), case_id, caller())
    if row is None:
        raise NotFound
    return {"back": f"/cases/{case_id}", "about": row["case_no"], "household_id": row["household_id"]}


def _new_page(of: dict[str, Any], problems: Problems) -> str:
    inputs = (forms.kind_input(problems), forms.files_input(problems))
    return _form(DocumentPage("add", of["back"], of["about"], inputs, problems, then="#documents"))


def _form(page: DocumentPage) -> str:
    return render_template("documents/form.html", page=page)


def _add(of: dict[str, Any], household_id: UUID, case_id: UUID | None) -> ResponseReturnValue:
    kind, context = request.form.get(forms.KIND, ""), action_context()
    try:
        files = forms.received_files()
        new = [NewDocument(household_id, case_id, kind, file) for file in files]
        actions.add_documents(connection(), app_state().files, new, context)
    except REFUSALS as refusal:
        problems = forms.problems(refusal)
        return _new_page(of, problems), problems.status
    return redirect(f"{of['back']}#documents", 303)


@blueprint.get("/documents/<uuid:document_id>")
@requires_role(*READERS)
def show_document(document_id: UUID) -> str:
    """Show a document: its pages as pictures, what is known of it, and what has taken its place."""
    row = _one(document_id)
    keeps = caller().holds(PAPER_KEEPERS, row["case_path"] or row["household_path"])
    name = actions.original_name(row, action_context())
    return render_template("documents/show.html", row=row, name=name, may_keep=keeps and row["ended_on"] is None)


def _one(document_id: UUID) -> dict[str, Any]:
    row = read.one(connection(), document_id, caller())
    if row is None:
        raise NotFound
    return row


@blueprint.get("/documents/<uuid:document_id>/small.jpg")
@requires_role(*READERS)
def show_small(document_id: UUID) -> Response:
    """Return the small picture of a document."""
    content = actions.small_picture(connection(), app_state().files, document_id, action_context())
    return send_file(BytesIO(content), JPEG)


@blueprint.get("/documents/<uuid:document_id>/pages/<int(max=99):page>")
@requires_role(*READERS)
def show_page(document_id: UUID, page: int) -> Response:
    """Return a page of a document as a picture, and record the look."""
    row, content = _opened(document_id)
    if page >= row["pages"]:
        raise NotFound
    return send_file(BytesIO(draw_page(content, page) if row["media_type"] == PDF else content), JPEG)


@blueprint.get("/documents/<uuid:document_id>/file")
@requires_role(*READERS)
def take_file(document_id: UUID) -> Response:
    """Return the file of a document to be kept elsewhere, and record the look."""
    row, content = _opened(document_id)
    return send_file(BytesIO(content), row["media_type"], as_attachment=True, download_name=read.file_name(row))


def _opened(document_id: UUID) -> tuple[dict[str, Any], bytes]:
    # A page of another site that embeds the address must not make events in the name of the reader.
    if is_from_another_site():
        raise NotFound
    return actions.open_document(connection(), app_state().files, document_id, action_context())


@blueprint.get("/documents/<uuid:document_id>/supersede")
@requires_role(*PAPER_KEEPERS)
def show_supersede(document_id: UUID) -> str:
    """Show the form that puts another file in the place of a document."""
    return _change_page(_one(document_id), "supersede", NO_PROBLEMS)


@blueprint.post("/documents/<uuid:document_id>/supersede")
@requires_role(*PAPER_KEEPERS)
@takes_files
@idempotent
def supersede_document(document_id: UUID) -> ResponseReturnValue:
    """Put another file in the place of a document, which is kept; signatures that covered it no longer hold."""
    row, context = _one(document_id), action_context()
    try:
        [file] = forms.received_files(1)
        new_id = actions.supersede_document(
            *(connection(), app_state().files, document_id, file, request.form.get(forms.REASON, ""), context)
        )
    except REFUSALS as refusal:
        problems = forms.problems(refusal)
        return _change_page(row, "supersede", problems), problems.status
    return redirect(f"/documents/{new_id}", 303)


@blueprint.get("/documents/<uuid:document_id>/end")
@requires_role(*PAPER_KEEPERS)
def show_end(document_id: UUID) -> str:
    """Show the form that ends a document."""
    return _change_page(_one(document_id), "end", NO_PROBLEMS)


@blueprint.post("/documents/<uuid:document_id>/end")
@requires_role(*PAPER_KEEPERS)
@idempotent
def end_document(document_id: UUID) -> ResponseReturnValue:
    """End a document that does not belong here; it is kept, and signatures that covered it no longer hold."""
    row = _one(document_id)
    try:
        actions.end_document(connection(), document_id, request.form.get(forms.REASON, ""), action_context())
    except REFUSALS as refusal:
        problems = forms.problems(refusal)
        return _change_page(row, "end", problems), problems.status
    return redirect(f"/documents/{document_id}", 303)


def _change_page(row: dict[str, Any], key: str, problems: Problems) -> str:
    files = (forms.files_input(problems),) if key == "supersede" else ()
    inputs = (*files, forms.reason_input(problems))
    about = f"{document_kind(row['kind'])} · {row['case_no'] or row['file_no'] or ''}"
    return _form(DocumentPage(key, f"/documents/{row['id']}", about, inputs, problems, takes_several=False))
