"""Event bodies of cases that took every step, kept in a file so that the replay is tested without a database."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.workflows.sample_policy import CALENDAR, SAMPLE
from workflows.policy import PolicySet
from workflows.vocabulary import Grant, Role
from workflows.workdays import Calendar

PATH = Path(__file__).with_name("replayed_cases.json")
"""Written by `SONGNUAN_WRITE=1 pytest tests/service/test_replayed_cases.py`."""

TABLES = ("case", "notice", "objection", "payment", "approval")
"""The tables whose rows the history of a case takes in; of the others the file keeps none."""

Chain = list[dict[str, Any]]


@dataclass(frozen=True)
class KeptSources:
    """What the decisions of the file rest on: the sample policy, its working days, and the grants of the file."""

    grants_by_account: Mapping[str, list[list[Any]]]
    path: str

    def policy(self, policy_id: str) -> PolicySet | None:
        """Return the sample policy, under any id."""
        return SAMPLE if policy_id else None

    def followed_from(self, policy_id: str, no: int) -> date | None:
        """Return None: no other set takes the place of the sample."""
        del policy_id, no
        return None

    def calendar(self, no: int) -> Calendar:
        """Return the working days of the samples."""
        return CALENDAR if no > 0 else Calendar()

    def grants(self, account: UUID, unit_path: str, on: date, no: int) -> tuple[Grant, ...]:
        """Return the grants of an account over the unit; they are in force on every day."""
        del on, no
        if not unit_path.startswith(self.path):
            return ()
        return tuple(
            Grant(Role(role), tier, UUID(principal) if principal else None)
            for role, tier, principal in self.grants_by_account.get(str(account), ())
        )

    def unit_path(self, case_id: str) -> str | None:
        """Return the path of the unit."""
        return self.path if case_id else None


@dataclass(frozen=True)
class ReplayedCases:
    """The file: the number of the rules, the unit's path, the grants of its people, and the chain of each case."""

    stored: Mapping[str, Any]

    @classmethod
    def read(cls) -> "ReplayedCases":
        """Read the file."""
        return cls(json.loads(PATH.read_text(encoding="utf-8")))

    @cached_property
    def sources(self) -> KeptSources:
        """What the decisions rest on."""
        return KeptSources(self.stored["grants"], self.stored["path"])

    @cached_property
    def chains(self) -> dict[str, Chain]:
        """The bodies of each case in order, by case."""
        return dict(self.stored["chains"])

    @property
    def rules(self) -> int:
        """The number of the rules that decided the cases."""
        return int(self.stored["rules"])

    def steps(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield programme and body of each event."""
        for chain in self.chains.values():
            for body in chain:
                yield chain[0]["programme"], body
