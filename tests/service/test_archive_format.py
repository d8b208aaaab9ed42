"""An archive of any bytes is read or refused: it never stops the program that verifies a bundle."""

import io
import random
import struct
from contextlib import suppress

import pytest

from service.bundles.archive_writer import ArchiveWriter
from service.bundles.verifier.archive_format import ArchiveUnreadable, Entry, end_record, read_archive


def archive(*names: str) -> bytes:
    """Return an archive of small files."""
    target = io.BytesIO()
    writer = ArchiveWriter(target)
    for name in names:
        writer.add(name, b"content")
    writer.end()
    return target.getvalue()


def made_of(entries: list[Entry], data: bytes | bytearray) -> bytes:
    """Return the archive whose headers follow from its entries, with the contents of another one."""
    files = b"".join(each.local_header + data[each.content_offset : each.end] for each in entries)
    directory = b"".join(each.central_header for each in entries)
    return files + directory + end_record(len(entries), len(directory), len(files))


def test_long_name_that_is_not_ascii_is_found() -> None:
    """A changed offset of the directory made packed bytes into a name of more than 65,535 bytes."""
    fixed = struct.pack("<4s6H3L5H2L", b"PK\1\2", 0, 0, 0, 0, 0, 0, 0, 0, 0, 65535, 0, 0, 0, 0, 0, 0)
    directory = fixed + b"\xff" * 65535
    _entries, altered = read_archive(io.BytesIO(directory + end_record(1, len(directory), 0)))
    assert altered[0] == "ÿ" * 65535


def test_name_that_is_not_ascii_is_found_even_where_both_headers_agree() -> None:
    data = archive("a.json", "b.json").replace(b"a.json", b"\xe9.json")
    entries, altered = read_archive(io.BytesIO(data))
    assert altered == ["é.json"]
    assert [entry.name for entry in entries] == ["é.json", "b.json"]


@pytest.mark.parametrize("part", range(10))
def test_any_bytes_are_read_or_refused(part: int) -> None:
    chance = random.Random(part)
    whole = archive("a.json", "b.json", "c/d.bin")
    for _ in range(200):
        data = bytearray(chance.choice([whole, chance.randbytes(len(whole) * 9)]))
        for _ in range(chance.randrange(1, 9)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        number, offset = chance.randrange(4), chance.randrange(len(data) - 21)
        data[-22:] = chance.choice([data[-22:], end_record(number, len(data) - 22 - offset, offset)])
        with suppress(ArchiveUnreadable):
            entries, altered = read_archive(io.BytesIO(data))
            assert altered or bytes(data) == made_of(entries, data)
