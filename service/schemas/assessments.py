"""Schemas of a case's assessment: every value from the sums to the category and the most that may be awarded."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from marshmallow import Schema, fields

from service.schemas.fields import Money
from workflows.assessment import yuan
from workflows.money_format import in_yuan


def _by_kind(name: str) -> fields.Function:
    """Return a field of the sums by kind: `[["wage", 3000000]]` → `[{"kind": "wage", "amount": "30000.00"}]`."""

    def read(record: Mapping[str, Any]) -> list[dict[str, str]]:
        return [{"kind": kind, "amount": in_yuan(fen)} for kind, fen in record["sums"][name]]

    return fields.Function(read, metadata={"type": "array", "items": {"type": "object"}})


def _sum(name: str) -> fields.Function:
    """Return a field of one of the sums, in yuan."""
    return fields.Function(lambda record: in_yuan(record["sums"][name]), metadata={"type": "string"})


class FormulaOut(Schema):
    """One formula of the policy set and its result; `failed` has the code of every condition that did not hold."""

    category = fields.String()
    plus = fields.List(fields.String())
    minus = fields.List(fields.String())
    comparator = fields.String()
    multiplier = fields.String()
    sum = Money()
    line = fields.Function(lambda outcome: yuan(Fraction(outcome["line"])), metadata={"type": "string"})
    per_head = fields.String()
    distance = Money(attribute="distance_fen")
    held = fields.Boolean()
    failed = fields.List(fields.String())


class AssessmentOut(Schema):
    """The assessment of a household: sums of twelve months in yuan, every formula, the category, the exclusions."""

    policy = fields.String()
    policy_digest = fields.String()
    division = fields.String()
    on = fields.String()
    members = fields.Integer()
    dibao_line = Money(attribute="line", metadata={"description": "L: yuan per person and month."})
    income = Money()
    income_by_kind = _by_kind("income_by_kind")
    income_not_counted = _by_kind("income_not_counted")
    imputed = _sum("imputed")
    prior_aid = _sum("prior_aid")
    prior_aid_not_counted = _sum("prior_aid_not_counted")
    rigid = Money()
    rigid_by_kind = _by_kind("rigid_by_kind")
    misfortune = Money()
    misfortune_by_kind = _by_kind("misfortune_by_kind")
    assets = Money()
    per_head = fields.String(metadata={"description": "(I − R) / 12 / n in yuan, half a fen rounded up."})
    formulas = fields.List(fields.Nested(FormulaOut), attribute="rules")
    event = fields.String(allow_none=True)
    observed = fields.List(fields.String())
    exclusions = fields.List(fields.String())
    category = fields.String(allow_none=True)


class LimitsOut(Schema):
    """What may be awarded for the item."""

    requested = Money()
    cap = Money(allow_none=True, metadata={"description": "The lowest of all caps that fit; null: no cap."})
    earlier = Money(metadata={"description": "Awards of the item that count under the same cap."})
    most = Money(metadata={"description": "The most that this case may be awarded."})
    waived = fields.List(fields.String(), metadata={"description": "Requirements that the policy waives for the item."})


class DecidedOut(AssessmentOut):
    """The assessment that a step stored, with the step."""

    seq = fields.Integer()
    action = fields.String()
    award = Money(allow_none=True)


class AssessmentsOut(Schema):
    """The assessment as it would be today, and those that earlier steps stored, first step first."""

    today = fields.Nested(AssessmentOut, allow_none=True)
    limits = fields.Nested(LimitsOut)
    decided = fields.List(fields.Nested(DecidedOut))
