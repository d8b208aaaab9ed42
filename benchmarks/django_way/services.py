"""The service layer: lock the case, run its transition, save it, and create what the step leaves."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from uuid_utils.compat import uuid7

from benchmarks.django_way.case_view import Seen
from benchmarks.django_way.models import CalendarDay, Case, CaseDuty, Event, Fund, Household, PolicySet
from benchmarks.django_way.side_effects import leave
from benchmarks.plain_rules import CHECKS, Clerk, Look, judged, standing
from benchmarks.records import cited, content, happened, notifications, opened
from benchmarks.steps import DUTY, MEANS, POTS, TARGET
from service.crypto.encryption import read_keyring
from service.crypto.hash_chain import GENESIS, event_hash
from workflows import policy_parser, workdays
from workflows.canonical_json import canonical_json
from workflows.policy import PolicySet as Policy
from workflows.workdays import Calendar

RING = read_keyring(os.environ["KEYRING"])


class Refused(Exception):
    """A check said no."""


@dataclass
class Asked:
    """A step laid on a case, for its transition's condition to judge."""

    look: Look
    action: str
    principal: UUID | None = None
    codes: list[str] = field(default_factory=list)

    def allowed(self) -> bool:
        """Run the checks; keep the codes."""
        self.principal = standing(self.look, self.action)
        CHECKS[self.action](self.look)
        self.codes = self.look.against
        return not self.codes


@lru_cache(maxsize=8)
def _read(source: str) -> Policy:
    return policy_parser.read_policy(source)


def _policy(case: Case | None, today: date) -> tuple[UUID, Policy]:
    row = case.policy_set if case is not None and case.award_fen is not None else None
    row = row or PolicySet.objects.filter(effective_from__lte=today).order_by("-effective_from").first()
    if row is None:
        raise Refused("no_policy")
    return row.id, _read(row.source)


@lru_cache(maxsize=1)
def _calendar() -> Calendar:
    """The calendar, read once."""
    days = dict(CalendarDay.objects.values_list("on", "working"))
    return Calendar(days, frozenset(day.year for day in days))


def instant(day: date) -> datetime:
    """Half past nine for the union."""
    return datetime(day.year, day.month, day.day, 1, 30, tzinfo=UTC)


@transaction.atomic
def open_case(family: tuple[UUID, UUID], item: str, requested: int, clerk: Clerk, today: date) -> Case:
    """Open a case. Raises Refused."""
    home, at = Household.objects.select_for_update(no_key=True).get(pk=family[0]), instant(today)
    registers = any(role == "registrar" and home.unit_path.startswith(path) for role, _, path, _ in clerk.grants)
    already = Case.objects.filter(beneficiary_id=family[1], item=item).exclude(phase="ended").exists()
    if not registers or already or home.exited_on or home.kind != "worker":
        raise Refused("open")
    (policy_id, policy), case_id = _policy(None, today), uuid7()
    what = {"item": item, "requested": requested, "household": str(family[0]), "beneficiary": str(family[1])}
    body = canonical_json({**what, **opened(case_id, clerk.account, at, today), **cited(policy_id, policy)})
    head = event_hash(GENESIS, body)
    where = {"unit_id": home.unit_id, "unit_path": home.unit_path, "household": home, "beneficiary_id": family[1]}
    due = workdays.after(today, policy.days("draft_days"), _calendar())
    when = {"year": today.year, "opened_on": today, "entered_on": today, "due_on": due, "created_at": at}
    first = {"id": case_id, "case_no": _next_number(today), "phase": "survey", "version": 1, "answers": {}}
    said = {
        "programme": "hardship",
        "item": item,
        "requested_fen": requested,
        "policy_set_id": policy_id,
        "head_hash": head,
    }
    case = Case.objects.create(**where, **when, **first, **said)
    event = {"subject_id": case_id, "seq": 1, "subject": "case", "action": "open", "to_state": "draft", "on": today}
    Event.objects.create(**event, at=at, actor_id=clerk.account, body=body, prev=GENESIS, hash=head)
    CaseDuty.objects.create(case=case, duty="registrar", account_id=clerk.account, seq=1)
    return case


