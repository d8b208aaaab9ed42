"""Plausible answers to the form of any step of a case."""

from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from tests.lives import ILLNESS, PAPERS, number
from workflows.form_fields import FormField, Kind
from workflows.programme import Step

if TYPE_CHECKING:
    from tests.collusion.knowledge import Knowledge as Walk

PAPERS_SEEN = [*PAPERS, *ILLNESS, "enrolment", "fee_bill"]
SUMS = ("1500.00", "1500.00", "1500.00", "500.00", "5000.00", "30000.00")
REASONABLE = {
    "conclusion": ("confirmed", "received"),
    "outcome": ("clear", "rejected"),
    "place": ("home",),
    "method": ("bank",),
}
"""The answers that lead on, given four times out of five."""


def answers_for(walk: "Walk", step: Step, case_id: str) -> dict[str, Any]:
    """Return answers that a person of this walk could write into the form of the step."""
    stated = walk.advice.get(case_id)
    if stated and step.second_of in {"payment_returned", "recover", "recover_part"} and chance(walk.rng, 90):
        return {field.key: stated[field.key] for field in step.form if field.key in stated} or {"reason": "示例"}
    answers = {field.key: _answer(walk, field) for field in step.form if _is_filled(walk, field)}
    if {"advice_no", "amount"} <= answers.keys() and chance(walk.rng, 80):
        answers["amount"] = walk.awards.get(case_id, "1500.00")
    if answers.get("method") == "cash" and any(field.key == "cash_reason" for field in step.form):
        answers["cash_reason"] = "no_account"
    answers.pop("notice", None)
    return answers


def _is_filled(walk: "Walk", field: FormField) -> bool:
    return field.required or chance(walk.rng, 80 if field.kind is Kind.TEXT else 20)


def _answer(walk: "Walk", field: FormField) -> Any:
    rng = walk.rng
    if field.key in REASONABLE and chance(rng, 75):
        fitting = [each for each in REASONABLE[field.key] if not field.choices or each in field.choices]
        return fitting[0] if fitting else _by_kind(rng, field, walk.today)
    known = {
        "papers": PAPERS_SEEN,
        "again": [],
        "photos": walk.made.get("document", [])[-1:],
        "places": ["unit_board"],
        "visitors": [str(each) for each in walk.visitors()],
        "fund": str(walk.pick("fund")),
        "until": (walk.today + timedelta(days=20)).isoformat(),
        "minutes": "示例纪要〔2025〕1号",
        "authority": "示例核对中心",
        "request": "示例申请〔2025〕1号",
        "item": "LIV",
    }
    return known[field.key] if field.key in known else _by_kind(rng, field, walk.today)


def _by_kind(rng: Random, field: FormField, today: date) -> Any:
    if field.choices:
        return [rng.choice(field.choices)] if field.kind is Kind.CODES else rng.choice(field.choices)
    by_kind: dict[Kind, Any] = {
        Kind.MONEY: rng.choice(SUMS),
        Kind.DATE: day_about(rng, today),
        Kind.CODE: number("N"),
        Kind.YES_NO: chance(rng, 50),
        Kind.SCHOOL_YEAR: "2025-2026",
    }
    return by_kind.get(field.kind, "示例情况说明")


def chance(rng: Random, percent: int) -> bool:
    """Return True as often as that."""
    return rng.random() * 100 < percent


def day_about(rng: Random, today: date) -> str:
    """Return today, mostly; else a day before or after it."""
    return (today + timedelta(days=rng.choice((0, 0, 0, 0, -1, -30, -400, 1, 30)))).isoformat()
