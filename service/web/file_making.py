"""Makes a long export as the person who asked for it would see it, outside their request."""

import tempfile
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Flask, g
from werkzeug.test import EnvironBuilder

from service.actions import prepared_files
from service.clock import union_day
from service.http import access_log
from service.http.context import app_state
from service.http.idempotency import grant_texts
from service.http.request_state import RequestState
from service.observability import logs
from service.queries import accounts
from service.queries import prepared_files as read
from service.queries.past_records import CopyMissing
from service.queries.scope import Caller
from service.report.figures import snapshot
from service.web.exported_columns import BATCH
from service.web.exported_file import exported_file, with_progress
from service.web.past_copies import make_copy


def make_file(app: Flask, file_id: UUID, clock: Callable[[], datetime]) -> None:
    """Make a file that waits, unless another process makes it. One that fails stays waiting for another attempt."""
    engine = app.extensions["songnuan"].engine
    try:
        with snapshot(engine) as seen:
            if not read.lock_making(seen, file_id):
                return
            with engine.begin() as conn:
                row = prepared_files.begin(conn, file_id, clock())
            if row is not None:
                _make(app, seen, row, clock)
    except CopyMissing as missing:
        make_copy(engine, missing.up_to)  # and the next attempt reads it
    except Exception as error:  # noqa: BLE001 - the next file must be made
        logs.log_event("file_fault", "error", file=str(file_id), fault=logs.describe_exception(error))


def _make(app: Flask, seen: Any, row: Any, clock: Callable[[], datetime]) -> None:
    state = app.extensions["songnuan"]
    reader = accounts.caller_by_id(seen, row.account_id, union_day(row.as_of))
    if reader is None:
        with state.engine.begin() as conn:
            prepared_files.fail(conn, row.id, clock())
        return
    query = prepared_files.query_of(row, state.keyring)
    with app.request_context(EnvironBuilder(path="/exports", query_string=query).get_environ()):
        g.request_state, g.language = _state(reader, row), row.language
        number = _write(seen, row, reader, clock)
    logs.log_event("file_made", file=str(row.id), list=row.list, kind=row.kind, rows=number)


def _state(reader: Caller, row: Any) -> RequestState:
    state = access_log.new_request()
    state.caller, state.at = reader, row.as_of
    return state


def _write(seen: Any, row: Any, reader: Caller, clock: Callable[[], datetime]) -> int:
    """Write the file, say after each batch how far it is, and keep it; return its number of rows."""
    state = app_state()
    exported = exported_file(row.list, row.kind, prepared_files.note_of(row, state.keyring))
    number, rows = exported.open(seen)

    def progress(done: int) -> None:
        with state.engine.begin() as conn:
            prepared_files.note_progress(conn, row.id, done, number)

    with tempfile.TemporaryFile() as file:
        exported.write(file, with_progress(rows, BATCH, progress))
        file.seek(0)
        made = {"rows_done": number, "grants": grant_texts(reader)}
        with state.engine.begin() as conn:
            prepared_files.finish(conn, state.keyring, row.id, file, made, clock())
    return number
