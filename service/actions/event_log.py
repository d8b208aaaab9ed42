"""The event log: builds the one event of an act, linked to the event before it, and appends it with the rows it names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions.context import ActionContext
from service.actions.write_batch import WriteBatch
from service.crypto.encryption import Keyring, encrypt_field, fingerprint
from service.crypto.hash_chain import EVENT_VERSION, GENESIS, event_hash
from service.db.columns import new_id
from service.tables.events import chain_head, event
from service.tables.ledger import ledger_entry
from workflows.canonical_json import canonical_json
from workflows.vocabulary import Plain


@dataclass(frozen=True, slots=True)
class EventSource:
    """What an event is about, and its position in the chain of its subject."""

    subject: str
    subject_id: UUID
    seq: int
    action: str
    prev: bytes = GENESIS
    from_state: str | None = None
    to_state: str | None = None
    principal: UUID | None = None


def event_envelope(source: EventSource, context: ActionContext) -> dict[str, Plain]:
    """Return what the body of every event says."""
    states = {"from": source.from_state, "to": source.to_state}
    principal = str(source.principal) if source.principal else None
    optional: dict[str, Plain] = {**states, "principal": principal}
    return {
        "v": EVENT_VERSION,
        "subject": source.subject,
        "id": str(source.subject_id),
        "seq": source.seq,
        "action": source.action,
        "actor": str(context.caller.account),
        "on": context.today.isoformat(),
        "at": context.at.isoformat(),
        "clock": context.clock.value,
        "request": context.request,
        **{name: value for name, value in optional.items() if value is not None},
    }


def build_event(source: EventSource, said: Mapping[str, Plain], context: ActionContext) -> dict[str, Any]:
    """Return the row of an event, whose `hash` is the new head of the chain."""
    body = canonical_json({**event_envelope(source, context), **said})
    row: dict[str, Any] = {
        "subject_id": source.subject_id,
        "seq": source.seq,
        "subject": source.subject,
        "action": source.action,
        "actor_id": context.caller.account,
        "on": context.today,
        "at": context.at,
        "body": body,
        "prev": source.prev,
        "hash": event_hash(source.prev, body),
    }
    optional = {"from_state": source.from_state, "to_state": source.to_state, "principal_id": source.principal}
    return {**row, **(optional if source.to_state is not None else {})}


def append_event(
    conn: sa.Connection,
    subject: str,
    subject_id: UUID,
    action: str,
    facts: Mapping[str, Plain],
    context: ActionContext,
    batch: WriteBatch | None = None,
    moved: Sequence[Mapping[str, object]] = (),
) -> int:
    """Append an event to a subject's chain; write with it the rows and ledger entries it names; return its number.

    Locks the head of the chain. The entries in `moved` lack only their event, which is this one.
    """
    batch = batch or WriteBatch()
    locked = sa.select(chain_head.c.seq, chain_head.c.hash).where(chain_head.c.id == subject_id)
    head = conn.execute(locked.with_for_update(key_share=True)).one_or_none()
    seq, prev = (head.seq + 1, bytes(head.hash)) if head else (1, GENESIS)
    batch.add(ledger_entry, *({**each, "subject_id": subject_id, "seq": seq} for each in moved))
    source = EventSource(subject, subject_id, seq, action, prev)
    row = build_event(source, {"facts": dict(facts), "rows": batch.fingerprints()}, context)
    batch.add(event, row)
    write_head = batch.change if head else batch.add
    write_head(chain_head, {"id": subject_id, "seq": seq, "hash": row["hash"]})
    batch.write(conn)
    return seq


def remark_rows(
    subject_id: UUID, seq: int, remarks: Mapping[str, str], context: ActionContext
) -> list[dict[str, object]]:
    """Return people's free text as encrypted rows, one for each field of the form."""
    rows = ((field, text, new_id()) for field, text in remarks.items())
    return [
        {
            "id": row_id,
            "subject_id": subject_id,
            "seq": seq,
            "field": field,
            "text_sealed": encrypt_field(context.keyring, "sealed_remark.text", row_id, text),
        }
        for field, text, row_id in rows
    ]


def remark_fingerprints(remarks: Mapping[str, str], keyring: Keyring) -> dict[str, Plain]:
    """Return the keyed fingerprints of that text, which the event keeps."""
    return {field: fingerprint(keyring, text) for field, text in remarks.items()}
