"""The trail: canonical words of an event, its link to the one before, and appending one to any subject."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa

from service.actions.context import ActionContext
from service.actions.write_batch import WriteBatch
from service.crypto.encryption import Keyring, encrypt_field, fingerprint
from service.crypto.hash_chain import GENESIS, event_hash
from service.db.columns import new_id
from service.tables.events import chain_head, event
from service.tables.ledger import ledger_entry
from service.tables.row_fingerprints import VERSION
from workflows.canonical_json import canonical_json
from workflows.vocabulary import Plain


def event_envelope(subject: str, subject_id: UUID, seq: int, action: str, context: ActionContext) -> dict[str, Plain]:
    """What every event says, whatever happened."""
    return {
        "v": VERSION,
        "subject": subject,
        "id": str(subject_id),
        "seq": seq,
        "action": action,
        "actor": str(context.caller.account),
        "on": context.today.isoformat(),
        "at": context.at.isoformat(),
        "request": context.request,
    }


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
    """Add an event to a subject's chain, and write with it the rows and the entries it names; returns its number.

    Whoever comes second waits at the head of the chain. An entry lacks only its event, which is this one.
    """
    batch = batch or WriteBatch()
    found = sa.select(chain_head.c.seq, chain_head.c.hash).where(chain_head.c.id == subject_id)
    head = conn.execute(found.with_for_update(key_share=True)).one_or_none()
    seq, prev = (head.seq + 1, bytes(head.hash)) if head else (1, GENESIS)
    batch.add(ledger_entry, *({**each, "subject_id": subject_id, "seq": seq} for each in moved))
    told = {"facts": dict(facts), "rows": batch.fingerprints()}
    body = canonical_json({**event_envelope(subject, subject_id, seq, action, context), **told})
    what = {"subject_id": subject_id, "seq": seq, "subject": subject, "action": action}
    who = {"actor_id": context.caller.account, "on": context.today, "at": context.at}
    stands = {"id": subject_id, "seq": seq, "hash": event_hash(prev, body)}
    batch.add(event, {**what, **who, "body": body, "prev": prev, "hash": stands["hash"]})
    keep = batch.change if head else batch.add
    keep(chain_head, stands)
    batch.write(conn)
    return seq


def remark_rows(
    subject_id: UUID, seq: int, words: Mapping[str, str], context: ActionContext
) -> list[dict[str, object]]:
    """People's free words as rows, sealed, beside the event that mentions them."""
    rows = ((field, text, new_id()) for field, text in words.items())
    where = {"subject_id": subject_id, "seq": seq}
    return [
        {
            "id": row,
            **where,
            "field": field,
            "text_sealed": encrypt_field(context.keyring, "sealed_remark.text", row, text),
        }
        for field, text, row in rows
    ]


def remark_fingerprints(words: Mapping[str, str], keyring: Keyring) -> dict[str, Plain]:
    """What the event itself keeps of those words."""
    return {field: fingerprint(keyring, text) for field, text in words.items()}
