"""A step with SQLAlchemy ORM: a session, lazily loaded objects and a `transitions` machine.

Its events record neither the rows of the step nor the facts of its rules.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from benchmarks import orm_tables as rows
from benchmarks import orm_write
from benchmarks.check_input import CheckInput, Clerk
from benchmarks.orm_case_view import CaseFacts, lock_household
from benchmarks.orm_write import Step
from benchmarks.plain_rules import CHECKS, check_authority, judged
from benchmarks.records import cited, content, opened
from benchmarks.steps import FORMS, MEANS, POTS
from service.crypto.hash_chain import GENESIS, event_hash
from service.db.columns import new_id
from tests.factories import instant
from workflows import policy_parser, workdays
from workflows.canonical_json import canonical_json
from workflows.policy import PolicySet
from workflows.state_machine import read_form
from workflows.vocabulary import Plain
from workflows.workdays import Calendar

_POLICY_SETS: dict[UUID, PolicySet] = {}
_CALENDARS: list[Calendar] = []


class Refused(Exception):
    """A check refused the step."""


def open_case(
    session: Session, family: tuple[UUID, UUID], application: tuple[str, int], clerk: Clerk, today: date
) -> UUID:
    """Open a case, and commit. Raises Refused."""
    household, at, case_id = lock_household(session, family[0]), instant(today), new_id()
    registers = any(role == "registrar" and household.unit_path.startswith(path) for role, _, path, _ in clerk.grants)
    open_already = any(each.beneficiary_id == family[1] and each.phase != "ended" for each in household.cases)
    if not registers or open_already or household.exited_on or household.kind != "worker":
        raise Refused("open")
    policy_id, policy = _policy(session, None, today)
    applied_for: dict[str, Plain] = {"item": application[0], "requested": application[1]}
    applicant: dict[str, Plain] = {"household": str(family[0]), "beneficiary": str(family[1])}
    body = canonical_json(
        {**applied_for, **applicant, **opened(case_id, clerk.account, at, today), **cited(policy_id, policy)}
    )
    head, number = event_hash(GENESIS, body), session.scalar(sa.text("SELECT nextval('case_no')"))
    due = workdays.after(today, policy.days("draft_days"), _calendar(session))
    identity = {"id": case_id, "case_no": f"HA{today.year}-{number:06d}", "policy_set_id": policy_id, "due_on": due}
    session.add(_new_case(household, family[1], application, today, {**identity, "head_hash": head}))
    event = {"subject_id": case_id, "seq": 1, "subject": "case", "action": "open", "to_state": "draft", "on": today}
    session.add(rows.Event(**event, at=at, actor_id=clerk.account, body=body, prev=GENESIS, hash=head))
    session.flush()
    session.add(rows.CaseDuty(case_id=case_id, duty="registrar", account_id=clerk.account, seq=1))
    session.commit()
    return case_id


def _new_case(household: Any, person: UUID, application: tuple[str, int], today: date, identity: dict[str, Any]) -> Any:
    """Return a new case object."""
    unit_columns = {
        "unit_id": household.unit_id,
        "unit_path": household.unit_path,
        "household": household,
        "beneficiary_id": person,
    }
    dates = {"year": today.year, "opened_on": today, "entered_on": today, "created_at": instant(today)}
    initial = {"state": "draft", "phase": "survey", "version": 1, "answers": {}, "outstanding_fen": 0}
    return rows.Case(
        **unit_columns,
        **dates,
        **initial,
        **identity,
        programme="hardship",
        item=application[0],
        requested_fen=application[1],
    )


def take(session: Session, case_id: UUID, action: str, form: Mapping[str, object], clerk: Clerk, today: date) -> None:
    """Take one step, and commit. Raises Refused, InvalidForm."""
    answers: dict[str, Any] = read_form(FORMS[action], form)
    case: Any = session.get(rows.Case, case_id, with_for_update={"key_share": True})
    lock_household(session, case.household_id)
    if action in POTS:
        session.get(rows.Fund, case.fund_id, with_for_update={"key_share": True})
    facts: Any = CaseFacts(session, case, answers, today)
    policy_id, policy = _policy(session, None if action == "pass_review" else case, today)
    assessment = judged(facts, policy, today) if action in MEANS else None
    bound = content(facts, case.award_fen, case.fund_id, policy_id, case.category)
    check = CheckInput(facts, clerk, answers, policy, _calendar(session), today, bound, assessment, [])
    principal = check_authority(check, action)
    CHECKS[action](check)
    if check.codes:
        raise Refused(*check.codes)
    orm_write.write(session, case, Step(check, action, policy_id, principal))
    session.commit()


def _policy(session: Session, case: Any, today: date) -> tuple[UUID, PolicySet]:
    """Return the policy set in force, or the one the award cites; parse its text once."""
    if case is not None and case.award_fen is not None:
        row: Any = session.get(rows.PolicySet, case.policy_set_id)
    else:
        effective = sa.select(rows.PolicySet).where(rows.PolicySet.effective_from <= today)
        row = session.scalars(effective.order_by(rows.PolicySet.effective_from.desc())).first()
    if row.id not in _POLICY_SETS:
        _POLICY_SETS[row.id] = policy_parser.read_policy(row.source)
    return row.id, _POLICY_SETS[row.id]


def _calendar(session: Session) -> Calendar:
    """Return the calendar, which is read once."""
    return _CALENDARS[0] if _CALENDARS else _read_calendar(session)


def _read_calendar(session: Session) -> Calendar:
    days = session.scalars(sa.select(rows.CalendarDay)).all()
    years = session.scalars(sa.select(rows.CalendarYear.year))
    _CALENDARS.append(Calendar({each.on: each.working for each in days}, frozenset(years)))
    return _CALENDARS[0]
