"""What must be read of a case before an action is decided and written down: the parts of the one SELECT, found from the
programmes' tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from service.queries.case_loading.statement import FACT_SQL
from workflows.notifications import NOTIFICATIONS, Audience
from workflows.programme import Programme, Step
from workflows.programmes import PROGRAMMES
from workflows.required_facts import required_facts
from workflows.vocabulary import Record, Role

EVERYTHING = frozenset(FACT_SQL) - {"named_fund"}
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
    "finances": "prior_aid",
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

HOLDERS: Mapping[Audience, Role] = {
    Audience.REVIEWERS: Role.REVIEWER,
    Audience.NEXT_APPROVERS: Role.APPROVER,
    Audience.CASHIERS: Role.CASHIER,
}
"""The role whose holders an audience is."""


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """What is read for an action, in whichever programme it is taken: whose it is shows only when the case is read."""

    parts: frozenset[str] = ALWAYS
    roles: frozenset[Role] = frozenset()
    """Whose holders the action may need: those who hear of it, and those its form may name."""

    money: bool = False
    """Whether every step of this name moves money, so that its line is locked with the case."""


def plan_for(action: str) -> LoadPlan:
    """What the action needs; of a name somebody made up nothing is kept, so that it cannot grow."""
    return _reads(tuple(PROGRAMMES.values())).get(action, _NOTHING_MORE)


_NOTHING_MORE = LoadPlan()


@cache
def _reads(programmes: tuple[Programme, ...]) -> Mapping[str, LoadPlan]:
    """Of every action these programmes know, from all its steps."""
    named: dict[str, list[Step]] = {}
    for programme in programmes:
        for step in programme.steps:
            named.setdefault(step.action, []).append(step)
    return {action: _of(steps) for action, steps in named.items()}


def _of(steps: list[Step]) -> LoadPlan:
    heard = [
        HOLDERS[each]
        for step in steps
        if step.notification
        for each in NOTIFICATIONS[step.notification].to
        if each in HOLDERS
    ]
    named = [Role.VISITOR for step in steps for question in step.form if question.key == "visitors"]
    parts = ALWAYS.union(*(_parts(step) for step in steps))
    return LoadPlan(parts, frozenset((*heard, *named)), all(step.money is not None for step in steps))


def _parts(step: Step) -> frozenset[str]:
    looked = required_facts(step)
    found = {OF_FACT[fact] for fact in looked if fact in OF_FACT}
    found.update(OF_RECORD.get(step.record, ()) if step.record else ())
    found.update(
        OF_AUDIENCE[each]
        for each in (NOTIFICATIONS[step.notification].to if step.notification else ())
        if each in OF_AUDIENCE
    )
    if "fund" in looked and step.money is None and step.record is not Record.AWARD:
        found.add("fund")
    return frozenset(found)
