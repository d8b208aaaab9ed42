"""The input of the hand-written checks of a step: the row, the acting account, the form and the day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from workflows import assessment
from workflows.policy import PolicySet
from workflows.workdays import Calendar


@dataclass(frozen=True, slots=True)
class Clerk:
    """An acting account and its grants of the day: (role, tier, unit path, principal)."""

    account: UUID
    grants: tuple[tuple[str, int, str, UUID | None], ...]
    paths: list[str]


@dataclass(slots=True)
class CheckInput:
    """The input of a check, and the refusal codes assessed."""

    row: Any
    clerk: Clerk
    answers: Mapping[str, Any]
    policy: PolicySet
    calendar: Calendar
    today: date
    content: str
    judged: assessment.Assessment | None
    codes: list[str]

    def refuse_if(self, code: str, wrong: object) -> None:
        """Add `code` if `wrong` is true."""
        if wrong:
            self.codes.append(code)
