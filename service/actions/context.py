"""The context of an action: caller, time and keys, and the steps taken with it."""

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from service.actions.step_result import StepResult
from service.clock import Clock
from service.crypto.encryption import Keyring
from service.queries.scope import Caller


@dataclass(frozen=True, slots=True)
class Second:
    """The confirmation under which a write is done, and the people who confirmed it."""

    confirmation_id: UUID
    confirmed_by: tuple[UUID, ...] = ()
    acts: set[tuple[str, str]] = field(default_factory=set, compare=False)
    """The writes that needed a second person so far, by subject and action of their events."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When a request without a caller is made, and with which keys: that of somebody who has only an invitation."""

    at: datetime
    today: date
    keyring: Keyring
    request: str | None = None
    clock: Clock = Clock.SYSTEM


@dataclass(frozen=True, slots=True)
class BrowserRequest:
    """The browser that asks: what it calls itself, its network, and the real instant, whatever a demo clock shows."""

    label: str
    network: str
    at: datetime
    session_hash: bytes | None = None
    """The SHA-256 of the session cookie that it brings, which may be of nobody."""


@dataclass(frozen=True, slots=True)
class ShownProof:
    """A credential that the caller showed for one act: its kind, its id, and the digest of what they were shown."""

    kind: str
    credential_id: UUID
    digest: str


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

    second: Second | None = None
    """Who confirmed the write besides the caller, where it needs a second person (docs/powers.md)."""

    browser: BrowserRequest | None = None
    """The browser whose session the caller acts in; None for a token, a command and a job."""

    proof: ShownProof | None = None
    """What the caller has shown for this act, where a browser must show something (service/actions/proofs.py)."""

    console: str | None = None
    """The operating-system user and machine of a command whose caller has shown no credential of their own."""
    clock: Clock = Clock.SYSTEM
    """The clock that gave `at` and `today`; every event says it (docs/decisions/0029)."""

    steps: list[StepResult] = field(default_factory=list, compare=False)
    """The steps taken with this context. The entry point counts them once they are committed."""
