"""Sessions of browsers: the cookies, and the live session of a request."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

import sqlalchemy as sa

from service.actions.sessions import touch_session
from service.actions.sign_in import active_in_browser
from service.config import Settings
from service.queries import sessions
from service.queries.scope import Caller


@dataclass(frozen=True, slots=True)
class Session:
    """A live session: who signed in, and the token that each of its forms carries."""

    id: UUID
    caller: Caller
    csrf_token: str
    ends_at: datetime | None = None
    proved_at: datetime | None = None
    challenge: bytes | None = None
    has_second_factor: bool = True
    """Whether the account has one, whatever this session has shown."""

    is_proved: bool = True
    """Whether a second factor was shown in this session, or none is asked at all."""


class SessionStore(Protocol):
    """Finds the live session of a cookie; says whether a second factor is asked at all."""

    @property
    def second_factor(self) -> bool: ...

    def find(self, conn: sa.Connection, token_hash: bytes, at: datetime, on: date) -> Session | None:
        """Return the session whose cookie has this SHA-256, with the grants its account holds on the day; else None."""


@dataclass(frozen=True, slots=True)
class StoredSessions:
    """The sessions of the table `session`. A demo's accounts need no second factor."""

    second_factor: bool = True

    def find(self, conn: sa.Connection, token_hash: bytes, at: datetime, on: date) -> Session | None:
        """Return the live session, and write down at most once a minute that it was seen."""
        live = sessions.by_token(conn, token_hash, at, on)
        if live is None:
            return None
        touch_session(conn, live.id, live.last_seen_at, at)
        # What the session itself has shown: a factor that the account was given elsewhere proves nothing here.
        is_proved = live.proved_at is not None or not self.second_factor
        caller = active_in_browser(live.caller, is_proved=is_proved)
        proof = (live.proved_at, live.challenge, live.has_second_factor, is_proved)
        return Session(live.id, caller, live.csrf_token, live.ends_at, *proof)


ATTEMPT_COOKIE = "songnuan_attempt"


def cookie_name(settings: Settings) -> str:
    """Return the name of the session cookie: with the prefix that browsers accept over HTTPS alone, where it is served so."""
    return "__Host-songnuan" if is_secure(settings) else "songnuan"


def is_secure(settings: Settings) -> bool:
    """Return whether browsers reach the pages over HTTPS: PUBLIC_URL says so, and no header of a request."""
    return settings.public_url.startswith("https://")
