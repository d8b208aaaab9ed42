"""The log writes one JSON object per line, never a value that a person typed."""

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
"""The id of the request being served, or of the request a notification came from."""

ROOT = Path(__file__).resolve().parents[2]
WELL_FORMED = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""The shape of a request's id: a UUID or 32 hex digits, so never an identity number, a phone or a card."""

OWN_LOGGERS = ("service", "worker", "workflows", "__main__")
MAX_TEXT = 2000
_MAX_FRAMES = 8


def log_event(event: str, level: str = "info", /, **facts: Plain) -> None:
    """Write one line. The facts are codes, ids, counts and times, never personal data or free text."""
    _write({"at": _now(), "level": level, "event": event, "request": REQUEST.get(), **facts})


def describe_exception(error: BaseException) -> dict[str, Plain]:
    """Return an exception for the log: its kinds, causes included, and the last 8 frames."""
    # Without its message: that may quote what a person typed.
    kinds: list[Plain] = []
    cause: BaseException | None = error
    while cause is not None and len(kinds) < _MAX_FRAMES:
        kinds.append(f"{type(cause).__module__}.{type(cause).__qualname__}")
        cause = cause.__cause__ or cause.__context__
    frames = traceback.extract_tb(error.__traceback__)[-_MAX_FRAMES:]
    return {"kinds": kinds, "frames": [f"{_short(each.filename)}:{each.lineno} {each.name}" for each in frames]}


def _short(path: str) -> str:
    file = Path(path)
    return str(file.relative_to(ROOT)) if file.is_relative_to(ROOT) else "/".join(file.parts[-2:])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def line(record: Mapping[str, Plain]) -> str:
    """Return a record as one line of ASCII JSON."""
    # json.dumps escapes newlines, terminal escapes and bidi marks, so that a value cannot fake a line or a colour.
    return json.dumps(record, separators=(",", ":"), default=str)


def _write(record: Mapping[str, Plain]) -> None:
    with suppress(OSError, ValueError):  # a full disk or a closed terminal must not stop the work
        sys.stderr.write(line(record) + "\n")
        sys.stderr.flush()


class Lines(logging.Formatter):
    """A formatter that writes records of the standard loggers, ours and the libraries', as the same JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as one line; an exception is reduced by `describe_exception`."""
        fields: dict[str, Plain] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": self._message(record)[:MAX_TEXT],
            "request": REQUEST.get(),
            "logger": record.name,
        }
        if record.exc_info and record.exc_info[1] is not None:
            fields["fault"] = describe_exception(record.exc_info[1])
        return line(fields)

    def _message(self, record: logging.LogRecord) -> str:
        # A library's warning may quote its arguments (an address, a statement's values): write their types instead,
        # numbers excepted.
        ours = record.name.partition(".")[0] in OWN_LOGGERS
        if ours or record.levelno < logging.WARNING or not record.args:
            return record.getMessage()
        try:
            return str(record.msg) % _argument_types(record.args)
        except (TypeError, ValueError):
            return str(record.msg)


def _argument_types(args: object) -> object:
    if isinstance(args, Mapping):
        return {key: _argument_type(value) for key, value in args.items()}
    return tuple(_argument_type(value) for value in args) if isinstance(args, tuple) else _argument_type(args)


def _argument_type(value: object) -> object:
    plain = isinstance(value, int | float) or (isinstance(value, str) and value.startswith("worker."))
    return value if plain else type(value).__name__


def configure(stream: TextIO | None = None) -> None:
    """Make every logger of this process write JSON lines, to standard error by default."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Lines())
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    logging.captureWarnings(capture=True)
    for name in ("alembic", "transitions", "httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
