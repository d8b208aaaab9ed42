"""Bundle files are read from the archive, or from a folder into which it was unpacked, and compared with the manifest."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, BinaryIO

from service.bundles.verifier.archive_format import DEFLATED, ArchiveUnreadable, Entry, read_archive
from service.bundles.verifier.findings import Findings

MANIFEST, MANIFEST_SIGNATURE = "manifest.json", "manifest.sig"
OF_THE_MANIFEST = (MANIFEST, MANIFEST_SIGNATURE)
"""The files that the manifest does not list: itself, and its signature."""

LARGEST_MANIFEST = 2**26
PART = 2**16


@dataclass(frozen=True)
class Digest:
    """The size and SHA-256 of a file, and those of its packed bytes in the archive."""

    size: int
    sha256: str
    packed_size: int | None = None
    packed_sha256: str | None = None


class Archive:
    """A bundle as it was handed over: one zip archive."""

    is_folder = False

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("rb")
        try:
            entries, self.altered = read_archive(self._file)
        except ArchiveUnreadable:
            self._file.close()
            raise
        self._entries = {entry.name: entry for entry in entries}
        self.names = [entry.name for entry in entries]

    def digest(self, name: str) -> Digest | None:
        """Return the digests of a file; None where its packed bytes cannot be unpacked, or go on after their end."""
        entry, packed, content, crc, size = self._entries[name], sha256(), sha256(), 0, 0
        try:
            for part, unpacked in _unpacked(self._file, entry):
                packed.update(part)
                content.update(unpacked)
                crc, size = zlib.crc32(unpacked, crc), size + len(unpacked)
        except zlib.error:
            return None
        if (crc, size) != (entry.crc, entry.size):
            return None
        return Digest(size, content.hexdigest(), entry.packed_size, packed.hexdigest())

    def open(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """Open a file of the bundle."""
        return zipfile.ZipFile(self._file).open(name)

    def close(self) -> None:
        """Close the archive."""
        self._file.close()


def _unpacked(file: BinaryIO, entry: Entry) -> Iterator[tuple[bytes, bytes]]:
    """Yield parts of the packed bytes of a file, each with what it unpacks to. Raises zlib.error."""
    file.seek(entry.content_offset)
    left, size = entry.packed_size, 0
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS) if entry.method == DEFLATED else None
    while left:
        part = file.read(min(PART, left))
        if not part:
            raise zlib.error("the file is cut")
        left -= len(part)
        unpacked = unpacker.decompress(part) if unpacker else part
        size += len(unpacked)
        if size > entry.size:
            raise zlib.error("the file is longer than its header says")
        yield part, unpacked
    if unpacker is not None and (not unpacker.eof or unpacker.unused_data):
        raise zlib.error("the packed bytes do not end where their content does")


class Folder:
    """A bundle that was unpacked: the bytes of the archive itself are not seen."""

    is_folder = True
    altered: tuple[str, ...] = ()

    def __init__(self, path: Path) -> None:
        self._path = path
        files = sorted(each for each in path.rglob("*") if each.is_file() or each.is_symlink())
        self.names = [each.relative_to(path).as_posix() for each in files]

    def digest(self, name: str) -> Digest | None:
        """Return the digest of a file."""
        content, size = sha256(), 0
        with self.open(name) as file:
            while part := file.read(PART):
                content.update(part)
                size += len(part)
        return Digest(size, content.hexdigest())

    def open(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """Open a file of the bundle."""
        return (self._path / name).open("rb")

    def close(self) -> None:
        """Close nothing."""


Source = Archive | Folder


def read_whole(source: Source, name: str) -> bytes | None:
    """Return a small file of the bundle; None without it."""
    if name not in source.names:
        return None
    try:
        with source.open(name) as file:
            return file.read(LARGEST_MANIFEST)
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error):
        return None


def unread(source: Source, name: str) -> str:
    """Return the code of the fault for a file that `read_whole` did not return."""
    return "file_unreadable" if name in source.names else "file_missing"


def compare_headers(source: Source, found: Findings) -> None:
    """Name the files whose headers in the archive are not as they follow from the contents."""
    for name in sorted({*source.altered}):
        found.fault("archive_altered", path=name or "(zip)")


def compare_files(source: Source, listed: list[dict[str, Any]], found: Findings) -> None:
    """Compare every file with the manifest, and the manifest with the files: missing, unknown and altered ones."""
    expected = {str(each["path"]): each for each in listed}
    for name in expected:
        if name not in source.names:
            found.fault("file_missing", path=name)
    for name in source.names:
        if name in expected:
            _compare_file(source, name, expected[name], found)
        elif name not in OF_THE_MANIFEST:
            found.fault("file_unknown", path=name)


def _compare_file(source: Source, name: str, said: dict[str, Any], found: Findings) -> None:
    found.add("files")
    digest = source.digest(name)
    if digest is None or (digest.size, digest.sha256) != (said["size"], said["sha256"]):
        found.fault("file_altered", path=name)
    elif digest.packed_sha256 is not None and (digest.packed_size, digest.packed_sha256) != tuple(said["packed"]):
        found.fault("file_repacked", path=name)


def as_text(file: IO[bytes]) -> io.TextIOWrapper:
    """Return a file as text, without the mark that spreadsheet programs want."""
    return io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
