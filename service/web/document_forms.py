"""Forms of documents: uploads, the files that were sent, and their refusals at the field."""

from dataclasses import dataclass, field

from flask import request
from werkzeug.datastructures import FileStorage

from service.files.received import LARGEST, ReceivedFile, receive
from service.files.refused_file import RefusedFile
from service.http.context import app_state
from service.web import forms
from service.web.formatting import document_kind
from service.web.forms import FormInput, Option
from service.web.refusals import NO_PROBLEMS, Problems, problems_of
from workflows.code_lists import DocumentKind
from workflows.vocabulary import InvalidForm, Plain, Reason

MOST_FILES = 20
"""Files of one upload."""

FILES, KIND, REASON = "files", "kind", "reason"
LARGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """A page with an upload: where it leads back to, its inputs, and what was refused."""

    key: str
    """The key of its title: `documents.<key>`."""

    back: str
    about: str
    inputs: tuple[FormInput, ...] = ()
    problems: Problems = field(default=NO_PROBLEMS)
    takes_several: bool = True
    then: str = ""
    """The part of the page to go to once the files are there."""

    largest: int = LARGEST


def kinds() -> list[tuple[str, str]]:
    """Return every kind of document with its words: the papers, then what is no paper."""
    return [*forms.terms_of("paper"), *((kind.value, document_kind(kind.value)) for kind in DocumentKind)]


def kind_input(problems: Problems) -> FormInput:
    """Return the input that asks for the kind."""
    chosen = request.values.get(KIND, "")
    options = tuple(Option(value, words, value == chosen) for value, words in kinds())
    return FormInput(KIND, forms.label_of("document", KIND), "select", chosen, options, problems=_of(problems, KIND))


def reason_input(problems: Problems) -> FormInput:
    """Return the input that asks why a document is superseded or ended."""
    label = forms.label_of("document", REASON)
    return FormInput(REASON, label, "text", request.form.get(REASON, ""), problems=_of(problems, REASON))


def files_input(problems: Problems) -> FormInput:
    """Return the input for the files."""
    return FormInput(FILES, forms.label_of("document", FILES), "files", problems=_of(problems, FILES))


def _of(problems: Problems, name: str) -> tuple[str, ...]:
    return tuple(problems.of_fields.get(name, ()))


def problems(refusal: Exception) -> Problems:
    """Return a refusal as problems of these inputs, after undoing what the request wrote."""
    return problems_of(refusal, {name: forms.label_of("document", name) for name in (FILES, KIND, REASON)})


def received_files(most: int = MOST_FILES) -> list[ReceivedFile]:
    """Return the files of the request as they may be kept. Raises InvalidForm with a reason for each that may not."""
    uploads = [each for each in request.files.getlist(FILES) if each.filename]
    if not uploads:
        raise InvalidForm(Reason.of("answer_missing", field=FILES))
    if len(uploads) > most:
        raise InvalidForm(Reason.of("too_many_files", field=FILES, given=len(uploads), limit=most))
    received, reasons = list[ReceivedFile](), list[Reason]()
    for upload in uploads:
        try:
            received.append(_receive(upload))
        except RefusedFile as refused:
            reasons.append(Reason.of(refused.code, field=FILES, name=shown_name(upload), **_readable(refused)))
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
