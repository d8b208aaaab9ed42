"""The archive format is a zip whose headers follow from its contents, so that no byte is free."""

import os
import struct
from dataclasses import dataclass
from typing import BinaryIO

STORED, DEFLATED = 0, 8
LARGEST = 2**32 - 2
"""The largest size and offset of this format, in bytes."""

MOST_FILES = 2**16 - 2

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_NEEDED, _MADE_BY = 20, 3 << 8 | 20
_TIME, _DAY = 0, 33  # 1 January 1980: when a file was packed is no part of its content
_ATTRIBUTES = 0o100600 << 16


class ArchiveUnreadable(ValueError):
    """A file that is no zip archive of this format."""


@dataclass(frozen=True)
class Entry:
    """One file of an archive: its name, how it is packed, its sizes, and the offset of its header."""

    name: str
    method: int
    crc: int
    packed_size: int
    size: int
    offset: int

    @property
    def local_header(self) -> bytes:
        """Return the bytes before the packed content."""
        name = self.name.encode("latin-1")
        fields = (_NEEDED, 0, self.method, _TIME, _DAY, self.crc, self.packed_size, self.size, len(name), 0)
        return _LOCAL.pack(b"PK\3\4", *fields) + name

    @property
    def central_header(self) -> bytes:
        """Return the bytes of the entry in the directory at the end."""
        name = self.name.encode("latin-1")
        sizes = (self.crc, self.packed_size, self.size, len(name), 0, 0, 0, 0, _ATTRIBUTES, self.offset)
        return _CENTRAL.pack(b"PK\1\2", _MADE_BY, _NEEDED, 0, self.method, _TIME, _DAY, *sizes) + name

    @property
    def content_offset(self) -> int:
        """Return the offset of the packed content."""
        return self.offset + len(self.local_header)

    @property
    def end(self) -> int:
        """Return the offset after the packed content."""
        return self.content_offset + self.packed_size


def end_record(number: int, size: int, offset: int) -> bytes:
    """Return the last bytes of an archive with `number` files, whose directory has this size and offset."""
    return _END.pack(*_end_fields(number, size, offset))


def _end_fields(number: int, size: int, offset: int) -> tuple[bytes | int, ...]:
    return b"PK\5\6", 0, 0, number, number, size, offset, 0


def read_archive(file: BinaryIO) -> tuple[list[Entry], list[str]]:
    """Return the files of an archive, and the names of those whose headers are not as they follow from the contents.

    The empty name is that of the archive's own end. Raises ArchiveUnreadable.
    """
    length = file.seek(0, os.SEEK_END)
    file.seek(max(0, length - _END.size))
    last = file.read()
    if len(last) < _END.size or last[:4] != b"PK\5\6":
        raise ArchiveUnreadable("no end of a zip archive")
    ended = _END.unpack(last)
    _mark, _, _, _, number, _, directory_offset, _ = ended
    file.seek(directory_offset)
    directory = file.read(max(0, length - _END.size - directory_offset))
    entries, altered = _read_directory(directory, number)
    altered += _altered_headers(file, entries)
    position = entries[-1].end if entries else 0
    if ended != _end_fields(len(entries), len(directory), position):
        altered.append("")
    return entries, altered


def _read_directory(directory: bytes, number: int) -> tuple[list[Entry], list[str]]:
    entries: list[Entry] = []
    altered: list[str] = []
    position = 0
    for _ in range(number):
        fixed = directory[position : position + _CENTRAL.size]
        if len(fixed) < _CENTRAL.size:
            raise ArchiveUnreadable("the directory of the archive is cut")
        _mark, _, _, _, method, _, _, crc, packed, size, name_length, *_, offset = _CENTRAL.unpack(fixed)
        name = directory[position + _CENTRAL.size : position + _CENTRAL.size + name_length]
        entry = Entry(name.decode("latin-1"), method, crc, packed, size, offset)
        expected = entry.central_header
        is_format = entry.name.isascii() and method in {STORED, DEFLATED}
        if directory[position : position + len(expected)] != expected or not is_format:
            altered.append(entry.name)
        entries.append(entry)
        position += len(expected)
    if position != len(directory):
        altered.append("")
    return entries, altered


def _altered_headers(file: BinaryIO, entries: list[Entry]) -> list[str]:
    altered: list[str] = []
    position, known = 0, set[str]()
    for entry in entries:
        file.seek(entry.offset)
        expected = entry.local_header
        if entry.offset != position or file.read(len(expected)) != expected or entry.name in known:
            altered.append(entry.name)
        known.add(entry.name)
        position = entry.end
    return altered
