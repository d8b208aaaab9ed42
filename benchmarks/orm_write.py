"""The writes of a step with SQLAlchemy ORM: the state machine and one object per row."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session
from transitions import Machine

from benchmarks import orm_tables as rows
from benchmarks.check_input import CheckInput
from benchmarks.decided_category import file_columns, file_event
from benchmarks.file_digests import people
from benchmarks.records import OutboxRow, beside, cited, content, happened, notifications
from benchmarks.steps import DUTY, FIELDWORK, POTS, SOURCE, TARGET
from service.crypto.hash_chain import event_hash
from service.db.columns import new_id
from tests.factories import RING, instant
from workflows import workdays
from workflows.canonical_json import canonical_json
from workflows.programmes.hardship import HARDSHIP
from workflows.vocabulary import Plain

STATES = [state.key for state in HARDSHIP.states]
TRANSITIONS = [
    {"trigger": action, "source": SOURCE.get(action, list(FIELDWORK)), "dest": TARGET.get(action, ("=",))[0]}
    for action in sorted({*TARGET, *DUTY})
]


@dataclass(frozen=True)
class Step:
    """A permitted step."""

    check: CheckInput
    action: str
    policy_id: UUID
    principal: UUID | None


def write(session: Session, case: Any, step: Step) -> None:
    """Run the case's state machine, add the step's objects, and flush in the order of the foreign keys."""
    check, action, at, before, seq = step.check, step.action, instant(step.check.today), case.state, case.version + 1
    outbox_rows, duty_accounts = notifications(action, check.row), _duty_accounts(case, step)
    machine = Machine(model=case, states=STATES, transitions=TRANSITIONS, initial=case.state)
    machine.events[action].trigger(case)
    bound = _update_case(case, step)
    entry = _entry(case, action)
    transition = {"seq": seq, "action": action, "source": before, "state": case.state, "at": at}
    transition["principal"] = step.principal
    duties = [{"duty": DUTY[action], "account_id": str(each)} for each in duty_accounts]
    consequences: dict[str, Plain] = {"entries": [entry] if entry else [], "duties": duties}
    consequences["notifications"] = [f"{each.kind}/{each.channel}" for each in outbox_rows]
    body_fields = {**happened(check, transition), **cited(step.policy_id, check.policy), **consequences}
    body, prev = canonical_json({**body_fields, "content": bound, "award": case.award_fen}), bytes(case.head_hash)
    case.head_hash, case.version, case.policy_set_id = event_hash(prev, body), seq, step.policy_id
    event = {"subject_id": case.id, "seq": seq, "subject": "case", "action": action, "from_state": before, "at": at}
    event |= {"to_state": case.state, "on": check.today, "body": body, "prev": prev, "hash": case.head_hash}
    session.add(rows.Event(**event, actor_id=check.clerk.account, principal_id=step.principal))
    session.flush()
    session.add_all(
        rows.CaseDuty(case_id=case.id, duty=DUTY[action], account_id=each, seq=seq) for each in duty_accounts
    )
    _money_and_notifications(session, case, entry, outbox_rows, check.today)
    if action == "approve":
        _decide_category(session, case, step)
    _beside(session, case, step, bound)


def _duty_accounts(case: Any, step: Step) -> list[UUID]:
    """Return the accounts that get the step's duty and do not have it yet."""
    duty = DUTY.get(step.action)
    if duty is None:
        return []
    named = map(UUID, step.check.answers.get("visitors", ()))
    done = {each.account_id for each in case.duties if each.duty == duty}
    return sorted({step.check.clerk.account, *([step.principal] if step.principal else ()), *named} - done)


def _update_case(case: Any, step: Step) -> str:
    """Set the other columns of a step, and return the digest that its approval covers."""
    check, action = step.check, step.action
    if action in TARGET:
        _, case.phase, deadline = TARGET[action]
        case.entered_on, case.due_on = check.today, _due(check, deadline)
    if action == "approve":
        case.outstanding_fen += case.award_fen
    if action != "pass_review":
        return check.content
    case.award_fen, case.fund_id = check.answers["award"], UUID(check.answers["fund"])
    case.method, case.cash_reason = check.answers.get("method") or "bank", check.answers.get("cash_reason")
    case.category = check.judged.category if check.judged else None
    return content(check.row, case.award_fen, case.fund_id, step.policy_id, case.category, case.method)


def _due(check: CheckInput, deadline: str | None) -> date | None:
    if deadline is None:
        return None
    days = check.policy.days(deadline)
    if deadline == "follow_up_days":
        return check.today + timedelta(days=days)
    return workdays.after(check.today, days, check.calendar)


def _entry(case: Any, action: str) -> dict[str, Any] | None:
    if action not in POTS:
        return None
    source, target = POTS[action]
    return {"id": str(new_id()), "source_pot": source, "target_pot": target, "fen": case.award_fen}


