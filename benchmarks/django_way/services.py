"""The service layer locks the case, runs its transition and saves its records.

Its events record neither the rows of the step nor the facts of its rules, and the filing of a household writes no event.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from uuid_utils.compat import uuid7

from benchmarks.check_input import CheckInput, Clerk
from benchmarks.django_way.case_view import CaseFacts
from benchmarks.django_way.models import CalendarDay, Case, CaseDuty, Event, Fund, Household, PolicySet
from benchmarks.django_way.side_effects import create_records
from benchmarks.plain_rules import CHECKS, check_authority, judged
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
    """A check refused the step."""


@dataclass
class RequestedStep:
    """A requested step, which the condition of the transition checks."""

    check: CheckInput
    action: str
    principal: UUID | None = None
    codes: list[str] = field(default_factory=list)

    def allowed(self) -> bool:
        """Run the checks, store the codes, and return whether there are none."""
        self.principal = check_authority(self.check, self.action)
        CHECKS[self.action](self.check)
        self.codes = self.check.codes
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
    """Return the calendar, which is read once."""
    days = dict(CalendarDay.objects.values_list("on", "working"))
    return Calendar(days, frozenset(day.year for day in days))


def instant(day: date) -> datetime:
    """Return half past nine in the union's time zone."""
    return datetime(day.year, day.month, day.day, 1, 30, tzinfo=UTC)


@transaction.atomic
def open_case(family: tuple[UUID, UUID], item: str, requested: int, clerk: Clerk, today: date) -> Case:
    """Open a case. Raises Refused."""
    household, at = Household.objects.select_for_update(no_key=True).get(pk=family[0]), instant(today)
    registers = any(role == "registrar" and household.unit_path.startswith(path) for role, _, path, _ in clerk.grants)
    already = Case.objects.filter(beneficiary_id=family[1], item=item).exclude(phase="ended").exists()
    if not registers or already or household.exited_on or household.kind != "worker":
        raise Refused("open")
    (policy_id, policy), case_id = _policy(None, today), uuid7()
    application = {"item": item, "requested": requested, "household": str(family[0]), "beneficiary": str(family[1])}
    body = canonical_json({**application, **opened(case_id, clerk.account, at, today), **cited(policy_id, policy)})
    head = event_hash(GENESIS, body)
    unit_columns = {"unit_id": household.unit_id, "unit_path": household.unit_path}
    family_columns = {"household": household, "beneficiary_id": family[1]}
    due = workdays.after(today, policy.days("draft_days"), _calendar())
    dates = {"year": today.year, "opened_on": today, "entered_on": today, "due_on": due, "created_at": at}
    initial = {"id": case_id, "case_no": _next_number(today), "phase": "survey", "version": 1, "answers": {}}
    programme_columns = {
        "programme": "hardship",
        "item": item,
        "requested_fen": requested,
        "policy_set_id": policy_id,
        "head_hash": head,
    }
    case = Case.objects.create(**unit_columns, **family_columns, **dates, **initial, **programme_columns)
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
    facts: Any = CaseFacts(case, answers, today)
    policy_id, policy = _policy(None if action == "pass_review" else case, today)
    assessment = judged(facts, policy, today) if action in MEANS else None
    bound = content(facts, case.award_fen, case.fund_id, policy_id, case.category)
    check = CheckInput(facts, clerk, answers, policy, _calendar(), today, bound, assessment, [])
    case.requested = RequestedStep(check, action)
    outbox_rows, before = notifications(action, facts), case.state
    transition = getattr(case, action)
    try:
        transition()
    except Exception:
        if case.requested.codes:
            raise Refused(*case.requested.codes) from None
        raise
    _save(case, case.requested, policy_id, before, outbox_rows)
    return case


def _save(case: Case, requested: RequestedStep, policy_id: UUID, before: str, outbox_rows: list[Any]) -> None:
    """Save the case, its event and the step's records."""
    check, action, at, seq = requested.check, requested.action, instant(requested.check.today), case.version + 1
    bound = _update_case(case, check, action, policy_id)
    duty_accounts = _duty_accounts(case, requested)
    entry = None
    if action in POTS:
        source, target = POTS[action]
        entry = {"id": str(uuid7()), "source_pot": source, "target_pot": target, "fen": case.award_fen}
    transition = {"seq": seq, "action": action, "source": before, "state": case.state, "at": at}
    transition["principal"] = requested.principal
    duties = [{"duty": DUTY[action], "account_id": str(each)} for each in duty_accounts]
    consequences = {"entries": [entry] if entry else [], "duties": duties}
    consequences["notifications"] = [f"{each.kind}/{each.channel}" for each in outbox_rows]
    body_fields = {**happened(check, transition), **cited(policy_id, check.policy), **consequences}
    body, prev = canonical_json({**body_fields, "content": bound, "award": case.award_fen}), bytes(case.head_hash)
    case.head_hash, case.version, case.policy_set_id = event_hash(prev, body), seq, policy_id
    case.save()
    event = {"subject_id": case.id, "seq": seq, "subject": "case", "action": action, "from_state": before, "at": at}
    event |= {"to_state": case.state, "on": check.today, "body": body, "prev": prev, "hash": case.head_hash}
    Event.objects.create(**event, actor_id=check.clerk.account, principal_id=requested.principal)
    for each in duty_accounts:
        CaseDuty.objects.create(case=case, duty=DUTY[action], account_id=each, seq=seq)
    create_records(case, requested, entry, outbox_rows, bound, RING)


def _duty_accounts(case: Case, requested: RequestedStep) -> list[UUID]:
    duty = DUTY.get(requested.action)
    if duty is None:
        return []
    named = map(UUID, requested.check.answers.get("visitors", ()))
    done = set(case.duties.filter(duty=duty).values_list("account_id", flat=True))
    return sorted(
        {requested.check.clerk.account, *([requested.principal] if requested.principal else ()), *named} - done
    )


def _update_case(case: Case, check: CheckInput, action: str, policy_id: UUID) -> str:
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
    return content(check.row, case.award_fen, case.fund_id, policy_id, case.category, case.method)


def _due(check: CheckInput, deadline: str | None) -> date | None:
    if deadline is None:
        return None
    days = check.policy.days(deadline)
    if deadline == "follow_up_days":
        return check.today + timedelta(days=days)
    return workdays.after(check.today, days, check.calendar)
