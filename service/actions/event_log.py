"""The event log: builds the one event of an act, linked to the event before it, and appends it with the rows it names."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions.context import ActionContext, Second, ShownProof
from service.actions.errors import SecondPersonMissing
from service.actions.write_batch import WriteBatch
from service.crypto.encryption import Keyring, encrypt_field, fingerprint
from service.crypto.hash_chain import EVENT_VERSION, GENESIS, event_hash
from service.db.columns import new_id
from service.tables.events import chain_head, event
from service.tables.ledger import ledger_entry
from service.tables.notifications import notification
from workflows.canonical_json import canonical_json
from workflows.powers import second_needed
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
    optional: dict[str, Plain] = {**states, "principal": principal, **_second_facts(context.second)}
    optional["console"] = context.console
    optional["proof"] = _proof_facts(context.proof)
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


def _proof_facts(proof: ShownProof | None) -> Plain:
    if proof is None:
        return None
    return {"kind": proof.kind, "credential": str(proof.credential_id), "digest": proof.digest}


def _second_facts(second: Second | None) -> dict[str, Plain]:
    if second is None:
        return {}
    return {"confirmation": str(second.confirmation_id), "confirmed_by": [str(each) for each in second.confirmed_by]}


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
    if context.second is not None:
        row["confirmation_id"] = context.second.confirmation_id
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
    told: Sequence[Mapping[str, object]] = (),
) -> int:
    """Append an event to a subject's chain; write with it the rows and ledger entries it names; return its number.

    Locks the head of the chain. `moved` (entries) and `told` (notifications) lack only their event, which is this one.
    Raises SecondPersonMissing for a write of workflows/powers.py that nobody else has confirmed.
    """
    _check_second_person(subject, action, context, moves_money=bool(moved))
    batch = batch or WriteBatch()
    head = _lock_head(conn, subject_id)
    seq, prev = (head.seq + 1, bytes(head.hash)) if head else (1, GENESIS)
    of_event = {"subject_id": subject_id, "seq": seq}
    batch.add(ledger_entry, *({**each, **of_event} for each in moved))
    batch.add(notification, *({**each, **of_event} for each in told))
    source = EventSource(subject, subject_id, seq, action, prev)
    row = build_event(source, {"facts": dict(facts), "rows": batch.fingerprints()}, context)
    batch.add(event, row)
    write_head = batch.change if head else batch.add
    write_head(chain_head, {"id": subject_id, "seq": seq, "hash": row["hash"]})
    batch.write(conn)
    return seq


@dataclass(frozen=True, slots=True)
class SubjectEvent:
    """One event of many that are appended together: what it is about, what it says, and the rows it writes."""

    subject: str
    subject_id: UUID
    action: str
    facts: Mapping[str, Plain]
    batch: WriteBatch
    context: ActionContext


def append_events(conn: sa.Connection, events: Sequence[SubjectEvent]) -> None:
    """Append many events, each to the chain of its subject, and write their rows: two statements for all of them.

    Locks the heads of the chains in order. Raises SecondPersonMissing as append_event does.
    """
    if not events:
        return
    heads = _lock_heads(conn, {each.subject_id for each in events})
    known, batch = set(heads), WriteBatch()
    for each in events:
        _check_second_person(each.subject, each.action, each.context, moves_money=False)
        seq, prev = heads.get(each.subject_id, (0, GENESIS))
        source = EventSource(each.subject, each.subject_id, seq + 1, each.action, prev)
        row = build_event(source, {"facts": dict(each.facts), "rows": each.batch.fingerprints()}, each.context)
        heads[each.subject_id] = seq + 1, row["hash"]
        batch.extend(each.batch)
        batch.add(event, row)
    for subject_id, (seq, head) in heads.items():
        write_head = batch.change if subject_id in known else batch.add
        write_head(chain_head, {"id": subject_id, "seq": seq, "hash": head})
    batch.write(conn)


def _lock_heads(conn: sa.Connection, subject_ids: Collection[UUID]) -> dict[UUID, tuple[int, bytes]]:
    rows = sa.select(chain_head).where(chain_head.c.id.in_(subject_ids)).order_by(chain_head.c.id)
    return {row.id: (row.seq, bytes(row.hash)) for row in conn.execute(rows.with_for_update(key_share=True))}


def _lock_head(conn: sa.Connection, subject_id: UUID) -> sa.Row[Any] | None:
    locked = sa.select(chain_head.c.seq, chain_head.c.hash).where(chain_head.c.id == subject_id)
    return conn.execute(locked.with_for_update(key_share=True)).one_or_none()  # type: ignore[return-value]


def _check_second_person(subject: str, action: str, context: ActionContext, *, moves_money: bool) -> None:
    if not second_needed(subject, action, moves_money=moves_money):
        return
    if context.second is None:
        raise SecondPersonMissing(subject, action)
    context.second.acts.add((subject, action))


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
