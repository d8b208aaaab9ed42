"""Forged events are as consistent as the owner of the database can make them: body, hash, head and columns agree."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.clock import union_day
from service.crypto.hash_chain import EVENT_VERSION, GENESIS, event_hash
from service.tables.cases import case
from service.tables.events import chain_head, event
from workflows.canonical_json import canonical_json


@dataclass(frozen=True)
class Forgery:
    """An event to forge: what its body says, and the number it takes (None: the next one)."""

    subject: str
    subject_id: UUID
    action: str
    actor: UUID
    at: datetime
    said: Mapping[str, Any] = field(default_factory=dict)
    rows: Mapping[str, Any] = field(default_factory=dict)
    no: int | None = None
    clock: str | None = "system"


def forge(conn: sa.Connection, forgery: Forgery) -> int:
    """Append the event to its chain, with the triggers off; return its sequence number."""
    conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
    last = sa.select(event.c.seq, event.c.hash).where(event.c.subject_id == forgery.subject_id)
    head = conn.execute(last.order_by(event.c.seq.desc()).limit(1)).one_or_none()
    seq, prev = (head.seq + 1, bytes(head.hash)) if head else (1, GENESIS)
    columns = {"subject": forgery.subject, "seq": seq, "action": forgery.action, "at": forgery.at}
    columns |= {"subject_id": forgery.subject_id, "actor_id": forgery.actor, "on": union_day(forgery.at), "prev": prev}
    states = {
        name: forgery.said[key] for name, key in (("from_state", "from"), ("to_state", "to")) if key in forgery.said
    }
    body = canonical_json({"v": EVENT_VERSION, "rows": forgery.rows, **_envelope(forgery, columns), **forgery.said})
    digest = event_hash(prev, body)
    number = {"no": forgery.no} if forgery.no is not None else {}
    insert = sa.insert(event) if not number else sa.insert(event).values(**number)
    text = str(insert.values(**columns, **states, body=body, hash=digest).compile(conn))
    overriding = text.replace(" VALUES ", " OVERRIDING SYSTEM VALUE VALUES ", 1) if number else text
    conn.exec_driver_sql(overriding, insert.values(**columns, **states, body=body, hash=digest).compile(conn).params)
    _set_head(conn, forgery, seq, digest)
    conn.execute(sa.text("SET LOCAL session_replication_role = origin"))
    return seq


def _envelope(forgery: Forgery, columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return what every body says of its event."""
    envelope: dict[str, Any] = {
        "subject": forgery.subject,
        "id": str(forgery.subject_id),
        "action": forgery.action,
        "request": None,
    }
    envelope |= {"seq": columns["seq"], "actor": str(forgery.actor), "on": columns["on"], "at": forgery.at}
    return envelope | ({"clock": forgery.clock} if forgery.clock else {})


def _set_head(conn: sa.Connection, forgery: Forgery, seq: int, digest: bytes) -> None:
    if forgery.subject == "case":
        conn.execute(case.update().where(case.c.id == forgery.subject_id).values(version=seq, head_hash=digest))
    else:
        conn.execute(chain_head.delete().where(chain_head.c.id == forgery.subject_id))
        conn.execute(chain_head.insert().values(id=forgery.subject_id, seq=seq, hash=digest))
