"""The relay wakes workers for due notifications and long exports, or does their work without a broker."""

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
from service.private_files import close_new_files
from service.queries.notifications import DueNotification
from worker import outbox, prepared_files
from worker.app import deliver, prepare_files
from worker.installation import refuse_other_broker
from worker.outbox import OutboxSender

MAX_DUE = 1000
"""The number of due notifications read at once."""

MESSAGE_EXPIRY = 300.0
"""Seconds after which a worker drops a message; longer than the clocks of two machines differ."""

FILES_PATIENCE = 10.0
"""Seconds after which a worker is woken again for files that still wait."""

_MAX_WAIT = 30.0
"""Seconds of the longest wait before the broker or the database is tried again."""

_log = logging.getLogger(__name__)

Wake = Callable[[str, Sequence[UUID]], None]
"""Publishes a batch of notifications of one channel. Raises BrokerGone when the broker cannot be reached."""


def wake_worker(channel: str, ids: Sequence[UUID]) -> None:
    """Publish one message for a whole batch; it has only the ids of the notifications."""
    deliver.apply_async(
        args=([str(notification_id) for notification_id in ids],), queue=channel, expires=MESSAGE_EXPIRY, retry=False
    )


def wake_file_maker() -> None:
    """Publish one message for all long exports that wait. Raises BrokerGone."""
    prepare_files.apply_async(queue=prepared_files.QUEUE, expires=MESSAGE_EXPIRY, retry=False)


@dataclass
class _Publication:
    """How often an attempt was published again, and until when (time.monotonic) the relay waits for a worker."""

    repeats: int
    until: float


@dataclass
class Relay:
    """The relay of due notifications. It keeps no state that matters: it may restart, and two may run at once.

    A published notification that is still due after `patience` seconds is published again, then after twice that time,
    and so on up to 5 minutes: the broker may have lost the message, or no worker runs.
    """

    sender: OutboxSender
    stop: threading.Event
    patience: float = 30.0
    wake: Wake = wake_worker
    wake_for_files: Callable[[], None] = wake_file_maker
    _publications: dict[tuple[UUID, int], _Publication] = field(default_factory=dict)
    _broker_wait: float = 0.0
    _broker_retry_at: float = 0.0
    _files_from: float = 0.0

    def relay_due(self) -> bool:
        """Publish what is due, or send it while there is no broker. Returns True when more is surely due."""
        due = outbox.due(self.sender, now(), MAX_DUE)
        unpublished = self._without_published(due)
        for channel, batch in _batches(unpublished):
            if self.stop.is_set():
                return False
            if self._publish(channel, batch):
                self._note_published(batch)
            else:
                ids = takewhile(lambda _: not self.stop.is_set(), (each.id for each in batch))
                outbox.send_all(self.sender, ids, now)
        return len(due) == MAX_DUE and bool(unpublished)

    def relay_files(self) -> None:
        """Wake a worker for the long exports that wait, or make them here while there is no broker."""
        instant = time.monotonic()
        if instant < self._files_from or not prepared_files.are_waiting(self.sender.engine, now()):
            return
        self._files_from = instant + FILES_PATIENCE
        try:
            self.wake_for_files()
        except BrokerGone:
            prepared_files.make_waiting()

    def _without_published(self, due: Sequence[DueNotification]) -> list[DueNotification]:
        """Return the due notifications for which no worker is being waited for, and forget those no longer due."""
        instant, due_keys = time.monotonic(), {(each.id, each.attempts) for each in due}
        self._publications = {
            key: publication
            for key, publication in self._publications.items()
            if key in due_keys or publication.until > instant
        }
        waiting = {key for key, publication in self._publications.items() if publication.until > instant}
        return [each for each in due if (each.id, each.attempts) not in waiting]

    def _note_published(self, batch: Sequence[DueNotification]) -> None:
        for each in batch:
            previous = self._publications.get((each.id, each.attempts))
            repeats = previous.repeats + 1 if previous else 0
            until = time.monotonic() + min(self.patience * 2**repeats, MESSAGE_EXPIRY)
            self._publications[each.id, each.attempts] = _Publication(repeats, until)

    def _publish(self, channel: str, batch: Sequence[DueNotification]) -> bool:
        """Publish a batch and return whether the broker took it; after a failure, wait 1 s, 2 s … 30 s."""
        if time.monotonic() < self._broker_retry_at:
            return False
        try:
            self.wake(channel, [each.id for each in batch])
        except BrokerGone as fault:
            if not self._broker_wait:
                _log.warning(
                    "the broker cannot be reached (%s): notifications are sent in this process", type(fault).__name__
                )
            self._broker_wait = min(max(1.0, self._broker_wait * 2), _MAX_WAIT)
            self._broker_retry_at = time.monotonic() + self._broker_wait
            return False
        if self._broker_wait:
            _log.warning("the broker is back: notifications go to the workers")
            self._broker_wait = 0.0
        return True


def _batches(due: Sequence[DueNotification]) -> Iterator[tuple[str, list[DueNotification]]]:
    """Yield batches of one channel each, channels in order of first appearance."""
    channels: dict[str, list[DueNotification]] = defaultdict(list)
    for each in due:
        channels[each.channel].append(each)
    for channel, notifications in channels.items():
        for start in range(0, len(notifications), outbox.SEND_BATCH_SIZE):
            yield channel, notifications[start : start + outbox.SEND_BATCH_SIZE]


def keep_relaying(relay: Relay, poll: float) -> None:
    """Relay after each NOTIFY of the outbox and every `poll` seconds, until `relay.stop`.

    Reconnects when the database is lost, after 1 s, 2 s … 30 s.
    """
    url = relay.sender.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    wait = 1.0
    while not relay.stop.is_set():
        try:
            with psycopg.connect(url, autocommit=True, connect_timeout=10) as listener:
                listener.execute("LISTEN outbox")
                while not relay.stop.is_set():
                    is_more_due = relay.relay_due()
                    relay.relay_files()
                    if not is_more_due:
                        list(listener.notifies(timeout=poll, stop_after=1))
                    wait = 1.0
        except (psycopg.OperationalError, DBAPIError) as fault:
            _log.warning("the database cannot be reached (%s): trying again in %.0f s", type(fault).__name__, wait)
            relay.stop.wait(wait)
            wait = min(wait * 2, _MAX_WAIT)


def main(arguments: list[str]) -> int:
    """Run the relay until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m worker.relay", description=__doc__)
    parser.add_argument(
        "--poll", type=float, default=2.0, metavar="SECONDS", help="look for due notifications at least this often"
    )
    parser.add_argument("--patience", type=float, default=30.0, metavar="SECONDS", help="publish again after this long")
    options = parser.parse_args(arguments)
    logs.configure()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    close_new_files()
    refuse_other_broker(read_settings(os.environ))
    _log.info("relaying")
    keep_relaying(Relay(outbox.open_sender(read_settings(os.environ)), stop, options.patience), options.poll)
    _log.info("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
