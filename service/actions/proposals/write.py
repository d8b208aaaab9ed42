"""A proposed write: its content, its unit, the people it needs, and the function that does it."""

from collections.abc import Callable
from dataclasses import dataclass, make_dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions.context import ActionContext
from service.queries.accounts import acting_persons
from workflows.powers import POWERS
from workflows.vocabulary import Plain, Role

DAYS = 14
"""How long a proposal waits before it lapses."""


@dataclass(frozen=True, slots=True)
class Confirmer:
    """One person a proposal needs: a named account, or a holder of one of `roles` over its unit."""

    roles: tuple[Role, ...] = ()
    account_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """What a confirmed write made; `shown_once` is shown to its last confirmer and stored nowhere."""

    id: UUID | None = None
    shown_once: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VoidContent:
    """A record to void, and why."""

    record_id: UUID
    reason: str


def correction_of(kind: type[Any]) -> type[Any]:
    """Return the content of a correction: `record_id`, the record as it should have been (`new`), and the `reason`."""
    columns = [("record_id", UUID), ("new", kind), ("reason", str)]
    return make_dataclass(f"{kind.__name__}Correction", columns, frozen=True)


def _nobody(_conn: sa.Connection, _content: Any) -> tuple[UUID, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class ProposedWrite:
    """A kind of write that can be proposed."""

    power: tuple[str, str]
    """The row of workflows/powers.py: the subject and the action of the event it writes."""

    content: type[Any]
    run: Callable[[sa.Connection, Any, ActionContext], Made]
    unit_path: Callable[[sa.Connection, Any, ActionContext], str]
    """The unit whose people confirm it."""

    named: Callable[[sa.Connection, Any], tuple[UUID, ...]] = _nobody
    """The accounts that must confirm in person; without one, a holder of the roles of the table."""

    voids: tuple[str, str] | None = None
    """The row of the table for what the write voids: one of the people who confirm has a role that it asks for."""

    gains: Callable[[sa.Connection, Any], tuple[UUID, ...]] = _nobody
    """The accounts that the write gives something to: they do not confirm it."""

    facts: Callable[[Any], dict[str, Plain]] = lambda _content: {}
    """What the event of the proposal says of its content; it stays readable for good, so it names nobody."""

    acts_as: tuple[Role, ...] = ()
    """The roles of which its proposer needs one; empty: those of the table."""

    days: int = DAYS

    def proposing_persons(self, conn: sa.Connection, proposer: UUID, unit_path: str, today: date) -> frozenset[UUID]:
        """Return the persons that its proposer acts as: a stand-in counts as both persons."""
        return acting_persons(conn, proposer, self.acts_as or POWERS[self.power].proposes, unit_path, today)

    def confirmers(self, conn: sa.Connection, content: Any, proposer: UUID) -> tuple[Confirmer, ...]:
        """Return the people the proposal needs besides its proposer."""
        named = dict.fromkeys(each for each in self.named(conn, content) if each != proposer)
        return tuple(Confirmer(account_id=each) for each in named) or (Confirmer(POWERS[self.power].confirms),)
