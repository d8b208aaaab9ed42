"""Case decisions are decided again, each chain of a case from its first event to its last."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from service.integrity.faults import Fault
from service.integrity.replay_sources import StoredSources
from workflows.replay import RULES, CaseReplay, Decided, Sources


@dataclass
class CaseDecisions:
    """What the cases read so far came to, and the case that is being read."""

    sources: Sources
    counts: Decided = field(default_factory=Decided)
    _case: CaseReplay | None = None
    _first_of_rules: int | None = None
    _last_before: tuple[int, Fault] | None = None

    def faults(self, row: sa.Row[Any], body: Mapping[str, Any]) -> Iterator[Fault]:
        """Yield a fault when the next event of a chain does not follow from its grounds; only cases are decided."""
        if row.subject != "case":
            return
        if row.seq == 1 or self._case is None:
            self._case = CaseReplay(self.sources, self.counts)
        self._note_rules(row, body)
        contradiction = self._case.apply(row.no, body)
        if contradiction is not None:
            yield Fault("step_not_decided_so", "case", str(row.subject_id), row.seq, "、".join(contradiction.codes))

    def _note_rules(self, row: sa.Row[Any], body: Mapping[str, Any]) -> None:
        if body.get("rules") == RULES:
            self._first_of_rules = min(row.no, self._first_of_rules or row.no)
        elif self._last_before is None or row.no > self._last_before[0]:
            fault = Fault("event_of_earlier_rules", row.subject, str(row.subject_id), row.seq)
            self._last_before = (row.no, fault)

    def last_faults(self) -> Iterator[Fault]:
        """Yield what only the whole record shows: a step of earlier rules after one of the present rules."""
        if self._first_of_rules is not None and self._last_before is not None:
            no, fault = self._last_before
            if no > self._first_of_rules:
                yield fault


def case_decisions(conn: sa.Connection) -> CaseDecisions:
    """Return the decisions of a record, of which none is read yet."""
    return CaseDecisions(StoredSources(conn))
