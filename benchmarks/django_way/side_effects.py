"""The records of a step beside its event: its own row, a ledger entry and notifications."""

from datetime import UTC, datetime
from typing import Any

from benchmarks.decided_category import file_columns, file_event
from benchmarks.django_way.models import (
    Approval,
    Case,
    ChainHead,
    Entry,
    Event,
    Notice,
    Notification,
    Paper,
    Payment,
    Verification,
    Visit,
    VisitConfirmation,
)
from benchmarks.file_digests import people
from benchmarks.records import beside
from service.crypto.encryption import Keyring


def create_records(
    case: Case, step: Any, entry: dict[str, Any] | None, outbox_rows: list[Any], bound: str, keyring: Keyring
) -> None:
    """Create every row of a step beside its event."""
    check, at = step.check, datetime.now(UTC)
    values = beside(step.action, check, keyring)
    own = {"id": values["row"], "case": case, "seq": case.version}
    makers = {"record_visit": _visit, "record_follow_up": _visit, "confirm_visit": _confirm}
    makers |= {"add_papers": _papers, "record_check": _check}
    makers |= {"pass_review": _notice, "end_notice": _end_notice, "approve": _approval, "pay": _payment}
    makers |= {"confirm_payment": _arrival, "confirm_receipt": _receipt}
    if step.action == "approve":
        _decide_category(case, step)
    if step.action in makers:
        makers[step.action](case, step, own, values, bound)
    event_columns = {"subject_id": case.id, "seq": case.version, "case": case, "on": check.today}
    if entry:
        Entry.objects.create(**entry, **event_columns, fund=case.fund, at=at)
        for pot, sign in ((entry["source_pot"], -1), (entry["target_pot"], 1)):
            setattr(case.fund, f"{pot}_fen", getattr(case.fund, f"{pot}_fen") + sign * entry["fen"])
        case.fund.save()
        case.household.aid_version += 1
        case.household.save()
    recipients = [(each, {"account_id": each.account, "person_id": each.person}) for each in outbox_rows]
    Notification.objects.bulk_create(
        Notification(
            id=each.id, kind=each.kind, channel=each.channel, not_before=at, created_at=at, **reader, **event_columns
        )
        for each, reader in recipients
    )


def _decide_category(case: Case, step: Any) -> None:
    """Set the category of the household's file, and add the event that says so to the household's chain."""
    head, today = ChainHead.objects.select_for_update(no_key=True).get(pk=case.household_id), step.check.today
    values = {"seq": case.version, "category": case.category, "actor": step.check.clerk.account}
    values |= {"principal": step.principal, "today": today, "at": datetime.now(UTC)}
    event = file_event(case, values, head.seq, bytes(head.hash))
    for name, value in file_columns(case.category, today, case.id, case.household.version).items():
        setattr(case.household, name, value)
    columns = {"subject_id": case.household_id, "subject": "household", "action": "decide_category"}
    Event.objects.create(**columns, **event, actor_id=values["actor"], on=today, at=values["at"])
    head.seq, head.hash = event["seq"], event["hash"]
    head.save()


def _visit(case: Case, step: Any, own: dict[str, Any], values: Any, bound: str) -> None:
    unit_columns = {"unit_id": case.unit_id, "unit_path": case.unit_path, "household_id": case.household_id}
    content = {
        "kind": values["kind"],
        "on": values["went"],
        "place": values["place"],
        "conclusion": values["conclusion"],
        "seen": values["seen"],
    }
    visit = Visit.objects.create(**own, **unit_columns, **content, created_at=datetime.now(UTC))
    visit.visitors.set(values["visitors"])
    _confirm(case, step, own, values, bound)


def _confirm(_case: Case, step: Any, _own: dict[str, Any], values: Any, _bound: str) -> None:
    me = {"account_id": step.check.clerk.account, "on": step.check.today}
    VisitConfirmation.objects.bulk_create(VisitConfirmation(visit_id=each, **me) for each in values["confirmed"])


def _papers(case: Case, step: Any, _own: dict[str, Any], values: Any, _bound: str) -> None:
    paper = {"case": case, "seen_on": step.check.today, "seen_by_id": step.check.clerk.account}
    Paper.objects.bulk_create(Paper(kind=kind, **paper) for kind in values["papers"])


def _check(_case: Case, step: Any, own: dict[str, Any], values: Any, _bound: str) -> None:
    reply = {name: values[name] for name in ("authority", "request_no", "replied_on", "outcome", "explained")}
    Verification.objects.create(**own, **reply, people=people(step.check.row), seen=values["seen"])


def _notice(case: Case, step: Any, own: dict[str, Any], values: Any, bound: str) -> None:
    shown = {"shown_sealed": values["shown"], "shown_hash": values["shown_hash"], "content": bound}
    shown |= {"award_fen": case.award_fen, "seen": values["seen"]}
    dates = {"posted_on": step.check.today, "ends_on": values["ends_on"], "places": values["places"]}
    Notice.objects.create(**own, **dates, **shown)


def _end_notice(case: Case, step: Any, _own: dict[str, Any], _values: Any, _bound: str) -> None:
    last = case.notices.order_by("-seq").first()
    last.ended_on = step.check.today
    last.save()


def _approval(case: Case, step: Any, own: dict[str, Any], values: Any, bound: str) -> None:
    signature = {"account_id": step.check.clerk.account, "principal_id": step.principal, "tier": values["tier"]}
    Approval.objects.create(**own, **signature, on=step.check.today, award_fen=case.award_fen, content=bound)


def _payment(case: Case, step: Any, own: dict[str, Any], values: Any, _bound: str) -> None:
    means = {"method": values["method"], "bank_account_id": values["card"], "cash_reason": values["cash_reason"]}
    paid = {"voucher": values["voucher"], "paid_on": step.check.today, "paid_by_id": step.check.clerk.account}
    paid["voucher_year"] = step.check.today.year
    Payment.objects.create(**own, **means, **paid, fund=case.fund, fen=case.award_fen, state="sent")


def _arrival(case: Case, step: Any, _own: dict[str, Any], values: Any, _bound: str) -> None:
    sent = case.payments.get(state="sent")
    sent.state, sent.confirmed_by_id = "live", step.check.clerk.account
    sent.advice_no, sent.advised_on = values["advice_no"], values["advised_on"]
    sent.save()


def _receipt(case: Case, step: Any, _own: dict[str, Any], values: Any, _bound: str) -> None:
    live_payment = case.payments.get(state="live")
    live_payment.receipt_on, live_payment.receipt_evidence = step.check.today, values["evidence"]
    live_payment.save()
