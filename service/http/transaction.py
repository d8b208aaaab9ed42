"""The transaction of a request: opened, committed, rolled back and closed in this file alone."""

from http import HTTPStatus

import sqlalchemy as sa
from flask import Response

from service.actions import personal_data_access
from service.actions.errors import DisclosingRefusal, RecordedRefusal
from service.http.context import action_context, app_state
from service.http.request_state import has_request_state, request_state


def connection() -> sa.Connection:
    """Return the connection of the request; its transaction begins with the first statement."""
    state = request_state()
    if state.connection is None:
        state.connection = app_state().engine.connect()
    return state.connection


def commit_or_rollback(response: Response) -> None:
    """Commit where the answer is a success, else roll back and write what a refusal leaves. Closes the connection."""
    state = request_state()
    conn, state.connection = state.connection, None
    if conn is None:
        return
    with conn:
        if response.status_code < HTTPStatus.BAD_REQUEST:
            conn.commit()
            return
        conn.rollback()
        for write in state.kept_writes:
            write(conn)
            conn.commit()
        for refusal in state.recorded_refusals:
            _record(conn, refusal)
            conn.commit()


def _record(conn: sa.Connection, refusal: DisclosingRefusal | RecordedRefusal) -> None:
    if isinstance(refusal, RecordedRefusal):
        refusal.record(conn)
    else:
        personal_data_access.record_disclosed_match(conn, refusal.persons, action_context(), refusal.accounts)


def roll_back() -> None:
    """Undo what the request has written, so that its page can be read again: a failed statement ends a transaction."""
    state = request_state()
    state.claimed_key = None
    if state.connection is not None:
        state.connection.rollback()


def close_connection() -> None:
    """Give the connection back to the pool, whatever happened."""
    if not has_request_state():
        return
    state = request_state()
    conn, state.connection = state.connection, None
    if conn is not None:
        conn.close()
