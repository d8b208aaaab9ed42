"""The trail: canonical words of an event, its link to the one before, and appending one to any subject."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa

from service.chain import GENESIS, canonical, link
from service.db import new_id
from service.privacy import Keyring, fingerprint, seal
from service.queries.scope import Caller
from service.tables.events import event
from workflows.terms import Plain


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


class Stale(Exception):
    """Somebody changed the row since the caller read it."""

    def __init__(self, seen: int, present: int) -> None:
        super().__init__(f"version {seen} was read, {present} is present")
        self.seen, self.present = seen, present


def envelope(subject: str, subject_id: UUID, seq: int, action: str, asked: Asked) -> dict[str, Plain]:
    """What every event says, whatever happened."""
    return {
        "v": 1,
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
    tx: sa.Connection, subject: str, subject_id: UUID, action: str, facts: Mapping[str, Plain], asked: Asked
) -> int:
    """Add an event to a subject's chain and return its number; the subject's row is locked by the caller."""
    last = tx.execute(
        sa.select(event.c.seq, event.c.hash)
        .where(event.c.subject_id == subject_id)
        .order_by(event.c.seq.desc())
        .limit(1)
    ).one_or_none()
    seq, prev = (last.seq + 1, bytes(last.hash)) if last else (1, GENESIS)
    body = canonical({**envelope(subject, subject_id, seq, action, asked), "facts": dict(facts)})
    tx.execute(
        event.insert().values(
            subject_id=subject_id,
            seq=seq,
            subject=subject,
            action=action,
            actor_id=asked.caller.account,
            on=asked.today,
            at=asked.at,
            body=body,
            prev=prev,
            hash=link(prev, body),
        )
    )
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
