"""The archive writer packs files into a zip archive one after the other, in constant memory."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO

from service.bundles.verifier.archive_format import (
    DEFLATED,
    LARGEST,
    MOST_FILES,
    STORED,
    Entry,
    end_record,
)
from workflows.vocabulary import Reason, Refused

LEVEL = 6


@dataclass(frozen=True, slots=True)
class PackedFile:
    """A file of the archive with the digests that the manifest lists."""

    entry: Entry
    sha256: str
    packed_sha256: str


class Packer:
    """The file that is being packed: what is written to it is digested, packed and written to the archive."""

    def __init__(self, target: BinaryIO, *, is_packed: bool) -> None:
        self._target = target
        self._deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS) if is_packed else None
        self.crc, self.size, self.packed_size = 0, 0, 0
        self.content, self.packed = sha256(), sha256()

    def write(self, data: bytes) -> int:
        """Pack some bytes; return their number."""
        self.content.update(data)
        self.crc, self.size = zlib.crc32(data, self.crc), self.size + len(data)
        self._put(self._deflate.compress(data) if self._deflate else data)
        return len(data)

    def flush(self) -> None:
        """Do nothing: what was packed is written when the file ends."""

    def end(self) -> None:
        """Write what was kept back."""
        if self._deflate:
            self._put(self._deflate.flush())

    def _put(self, packed: bytes) -> None:
        self.packed.update(packed)
        self.packed_size += len(packed)
        if self._target.tell() + len(packed) > LARGEST or self.size > LARGEST:
            raise Refused(Reason.of("bundle_too_large"))
        self._target.write(packed)


class ArchiveWriter:
    """Writes a zip archive to a file in which it may seek, from its present end."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self.files: list[PackedFile] = []

    @contextmanager
    def file(self, name: str, *, is_packed: bool = True) -> Iterator[Packer]:
        """Yield the next file to write to. Raises Refused (bundle_too_large)."""
        if len(self.files) >= MOST_FILES:
            raise Refused(Reason.of("bundle_too_large"))
        offset, method = self._target.tell(), DEFLATED if is_packed else STORED
        self._target.write(Entry(name, method, 0, 0, 0, offset).local_header)
        packer = Packer(self._target, is_packed=is_packed)
        yield packer
        packer.end()
        entry = Entry(name, method, packer.crc, packer.packed_size, packer.size, offset)
        self._target.seek(offset)
        self._target.write(entry.local_header)
        self._target.seek(entry.end)
        self.files.append(PackedFile(entry, packer.content.hexdigest(), packer.packed.hexdigest()))

    def add(self, name: str, content: bytes, *, is_packed: bool = True) -> None:
        """Write a small file. Raises Refused (bundle_too_large)."""
        with self.file(name, is_packed=is_packed) as target:
            target.write(content)

    def end(self) -> None:
        """Write the directory, which ends the archive."""
        offset = self._target.tell()
        for each in self.files:
            self._target.write(each.entry.central_header)
        size = self._target.tell() - offset
        self._target.write(end_record(len(self.files), size, offset))
        self._target.flush()