def _next_number(today: date) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('case_no')")
        return f"HA{today.year}-{cursor.fetchone()[0]:06d}"


@transaction.atomic
def take(case_id: UUID, action: str, answers: Mapping[str, Any], clerk: Clerk, today: date) -> Case:
    """Take one step. Raises Refused."""
    case = Case.objects.select_for_update(of=("self",), no_key=True).select_related("household", "unit").get(pk=case_id)
    Household.objects.select_for_update(no_key=True).get(pk=case.household_id)
    if action in POTS:
        case.fund = Fund.objects.select_for_update(no_key=True).get(pk=case.fund_id)
    seen: Any = Seen(case, answers, today)
    policy_id, policy = _policy(None if action == "pass_review" else case, today)
    found = judged(seen, policy, today) if action in MEANS else None
    bound = content(seen, case.award_fen, case.fund_id, policy_id, case.category)
    look = Look(seen, clerk, answers, policy, _calendar(), today, bound, found, [])
    case.requested = Asked(look, action)
    owed, before = notifications(action, seen), case.state
    move = getattr(case, action)
    try:
        move()
    except Exception:
        if case.requested.codes:
            raise Refused(*case.requested.codes) from None
        raise
    _save(case, case.requested, policy_id, before, owed)
    return case


def _save(case: Case, asked: Asked, policy_id: UUID, before: str, owed: list[Any]) -> None:
    """The columns of the step, its event, and what it leaves."""
    look, action, at, seq = asked.look, asked.action, instant(asked.look.today), case.version + 1
    bound = _moved(case, look, action, policy_id)
    hands = _hands(case, asked)
    entry = None
    if action in POTS:
        source, target = POTS[action]
        entry = {"id": str(uuid7()), "source_pot": source, "target_pot": target, "fen": case.award_fen}
    where = {
        "seq": seq,
        "action": action,
        "source": before,
        "state": case.state,
        "principal": asked.principal,
        "at": at,
    }
    duties = [{"duty": DUTY[action], "account_id": str(each)} for each in hands]
    told = {"entries": [entry] if entry else [], "notifications": [f"{each.kind}/{each.channel}" for each in owed]}
    said = {**happened(look, where), **cited(policy_id, look.policy), **told, "duties": duties}
    body, prev = canonical_json({**said, "content": bound, "award": case.award_fen}), bytes(case.head_hash)
    case.head_hash, case.version, case.policy_set_id = event_hash(prev, body), seq, policy_id
    case.save()
    event = {"subject_id": case.id, "seq": seq, "subject": "case", "action": action, "from_state": before, "at": at}
    who = {"to_state": case.state, "actor_id": look.clerk.account, "principal_id": asked.principal, "on": look.today}
    Event.objects.create(**event, **who, body=body, prev=prev, hash=case.head_hash)
    for each in hands:
        CaseDuty.objects.create(case=case, duty=DUTY[action], account_id=each, seq=seq)
    leave(case, asked, entry, owed, bound, RING)


def _hands(case: Case, asked: Asked) -> list[UUID]:
    duty = DUTY.get(asked.action)
    if duty is None:
        return []
    named = map(UUID, asked.look.answers.get("visitors", ()))
    done = set(case.duties.filter(duty=duty).values_list("account_id", flat=True))
    return sorted({asked.look.clerk.account, *([asked.principal] if asked.principal else ()), *named} - done)


def _moved(case: Case, look: Look, action: str, policy_id: UUID) -> str:
    if action in TARGET:
        _, case.phase, deadline = TARGET[action]
        case.entered_on, case.due_on = look.today, _due(look, deadline)
    if action == "approve":
        case.outstanding_fen += case.award_fen
    if action != "pass_review":
        return look.content
    case.award_fen, case.fund_id = look.answers["award"], UUID(look.answers["fund"])
    case.category = look.judged.category if look.judged else None
    return content(look.row, case.award_fen, case.fund_id, policy_id, case.category)


def _due(look: Look, deadline: str | None) -> date | None:
    if deadline is None:
        return None
    days = look.policy.days(deadline)
    if deadline == "follow_up_days":
        return look.today + timedelta(days=days)
    return workdays.after(look.today, days, look.calendar)
