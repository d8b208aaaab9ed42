"""A file of rules as a form posts it: chosen, or typed into the text area; its text is shown again."""

from flask import request

from service.imports.csv_files import decode
from service.imports.problems import Unreadable
from workflows.vocabulary import InvalidForm, Reason


def posted_source(longest: int) -> str:
    """Return the text of the file that was chosen, else the text that was typed. Raises InvalidForm."""
    chosen, source = request.files.get("file"), request.form.get("source", "")
    if chosen is not None and chosen.filename:
        try:
            source = decode(chosen.read())
        except Unreadable as fault:
            raise InvalidForm(Reason(fault.reason.code, {"field": "file", **fault.reason.values})) from None
    # A browser sends line breaks of its own, and leaves out one before the first line.
    source = source.removeprefix("\ufeff").replace("\r\n", "\n").lstrip("\n")
    if not source.strip():
        raise InvalidForm(Reason.of("answer_missing", field="source"))
    if len(source) > longest:
        raise InvalidForm(Reason.of("too_long", field="source", limit=longest))
    return source
