"""Limits how many long answers a web process makes at the same time, in all and for one person."""

from http import HTTPStatus
from threading import Lock
from uuid import UUID

from service.http.errors import HttpProblem
from workflows.vocabulary import Reason

RETRY_AFTER = 10
"""Seconds after which somebody who was refused may try again."""


class ConcurrencyLimit:
    """The long answers that a web process makes: at most `most`, and one for each account."""

    def __init__(self, most: int) -> None:
        self._most, self._lock, self._running = most, Lock(), set[UUID]()

    def start(self, account: UUID) -> None:
        """Count a long answer for an account. Raises HttpProblem 429 where it has one already, or there are enough."""
        with self._lock:
            if account in self._running:
                raise self._refused("export_running")
            if len(self._running) >= self._most:
                raise self._refused("exports_busy")
            self._running.add(account)

    def end(self, account: UUID) -> None:
        """Count the long answer of an account no more."""
        with self._lock:
            self._running.discard(account)

    def _refused(self, code: str) -> HttpProblem:
        headers = {"Retry-After": str(RETRY_AFTER)}
        return HttpProblem(HTTPStatus.TOO_MANY_REQUESTS, Reason.of(code, wait=RETRY_AFTER), headers=headers)
