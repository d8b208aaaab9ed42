"""A received file: what an upload is by its content, as the process that decodes it says."""

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from service.files.decode import SECONDS
from service.files.refused_file import RefusedFile
from service.files.scanner import Scanner

LARGEST = 20 * 2**20
"""Bytes of one file."""

PICTURES, PDFS = "service.files.pictures", "service.files.portable_documents"
"""The modules that decode, each run as a process."""

HEIC_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"avif"})
"""Brands of a file of the HEIF family (ISO/IEC 23008-12)."""

PATIENCE = 2 * SECONDS
"""Seconds after which the process that decodes is ended, whatever it does."""


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file that may be kept: its bytes as they are kept, the small picture, and what it is."""

    name: str
    """What the person's computer calls it; it may name the family."""

    content: bytes
    small: bytes
    media_type: str
    pages: int
    width: int | None
    height: int | None
    taken_at: datetime | None
    uploaded_sha256: bytes
    """The digest of the bytes that arrived: the same photo in two families has the same."""

    scanned_by: str | None

    @property
    def sha256(self) -> bytes:
        """Return the digest of the bytes as they are kept."""
        return sha256(self.content).digest()


def receive(name: str, content: bytes, scanner: Scanner | None) -> ReceivedFile:
    """Return an uploaded file as it may be kept.

    Raises RefusedFile: file_empty, file_too_large, file_infected, file_not_scanned, file_kind_unknown, picture_broken,
    picture_too_large, pdf_broken, pdf_locked, pdf_acts, pdf_too_long, pdf_carries_more, file_takes_too_much.
    """
    if not content:
        raise RefusedFile("file_empty")
    if len(content) > LARGEST:
        raise RefusedFile("file_too_large", {"size": len(content), "limit": LARGEST})
    scanned_by = scanner.scan(content) if scanner else None
    decoder = decoder_of(content)
    if decoder is None:
        raise RefusedFile("file_kind_unknown")
    header, parts = _decode(content, decoder)
    taken_at = header["taken_at"]
    return ReceivedFile(
        name=name,
        content=parts[0],
        small=parts[1],
        media_type=header["media_type"],
        pages=header["pages"],
        width=header["width"],
        height=header["height"],
        taken_at=datetime.fromisoformat(taken_at) if taken_at else None,
        uploaded_sha256=sha256(content).digest(),
        scanned_by=scanned_by,
    )


def draw_page(content: bytes, number: int) -> bytes:
    """Return a page of a PDF, from 0, as a JPEG. Raises RefusedFile (pdf_broken, file_takes_too_much)."""
    return _decode(content, PDFS, str(number))[1][0]


def decoder_of(content: bytes) -> str | None:
    """Return the module that decodes a file, by its first bytes and whatever its name is; None for a kind that is not kept."""
    if content.startswith(b"%PDF-"):
        return PDFS
    is_webp = content.startswith(b"RIFF") and content[8:12] == b"WEBP"
    is_heic = content[4:8] == b"ftyp" and content[8:12] in HEIC_BRANDS
    is_picture = content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or is_webp or is_heic
    return PICTURES if is_picture else None


def _decode(content: bytes, *module_and_arguments: str) -> tuple[dict[str, Any], list[bytes]]:
    command = [sys.executable, "-m", *module_and_arguments]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=PATIENCE, check=True)
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        # Ended by a limit, or by the file itself.
        raise RefusedFile("file_takes_too_much") from None
    line, _, rest = done.stdout.partition(b"\n")
    header: dict[str, Any] = json.loads(line)
    if "refused" in header:
        raise RefusedFile(header["refused"], header["values"])
    parts = []
    for size in header.pop("sizes"):
        parts.append(rest[:size])
        rest = rest[size:]
    return header, parts
