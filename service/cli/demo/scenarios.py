"""Scenarios list the steps of each demo application."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import zip_longest
from typing import Any

from service.imports.applications import Application
from workflows.money_format import in_yuan

CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class ScenarioStep:
    """One action of an account on a day. In `answers`, `visitors` are logins and `fund` is a code, not ids.

    `refused` is the reason code of an expected refusal; the case then stays as it is.
    """

    on: date
    login: str
    action: str
    answers: Mapping[str, Any] = field(default_factory=dict)
    refused: str | None = None


ScenarioPart = Callable[[Application], Iterator[ScenarioStep]]


def steps_of(application: Application) -> tuple[ScenarioStep, ...]:
    """Return every action after the opening of the case, in order."""
    return tuple(step for part in SCENARIOS[application.story] for step in part(application))


def _day(day: date | None) -> date:
    if day is None:
        raise ValueError("the scenario needs a day that the row does not have")
    return day


def _submitted(a: Application) -> Iterator[ScenarioStep]:
    yield ScenarioStep(a.opened_on, a.registrar, "submit")
    yield ScenarioStep(a.opened_on, a.registrar, "add_papers", {"papers": list(a.papers)})


def _visited(a: Application, on: date | None = None) -> Iterator[ScenarioStep]:
    visit = {"on": (on or a.visited_on).isoformat(), "visitors": list(a.visitors), "place": "home"}
    yield ScenarioStep(on or a.visited_on, a.visitors[0], "record_visit", {**visit, "conclusion": "confirmed"})
    yield from (ScenarioStep(on or a.visited_on, each, "confirm_visit") for each in a.visitors[1:])


def _surveyed(a: Application, on: date | None = None) -> Iterator[ScenarioStep]:
    yield ScenarioStep(on or a.visited_on, a.registrar, "finish_survey")
    if a.programme == "hardship":
        day = _day(a.checked_on) if on is None else on
        form = {"authority": a.authority, "request_no": a.request_no, "outcome": "clear"}
        yield ScenarioStep(day, a.verifier or "", "record_check", {**form, "replied_on": day.isoformat()})


def _passed(a: Application, on: date | None = None) -> Iterator[ScenarioStep]:
    award = a.first_award if on is None and a.first_award is not None else a.award
    form = {"award": in_yuan(award or a.requested), "fund": a.fund, "places": list(a.places), "method": a.method}
    form |= {"cash_reason": "urgent"} if a.method == "cash" else {}
    yield ScenarioStep(on or _day(a.reviewed_on), a.reviewer, "pass_review", form)


def _signed(a: Application) -> Iterator[ScenarioStep]:
    yield ScenarioStep(_day(a.noticed_on), CLOCK, "end_notice")
    signature = {"minutes": a.minutes} if a.minutes else {}
    last = len(a.approvers) - 1
    for tier, (login, on) in enumerate(zip_longest(a.approvers, a.approved_on)):
        yield ScenarioStep(_day(on), login, "approve" if tier == last else "endorse", signature)


def _advice(a: Application, on: date, voucher: str) -> dict[str, str]:
    """Return what the bank's advice of a day says: its number is made of the voucher's here."""
    return {"advice_no": f"HD-{voucher}", "advised_on": on.isoformat(), "amount": in_yuan(a.award or a.requested)}


def _pay(a: Application, day: date | None, voucher: str, confirmer: str) -> Iterator[ScenarioStep]:
    """Send the money, and let another person confirm that it arrived."""
    on = _day(day)
    yield ScenarioStep(on, a.cashier or "", "pay", {"method": a.method, "voucher": voucher})
    yield ScenarioStep(on, confirmer, "confirm_payment", _advice(a, on, voucher))


def _paid(a: Application) -> Iterator[ScenarioStep]:
    yield from _pay(a, a.paid_on, a.voucher or "", a.confirmers[0])


def _received(a: Application) -> Iterator[ScenarioStep]:
    yield ScenarioStep(_day(a.received_on), a.registrar, "confirm_receipt", {"evidence": "bank_slip"})


def _followed(a: Application) -> Iterator[ScenarioStep]:
    on = _day(a.followed_on)
    follow_up = {"on": on.isoformat(), "visitors": list(a.followers), "place": "home", "conclusion": "received"}
    yield ScenarioStep(on, a.followers[0], "record_follow_up", follow_up)
    yield ScenarioStep(_day(a.closed_on), a.registrar, "close")


def _corrected(a: Application) -> Iterator[ScenarioStep]:
    """Return the application to its registrar, who submits it again; then the survey and check as before."""
    yield ScenarioStep(_day(a.turned_on), a.reviewer, "return_to_draft", {"reason": a.turn_reason})
    yield ScenarioStep(_day(a.settled_on), a.registrar, "submit")
    yield from _surveyed(a, a.settled_on)


def _surveyed_again(a: Application) -> Iterator[ScenarioStep]:
    yield ScenarioStep(_day(a.turned_on), a.reviewer, "return_to_survey", {"reason": a.turn_reason})
    yield from _visited(a, a.settled_on)
    yield from _surveyed(a, a.settled_on)


def _objected(a: Application) -> Iterator[ScenarioStep]:
    yield ScenarioStep(_day(a.turned_on), a.registrar, "object", {"source": "written", "objection": a.turn_reason})


def _cleared(a: Application) -> Iterator[ScenarioStep]:
    yield ScenarioStep(_day(a.turned_on), CLOCK, "end_notice", refused="objection_open")
    form = {"outcome": "cleared", "answer": "经两名调查人员复核，情况属实，异议不成立。"}
    yield ScenarioStep(_day(a.settled_on), a.second_reviewer or "", "answer_objection", form)


def _upheld(a: Application) -> Iterator[ScenarioStep]:
    """Uphold the objection: back to review, a smaller award, and a new public notice."""
    form = {"outcome": "upheld", "answer": "经复核，金额应予调整。"}
    yield ScenarioStep(_day(a.settled_on), a.second_reviewer or "", "answer_objection", form)
    second = a.second_reviewer or ""
    yield ScenarioStep(_day(a.settled_on), second, "return_to_review", {"reason": "异议成立，重新核定金额。"})
    (again,) = _passed(a, a.settled_on)
    yield replace(again, login=second, answers={**again.answers, "objection_met": "按复核结果调低金额，重新公示。"})


def _declined(a: Application) -> Iterator[ScenarioStep]:
    attempt = next(_passed(a))
    yield ScenarioStep(attempt.on, attempt.login, attempt.action, attempt.answers, refused="income_over_line")
    yield ScenarioStep(_day(a.reviewed_on), a.reviewer, "decline", {"reason": a.turn_reason})


def _withdrawn(a: Application) -> Iterator[ScenarioStep]:
    yield ScenarioStep(_day(a.turned_on), a.registrar, "withdraw", {"reason": a.turn_reason})


def _sent_back(a: Application) -> Iterator[ScenarioStep]:
    """Record money that the bank returned, then pay it again; another person confirms the second payment."""
    on, voucher = _day(a.turned_on), f"{a.voucher}-T"
    advice = _advice(a, on, voucher)
    stated = {"bank_code": "other", "voucher": voucher, **advice}
    yield ScenarioStep(on, a.cashier or "", "payment_returned", stated)
    yield ScenarioStep(on, a.confirmers[0], "confirm_return", advice)
    yield from _pay(a, a.settled_on, f"{a.voucher}-2", a.confirmers[-1])


def _recalled(a: Application) -> Iterator[ScenarioStep]:
    form = {"amount": in_yuan(a.award or a.requested), "ground": "paid_in_error", "reason": a.turn_reason}
    yield ScenarioStep(_day(a.turned_on), a.approvers[-1], "recall", form)
    on, voucher = _day(a.settled_on), f"{a.voucher}-H"
    advice = _advice(a, on, voucher)
    yield ScenarioStep(on, a.cashier or "", "recover", {"voucher": voucher, **advice})
    yield ScenarioStep(on, a.confirmers[0], "confirm_recovery", advice)


def _suspended(a: Application) -> Iterator[ScenarioStep]:
    until = {"until": _day(a.settled_on).isoformat(), "ground": "query", "reason": a.turn_reason}
    yield ScenarioStep(_day(a.turned_on), a.reviewer, "suspend", until)
    yield ScenarioStep(
        _day(a.turned_on), a.reviewer, "return_to_survey", {"reason": a.turn_reason}, refused="case_suspended"
    )
    yield ScenarioStep(_day(a.settled_on), a.reviewer, "resume", {"reason": "疑点已查清。"})


SURVEY: tuple[ScenarioPart, ...] = (_submitted, _visited, _surveyed)
MONEY: tuple[ScenarioPart, ...] = (_signed, _paid, _received, _followed)

SCENARIOS: Mapping[str, tuple[ScenarioPart, ...]] = {
    "plain": (*SURVEY, _passed, *MONEY),
    "two_tiers": (*SURVEY, _passed, *MONEY),
    "three_tiers": (*SURVEY, _passed, *MONEY),
    "returned_for_correction": (*SURVEY, _corrected, _passed, *MONEY),
    "survey_again": (*SURVEY, _surveyed_again, _passed, *MONEY),
    "objection_cleared": (*SURVEY, _passed, _objected, _cleared, *MONEY),
    "objection_upheld_then_ok": (*SURVEY, _passed, _objected, _upheld, *MONEY),
    "declined": (*SURVEY, _declined),
    "withdrawn": (_submitted, _visited, _withdrawn),
    "payment_returned_then_paid": (*SURVEY, _passed, _signed, _paid, _sent_back, _received, _followed),
    "recalled_and_recovered": (*SURVEY, _passed, *MONEY, _recalled),
    "suspended_and_resumed": (*SURVEY, _suspended, _passed, *MONEY),
}
"""The parts of each scenario, in order."""
