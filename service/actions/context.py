"""The context of an action: caller, time and keys, and the steps taken with it."""

from dataclasses import dataclass, field
from datetime import date, datetime

from service.actions.step_result import StepResult
from service.clock import Clock
from service.crypto.encryption import Keyring
from service.queries.scope import Caller


@dataclass(frozen=True, slots=True)
class ActionContext:
    """Who acts, when, and with which keys: what every write needs besides its own content."""

    caller: Caller
    at: datetime
    today: date
    keyring: Keyring
    version: int | None = None
    """The version the caller has read, where they must have read one."""

    request: str | None = None
    """The id of the request, command or job: the event, the notification and the log repeat it."""

    clock: Clock = Clock.SYSTEM
    """The clock that gave `at` and `today`; every event says it (docs/decisions/0029)."""

    steps: list[StepResult] = field(default_factory=list, compare=False)
    """The steps taken with this context. The entry point counts them once they are committed."""
