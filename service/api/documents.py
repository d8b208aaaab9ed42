"""Routes of /documents: scans and photos of a family or a case: add, list, read, supersede, end."""

from http import HTTPStatus
from io import BytesIO
from typing import Any
from uuid import UUID

from flask import Response, send_file
from flask_smorest import Blueprint

from service.actions import documents as actions
from service.actions.documents import NewDocument
from service.actions.errors import NotFound
from service.http.auth import READERS, requires_role
from service.http.context import action_context, app_state, caller
from service.http.idempotency import idempotent
from service.http.pagination import paged
from service.http.transaction import connection
from service.http.uploads import UploadParser, received_files, takes_files
from service.queries import documents as read
from service.queries import households
from service.schemas.documents import (
    DocumentFilterIn,
    DocumentFullOut,
    DocumentPageOut,
    DocumentsIn,
    DocumentsMadeOut,
    SupersedeIn,
)
from service.schemas.fields import MadeOut, VoidIn
from workflows.powers import PAPER_KEEPERS


class UploadBlueprint(Blueprint):  # type: ignore[misc]
    """A blueprint whose forms may hold files."""

    ARGUMENTS_PARSER = UploadParser()


blueprint = UploadBlueprint("documents", __name__, description="材料 Documents")
FORM: dict[str, str] = {"location": "form", "content_type": "multipart/form-data"}
JPEG, PDF = "image/jpeg", "application/pdf"
BINARY = {"schema": {"type": "string", "format": "binary"}}


@blueprint.post("/households/<uuid:household_id>/documents")
@requires_role(*PAPER_KEEPERS)
@takes_files
@idempotent
@blueprint.arguments(DocumentsIn, **FORM)
@blueprint.response(201, DocumentsMadeOut)
def add_to_family(body: dict[str, Any], household_id: UUID) -> dict[str, list[UUID]]:
    """Add documents to a family, one for each file. Photos become JPEG without their place; 422 lists every file that is refused."""
    if households.one(connection(), household_id, caller()) is None:
        raise NotFound
    return _add(body, household_id, None)


@blueprint.post("/cases/<uuid:case_id>/documents")
@requires_role(*PAPER_KEEPERS)
@takes_files
@idempotent
@blueprint.arguments(DocumentsIn, **FORM)
@blueprint.response(201, DocumentsMadeOut)
def add_to_case(body: dict[str, Any], case_id: UUID) -> dict[str, list[UUID]]:
    """Add documents to a case, one for each file: its bills, photos of the visit, receipts."""
    row = read.unit_paths_of_case(connection(), case_id, caller())
    if row is None:
        raise NotFound
    return _add(body, row.household_id, case_id)


def _add(body: dict[str, Any], household_id: UUID, case_id: UUID | None) -> dict[str, list[UUID]]:
    files = received_files(body["files"])
    new = [NewDocument(household_id, case_id, body["kind"], file) for file in files]
    return {"ids": actions.add_documents(connection(), app_state().files, new, action_context())}


@blueprint.get("/documents")
@requires_role(*READERS)
@blueprint.arguments(DocumentFilterIn, location="query")
@blueprint.response(200, DocumentPageOut)
def list_documents(query: dict[str, Any]) -> dict[str, Any]:
    """List the documents of the families and cases that you see, newest first; no look is recorded."""
    return paged(query, lambda filters, after, size: read.page(connection(), caller(), filters, after, size))


@blueprint.get("/documents/<uuid:document_id>")
@requires_role(*READERS)
@blueprint.response(200, DocumentFullOut)
def show_document(document_id: UUID) -> dict[str, Any]:
    """Show what is known of a document."""
    row = read.one(connection(), document_id, caller())
    if row is None:
        raise NotFound
    return {**row, "name": actions.original_name(row, action_context())}


@blueprint.get("/documents/<uuid:document_id>/content")
@requires_role(*READERS)
@blueprint.doc(responses={HTTPStatus.OK: {"content": {PDF: BINARY}}})
@blueprint.response(200, BINARY["schema"], content_type=JPEG)
def take_content(document_id: UUID) -> Response:
    """Return the file of a document: a JPEG or a PDF. The look is recorded, with your name."""
    row, content = actions.open_document(connection(), app_state().files, document_id, action_context())
    return send_file(BytesIO(content), row["media_type"], as_attachment=True, download_name=read.file_name(row))


@blueprint.get("/documents/<uuid:document_id>/thumbnail")
@requires_role(*READERS)
@blueprint.response(200, BINARY["schema"], content_type=JPEG)
def show_thumbnail(document_id: UUID) -> Response:
    """Return the small picture of a document, in which no text can be read; no look is recorded."""
    content = actions.small_picture(connection(), app_state().files, document_id, action_context())
    return send_file(BytesIO(content), JPEG)


@blueprint.post("/documents/<uuid:document_id>/supersede")
@requires_role(*PAPER_KEEPERS)
@takes_files
@idempotent
@blueprint.arguments(SupersedeIn, **FORM)
@blueprint.response(201, MadeOut)
def supersede_document(body: dict[str, Any], document_id: UUID) -> dict[str, UUID]:
    """Put another file in the place of a document, which is kept; signatures that covered it no longer hold."""
    if read.one(connection(), document_id, caller()) is None:
        raise NotFound
    [file] = received_files(body["files"], 1)
    context = action_context()
    made = actions.supersede_document(connection(), app_state().files, document_id, file, body["reason"], context)
    return {"id": made}


@blueprint.post("/documents/<uuid:document_id>/end")
@requires_role(*PAPER_KEEPERS)
@idempotent
@blueprint.arguments(VoidIn)
@blueprint.response(204)
def end_document(body: dict[str, Any], document_id: UUID) -> None:
    """End a document that does not belong here; it is kept, and signatures that covered it no longer hold."""
    actions.end_document(connection(), document_id, body["reason"], action_context())
