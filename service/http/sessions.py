"""Sessions of browsers: what the pipeline asks of a session store. The store itself comes with the pages."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

import sqlalchemy as sa

from service.queries.scope import Caller

COOKIE = "songnuan_session"


@dataclass(frozen=True, slots=True)
class Session:
    """A live session: who signed in, and the token that each of its forms carries."""

    id: UUID
    caller: Caller
    csrf_token: str


class SessionStore(Protocol):
    """Finds the live session of a cookie."""

    def find(self, conn: sa.Connection, token_hash: bytes, at: datetime, on: date) -> Session | None:
        """Return the session whose cookie has this SHA-256, with the grants its account holds on the day; else None."""
