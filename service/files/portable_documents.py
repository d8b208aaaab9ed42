"""PDFs are kept as they came, when nothing in them acts and their first page can be drawn.

`python -m service.files.portable_documents` checks the PDF on standard input; with a number it draws that page, from 0.
"""

import re
from io import BytesIO
from typing import Any

import pypdfium2
from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, NameObject

from service.files.decode import Decoded, run
from service.files.pictures import JPEG, Picture, picture_of
from service.files.refused_file import RefusedFile

PDF = "application/pdf"
MOST_PAGES = 60
MOST_OBJECTS = 20_000
PAGE_WIDTH = 1600
"""Pixels of a page as people read it: A4 at 190 dots an inch."""

LONGEST_PAGE = 4000
"""Pixels of the longer side of a drawn page."""

ACTING_KEYS = frozenset({"/JS", "/JavaScript", "/AA", "/EF", "/EmbeddedFiles", "/RichMedia", "/XFA", "/Launch"})
"""Keys of dictionaries that act, or that carry other files (ISO 32000-1 §12.6, §7.11.4)."""

ACTING_KINDS = frozenset(
    {"/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToE", "/GoToR", "/Rendition", "/Movie", "/Sound"}
    | {"/RichMediaExecute", "/ResetForm", "/Hide"}
)
"""Values of /S in actions (ISO 32000-1 §12.6.4)."""


def check(content: bytes) -> int:
    """Return the number of pages. Raises RefusedFile (pdf_broken, pdf_locked, pdf_acts, pdf_too_long, pdf_carries_more)."""
    _check_bytes(content)
    try:
        reader = PdfReader(BytesIO(content))
        pages = _check_pages(reader)
        _check_objects(reader)
    except (PyPdfError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, MemoryError):
        raise RefusedFile("pdf_broken") from None
    return pages


def _check_pages(reader: PdfReader) -> int:
    if reader.is_encrypted:
        raise RefusedFile("pdf_locked")
    pages = len(reader.pages)
    if not 0 < pages <= MOST_PAGES:
        raise RefusedFile("pdf_too_long" if pages else "pdf_broken", {"pages": pages, "limit": MOST_PAGES})
    return pages


_ACTING = re.compile(rb"/(?:JavaScript|JS|Launch|EmbeddedFiles?|RichMedia|XFA)\b")


def _check_bytes(content: bytes) -> None:
    """Refuse what acts where another reader might find it, and a file that goes on after its end."""
    found = _ACTING.search(content)
    if found:
        raise RefusedFile("pdf_acts", {"found": found[0].decode().lstrip("/")})
    end = content.rfind(b"%%EOF")
    if end < 0:
        raise RefusedFile("pdf_broken")
    if content[end + 5 :].strip(b"\r\n \t\0"):
        raise RefusedFile("pdf_carries_more")


def _check_objects(reader: PdfReader) -> None:
    numbers = [(number, generation) for generation, rows in reader.xref.items() for number in rows]
    numbers += [(number, 0) for number in reader.xref_objStm]
    if len(numbers) > MOST_OBJECTS:
        raise RefusedFile("pdf_too_long", {"pages": len(numbers), "limit": MOST_OBJECTS})
    _check_value(reader.trailer)
    for number, generation in numbers:
        if number:
            _check_value(reader.get_object(IndirectObject(number, generation, reader)))


def _check_value(root: Any) -> None:
    """Refuse what acts anywhere in a value; references are not followed: every object is looked at by itself."""
    waiting = [root]
    while waiting:
        value = waiting.pop()
        if isinstance(value, DictionaryObject):
            found = {str(key) for key in value} & ACTING_KEYS
            kind = value.get("/S")
            if isinstance(kind, NameObject) and kind in ACTING_KINDS:
                found = {str(kind)}
            if found:
                raise RefusedFile("pdf_acts", {"found": "、".join(sorted(each.lstrip("/") for each in found))})
            waiting += [dict.__getitem__(value, key) for key in value]
        elif isinstance(value, ArrayObject):
            waiting += list.__iter__(value)


def draw(content: bytes, number: int) -> Picture:
    """Return a page, from 0, as a picture. Raises RefusedFile (pdf_broken)."""
    try:
        with pypdfium2.PdfDocument(content) as document:
            page = document[number]
            width, height = page.get_size()
            scale = min(PAGE_WIDTH / width, LONGEST_PAGE / height, LONGEST_PAGE / width)
            image = page.render(scale=scale, may_draw_forms=False).to_pil().convert("RGB")
    except (pypdfium2.PdfiumError, ZeroDivisionError, IndexError, MemoryError, ValueError):
        raise RefusedFile("pdf_broken") from None
    return picture_of(image)


def _decode(content: bytes, arguments: list[str]) -> Decoded:
    if arguments:
        return {"media_type": JPEG}, (draw(content, int(arguments[0])).content,)
    pages, first = check(content), draw(content, 0)
    header = {"media_type": PDF, "pages": pages, "taken_at": None, "width": None, "height": None}
    return header, (content, first.small)


if __name__ == "__main__":
    raise SystemExit(run(_decode))
