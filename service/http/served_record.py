"""The kind of the record that a web process serves, read from the database once."""

import time
from contextlib import suppress
from datetime import date

import sqlalchemy as sa

from service.queries.installation import last_day, record_kind
from service.tables.installation import RecordKind

RETRY_WAIT = 10.0
"""Seconds before the kind is asked for again: an answer must not wait for a database that is away."""


class ServedRecord:
    """The record behind an engine. Its kind never changes once the union is founded."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._kind: RecordKind | None = None
        self._next_attempt = 0.0
        self._last_day: date | None = None

    def kind(self) -> RecordKind | None:
        """Return the kind of the record; None before the founding."""
        if self._kind is None:
            with self._engine.connect() as conn:
                self._kind = record_kind(conn)
        return self._kind

    def last_day(self) -> date | None:
        """Return the last day of the record of a demo when its process started; None before the first event."""
        if self._last_day is None:
            with self._engine.connect() as conn:
                self._last_day = last_day(conn)
        return self._last_day

    def kind_if_known(self) -> RecordKind | None:
        """Return the kind of the record; None before the founding and while the database does not answer."""
        if self._kind is None and time.monotonic() >= self._next_attempt:
            self._next_attempt = time.monotonic() + RETRY_WAIT
            with suppress(sa.exc.SQLAlchemyError):
                self.kind()
        return self._kind
