"""The trail: canonical words of an event, its link to the one before, and appending one to any subject."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa

from service.actions.rows import Rows
from service.chain import GENESIS, link
from service.db import new_id
from service.privacy import Keyring, fingerprint, seal
from service.queries.scope import Caller
from service.tables.events import chain_head, event
from service.tables.funds import entry
from service.tables.row_fingerprints import VERSION
from workflows.canonical_json import canonical_json
from workflows.terms import Plain, Reason, Refused


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, when, and with which keys: what every write needs beside its own content."""

    caller: Caller
    at: datetime
    today: date
    ring: Keyring
    version: int | None = None
    request: str | None = None
    """The id of the request, command or tick it came from; it stands in the event, the letter and the log."""


class Unknown(Exception):
    """There is no such row, or the caller may not see it: the answer is the same."""


class Told(Refused):
    """A refusal that itself tells something of people in files elsewhere: the face records it once the rest is undone."""

    def __init__(self, *reasons: Reason, persons: tuple[UUID, ...]) -> None:
        super().__init__(*reasons)
        self.persons = persons


class Stale(Exception):
    """Somebody changed the row since the caller read it."""

    def __init__(self, seen: int, present: int) -> None:
        super().__init__(f"version {seen} was read, {present} is present")
        self.seen, self.present = seen, present


def envelope(subject: str, subject_id: UUID, seq: int, action: str, asked: Asked) -> dict[str, Plain]:
    """What every event says, whatever happened."""
    return {
        "v": VERSION,
        "subject": subject,
        "id": str(subject_id),
        "seq": seq,
        "action": action,
        "actor": str(asked.caller.account),
        "on": asked.today.isoformat(),
        "at": asked.at.isoformat(),
        "request": asked.request,
    }


def append(
    tx: sa.Connection,
    subject: str,
    subject_id: UUID,
    action: str,
    facts: Mapping[str, Plain],
    asked: Asked,
    rows: Rows | None = None,
    moved: Sequence[Mapping[str, object]] = (),
) -> int:
    """Add an event to a subject's chain, and write with it the rows and the entries it names; returns its number.

    Whoever comes second waits at the head of the chain. An entry lacks only its event, which is this one.
    """
    rows = rows or Rows()
    found = sa.select(chain_head.c.seq, chain_head.c.hash).where(chain_head.c.id == subject_id)
    head = tx.execute(found.with_for_update(key_share=True)).one_or_none()
    seq, prev = (head.seq + 1, bytes(head.hash)) if head else (1, GENESIS)
    rows.add(entry, *({**each, "subject_id": subject_id, "seq": seq} for each in moved))
    told = {"facts": dict(facts), "rows": rows.fingerprints()}
    body = canonical_json({**envelope(subject, subject_id, seq, action, asked), **told})
    what = {"subject_id": subject_id, "seq": seq, "subject": subject, "action": action}
    who = {"actor_id": asked.caller.account, "on": asked.today, "at": asked.at}
    stands = {"id": subject_id, "seq": seq, "hash": link(prev, body)}
    rows.add(event, {**what, **who, "body": body, "prev": prev, "hash": stands["hash"]})
    keep = rows.change if head else rows.add
    keep(chain_head, stands)
    rows.write(tx)
    return seq


def sealed_words(subject_id: UUID, seq: int, words: Mapping[str, str], asked: Asked) -> list[dict[str, object]]:
    """People's free words as rows, sealed, beside the event that mentions them."""
    rows = ((field, text, new_id()) for field, text in words.items())
    where = {"subject_id": subject_id, "seq": seq}
    return [
        {"id": row, **where, "field": field, "text_sealed": seal(asked.ring, "remark.text", row, text)}
        for field, text, row in rows
    ]


def proofs(words: Mapping[str, str], ring: Keyring) -> dict[str, Plain]:
    """What the event itself keeps of those words."""
    return {field: fingerprint(ring, text) for field, text in words.items()}
