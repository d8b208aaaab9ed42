"""Doing a thing twice does it once: an Idempotency-Key is claimed inside the transaction of the thing itself."""

import re
from datetime import datetime
from http import HTTPStatus

import sqlalchemy as sa
from flask import Response, g, json, request
from sqlalchemy.dialects.postgresql import insert

from service.crypto.encryption import Keyring, decrypt_field, encrypt_field, fingerprint
from service.db.prepared import PreparedStatement
from service.http.errors import HttpProblem
from service.queries.scope import Caller
from service.tables.events import idempotency
from workflows.vocabulary import Reason

HEADER = "Idempotency-Key"
_SHAPE = re.compile(r"[\x21-\x7e]{8,120}")

_MINE = sa.and_(
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
_STORED = PreparedStatement(sa.select(idempotency).where(_MINE))
_ANSWER = {name: sa.bindparam(name, type_=idempotency.c[name].type) for name in ("status", "headers", "body_sealed")}
_KEEP = PreparedStatement(idempotency.update().where(_MINE).values(_ANSWER).returning(idempotency.c.key))
_FORGET = PreparedStatement(idempotency.delete().where(_MINE).returning(idempotency.c.key))


def _fingerprint(keyring: Keyring) -> bytes:
    """Keyed, because a request may name people."""
    parts = (request.method, request.full_path, request.headers.get("If-Match", ""), request.get_data().hex())
    return bytes.fromhex(fingerprint(keyring, "\n".join(parts)))


def claim_key(conn: sa.Connection, caller: Caller, at: datetime, keyring: Keyring) -> Response | None:
    """Claim the request's key; the stored answer when it was done before, else None.

    Two requests with one key wait for each other here. The same key with another body is refused with 422. An answer
    that was given under a grant which holds no longer is not shown again: it may show what that grant let one see.
    """
    key = request.headers.get(HEADER, "")
    if not _SHAPE.fullmatch(key):
        raise HttpProblem(HTTPStatus.BAD_REQUEST, Reason.of("idempotency_key_missing", header=HEADER))
    mark, mine = _fingerprint(keyring), {"account_id": caller.account, "key": key}
    if _CLAIM.rows(conn, {**mine, "fingerprint": mark, "created_at": at, "grants": _grants(caller)}):
        g.claimed = key
        return None
    stored = _STORED.rows(conn, mine)[0]
    if bytes(stored.fingerprint) != mark:
        raise HttpProblem(HTTPStatus.UNPROCESSABLE_ENTITY, Reason.of("idempotency_key_reused", header=HEADER))
    if not set(stored.grants) <= set(_grants(caller)):
        raise HttpProblem(HTTPStatus.FORBIDDEN, Reason.of("permission_revoked"))
    headers = {**json.loads(stored.headers), "Idempotency-Replayed": "true"}
    body = decrypt_field(keyring, f"idempotency.{key}", caller.account, stored.body_sealed)
    return Response(body, stored.status, headers=headers, content_type="application/json")


def _grants(caller: Caller) -> list[str]:
    """What the caller may do today, as words that can be compared."""
    return sorted(f"{held.role}/{held.tier}/{held.unit_path}/{held.principal or ''}" for held in caller.held)


def release_key(conn: sa.Connection, caller: Caller) -> None:
    """Keep no answer of this request: it shows what must be asked for, and recorded, each time anew."""
    _FORGET.rows(conn, {"account_id": caller.account, "key": g.pop("claimed")})


def store_response(conn: sa.Connection, caller: Caller, response: Response, keyring: Keyring) -> None:
    """Keep the answer beside the key, in the same transaction; refusals are not kept, they may end."""
    key = g.pop("claimed", None)
    if key is None or response.status_code >= HTTPStatus.BAD_REQUEST:
        return
    kept = {name: value for name, value in response.headers if name in {"ETag", "Location"}}
    body = encrypt_field(keyring, f"idempotency.{key}", caller.account, response.get_data(as_text=True))
    answered = {"status": response.status_code, "headers": json.dumps(kept), "body_sealed": body}
    _KEEP.rows(conn, {"account_id": caller.account, "key": key, **answered})
