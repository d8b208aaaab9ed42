"""Fund balances are the locked fund lines of one load, less what the steps decided before have drawn."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions.context import ActionContext
from service.queries import funds
from service.queries.case_loading.loaded_case import LoadedCase
from workflows.facts import Fund
from workflows.state_machine import Transition
from workflows.vocabulary import Fen, Pot


class FundBalances:
    """What each case may draw: the balance of the line, and the allocations through which its unit may use it."""

    def __init__(self, conn: sa.Connection, context: ActionContext, locked: Mapping[UUID, Mapping[str, Any]]) -> None:
        self._conn, self._context, self._locked = conn, context, locked
        self._allocations: dict[tuple[UUID, str, date], Mapping[UUID, Fen | None] | None] = {}
        self._drawn: dict[UUID, int] = {}
        """Fen drawn since the load, by fund line and by allocation."""

    def own(self, loaded: LoadedCase) -> Fund | None:
        """Return the case's own line, which was locked with it; None where the case has none."""
        line = loaded.line or self._locked.get(loaded.row.fund_id) if loaded.row.fund_id else None
        return self._as_used(loaded, line, self._context.today) if line is not None else None

    def named(self, loaded: LoadedCase, decided_on: date) -> Fund | None:
        """Return the line the form names, if the case's unit may draw on it on the day of the decision; not locked.

        One that the unit may use today only is returned too, so that the rules name what ends before the decision: the
        line, or its allocation to the unit (`opened` is False).
        """
        line = loaded.row.named_fund
        if line is None:
            return None
        at_decision = self._as_used(loaded, line, decided_on)
        if at_decision.opened:
            return at_decision
        now = self._as_used(loaded, line, self._context.today)
        return replace(now, opened=now.expires_on < decided_on) if now.opened else None

    def note_drawn(self, loaded: LoadedCase, transition: Transition) -> None:
        """Note what a decided step moves out of, or back into, the balance of the line."""
        out = sum(posting.fen for posting in transition.postings if posting.source is Pot.AVAILABLE)
        fen = out - sum(posting.fen for posting in transition.postings if posting.target is Pot.AVAILABLE)
        if not fen or loaded.row.fund_id is None:
            return
        allocations = self._allocations.get((loaded.row.fund_id, loaded.row.unit_path, self._context.today)) or {}
        for each in (loaded.row.fund_id, *allocations):
            self._drawn[each] = self._drawn.get(each, 0) + fen

    def _as_used(self, loaded: LoadedCase, line: Mapping[str, Any], on: date) -> Fund:
        fund_id, unit_path = UUID(str(line["id"])), loaded.row.unit_path
        key = (fund_id, unit_path, on)
        if key not in self._allocations:
            self._allocations[key] = funds.allocations_for(self._conn, line, unit_path, on)
        allocations = self._allocations[key]
        if self._drawn:
            line = {**line, "available_fen": line["available_fen"] - self._drawn.get(fund_id, 0)}
            allocations = allocations and {
                each: None if rest is None else Fen(rest - self._drawn.get(each, 0))
                for each, rest in allocations.items()
            }
        return funds.with_allocations(line, self._context.caller, allocations)
