"""The result of a step of a case."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from workflows.vocabulary import Reason


@dataclass(frozen=True, slots=True)
class StepResult:
    """Where a case is after a step; `version` is the number of the event."""

    case_id: UUID
    case_no: str
    state: str
    phase: str
    version: int
    due_on: date | None
    programme: str
    action: str
    warnings: tuple[Reason, ...] = ()
    """Reasons for which a later step will or may be refused."""