def _money_and_notifications(
    session: Session, case: Any, entry: dict[str, Any] | None, outbox_rows: list[OutboxRow], on: date
) -> None:
    event_columns = {"subject_id": case.id, "seq": case.version, "case_id": case.id, "on": on}
    at = instant(on)
    if entry:
        session.add(rows.Entry(**{**entry, "id": UUID(entry["id"])}, **event_columns, fund_id=case.fund_id, at=at))
        case.household.aid_version += 1
    for each in outbox_rows:
        recipient = {"account_id": each.account, "person_id": each.person, "not_before": at, "created_at": at}
        session.add(rows.Notification(id=each.id, kind=each.kind, channel=each.channel, **recipient, **event_columns))


def _beside(session: Session, case: Any, step: Step, bound: str) -> None:
    """Add the step's own object."""
    check, action, today = step.check, step.action, step.check.today
    values: Mapping[str, Any] = beside(action, check, RING)
    own = {"id": values["row"], "case_id": case.id, "seq": case.version}
    if action in {"record_visit", "record_follow_up"}:
        unit_columns = {"unit_id": case.unit_id, "unit_path": case.unit_path, "household_id": case.household_id}
        visit = rows.Visit(**own, **unit_columns, kind=values["kind"], on=values["went"], place=values["place"])
        visit.conclusion, visit.seen, visit.created_at = values["conclusion"], values["seen"], instant(today)
        visit.visitors = [session.get(rows.Account, each) for each in values["visitors"]]
        session.add(visit)
        session.flush()
        _confirm(session, step, values)
    elif action == "confirm_visit":
        _confirm(session, step, values)
    elif action == "add_papers":
        paper = {"case_id": case.id, "seen_on": today, "seen_by": check.clerk.account}
        session.add_all(rows.Paper(kind=kind, **paper) for kind in values["papers"])
    elif action == "record_check":
        reply = {name: values[name] for name in ("authority", "request_no", "replied_on", "outcome", "explained")}
        session.add(rows.Verification(**own, **reply, people=people(check.row), seen=values["seen"]))
    else:
        _money_side(session, case, step, own, values, bound)


def _confirm(session: Session, step: Step, values: Mapping[str, Any]) -> None:
    """Add the clerk's own word for each visit."""
    me = {"account_id": step.check.clerk.account, "on": step.check.today}
    session.add_all(rows.VisitConfirmation(visit_id=each, **me) for each in values["confirmed"])


def _money_side(
    session: Session, case: Any, step: Step, own: dict[str, Any], values: Mapping[str, Any], bound: str
) -> None:
    check, today = step.check, step.check.today
    if step.action == "pass_review":
        shown = {"shown_sealed": values["shown"], "shown_hash": values["shown_hash"], "content": bound}
        shown |= {"award_fen": case.award_fen, "seen": values["seen"]}
        dates = {"posted_on": today, "ends_on": values["ends_on"], "places": values["places"]}
        session.add(rows.Notice(**own, **dates, **shown))
    elif step.action == "end_notice":
        case.notices[-1].ended_on = today
    elif step.action == "approve":
        signed = {
            "tier": values["tier"],
            "account_id": check.clerk.account,
            "principal_id": step.principal,
            "on": today,
        }
        session.add(rows.Approval(**own, **signed, award_fen=case.award_fen, content=bound, minutes=values["minutes"]))
    else:
        _payment_side(session, case, step, own, values)


def _decide_category(session: Session, case: Any, step: Step) -> None:
    """Set the category of the household's file, and add the event that says so to the household's chain."""
    head: Any = session.get(rows.ChainHead, case.household_id, with_for_update={"key_share": True})
    values: dict[str, Any] = {"seq": case.version, "category": case.category, "actor": step.check.clerk.account}
    values |= {"principal": step.principal, "today": step.check.today, "at": instant(step.check.today)}
    event = file_event(case, values, head.seq, bytes(head.hash))
    for name, value in file_columns(case.category, step.check.today, case.id, case.household.version).items():
        setattr(case.household, name, value)
    columns = {"subject_id": case.household_id, "subject": "household", "action": "decide_category"}
    columns |= {"actor_id": step.check.clerk.account, "on": step.check.today, "at": values["at"]}
    session.add(rows.Event(**columns, **event))
    head.seq, head.hash = event["seq"], event["hash"]


def _payment_side(session: Session, case: Any, step: Step, own: dict[str, Any], values: Mapping[str, Any]) -> None:
    check, today = step.check, step.check.today
    if step.action == "pay":
        means = {"method": values["method"], "bank_account_id": values["card"], "cash_reason": values["cash_reason"]}
        paid = {"voucher": values["voucher"], "paid_on": today, "paid_by": check.clerk.account, "state": "sent"}
        paid["voucher_year"] = today.year
        session.add(
            rows.Payment(**own, unit_path=case.unit_path, **means, **paid, fund_id=case.fund_id, fen=case.award_fen)
        )
    elif step.action == "confirm_payment":
        sent = next(each for each in case.payments if each.state == "sent")
        sent.state, sent.confirmed_by = "live", check.clerk.account
        sent.advice_no, sent.advised_on = values["advice_no"], values["advised_on"]
    elif step.action == "confirm_receipt":
        live_payment = next(each for each in case.payments if each.state == "live")
        live_payment.receipt_on, live_payment.receipt_evidence = today, values["evidence"]
