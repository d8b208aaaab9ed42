"""The sending of letters: one letter, one transaction; the row is the promise, and whoever holds its lock sends it."""

from collections import Counter as Tally
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from service import db, letter_text, logs
from service.actions.letters import delivered, given_up, put_off
from service.config import BadSetting, Settings
from service.privacy import Keyring, Unsealable, installation_keyring, unseal
from service.queries import letters
from service.queries.letters import Due, Owed
from service.words import NoWords
from worker.channels import CHANNELS
from worker.channels.parcel import Counter, Fate, Handed, Parcel

BATCH = 100
"""How many letters go in one message to a worker."""

BUDGET = timedelta(seconds=30)
"""How long a batch may go on starting letters; what it leaves stays due."""

WAITS = tuple(timedelta(minutes=minutes) for minutes in (0, 1, 5, 15, 60, *[60] * 22))
"""How long to wait after each failed attempt: at once, 1, 5, 15, 60 minutes, then each hour until a day is over."""


@dataclass(frozen=True)
class PostRoom:
    """What a process that sends letters holds; made after the process was forked and never handed to another."""

    engine: sa.Engine
    ring: Keyring
    counter: Counter
    language: str
    home: str = ""
    """Where staff open the pages; letters name bare paths where it is empty."""


def open_room(settings: Settings) -> PostRoom:
    """The post room of this process. Raises BadSetting when nobody said where the database is."""
    if settings.database_url is None:
        raise BadSetting("DATABASE_URL", "the post room needs a database", "`songnuan serve` names its own; or set it")
    ring = installation_keyring(settings)
    counter = Counter(settings.mail, settings.mail_from)
    return PostRoom(db.engine(settings.database_url, pool=2), ring, counter, settings.language, settings.public_url)


def due(room: PostRoom, now: datetime, limit: int) -> list[Due]:
    """The letters that may go now."""
    with room.engine.connect() as tx:
        return letters.due(tx, now, limit)


def send_all(room: PostRoom, ids: Iterable[UUID], clock: Callable[[], datetime]) -> Tally[Fate]:
    """Send each letter that is still due, for at most BUDGET. A database that is gone ends it; the rest stays due."""
    fates: Tally[Fate] = Tally()
    end = clock() + BUDGET
    for letter_id in ids:
        now = clock()
        if now >= end:
            break
        fate = send_one(room, letter_id, now)
        if fate is not None:
            fates[fate] += 1
    return fates


def send_one(room: PostRoom, letter_id: UUID, now: datetime) -> Fate | None:
    """Send one letter if it is due and in nobody's hands; None when there was nothing to do.

    The row is locked from before the letter leaves until its fate is written, in one transaction. So nobody else can
    hold the same letter meanwhile, a process that is killed gives the letter back at once (the database drops its
    lock), and no state has to be cleared up by hand; a state `sending`, committed first, would need all three. The
    price is a database connection that waits for the mail server, at most mail.LONGEST; the database itself ends a
    transaction that is idle for a minute. A letter is sent again only if it was handed over and its fate could not be
    written, or the server was cut off before it answered: then with the same Message-ID.
    """
    with room.engine.begin() as tx:
        owed = letters.claimed(tx, letter_id, now)
        if owed is None:
            return None
        handed = _hand_over(room, owed, now)
        _record(tx, owed, handed, now)
    named = {"letter": str(owed.id), "kind": owed.kind, "channel": owed.channel, "request": owed.request}
    logs.tell("letter", **named, attempt=owed.attempts + 1, fate=handed.fate.value, why=handed.why)
    return handed.fate


def _hand_over(room: PostRoom, owed: Owed, now: datetime) -> Handed:
    """Write, address and carry; a fault of ours puts the letter off, so that it never stops the letters after it."""
    try:
        return CHANNELS[owed.channel](_parcel(room, owed, now), room.counter)
    except (NoWords, Unsealable) as fault:
        return Handed(Fate.NOT_NOW, type(fault).__name__)
    except Exception as fault:  # noqa: BLE001 - whatever it is, the row must say that it happened
        logs.tell("letter_fault", "error", letter=str(owed.id), request=owed.request, fault=logs.fault(fault))
        return Handed(Fate.NOT_NOW, type(fault).__name__)


def _parcel(room: PostRoom, owed: Owed, now: datetime) -> Parcel:
    reader = letter_text.FAMILY if owed.person_id else letter_text.STAFF
    case_no, case_id = owed.case_no, owed.case_id
    text = letter_text.write(owed.kind, reader, room.language, case_no=case_no, case_id=case_id, home=room.home)
    return Parcel(owed.id, _address(room, owed), text.subject, text.body, now)


def _address(room: PostRoom, owed: Owed) -> str | None:
    if owed.person_id is None or owed.person_email is None:
        return owed.account_email
    return unseal(room.ring, "person.email", owed.person_id, owed.person_email)


def _record(tx: sa.Connection, owed: Owed, handed: Handed, now: datetime) -> None:
    wait = wait_after(owed.attempts + 1)
    if handed.fate is Fate.DELIVERED:
        delivered(tx, owed.id, now)
    elif handed.fate is Fate.NEVER:
        given_up(tx, owed.id, "permanent_failure", handed.why)
    elif wait is None:
        given_up(tx, owed.id, "technical_failure", handed.why)
    else:
        put_off(tx, owed.id, now + wait, handed.why)


def wait_after(attempts: int) -> timedelta | None:
    """How long to wait after the attempt numbered `attempts` has failed; None when a day has been tried."""
    return WAITS[attempts - 1] if attempts <= len(WAITS) else None
