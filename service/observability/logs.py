"""The log: one line of JSON an event, with the request it belongs to, and never a value somebody typed."""

import json
import logging
import re
import sys
import traceback
from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from workflows.vocabulary import Plain

REQUEST: ContextVar[str | None] = ContextVar("request", default=None)
"""The request being served, or the one a notification came from."""

ROOT = Path(__file__).resolve().parents[2]
WELL_FORMED = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""What a request's id looks like: a UUID or 32 hex digits, and so never an identity number, a phone or a card."""

HOUSE = ("service", "worker", "workflows", "__main__")
LONGEST = 2000
_FRAMES = 8


def log_event(event: str, level: str = "info", /, **facts: Plain) -> None:
    """Write one line. The facts are codes, ids, counts and times; nobody's words, names or numbers."""
    _write({"at": _now(), "level": level, "event": event, "request": REQUEST.get(), **facts})


def describe_exception(error: BaseException) -> dict[str, Plain]:
    """An exception as a log may show it: its kind and where it arose. Its message may hold what somebody typed."""
    kinds: list[Plain] = []
    cause: BaseException | None = error
    while cause is not None and len(kinds) < _FRAMES:
        kinds.append(f"{type(cause).__module__}.{type(cause).__qualname__}")
        cause = cause.__cause__ or cause.__context__
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return {"kinds": kinds, "frames": [f"{_short(each.filename)}:{each.lineno} {each.name}" for each in frames]}


def _short(path: str) -> str:
    place = Path(path)
    return str(place.relative_to(ROOT)) if place.is_relative_to(ROOT) else "/".join(place.parts[-2:])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def line(told: Mapping[str, Plain]) -> str:
    """One line of ASCII: a line's end, an escape sequence or a bidi mark in a value is spelled out and cannot act."""
    return json.dumps(told, separators=(",", ":"), default=str)


def _write(told: Mapping[str, Plain]) -> None:
    with suppress(OSError, ValueError):  # a full disk or a closed terminal must not stop the work
        sys.stderr.write(line(told) + "\n")
        sys.stderr.flush()


class Lines(logging.Formatter):
    """What the standard library's loggers say, ours and the libraries', in the same form.

    A library's warning may quote what it was given (an address, a statement's values): there the places of its
    message are filled with the kinds of the values, numbers excepted.
    """

    def format(self, record: logging.LogRecord) -> str:
        """One line; an exception is told by fault()."""
        told: dict[str, Plain] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": self._words(record)[:LONGEST],
            "request": REQUEST.get(),
            "logger": record.name,
        }
        if record.exc_info and record.exc_info[1] is not None:
            told["fault"] = describe_exception(record.exc_info[1])
        return line(told)

    def _words(self, record: logging.LogRecord) -> str:
        ours = record.name.partition(".")[0] in HOUSE
        if ours or record.levelno < logging.WARNING or not record.args:
            return record.getMessage()
        try:
            return str(record.msg) % _kinds(record.args)
        except (TypeError, ValueError):
            return str(record.msg)


def _kinds(args: object) -> object:
    if isinstance(args, Mapping):
        return {key: _kind(value) for key, value in args.items()}
    return tuple(_kind(value) for value in args) if isinstance(args, tuple) else _kind(args)


def _kind(value: object) -> object:
    plain = isinstance(value, int | float) or (isinstance(value, str) and value.startswith("worker."))
    return value if plain else type(value).__name__


def configure(stream: TextIO | None = None) -> None:
    """Let every logger of this process write such lines, to standard error."""
    out = logging.StreamHandler(stream)
    out.setFormatter(Lines())
    logging.basicConfig(handlers=[out], level=logging.INFO, force=True)
    logging.captureWarnings(capture=True)
    for name in ("alembic", "transitions", "httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
