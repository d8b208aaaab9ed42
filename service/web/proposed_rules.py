"""What a proposed policy set says and does, as the page of its proposal shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from service.http.auth import READERS
from service.http.context import caller
from service.http.transaction import connection
from service.queries import policies
from service.queries.policy_effects import Effects, effects
from service.web.policy_words import ParameterChange, changes
from workflows.policy import PolicySet
from workflows.policy_parser import read_policy


@dataclass(frozen=True, slots=True)
class ProposedRules:
    """The set before, what differs from it, and which families change; the lists are for readers of cases."""

    policy: PolicySet
    before: PolicySet | None
    changes: tuple[ParameterChange, ...]
    effects: Effects
    lists_url: str


def rules_shown(confirmation_id: UUID, act: str, content: Mapping[str, Any]) -> ProposedRules | None:
    """Return what a proposal of a policy set would do; None for any other proposal."""
    if act != "policy_set":
        return None
    conn, policy = connection(), read_policy(content["source"])
    before = policies.set_before(conn, policy)
    url = f"/policies/proposals/{confirmation_id}" if caller().roles & set(READERS) else ""
    return ProposedRules(policy, before, changes(before, policy), effects(conn, policy), url)
