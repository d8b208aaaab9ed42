"""What must be read of a case before an action is decided and written down: the parts of the one SELECT, found from the
programmes' tables.
"""

from collections.abc import Mapping
from functools import cache

from service.queries.case_select import PARTS
from workflows.letters import LETTERS, Audience
from workflows.looks import looks_at
from workflows.programme import Step
from workflows.programmes import PROGRAMMES
from workflows.terms import Record

EVERYTHING = frozenset(PARTS) - {"named_fund"}
ALWAYS = frozenset({"duties", "filers", "family_staff", "lines", "members", "papers", "payee"})
"""Whose hands are in the case, and what a signature binds: every event names both."""

OF_FACT: Mapping[str, str] = {
    "visits": "visits",
    "returned": "returned",
    "verification": "verification",
    "notice": "notice",
    "approvals": "approvals",
    "live_payment": "live_payment",
    "others": "others",
    "economy": "prior_aid",
    "consented_until": "consented_until",
    "beneficiary_in_family": "beneficiary_in_family",
}
"""Facts that a part brings which is not always read."""

OF_RECORD: Mapping[Record, tuple[str, ...]] = {
    Record.AWARD: ("head", "prior_aid", "named_fund"),
    Record.OBJECTION: ("notice",),
    Record.OBJECTION_ANSWER: ("notice",),
    Record.NOTICE_END: ("notice",),
    Record.APPROVAL: ("approvals", "prior_aid"),
    Record.VOID_APPROVALS: ("notice", "approvals"),
    Record.PAYMENT_RETURNED: ("live_payment",),
    Record.RECEIPT: ("live_payment",),
    Record.RECALL: ("live_payment",),
}
"""What the row of a record is made from, beside the facts its rules ask for."""

OF_AUDIENCE: Mapping[Audience, str] = {Audience.FAMILY: "family_reader", Audience.NEXT_APPROVERS: "approvals"}
"""What says who an audience is, beside the holders of a role."""

OF_OTHER_CASES = frozenset({"others", "prior_aid"})
"""What another case of the family may change without leaving a mark on this one."""


def named(action: str) -> tuple[Step, ...]:
    """The steps of this name in any programme: none for a name somebody made up, so nothing is kept of it."""
    return tuple(step for programme in PROGRAMMES.values() for step in programme.steps if step.action == action)


def parts(action: str) -> frozenset[str]:
    """The parts an action needs, in whichever programme it is taken: whose it is shows only when the case is read."""
    return ALWAYS.union(*(_parts(step) for step in named(action)))


def moves_money(action: str) -> bool:
    """Whether every step of this name moves money, so that its line is locked with the case."""
    steps = named(action)
    return bool(steps) and all(step.money is not None for step in steps)


def weighs(action: str) -> bool:
    """Whether the action weighs what else the family was granted."""
    return not parts(action).isdisjoint(OF_OTHER_CASES)


@cache
def _parts(step: Step) -> frozenset[str]:
    looked = looks_at(step)
    found = {OF_FACT[fact] for fact in looked if fact in OF_FACT}
    found.update(OF_RECORD.get(step.record, ()) if step.record else ())
    found.update(OF_AUDIENCE[each] for each in (LETTERS[step.letter].to if step.letter else ()) if each in OF_AUDIENCE)
    if "fund" in looked and step.money is None and step.record is not Record.AWARD:
        found.add("fund")
    return frozenset(found)
