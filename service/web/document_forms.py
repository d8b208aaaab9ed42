"""Forms of documents: uploads, the files that were sent, and their refusals at the field."""

from dataclasses import dataclass, field
from typing import Any

from flask import request

from service.actions.visits import MOST_PHOTOS
from service.files.received import LARGEST, ReceivedFile
from service.http import uploads
from service.http.uploads import FILES, MOST_FILES
from service.web import forms
from service.web.formatting import day, document_kind
from service.web.forms import FormInput, Option
from service.web.layout import text
from service.web.refusals import NO_PROBLEMS, Problems, problems_of
from workflows.code_lists import DocumentKind

KIND, REASON, PHOTO_FILES = "kind", "reason", "photo_files"


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


def photos_input(form: str, problems: Problems) -> FormInput:
    """Return the input for photos that are taken or chosen with a form."""
    label = forms.label_of(form, PHOTO_FILES)
    return FormInput(PHOTO_FILES, label, "photos", is_required=False, problems=_of(problems, PHOTO_FILES))


def received_photos() -> list[ReceivedFile]:
    """Return the photos of the request as they may be kept, perhaps none. Raises InvalidForm as `received_files`."""
    return uploads.received_files(request.files.getlist(PHOTO_FILES), MOST_PHOTOS, PHOTO_FILES, required=False)


def choice(row: dict[str, Any]) -> tuple[str, str]:
    """Return a document as a choice of a form: its kind, its pages, the day it came."""
    words = (document_kind(row["kind"]), text("documents.pages", number=row["pages"]), day(row["received_on"]))
    return str(row["id"]), " · ".join(words)


def _of(problems: Problems, name: str) -> tuple[str, ...]:
    return tuple(problems.of_fields.get(name, ()))


def problems(refusal: Exception) -> Problems:
    """Return a refusal as problems of these inputs, after undoing what the request wrote."""
    return problems_of(refusal, {name: forms.label_of("document", name) for name in (FILES, KIND, REASON)})


def received_files(most: int = MOST_FILES) -> list[ReceivedFile]:
    """Return the files of the request as they may be kept. Raises InvalidForm with a reason for each that may not."""
    return uploads.received_files(request.files.getlist(FILES), most)
