"""A decoder runs in a process of its own: one uploaded file on standard input, what it is and its bytes on standard output.

What a library does with a hostile file stays in that process, which has little memory and time, and ends afterwards.
It writes one line of JSON and then the bytes that the line counts.
"""

import json
import resource
import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from service.files.refused_file import RefusedFile

MEMORY = 2 * 2**30
"""Bytes of addresses; a decoder that asks for more gets MemoryError or is ended."""

SECONDS = 20
"""Seconds of processor time."""

Decoded: TypeAlias = tuple[Mapping[str, Any], tuple[bytes, ...]]
"""What a file is, as values of JSON, and the bytes that are kept of it."""


def run(decode: Callable[[bytes, list[str]], Decoded]) -> int:
    """Decode the file on standard input with the arguments of the command; a refusal is an answer too."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    content = sys.stdin.buffer.read()
    try:
        header, parts = decode(content, sys.argv[1:])
    except RefusedFile as refused:
        header, parts = {"refused": refused.code, "values": refused.values}, ()
    line = json.dumps({**header, "sizes": [len(part) for part in parts]})
    sys.stdout.buffer.write(line.encode() + b"\n" + b"".join(parts))
    sys.stdout.buffer.flush()
    return 0
