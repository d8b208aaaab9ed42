"""What a hand-written step computes beside its checks: the bound content, its notifications, and the row it leaves."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7 as new_id

from benchmarks.plain_rules import Look, people
from service.crypto.encryption import Keyring, decrypt_field, encrypt_field, fingerprint
from service.tables.row_fingerprints import VERSION
from workflows import assessment, disclosure, workdays
from workflows.policy import PolicySet
from workflows.vocabulary import Plain

_NO_WORDS: Mapping[str, Plain] = {"answers": {}, "words": {}}
"""This life has no free words in its forms."""


@dataclass(frozen=True, slots=True)
class Owed:
    """One row of the outbox."""

    id: UUID
    kind: str
    channel: str
    account: UUID | None
    person: UUID | None


def content(row: Any, award: int | None, fund: UUID | None, policy: UUID, category: str | None) -> str:
    """The digest an approval binds, over the same facts and in the same spelling as the house's."""
    bound = {
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
    }
    return sha256(json.dumps(bound, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def opened(case: UUID, actor: UUID, at: datetime, today: date) -> dict[str, Plain]:
    """The body of a case's first event, but for what was asked and the policy."""
    envelope: dict[str, Plain] = {
        "v": VERSION,
        "subject": "case",
        "id": str(case),
        "seq": 1,
        "action": "open",
        "request": None,
    }
    when = {"on": today.isoformat(), "at": at.isoformat()}
    what = {"from": None, "to": "draft", "programme": "hardship", "principal": None}
    return {**envelope, "actor": str(actor), **when, **what, **_NO_WORDS}


def cited(policy_id: UUID, policy: PolicySet) -> dict[str, Plain]:
    """The policy set a decision rests on."""
    return {"policy": {"id": str(policy_id), "digest": policy.digest}}


def happened(look: Look, where: Mapping[str, Any]) -> dict[str, Plain]:
    """The body of a later event: who did what when, with which answers, and the assessment if there was one."""
    envelope = {
        "v": VERSION,
        "subject": "case",
        "id": str(look.row.id),
        "seq": where["seq"],
        "action": where["action"],
        "request": None,
    }
    who = {"actor": str(look.clerk.account), "principal": str(where["principal"]) if where["principal"] else None}
    when = {"on": look.today.isoformat(), "at": where["at"].isoformat(), "from": where["source"], "to": where["state"]}
    judged = assessment.as_record(look.judged) if look.judged else None
    return {**envelope, **who, **when, **_NO_WORDS, "answers": dict(look.answers), "assessment": judged}


def notifications(action: str, row: Any) -> list[Owed]:
    """The outbox rows of a step: staff by inbox, and by mail when they have an address."""
    if action == "pass_review":
        return [*_family("notice_posted", row), *_staff("notice_posted", row.registrars)]
    if action == "end_notice":
        return _staff("approval_due", _strangers(row))
    if action == "approve":
        return [*_family("approved", row), *_staff("approved", _strangers(row))]
    if action == "pay":
        return [*_family("paid", row), *_staff("paid", row.registrars)]
    return []


def _strangers(row: Any) -> list[tuple[str, bool]]:
    staff = {str(each) for each in row.family_staff}
    return [(account, mailed) for account, mailed in row.holders or () if account not in staff]


def _family(kind: str, row: Any) -> list[Owed]:
    if row.reachable is not None:
        return [Owed(new_id(), kind, "email", None, row.reachable)]
    return _staff("tell_family", row.registrars)


def _staff(kind: str, people: list[tuple[str, bool]] | None) -> list[Owed]:
    return [
        Owed(new_id(), kind, channel, UUID(account), None)
        for account, mailed in people or ()
        for channel in (("inbox", "email") if mailed else ("inbox",))
    ]


def of_visit(look: Look, action: str) -> dict[str, object]:
    """The visit, and who went."""
    kind = "survey" if action == "record_visit" else "follow_up"
    where = {"unit": look.row.unit_id, "path": look.row.unit_path, "household": look.row.household_id}
    visitors = sorted(UUID(each) for each in look.answers["visitors"])
    return {**where, "kind": kind, "went": date.fromisoformat(look.answers["on"]), "visitors": visitors}


def of_check(look: Look) -> dict[str, object]:
    """The reply of the economic check, and whom it was asked about."""
    said = {
        "replied_on": date.fromisoformat(look.answers["replied_on"]),
        "explained": bool(look.answers.get("explained")),
    }
    return {**said, "members": people(look.row)}


def of_award(look: Look, keyring: Keyring, row_id: UUID) -> dict[str, object]:
    """The public notice, which keeps exactly what it showed."""
    row = look.row
    head, sealed, unit = row.head
    name = decrypt_field(keyring, "person.name", UUID(head), bytes.fromhex(sealed))
    shown = {
        "name": disclosure.shown("name", name, disclosure.Profile.NOTICE),
        "unit": unit,
        "item": row.item,
        "category": look.judged.category if look.judged else None,
        "award": look.answers["award"],
        "policy": f"{look.policy.title} {look.policy.document}",
    }
    text = json.dumps(shown, ensure_ascii=False, sort_keys=True)
    ends = workdays.after(look.today, look.policy.notice_days, look.calendar)
    kept = {"shown": encrypt_field(keyring, "notice.shown", row_id, text), "shown_hash": fingerprint(keyring, text)}
    return {"ends_on": ends, **kept}


def of_signature(look: Look) -> dict[str, object]:
    """The approval's tier and minutes."""
    return {"tier": 1 + len(look.row.approvals or ()), "minutes": look.answers.get("minutes")}


def of_payment(look: Look) -> dict[str, object]:
    """By transfer to the account on file, or in cash for a reason."""
    by_bank = look.answers["method"] == "bank"
    return {
        "card": UUID(look.row.payee[0]) if by_bank else None,
        "cash_reason": look.answers.get("cash_reason"),
        "paid_state": "live",
        "path": look.row.unit_path,
    }


def beside(action: str, look: Look, keyring: Keyring) -> Mapping[str, object]:
    """The parameters of the row the step leaves beside its event."""
    row_id = new_id()
    own: Mapping[str, object] = {}
    if action in {"record_visit", "record_follow_up"}:
        own = of_visit(look, action)
    elif action == "record_check":
        own = of_check(look)
    elif action == "pass_review":
        own = of_award(look, keyring, row_id)
    elif action == "approve":
        own = of_signature(look)
    elif action == "pay":
        own = of_payment(look)
    return {**look.answers, **own, "row": row_id}
