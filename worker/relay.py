"""The relay: hears that a notification is owed and hands it to a worker, or sends it itself while there is no broker."""

import argparse
import logging
import os
import signal
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from uuid import UUID

import psycopg
from kombu.exceptions import OperationalError as BrokerGone
from sqlalchemy.exc import DBAPIError

from service.clock import now
from service.config import read_settings
from service.observability import logs
from service.queries.notifications import DueNotification
from worker import outbox
from worker.app import deliver
from worker.outbox import OutboxSender

POLL_SECONDS = 1000
"""How many due notifications one look at the outbox takes in."""

STALE = 300.0
"""Seconds after which nobody should take up a message any more; longer than any clocks disagree."""

_LONGEST_WAIT = 30.0
_log = logging.getLogger(__name__)

Wake = Callable[[str, Sequence[UUID]], None]
"""Hands a batch of notifications of one channel to the broker. Raises BrokerGone."""


def wake_worker(channel: str, ids: Sequence[UUID]) -> None:
    """One message for a whole batch; it names notifications and holds nothing of them."""
    deliver.apply_async(args=([str(each) for each in ids],), queue=channel, expires=STALE, retry=False)


@dataclass
class _WokenLately:
    """How often a notification's attempt was published, and until when a worker is given time for it."""

    times: int
    until: float


@dataclass
class Relay:
    """What one relay remembers; it may forget everything, and another may do the same work, without harm.

    A notification that was published and has not gone within `patience` seconds is published again, then after twice that
    and so on to five minutes: the broker may have lost it, or there may be no worker.
    """

    room: OutboxSender
    stop: threading.Event
    patience: float = 30.0
    keyring: Wake = wake_worker
    _rung: dict[tuple[UUID, int], _WokenLately] = field(default_factory=dict)
    _broker_wait: float = 0.0
    _broker_again: float = 0.0

    def look(self) -> bool:
        """Hand over what is due; True when there is surely more."""
        found = outbox.due(self.room, now(), POLL_SECONDS)
        fresh = self._not_rung_lately(found)
        for channel, batch in _batches(fresh):
            if self.stop.is_set():
                return False
            if self._published(channel, batch):
                self._remember(batch)
            else:
                going = takewhile(lambda _: not self.stop.is_set(), (each.id for each in batch))
                outbox.send_all(self.room, going, now)
        return len(found) == POLL_SECONDS and bool(fresh)

    def _not_rung_lately(self, found: Sequence[DueNotification]) -> list[DueNotification]:
        instant, owed = time.monotonic(), {(each.id, each.attempts) for each in found}
        self._rung = {key: rung for key, rung in self._rung.items() if key in owed or rung.until > instant}
        lately = {key for key, rung in self._rung.items() if rung.until > instant}
        return [each for each in found if (each.id, each.attempts) not in lately]

    def _remember(self, batch: Sequence[DueNotification]) -> None:
        for each in batch:
            before = self._rung.get((each.id, each.attempts))
            times = before.times + 1 if before else 0
            until = time.monotonic() + min(self.patience * 2**times, STALE)
            self._rung[each.id, each.attempts] = _WokenLately(times, until)

    def _published(self, channel: str, batch: Sequence[DueNotification]) -> bool:
        """Whether a broker took the batch; one that is gone is asked again after a while, ever longer."""
        if time.monotonic() < self._broker_again:
            return False
        try:
            self.keyring(channel, [each.id for each in batch])
        except BrokerGone as fault:
            if not self._broker_wait:
                _log.warning(
                    "the broker cannot be reached (%s): notifications are sent in this process", type(fault).__name__
                )
            self._broker_wait = min(max(1.0, self._broker_wait * 2), _LONGEST_WAIT)
            self._broker_again = time.monotonic() + self._broker_wait
            return False
        if self._broker_wait:
            _log.warning("the broker is back: notifications go to the workers")
            self._broker_wait = 0.0
        return True


def _batches(found: Sequence[DueNotification]) -> Iterator[tuple[str, list[DueNotification]]]:
    """Batches of one channel each, the channels in the order in which they were found."""
    channels: dict[str, list[DueNotification]] = defaultdict(list)
    for each in found:
        channels[each.channel].append(each)
    for channel, notifications in channels.items():
        for start in range(0, len(notifications), outbox.SEND_BATCH_SIZE):
            yield channel, notifications[start : start + outbox.SEND_BATCH_SIZE]


def keep_relaying(relay: Relay, poll: float) -> None:
    """Look whenever the bell rings and every `poll` seconds, until told to stop; a lost database is waited for."""
    url = relay.room.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    wait = 1.0
    while not relay.stop.is_set():
        try:
            with psycopg.connect(url, autocommit=True, connect_timeout=10) as bell:
                bell.execute("LISTEN outbox")
                while not relay.stop.is_set():
                    if not relay.look():
                        list(bell.notifies(timeout=poll, stop_after=1))
                    wait = 1.0
        except (psycopg.OperationalError, DBAPIError) as fault:
            _log.warning("the database cannot be reached (%s): again in %.0f s", type(fault).__name__, wait)
            relay.stop.wait(wait)
            wait = min(wait * 2, _LONGEST_WAIT)


def main(arguments: list[str]) -> int:
    """Relay until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m worker.relay", description=__doc__)
    parser.add_argument("--poll", type=float, default=2.0, metavar="SECONDS", help="look at least this often")
    parser.add_argument("--patience", type=float, default=30.0, metavar="SECONDS", help="publish again after this long")
    chosen = parser.parse_args(arguments)
    logs.configure()
    stop = threading.Event()
    for context in (signal.SIGTERM, signal.SIGINT):
        signal.signal(context, lambda *_: stop.set())
    _log.info("relaying")
    keep_relaying(Relay(outbox.open_sender(read_settings(os.environ)), stop, chosen.patience), chosen.poll)
    _log.info("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
