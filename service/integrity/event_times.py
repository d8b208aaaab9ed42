"""Event times run forward in a chain and lie between the anchors around the event."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.clock import Clock, union_day
from service.integrity.event_order import EventOrder
from service.integrity.faults import Fault
from service.queries import anchors

LONGEST_ACT = timedelta(hours=1)
"""An event has the instant at which its act began: one that waited for a lock, or imported a folder, is written later."""

_ALWAYS = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass
class EventTimes:
    """What the times of events are compared with, and what of the events read so far decides at the end.

    Only an event dated by the machine's clock is compared (docs/decisions/0029): a demo sets its clock to any day, and
    events older than this rule do not say which clock dated them.
    """

    record_clock: str | None
    """The clock of the first event of the record: that of an office, of a demo, or None for an older record."""

    up_to: Sequence[int]
    at: Sequence[datetime]
    """The last event number of each anchor, and its instant."""

    demo_events: int = 0
    order: EventOrder = field(default_factory=EventOrder)
    """Once an event says which clock dated it, every later one does."""

    _before: tuple[UUID, datetime] | None = field(default=None)

    def faults(self, row: sa.Row[Any], body: Mapping[str, Any]) -> Iterator[Fault]:
        """Yield the faults in the times of the next event of a chain."""
        clock, location = body.get("clock"), (row.subject, str(row.subject_id), row.seq)
        self.demo_events += clock == Clock.DEMO
        if clock != Clock.SYSTEM:
            yield from self._of_another_clock(clock, row.no, location)
            return
        self.order.note_newer(row.no)
        if self._before and self._before[0] == row.subject_id and row.at < self._before[1] - LONGEST_ACT:
            yield Fault("event_back_in_time", *location)
        self._before = (row.subject_id, row.at)
        if row.on != union_day(row.at):
            yield Fault("event_day_differs", *location)
        earliest, latest = self._around(row.no)
        if not earliest <= row.at <= latest:
            yield Fault("event_outside_its_anchors", *location)

    def _of_another_clock(self, clock: object, no: int, location: tuple[str, str, int]) -> Iterator[Fault]:
        if self.record_clock == Clock.SYSTEM:
            yield Fault("event_of_another_clock", *location)
        elif clock is None:
            self.order.note_older(no, Fault("event_of_another_clock", *location))

    def _around(self, no: int) -> tuple[datetime, datetime]:
        """Return the earliest and the latest instant of an event with this number."""
        following = bisect_left(self.up_to, no)
        earliest = self.at[following - 1] - LONGEST_ACT if following else _ALWAYS[0]
        return earliest, self.at[following] + LONGEST_ACT if following < len(self.at) else _ALWAYS[1]


def event_times(conn: sa.Connection) -> EventTimes:
    """Return the times that the events of this record are compared with."""
    rows = conn.execute(anchors.every()).all()
    return EventTimes(anchors.record_clock(conn), [row.up_to for row in rows], [row.at for row in rows])
