"""Proposed rules: policy sets, their withdrawal, and calendars."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import policies
from service.actions.context import ActionContext
from service.actions.permissions import unit_path_of
from service.actions.proposals.write import Made, ProposedWrite
from service.tables.units import unit


@dataclass(frozen=True, slots=True)
class PolicyContent:
    """A policy set as its TOML text; `urgent` says why it takes effect before tomorrow."""

    source: str
    urgent: str = ""


@dataclass(frozen=True, slots=True)
class PolicyWithdrawal:
    """A policy set that no case cites, and why it is taken back."""

    policy_set_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class CalendarContent:
    """The days of one year as the text of a .csv file."""

    source: str
    year: int


def _withdraw(conn: sa.Connection, content: PolicyWithdrawal, context: ActionContext) -> Made:
    policies.withdraw_policy(conn, content.policy_set_id, content.reason, context)
    return Made(content.policy_set_id)


def _load_calendar(conn: sa.Connection, content: CalendarContent, context: ActionContext) -> Made:
    policies.load_calendar(conn, content.source, content.year, context)
    return Made()


def _root(conn: sa.Connection, _content: Any, context: ActionContext) -> str:
    """Return the path of the top unit: rules apply to every unit of their region."""
    own_path = unit_path_of(conn, context.caller.unit_id)
    roots = sa.select(unit.c.path).where(unit.c.parent_id.is_(None), sa.literal(own_path).op("^@")(unit.c.path))
    return str(conn.scalars(roots).one())


RULE_WRITES: Mapping[str, ProposedWrite] = {
    "policy_set": ProposedWrite(
        power=("policy", "load_policy"),
        content=PolicyContent,
        run=lambda conn, content, context: Made(
            policies.load_policy(conn, content.source, context, urgent=content.urgent)
        ),
        unit_path=_root,
    ),
    "policy_withdrawal": ProposedWrite(("policy", "withdraw_policy"), PolicyWithdrawal, _withdraw, _root),
    "calendar": ProposedWrite(("policy", "load_calendar"), CalendarContent, _load_calendar, _root),
}
"""By the name their confirmations carry. Somebody outside administration confirms them."""
