"""What a step leaves beside its event: the row of its record, the entry that moves the pots, the notifications owed."""

from datetime import UTC, datetime
from typing import Any

from benchmarks.django_way.models import (
    Approval,
    Case,
    Entry,
    Notice,
    Notification,
    Paper,
    Payment,
    Verification,
    Visit,
)
from benchmarks.plain_rules import people
from benchmarks.records import beside
from service.crypto.encryption import Keyring


def leave(
    case: Case, context: Any, entry: dict[str, Any] | None, owed: list[Any], bound: str, keyring: Keyring
) -> None:
    """Create every row."""
    look, at = context.look, datetime.now(UTC)
    left = beside(context.action, look, keyring)
    own = {"id": left["row"], "case": case, "seq": case.version}
    makers = {"record_visit": _visit, "record_follow_up": _visit, "add_papers": _papers, "record_check": _check}
    makers |= {"pass_review": _notice, "end_notice": _down, "approve": _approval, "pay": _payment}
    makers["confirm_receipt"] = _receipt
    if context.action in makers:
        makers[context.action](case, context, own, left, bound)
    here = {"subject_id": case.id, "seq": case.version, "case": case, "on": look.today}
    if entry:
        Entry.objects.create(**entry, **here, fund=case.fund, at=at)
        for pot, sign in ((entry["source_pot"], -1), (entry["target_pot"], 1)):
            setattr(case.fund, f"{pot}_fen", getattr(case.fund, f"{pot}_fen") + sign * entry["fen"])
        case.fund.save()
    readers = [(each, {"account_id": each.account, "person_id": each.person}) for each in owed]
    Notification.objects.bulk_create(
        Notification(id=each.id, kind=each.kind, channel=each.channel, not_before=at, created_at=at, **reader, **here)
        for each, reader in readers
    )


def _visit(case: Case, _asked: Any, own: dict[str, Any], left: Any, _bound: str) -> None:
    where = {"unit_id": case.unit_id, "unit_path": case.unit_path, "household_id": case.household_id}
    said = {"kind": left["kind"], "on": left["went"], "place": left["place"], "conclusion": left["conclusion"]}
    visit = Visit.objects.create(**own, **where, **said, created_at=datetime.now(UTC))
    visit.visitors.set(left["visitors"])


def _papers(case: Case, context: Any, _own: dict[str, Any], left: Any, _bound: str) -> None:
    seen = {"case": case, "seen_on": context.look.today, "seen_by_id": context.look.clerk.account}
    Paper.objects.bulk_create(Paper(kind=kind, **seen) for kind in left["papers"])


def _check(_case: Case, context: Any, own: dict[str, Any], left: Any, _bound: str) -> None:
    said = {name: left[name] for name in ("authority", "request_no", "replied_on", "outcome", "explained")}
    Verification.objects.create(**own, **said, people=people(context.look.row))


def _notice(_case: Case, context: Any, own: dict[str, Any], left: Any, bound: str) -> None:
    shown = {"shown_sealed": left["shown"], "shown_hash": left["shown_hash"], "content": bound}
    dates = {"posted_on": context.look.today, "ends_on": left["ends_on"], "places": left["places"]}
    Notice.objects.create(**own, **dates, **shown)


def _down(case: Case, context: Any, _own: dict[str, Any], _left: Any, _bound: str) -> None:
    last = case.notices.order_by("-seq").first()
    last.ended_on = context.look.today
    last.save()


def _approval(case: Case, context: Any, own: dict[str, Any], left: Any, bound: str) -> None:
    who = {"account_id": context.look.clerk.account, "principal_id": context.principal, "tier": left["tier"]}
    Approval.objects.create(**own, **who, on=context.look.today, award_fen=case.award_fen, content=bound)


def _payment(case: Case, context: Any, own: dict[str, Any], left: Any, _bound: str) -> None:
    how = {"method": left["method"], "bank_account_id": left["card"], "cash_reason": left["cash_reason"]}
    paid = {"voucher": left["voucher"], "paid_on": context.look.today, "paid_by_id": context.look.clerk.account}
    Payment.objects.create(**own, **how, **paid, fund=case.fund, fen=case.award_fen, state="live")


def _receipt(case: Case, context: Any, _own: dict[str, Any], left: Any, _bound: str) -> None:
    live = case.payments.get(state="live")
    live.receipt_on, live.receipt_evidence = context.look.today, left["evidence"]
    live.save()
