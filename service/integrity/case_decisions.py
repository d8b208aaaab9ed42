"""Case decisions are decided again, each chain of a case from its first event to its last."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from service.integrity.event_order import EventOrder
from service.integrity.faults import Fault
from service.integrity.replay_sources import StoredSources
from workflows.replay import RULES, CaseReplay, Decided, Sources


@dataclass
class CaseDecisions:
    """What the cases read so far came to, and the case that is being read."""

    sources: Sources
    counts: Decided = field(default_factory=Decided)
    order: EventOrder = field(default_factory=EventOrder)
    """Once the present rules decided a step, no later event is of earlier ones."""

    _case: CaseReplay | None = None

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
            self.order.note_newer(row.no)
        else:
            self.order.note_older(row.no, Fault("event_of_earlier_rules", row.subject, str(row.subject_id), row.seq))


def case_decisions(conn: sa.Connection) -> CaseDecisions:
    """Return the decisions of a record, of which none is read yet."""
    return CaseDecisions(StoredSources(conn))
