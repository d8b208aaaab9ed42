"""The context of an action: caller, time, keys."""

from dataclasses import dataclass
from datetime import date, datetime

from service.crypto.encryption import Keyring
from service.queries.scope import Caller


@dataclass(frozen=True, slots=True)
class ActionContext:
    """Who asks, when, and with which keys: what every write needs beside its own content."""

    caller: Caller
    at: datetime
    today: date
    keyring: Keyring
    version: int | None = None
    request: str | None = None
    """The id of the request, command or tick it came from; it stands in the event, the notification and the log."""
