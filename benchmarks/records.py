"""Event bodies, notifications and parameters of the hand-written steps."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7 as new_id

from benchmarks.check_input import CheckInput
from benchmarks.file_digests import people, seen_now
from benchmarks.survey_rules import unconfirmed
from service.crypto.encryption import Keyring, decrypt_field, encrypt_field, fingerprint
from service.crypto.hash_chain import EVENT_VERSION
from workflows import assessment, disclosure, workdays
from workflows.policy import PolicySet
from workflows.vocabulary import Plain

_NO_WORDS: Mapping[str, Plain] = {"answers": {}, "remarks": {}}
"""The forms of this scenario contain no free text."""

_DATED: Mapping[str, Plain] = {"request": None, "clock": "demo"}
"""The day of each step is given, as a demo gives it."""


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A row of the outbox."""

    id: UUID
    kind: str
    channel: str
    account: UUID | None
    person: UUID | None


def content(
    row: Any, award: int | None, fund: UUID | None, policy: UUID, category: str | None, method: str | None = None
) -> str:
    """Return the digest that an approval covers, of the same facts as the service's."""
    facts = {
        "item": row.item,
        "requested": row.requested_fen,
        "award": award,
        "fund": str(fund) if fund else None,
        "policy": str(policy),
        "category": category,
        "beneficiary": str(row.beneficiary_id),
        "payee": row.payee or [None] * 4,
        "answers": row.answers,
        "household": [row.division, row.cause, row.identity, sorted(row.observed), row.event_kind],
        "finances": [str(row.finances_as_of), row.idle_able_members, row.lines, row.members],
        "papers": row.papers,
        "method": method or row.method,
        "cash_reason": row.cash_reason,
    }
    return sha256(json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def opened(case: UUID, actor: UUID, at: datetime, today: date) -> dict[str, Plain]:
    """Return the body of a case's first event without application and policy."""
    envelope: dict[str, Plain] = {
        "v": EVENT_VERSION,
        "subject": "case",
        "id": str(case),
        "seq": 1,
        "action": "open",
        **_DATED,
    }
    times = {"on": today.isoformat(), "at": at.isoformat()}
    transition = {"from": None, "to": "draft", "programme": "hardship", "principal": None}
    return {**envelope, "actor": str(actor), **times, **transition, **_NO_WORDS}


def cited(policy_id: UUID, policy: PolicySet) -> dict[str, Plain]:
    """Return the event's citation of the policy set."""
    return {"policy": {"id": str(policy_id), "digest": policy.digest}}


def happened(check: CheckInput, transition: Mapping[str, Any]) -> dict[str, Plain]:
    """Return the body of a later event: actors, times, transition, answers and assessment."""
    envelope = {
        "v": EVENT_VERSION,
        "subject": "case",
        "id": str(check.row.id),
        "seq": transition["seq"],
        "action": transition["action"],
        **_DATED,
    }
    actors = {
        "actor": str(check.clerk.account),
        "principal": str(transition["principal"]) if transition["principal"] else None,
    }
    times = {
        "on": check.today.isoformat(),
        "at": transition["at"].isoformat(),
        "from": transition["source"],
        "to": transition["state"],
    }
    judged = assessment.as_record(check.judged) if check.judged else None
    return {**envelope, **actors, **times, **_NO_WORDS, "answers": dict(check.answers), "assessment": judged}


def notifications(action: str, row: Any) -> list[OutboxRow]:
    """Return the outbox rows of a step: for staff an inbox row, and an e-mail row if they have an address."""
    if action == "pass_review":
        return [*_family("notice_posted", row), *_staff("notice_posted", row.registrars)]
    if action == "end_notice":
        return _staff("approval_due", _holders_outside_family(row))
    if action == "approve":
        return [*_family("approved", row), *_staff("approved", _holders_outside_family(row))]
    if action == "pay":
        return _staff("advice_due", _holders_outside_family(row))
    if action == "confirm_payment":
        return [*_family("paid", row), *_staff("paid", row.registrars)]
    return []


def _holders_outside_family(row: Any) -> list[tuple[str, bool]]:
    staff = {str(each) for each in row.family_staff}
    return [(account, mailed) for account, mailed in row.holders or () if account not in staff]


def _family(kind: str, row: Any) -> list[OutboxRow]:
    if row.reachable is not None:
        return [OutboxRow(new_id(), kind, "email", None, row.reachable)]
    return _staff("tell_family", row.registrars)


def _staff(kind: str, people: list[tuple[str, bool]] | None) -> list[OutboxRow]:
    return [
        OutboxRow(new_id(), kind, channel, UUID(account), None)
        for account, mailed in people or ()
        for channel in (("inbox", "email") if mailed else ("inbox",))
    ]


def of_visit(check: CheckInput, action: str) -> dict[str, object]:
    """Return the parameters of a visit, its visitors, and what a survey saw of the file."""
    kind = "survey" if action == "record_visit" else "follow_up"
    seen = seen_now(check.row).without(frozenset(check.answers.get("gone") or ())).as_json()
    unit_columns = {"unit": check.row.unit_id, "path": check.row.unit_path, "household": check.row.household_id}
    who = {"visitors": sorted(map(UUID, check.answers["visitors"])), "seen": seen if kind == "survey" else None}
    return {**unit_columns, "kind": kind, "went": date.fromisoformat(check.answers["on"]), **who}


def of_check(check: CheckInput) -> dict[str, object]:
    """Return the parameters of the reply to the income check."""
    reply = {
        "replied_on": date.fromisoformat(check.answers["replied_on"]),
        "explained": bool(check.answers.get("explained")),
    }
    return {**reply, "members": people(check.row), "seen": seen_now(check.row).as_json()}


def of_award(check: CheckInput, keyring: Keyring, row_id: UUID) -> dict[str, object]:
    """Return the parameters of the public notice, which stores exactly what it shows."""
    row = check.row
    head, sealed, unit = row.head
    name = decrypt_field(keyring, "person.name", UUID(head), bytes.fromhex(sealed))
    shown = {
        "name": disclosure.shown("name", name, disclosure.Profile.NOTICE),
        "unit": unit,
        "item": row.item,
        "category": check.judged.category if check.judged else None,
        "award": check.answers["award"],
        "policy": f"{check.policy.title} {check.policy.document}",
    }
    text = json.dumps(shown, ensure_ascii=False, sort_keys=True)
    ends = workdays.after(check.today, check.policy.notice_days, check.calendar)
    stored = {"shown": encrypt_field(keyring, "notice.shown", row_id, text), "shown_hash": fingerprint(keyring, text)}
    method = {"method": check.answers.get("method") or "bank", "cash_reason": check.answers.get("cash_reason")}
    return {"ends_on": ends, **stored, **method, "seen": seen_now(check.row).as_json()}


def of_signature(check: CheckInput) -> dict[str, object]:
    """Return the approval's tier and minutes."""
    return {"tier": 1 + len(check.row.approvals or ()), "minutes": check.answers.get("minutes")}


def of_payment(check: CheckInput) -> dict[str, object]:
    """Return the parameters of a payment by transfer or in cash."""
    by_bank = check.answers["method"] == "bank"
    return {
        "card": UUID(check.row.payee[0]) if by_bank else None,
        "cash_reason": check.row.cash_reason,
        "voucher_year": check.today.year,
        "paid_state": "sent",
        "path": check.row.unit_path,
    }


def beside(action: str, check: CheckInput, keyring: Keyring) -> Mapping[str, object]:
    """Return the parameters of the step's own row."""
    row_id = new_id()
    own: Mapping[str, object] = {}
    if action in {"record_visit", "record_follow_up"}:
        own = of_visit(check, action) | {"confirmed": [row_id]}
    elif action == "confirm_visit":
        own = {"confirmed": unconfirmed(check.row, check.clerk.account)}
    elif action == "record_check":
        own = of_check(check)
    elif action == "pass_review":
        own = of_award(check, keyring, row_id)
    elif action == "approve":
        own = of_signature(check)
    elif action == "pay":
        own = of_payment(check)
    elif action == "confirm_payment":
        own = {"advised_on": date.fromisoformat(check.answers["advised_on"])}
    return {**check.answers, **own, "row": row_id}
