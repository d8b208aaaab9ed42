"""Uploads: which views take files, how long their requests may be, and which files may be kept."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from flask import Request, current_app, request
from marshmallow import Schema
from webargs.flaskparser import FlaskParser
from webargs.multidictproxy import MultiDictProxy
from werkzeug.datastructures import CombinedMultiDict, FileStorage

from service.files.received import LARGEST, ReceivedFile, receive
from service.files.refused_file import RefusedFile
from service.http.context import app_state
from workflows.vocabulary import InvalidForm, Plain, Reason

View = TypeVar("View", bound=Callable[..., Any])

FILES = "files"
"""The field of an upload that holds its files."""

MOST_FILES = 20
"""Files of one upload."""

LARGEST_NAME = 120


def takes_files(view: View) -> View:
    """Declare that a view takes files, in a form; stands above @idempotent."""
    view.takes_files = True  # type: ignore[attr-defined]
    return view


def is_upload() -> bool:
    """Return whether the view of the request takes files."""
    return getattr(current_app.view_functions.get(request.endpoint or ""), "takes_files", False)


def allow_upload() -> None:
    """Let the body be as long as the limit for uploads, where the view takes files."""
    if is_upload():
        request.max_content_length = app_state().settings.limits.max_upload


class UploadParser(FlaskParser):
    """Reads the fields and the files of a form as one body, so that a schema names both and refuses any other."""

    def load_form(self, req: Request, schema: Schema) -> Any:
        """Return the fields and the files of a request."""
        return MultiDictProxy(CombinedMultiDict([req.form, req.files]), schema)


def received_files(
    sent: Sequence[FileStorage], most: int = MOST_FILES, field: str = FILES, *, required: bool = True
) -> list[ReceivedFile]:
    """Return the uploaded files of a field as they may be kept. Raises InvalidForm with a reason for each that may not."""
    uploads = [each for each in sent if each.filename]
    if required and not uploads:
        raise InvalidForm(Reason.of("answer_missing", field=field))
    if len(uploads) > most:
        raise InvalidForm(Reason.of("too_many_files", field=field, given=len(uploads), limit=most))
    received, reasons = list[ReceivedFile](), list[Reason]()
    for upload in uploads:
        try:
            received.append(_receive(upload))
        except RefusedFile as refused:
            reasons.append(Reason.of(refused.code, field=field, name=shown_name(upload), **_readable(refused)))
    if reasons:
        raise InvalidForm(*reasons)
    return received


def _receive(upload: FileStorage) -> ReceivedFile:
    content = upload.stream.read(LARGEST + 1)
    return receive(shown_name(upload), content, app_state().scanner)


def shown_name(upload: FileStorage) -> str:
    """Return what the person's computer called a file: the last part of its path, without what cannot be seen."""
    last = (upload.filename or "").replace("\\", "/").rpartition("/")[2]
    return "".join(each for each in last if each.isprintable())[:LARGEST_NAME] or "—"


def _readable(refused: RefusedFile) -> dict[str, Plain]:
    """Return the values of a refusal as people read them: bytes in MB, pixels in millions."""
    scale = {"file_too_large": 2**20, "picture_too_large": 10**6}.get(refused.code, 1)
    return {name: value // scale if isinstance(value, int) else value for name, value in refused.values.items()}
