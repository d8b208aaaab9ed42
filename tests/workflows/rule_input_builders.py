"""Builders return rule inputs that pass every rule, for each state of both programmes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.workflows.sample_policy import RUSHAN, SAMPLE
from workflows.eligibility import Finances, IncomeLine, SpendingLine
from workflows.evidence import Notice, Objection, Seen, Verification, Visit
from workflows.facts import Approval, Award, Facts, Fund, RuleInput
from workflows.payment_states import Advice, Payment
from workflows.policy import PolicySet
from workflows.programme import Programme
from workflows.programmes.hardship import HARDSHIP
from workflows.vocabulary import Actor, Duty, Fen, Grant, Plain, Role
from workflows.workdays import read_calendar

CALENDAR = read_calendar((Path(__file__).parents[2] / "samples" / "calendar-2025.csv").read_text("utf-8"))

GRANTS: Mapping[str, tuple[Grant, ...]] = {
    "registrar": (Grant(Role.REGISTRAR),),
    "visitor": (Grant(Role.VISITOR),),
    "visitor_2": (Grant(Role.VISITOR),),
    "verifier": (Grant(Role.VERIFIER),),
    "reviewer": (Grant(Role.REVIEWER),),
    "reviewer_2": (Grant(Role.REVIEWER),),
    "approver": (Grant(Role.APPROVER, tier=1),),
    "approver_2": (Grant(Role.APPROVER, tier=2),),
    "approver_3": (Grant(Role.APPROVER, tier=3),),
    "cashier": (Grant(Role.CASHIER),),
    "cashier_2": (Grant(Role.CASHIER),),
    "follower": (Grant(Role.VISITOR),),
    "clock": (Grant(Role.CLOCK),),
    "auditor": (Grant(Role.AUDITOR),),
    "nobody": (),
    "someone_else": (),
}
PEOPLE: Mapping[str, UUID] = {name: UUID(int=number) for number, name in enumerate(GRANTS, start=1)}
VISITORS = frozenset({PEOPLE["visitor"], PEOPLE["visitor_2"]})
OWN_ROLE: Mapping[UUID, frozenset[UUID]] = dict.fromkeys((*VISITORS, PEOPLE["follower"]), frozenset())

SHOWN = "digest of what was shown"
AWARD = Fen(300_000)
FILE = Seen("finances", (), "members", "application")
SURVEY = Visit("survey", date(2025, 9, 8), VISITORS, seen=FILE, confirmed=VISITORS)
CALLED = Visit("follow_up", date(2025, 11, 20), frozenset({PEOPLE["follower"]}), "received")
POSTED = Notice(date(2025, 9, 29), SHOWN, ends_on=date(2025, 10, 13))
OBJECTED = Objection(None, frozenset({PEOPLE["reviewer"]}), AWARD, FILE)
"""An objection to the award that `reviewer` posted, not answered yet."""
ENDED = replace(POSTED, ended_on=date(2025, 10, 14))
FUND = Fund(
    available=Fen(5_000_000),
    items=frozenset({"LIV", "MED", "ACC", "TMP", "EDU"}),
    categories=frozenset({"deep", "relative", "sudden"}),
    opens_on=date(2025, 1, 1),
    expires_on=date(2025, 12, 31),
)
FAMILY = Finances(
    members=3,
    income=(IncomeLine("wage", "head", Fen(3_000_000)),),
    spending=(SpendingLine("illness", "head", Fen(1_200_000)),),
)
"""The family has 500.00 yuan per head and month, so its category is deep under a line of 1,062.00."""

SENT = Payment("sent", date(2025, 10, 20), PEOPLE["cashier"])
PAID = replace(SENT, state="live", confirmer=PEOPLE["cashier_2"])
FAILED = replace(SENT, state="failed", confirmer=PEOPLE["auditor"])
RETURNING = Advice("TP-1", date(2025, 10, 23), AWARD)
RECOVERED = Advice("SH-1", date(2025, 12, 1), Fen(100_000))
KEEPS_A_PART = {"payments": (PAID,), "outstanding": Fen(200_000), "recovering": Fen(0)}
"""What is left after a recall of 1,000 yuan out of AWARD."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A state: the day and the actor of its valid step, and the duties and facts that the case has gained in it."""

    today: date
    by: str
    done: tuple[tuple[Duty, str], ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


STAGES: Mapping[str, Stage] = {
    "draft": Stage(date(2025, 9, 1), "registrar", ((Duty.REGISTRAR, "registrar"),)),
    "survey": Stage(
        date(2025, 9, 8), "registrar", ((Duty.VISITOR, "visitor"), (Duty.VISITOR, "visitor_2")), {"visits": (SURVEY,)}
    ),
    "verification": Stage(date(2025, 9, 12), "verifier"),
    "review": Stage(
        date(2025, 9, 29),
        "reviewer",
        facts={"verification": Verification(date(2025, 9, 12), "clear", seen=FILE), "fund": FUND},
    ),
    "notice": Stage(date(2025, 10, 14), "clock", ((Duty.REVIEWER, "reviewer"),), {"award": AWARD, "notice": POSTED}),
    "approval": Stage(
        date(2025, 10, 15),
        "approver_2",
        ((Duty.APPROVER_1, "approver"),),
        {"notice": ENDED, "approvals": (Approval(1, PEOPLE["approver"], SHOWN),)},
    ),
    "payment": Stage(
        date(2025, 10, 20),
        "cashier",
        ((Duty.APPROVER_2, "approver_2"),),
        {
            "approvals": (Approval(1, PEOPLE["approver"], SHOWN), Approval(2, PEOPLE["approver_2"], SHOWN)),
            "outstanding": AWARD,
        },
    ),
    "transit": Stage(date(2025, 10, 21), "cashier_2", ((Duty.PAYER, "cashier"),), {"payments": (SENT,)}),
    "receipt": Stage(date(2025, 10, 22), "registrar", ((Duty.PAYMENT_CONFIRMER, "cashier_2"),), {"payments": (PAID,)}),
    "returning": Stage(
        date(2025, 10, 23),
        "cashier_2",
        facts={"payments": (replace(PAID, state="returning"),), "advice": RETURNING},
    ),
    "follow_up": Stage(
        date(2025, 11, 20),
        "registrar",
        ((Duty.RECEIPT_WITNESS, "registrar"), (Duty.FOLLOWER, "follower")),
        {"visits": (SURVEY, CALLED), "payments": (PAID,), "advice": None},
    ),
    "closed": Stage(date(2025, 11, 25), "approver"),
    "recalling": Stage(
        date(2025, 12, 1), "cashier", facts={"payments": (replace(PAID, state="recalled"),), "recovering": AWARD}
    ),
    "part_stated": Stage(date(2025, 12, 1), "cashier_2", facts={"advice": RECOVERED}),
    "rest_stated": Stage(date(2025, 12, 1), "cashier_2", facts={"advice": replace(RECOVERED, fen=AWARD)}),
    "recovered": Stage(date(2025, 12, 10), "approver_2", facts={**KEEPS_A_PART, "advice": None}),
    "written_off": Stage(date(2025, 12, 10), "approver_2", facts={"written_off": Fen(100_000)}),
}
"""In the order of a case's life; each stage keeps the facts of the earlier ones, unless it changes them."""

OF_PROGRAMME: Mapping[str, Mapping[str, Any]] = {
    "hardship": {"item": "LIV", "done": ((Duty.VERIFIER, "verifier"),)},
    "tuition": {
        "item": "EDU",
        "done": (),
        "answers": {"school_year": "2025-2026", "stage": "bachelor", "institution_kind": "public"},
    },
}

WHY = {"reason": "与邻里所述不符"}
FORMS: Mapping[str, Mapping[str, object]] = {
    "add_papers": {"papers": ["application"]},
    "record_visit": {
        "on": "2025-09-08",
        "visitors": [str(PEOPLE["visitor"]), str(PEOPLE["visitor_2"])],
        "place": "home",
        "conclusion": "confirmed",
    },
    "record_check": {"authority": "民政局", "request_no": "HC-1", "replied_on": "2025-09-12", "outcome": "clear"},
    "correct_application": {"requested": "20000.00"},
    "return_to_draft": WHY,
    "return_to_survey": WHY,
    "return_to_review": WHY,
    "pass_review": {"award": "3000.00", "fund": str(UUID(int=100)), "places": ["unit_board"]},
    "object": {"source": "written", "objection": "家中有车"},
    "answer_objection": {"outcome": "cleared", "answer": "车已报废"},
    "decline": WHY,
    "pay": {"method": "bank", "voucher": "V-1"},
    "cancel_award": WHY,
    "confirm_payment": {"advice_no": "HD-1", "advised_on": "2025-10-21", "amount": "3000.00"},
    "payment_failed": {
        "advice_no": "HD-1",
        "advised_on": "2025-10-21",
        "amount": "3000.00",
        "bank_code": "wrong_number",
    },
    "payment_returned": {
        "advice_no": "TP-1",
        "advised_on": "2025-10-22",
        "amount": "3000.00",
        "bank_code": "wrong_number",
        "voucher": "V-2",
    },
    "confirm_return": {"advice_no": "TP-1", "advised_on": "2025-10-23", "amount": "3000.00"},
    "reject_return": WHY,
    "confirm_receipt": {"evidence": "signature"},
    "record_follow_up": {
        "on": "2025-11-20",
        "visitors": [str(PEOPLE["follower"])],
        "place": "phone",
        "conclusion": "received",
    },
    "withdraw": WHY,
    "suspend": {"until": "2025-11-25", "ground": "query", **WHY},
    "resume": WHY,
    "recall": {"amount": "3000.00", "ground": "paid_in_error", **WHY},
    "recover_part": {"advice_no": "SH-1", "advised_on": "2025-12-01", "amount": "1000.00", "voucher": "V-3"},
    "recover": {"advice_no": "SH-2", "advised_on": "2025-12-01", "amount": "3000.00", "voucher": "V-4"},
    "confirm_recovery": {"advice_no": "SH-1", "advised_on": "2025-12-01", "amount": "1000.00"},
    "reject_recovery": WHY,
    "write_off": {"minutes": "会纪〔2025〕9号", **WHY},
}
"""A valid form for each action with required fields."""


def done_before(state: str, programme: Programme) -> frozenset[tuple[Duty, UUID]]:
    """Return the duties done by the time a case is in `state`."""
    duties = [each for name in _up_to(state) for each in STAGES[name].done]
    if list(STAGES).index(state) > list(STAGES).index("verification"):
        duties += OF_PROGRAMME[programme.key]["done"]
    return frozenset((duty, PEOPLE[name]) for duty, name in duties)


def _up_to(state: str) -> list[str]:
    return list(STAGES)[: list(STAGES).index(state) + 1]


def _facts(state: str, programme: Programme, changed: Mapping[str, Any]) -> Facts:
    facts: dict[str, Any] = {
        "opened_on": date(2025, 9, 1),
        "entered_on": STAGES[state].today,
        "requested": Fen(2_000_000),
        "division": RUSHAN,
        "cause": "illness",
        "finances": FAMILY,
        "finances_as_of": date(2025, 8, 31),
        "seen": FILE,
        "consented_until": date(2026, 8, 31),
        "papers": frozenset(SAMPLE.papers_for("illness")),
        "content": SHOWN,
        "payee_in_family": True,
        "no_number": {},
        "duties": done_before(state, programme),
    }
    for name in _up_to(state):
        facts |= STAGES[name].facts
    programme_facts = {name: value for name, value in OF_PROGRAMME[programme.key].items() if name != "done"}
    return Facts(state=state, **{**facts, **programme_facts, **changed})


def rule_input(
    state: str,
    by: str | None = None,
    *,
    programme: Programme = HARDSHIP,
    today: date | None = None,
    grants: tuple[Grant, ...] | None = None,
    answers: Mapping[str, object] | None = None,
    own: Mapping[str, Plain] | None = None,
    did: tuple[tuple[Duty, str], ...] = (),
    family: tuple[str, ...] = (),
    policy: PolicySet = SAMPLE,
    **facts: Any,
) -> RuleInput:
    """Return the rule input of the state's valid step; `answers` change the form, `facts` the case.

    `by` names another actor of PEOPLE, with their grants unless `grants` is given; `own` changes the application form;
    `did` adds earlier duties; `family` names staff who belong to the household.
    """
    stage, case_facts = STAGES[state], _facts(state, programme, facts)
    case_facts = replace(
        case_facts,
        answers={**case_facts.answers, **(own or {})},
        duties=case_facts.duties | {(duty, PEOPLE[name]) for duty, name in did},
        family_staff=frozenset(PEOPLE[name] for name in family),
    )
    person = by or stage.by
    actor = Actor(PEOPLE[person], GRANTS[person] if grants is None else grants)
    return RuleInput(actor, case_facts, policy, CALENDAR, today or stage.today, answers or {}, OWN_ROLE)


def filled(action: str, case: RuleInput) -> RuleInput:
    """Return the rule input with the action's valid form, changed by its own answers; None leaves a field empty."""
    form = {**FORMS.get(action, {}), **case.answers}
    return replace(case, answers={key: value for key, value in form.items() if value is not None})


def other_award(item: str, fen: int, **changed: Any) -> Award:
    """Return a grant of another case to the same household, earlier in the year."""
    return Award(item, Fen(fen), **{"on": date(2025, 3, 3), **changed})
