"""Idempotency keys: claimed in the request's own transaction, so that a repeated request gets the stored answer."""

import re
from collections.abc import Callable, Iterator
from functools import wraps
from hashlib import sha256
from http import HTTPStatus
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from flask import Response, json, request
from sqlalchemy.dialects.postgresql import insert

from service.crypto.encryption import decrypt_field, encrypt_field, fingerprint
from service.db.prepared import PreparedStatement
from service.http.context import app_state, at, caller
from service.http.csrf import FIELD as CSRF_FIELD
from service.http.errors import HttpProblem, is_api_request
from service.http.request_state import request_state
from service.http.transaction import connection
from service.http.uploads import is_upload
from service.queries.scope import Caller
from service.tables.events import idempotency
from workflows.vocabulary import Reason

View = TypeVar("View", bound=Callable[..., Any])

HEADER = "Idempotency-Key"
FIELD = "_key"
"""The hidden field of a form that carries the key."""

STORED_HEADERS = frozenset({"Content-Type", "ETag", "Location"})
_SHAPE = re.compile(r"[\x21-\x7e]{8,120}")

_OWN_KEY = sa.and_(
    idempotency.c.account_id == sa.bindparam("account_id", type_=sa.Uuid()),
    idempotency.c.key == sa.bindparam("key", type_=sa.Text()),
)
_CLAIMED = ("account_id", "key", "fingerprint", "created_at", "grants")
_CLAIM = PreparedStatement(
    insert(idempotency)
    .values({name: sa.bindparam(name, type_=idempotency.c[name].type) for name in _CLAIMED})
    .on_conflict_do_nothing()
    .returning(idempotency.c.key)
)
_STORED = PreparedStatement(sa.select(idempotency).where(_OWN_KEY))
_ANSWER = {name: sa.bindparam(name, type_=idempotency.c[name].type) for name in ("status", "headers", "body_sealed")}
_STORE = PreparedStatement(idempotency.update().where(_OWN_KEY).values(_ANSWER).returning(idempotency.c.key))
_RELEASE = PreparedStatement(idempotency.delete().where(_OWN_KEY).returning(idempotency.c.key))


def idempotent(view: View) -> View:
    """Do what a POST asks once for each key; stands below @requires_role. The key is a header, or a field of a form."""

    @wraps(view)
    def once(*args: Any, **kwargs: Any) -> Any:
        stored = _claim()
        return view(*args, **kwargs) if stored is None else stored

    once.idempotent = True  # type: ignore[attr-defined]
    return cast(View, once)


def _claim() -> Response | None:
    """Claim the key of the request; return the stored answer where it was claimed before.

    Two requests with one key wait for each other here. Raises HttpProblem: 400 without a key, 422 for the same key with
    another body, 403 where the answer was given under a grant that has ended, because it may show what that grant showed.
    """
    key = request.headers.get(HEADER, "") if is_api_request() else request.form.get(FIELD, "")
    if not _SHAPE.fullmatch(key):
        name = HEADER if is_api_request() else FIELD
        raise HttpProblem(HTTPStatus.BAD_REQUEST, Reason.of("idempotency_key_missing", header=name))
    own_key, grants = {"account_id": caller().account, "key": key}, grant_texts(caller())
    digest = _request_fingerprint()
    if _CLAIM.rows(connection(), {**own_key, "fingerprint": digest, "created_at": at(), "grants": grants}):
        request_state().claimed_key = key
        return None
    stored = _STORED.rows(connection(), own_key)[0]
    if bytes(stored.fingerprint) != digest:
        raise HttpProblem(HTTPStatus.UNPROCESSABLE_ENTITY, Reason.of("idempotency_key_reused", header=HEADER))
    if not set(stored.grants) <= set(grants):
        raise HttpProblem(HTTPStatus.FORBIDDEN, Reason.of("permission_revoked"))
    body = decrypt_field(app_state().keyring, f"idempotency.{key}", caller().account, stored.body_sealed)
    return Response(body, stored.status, headers={**json.loads(stored.headers), "Idempotency-Replayed": "true"})


def _request_fingerprint() -> bytes:
    # Keyed, because a request may name people. The CSRF token is left out: it changes with the session.
    if is_api_request() and not is_upload():
        body = request.get_data().hex()
    else:
        fields = sorted((name, values) for name, values in request.form.lists() if name != CSRF_FIELD)
        files = [*_file_digests()]
        body = json.dumps([fields, files] if files else fields)
    parts = (request.method, request.full_path, request.headers.get("If-Match", ""), body)
    return bytes.fromhex(fingerprint(app_state().keyring, "\n".join(parts)))


def _file_digests() -> Iterator[tuple[str, str, str]]:
    """Yield the field, the name and the digest of each uploaded file, which is then read from its beginning again."""
    for field, files in request.files.lists():
        for file in files:
            digest = sha256()
            while part := file.stream.read(2**20):
                digest.update(part)
            file.stream.seek(0)
            yield field, file.filename or "", digest.hexdigest()


def grant_texts(of: Caller) -> list[str]:
    """Return the caller's grants of the day as comparable text."""
    return sorted(f"{held.role}/{held.tier}/{held.unit_path}/{held.principal or ''}" for held in of.held)


def release_key() -> None:
    """Store no answer of this request: what it shows must be asked for, and logged, each time."""
    state = request_state()
    _RELEASE.rows(connection(), {"account_id": caller().account, "key": state.claimed_key})
    state.claimed_key = None


def store_response(response: Response) -> None:
    """Store the answer with its key, in the same transaction. A refusal is not stored: its reason may pass."""
    state = request_state()
    key, state.claimed_key = state.claimed_key, None
    if key is None or response.status_code >= HTTPStatus.BAD_REQUEST:
        return
    account = caller().account
    headers = json.dumps({name: value for name, value in response.headers if name in STORED_HEADERS})
    body = encrypt_field(app_state().keyring, f"idempotency.{key}", account, response.get_data(as_text=True))
    answer = {"status": response.status_code, "headers": headers, "body_sealed": body}
    _STORE.rows(connection(), {"account_id": account, "key": key, **answer})
