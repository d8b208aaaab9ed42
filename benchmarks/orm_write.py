"""What a step of the ORM way leaves: the case's object moved by a machine of its own, and an object for each row."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session
from transitions import Machine

from benchmarks import orm_tables as rows
from benchmarks.plain_rules import Look, people
from benchmarks.records import Owed, beside, cited, content, happened, notifications
from benchmarks.steps import DUTY, FIELDWORK, POTS, SOURCE, TARGET
from service.crypto.hash_chain import event_hash
from service.db.columns import new_id
from tests.factories import RING, instant
from workflows import workdays
from workflows.canonical_json import canonical_json
from workflows.programmes.hardship import HARDSHIP
from workflows.vocabulary import Plain

STATES = [state.key for state in HARDSHIP.states]
MOVES = [
    {"trigger": action, "source": SOURCE.get(action, list(FIELDWORK)), "dest": TARGET.get(action, ("=",))[0]}
    for action in sorted({*TARGET, *DUTY})
]


@dataclass(frozen=True)
class Step:
    """A step that was allowed."""

    look: Look
    action: str
    policy_id: UUID
    principal: UUID | None


def write(session: Session, case: Any, step: Step) -> None:
    """Move the object by its machine, add the objects of the step, flush in the order the keys ask for."""
    look, action, at, before, seq = step.look, step.action, instant(step.look.today), case.state, case.version + 1
    owed, hands = notifications(action, look.row), _hands(case, step)
    machine = Machine(model=case, states=STATES, transitions=MOVES, initial=case.state)
    machine.events[action].trigger(case)
    bound = _moved(case, step)
    entry = _entry(case, action)
    where = {"seq": seq, "action": action, "source": before, "state": case.state, "principal": step.principal, "at": at}
    duties = [{"duty": DUTY[action], "account_id": str(each)} for each in hands]
    told: dict[str, Plain] = {"entries": [entry] if entry else [], "duties": duties}
    told["notifications"] = [f"{each.kind}/{each.channel}" for each in owed]
    said = {**happened(look, where), **cited(step.policy_id, look.policy), **told}
    body, prev = canonical_json({**said, "content": bound, "award": case.award_fen}), bytes(case.head_hash)
    case.head_hash, case.version, case.policy_set_id = event_hash(prev, body), seq, step.policy_id
    event = {"subject_id": case.id, "seq": seq, "subject": "case", "action": action, "from_state": before, "at": at}
    who = {"to_state": case.state, "actor_id": look.clerk.account, "principal_id": step.principal, "on": look.today}
    session.add(rows.Event(**event, **who, body=body, prev=prev, hash=case.head_hash))
    session.flush()
    session.add_all(rows.CaseDuty(case_id=case.id, duty=DUTY[action], account_id=each, seq=seq) for each in hands)
    _money_and_notifications(session, case, entry, owed, look.today)
    _beside(session, case, step, bound)


def _hands(case: Any, step: Step) -> list[UUID]:
    """Whose duty the step is, unless it is his already."""
    duty = DUTY.get(step.action)
    if duty is None:
        return []
    named = map(UUID, step.look.answers.get("visitors", ()))
    done = {each.account_id for each in case.duties if each.duty == duty}
    return sorted({step.look.clerk.account, *([step.principal] if step.principal else ()), *named} - done)


def _moved(case: Any, step: Step) -> str:
    """The other columns of a step; tells what its signature binds."""
    look, action = step.look, step.action
    if action in TARGET:
        _, case.phase, deadline = TARGET[action]
        case.entered_on, case.due_on = look.today, _due(look, deadline)
    if action == "approve":
        case.outstanding_fen += case.award_fen
    if action != "pass_review":
        return look.content
    case.award_fen, case.fund_id = look.answers["award"], UUID(look.answers["fund"])
    case.category = look.judged.category if look.judged else None
    return content(look.row, case.award_fen, case.fund_id, step.policy_id, case.category)


def _due(look: Look, deadline: str | None) -> date | None:
    if deadline is None:
        return None
    days = look.policy.days(deadline)
    if deadline == "follow_up_days":
        return look.today + timedelta(days=days)
    return workdays.after(look.today, days, look.calendar)


def _entry(case: Any, action: str) -> dict[str, Any] | None:
    if action not in POTS:
        return None
    source, target = POTS[action]
    return {"id": str(new_id()), "source_pot": source, "target_pot": target, "fen": case.award_fen}


def _money_and_notifications(
    session: Session, case: Any, entry: dict[str, Any] | None, owed: list[Owed], on: date
) -> None:
    here = {"subject_id": case.id, "seq": case.version, "case_id": case.id, "on": on}
    at = instant(on)
    if entry:
        session.add(rows.Entry(**{**entry, "id": UUID(entry["id"])}, **here, fund_id=case.fund_id, at=at))
    for each in owed:
        reader = {"account_id": each.account, "person_id": each.person, "not_before": at, "created_at": at}
        session.add(rows.Notification(id=each.id, kind=each.kind, channel=each.channel, **reader, **here))


def _beside(session: Session, case: Any, step: Step, bound: str) -> None:
    """The object the step leaves beside its event."""
    look, action, today = step.look, step.action, step.look.today
    left: Mapping[str, Any] = beside(action, look, RING)
    own = {"id": left["row"], "case_id": case.id, "seq": case.version}
    if action in {"record_visit", "record_follow_up"}:
        where = {"unit_id": case.unit_id, "unit_path": case.unit_path, "household_id": case.household_id}
        visit = rows.Visit(**own, **where, kind=left["kind"], on=left["went"], place=left["place"])
        visit.conclusion, visit.created_at = left["conclusion"], instant(today)
        visit.visitors = [session.get(rows.Account, each) for each in left["visitors"]]
        session.add(visit)
    elif action == "add_papers":
        seen = {"case_id": case.id, "seen_on": today, "seen_by": look.clerk.account}
        session.add_all(rows.Paper(kind=kind, **seen) for kind in left["papers"])
    elif action == "record_check":
        said = {name: left[name] for name in ("authority", "request_no", "replied_on", "outcome", "explained")}
        session.add(rows.Verification(**own, **said, people=people(look.row)))
    else:
        _money_side(session, case, step, own, left, bound)


def _money_side(
    session: Session, case: Any, step: Step, own: dict[str, Any], left: Mapping[str, Any], bound: str
) -> None:
    look, today = step.look, step.look.today
    if step.action == "pass_review":
        shown = {"shown_sealed": left["shown"], "shown_hash": left["shown_hash"], "content": bound}
        dates = {"posted_on": today, "ends_on": left["ends_on"], "places": left["places"]}
        session.add(rows.Notice(**own, **dates, **shown))
    elif step.action == "end_notice":
        case.notices[-1].ended_on = today
    elif step.action == "approve":
        signed = {"tier": left["tier"], "account_id": look.clerk.account, "principal_id": step.principal, "on": today}
        session.add(rows.Approval(**own, **signed, award_fen=case.award_fen, content=bound, minutes=left["minutes"]))
    elif step.action == "pay":
        how = {"method": left["method"], "bank_account_id": left["card"], "cash_reason": left["cash_reason"]}
        paid = {"voucher": left["voucher"], "paid_on": today, "paid_by": look.clerk.account, "state": "live"}
        session.add(
            rows.Payment(**own, unit_path=case.unit_path, **how, **paid, fund_id=case.fund_id, fen=case.award_fen)
        )
    elif step.action == "confirm_receipt":
        live = next(each for each in case.payments if each.state == "live")
        live.receipt_on, live.receipt_evidence = today, left["evidence"]
