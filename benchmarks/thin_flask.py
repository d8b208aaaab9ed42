"""A minimal Flask app over the hand-written psycopg program.

It is served with the service's gunicorn settings: `gunicorn benchmarks.thin_flask:create_app()`.
"""

import os
import threading
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from flask import Flask, request

from benchmarks.check_input import Clerk
from benchmarks.facts_sql import HOLDS
from benchmarks.psycopg_two_statements import Refused, TwoStatements
from service.crypto.encryption import read_keyring
from workflows.form_fields import money
from workflows.vocabulary import InvalidForm

_CALLER = f"""SELECT a.id, g.role, g.tier, u.path, g.for_account_id FROM token AS t JOIN account AS a ON a.id = t.account_id
    LEFT JOIN role_grant AS g ON g.account_id = a.id AND {HOLDS} LEFT JOIN unit AS u ON u.id = g.unit_id
    WHERE t.hash = %(hash)s AND t.expires_at > now() AND (t.revoked_at IS NULL OR t.revoked_at > now())
    AND a.disabled_at IS NULL"""


class ThreadProgram(threading.local):
    """A program with its connection for each thread."""

    def __init__(self) -> None:
        self.program = TwoStatements(os.environ["DATABASE_URL"], read_keyring(os.environ["KEYRING"]))


def create_app() -> Flask:
    """Return the app, each thread of which has a connection."""
    app = Flask("thin")
    app.add_url_rule("/api/v1/cases", view_func=open_case, methods=["POST"])
    app.add_url_rule("/api/v1/cases/<uuid:case>/actions/<action>", view_func=take, methods=["POST"])
    app.register_error_handler(Refused, lambda refused: ({"codes": list(refused.args)}, 409))
    app.register_error_handler(InvalidForm, lambda invalid: ({"codes": str(invalid)}, 422))
    app.teardown_request(lambda _error: _program().db.rollback())
    return app


_PROGRAMS: list[ThreadProgram] = []


def _program() -> TwoStatements:
    """Return this thread's program."""
    # Created at the first request, because a connection opened before the fork would be shared.
    if not _PROGRAMS:
        _PROGRAMS.append(ThreadProgram())
    return _PROGRAMS[0].program


def open_case() -> tuple[dict[str, Any], int]:
    """Open a case."""
    body, at, program = request.get_json(), _at(), _program()
    family = (UUID(body["household_id"]), UUID(body["beneficiary_id"]))
    case = program.open(family, body["item"], money(body["requested"]), _clerk(program, at.date()), at, at.date())
    return {"id": str(case), "state": "draft", "version": 1}, 201


def take(case: UUID, action: str) -> dict[str, Any]:
    """Take one step."""
    at, program, answers = _at(), _program(), request.get_json()["answers"]
    state, version = program.take(case, action, answers, _clerk(program, at.date()), at, at.date())
    return {"id": str(case), "state": state, "version": version}


def _at() -> datetime:
    return datetime.fromisoformat(request.headers["X-Songnuan-Date"])


def _clerk(program: TwoStatements, today: date) -> Clerk:
    token = request.headers["Authorization"].removeprefix("Bearer ")
    rows = program.db.execute(_CALLER, {"hash": sha256(token.encode()).digest(), "today": today}).fetchall()
    if not rows:
        raise Refused("token_invalid")
    grants = tuple((row.role, row.tier, row.path, row.for_account_id) for row in rows if row.role)
    return Clerk(rows[0].id, grants, sorted({grant[2] for grant in grants}))
