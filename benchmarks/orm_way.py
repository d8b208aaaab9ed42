"""The ORM way: a session a step, objects loaded as they are touched, a `transitions` machine for each, and a flush."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from benchmarks import orm_tables as rows
from benchmarks import orm_write
from benchmarks.orm_case_view import Seen, household_locked
from benchmarks.orm_write import Step
from benchmarks.plain_rules import CHECKS, Clerk, Look, judged, standing
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

_KEPT: dict[UUID, PolicySet] = {}
_CALENDARS: list[Calendar] = []


class Refused(Exception):
    """A check said no."""


def open_case(session: Session, family: tuple[UUID, UUID], wish: tuple[str, int], clerk: Clerk, today: date) -> UUID:
    """Open a case, and commit."""
    home, at, case_id = household_locked(session, family[0]), instant(today), new_id()
    registers = any(role == "registrar" and home.unit_path.startswith(path) for role, _, path, _ in clerk.grants)
    open_already = any(each.beneficiary_id == family[1] and each.phase != "ended" for each in home.cases)
    if not registers or open_already or home.exited_on or home.kind != "worker":
        raise Refused("open")
    policy_id, policy = _policy(session, None, today)
    what: dict[str, Plain] = {"item": wish[0], "requested": wish[1]}
    whose: dict[str, Plain] = {"household": str(family[0]), "beneficiary": str(family[1])}
    body = canonical_json({**what, **whose, **opened(case_id, clerk.account, at, today), **cited(policy_id, policy)})
    head, number = event_hash(GENESIS, body), session.scalar(sa.text("SELECT nextval('case_no')"))
    due = workdays.after(today, policy.days("draft_days"), _calendar(session))
    stands = {"id": case_id, "case_no": f"HA{today.year}-{number:06d}", "policy_set_id": policy_id, "due_on": due}
    session.add(_first(home, family[1], wish, today, {**stands, "head_hash": head}))
    event = {"subject_id": case_id, "seq": 1, "subject": "case", "action": "open", "to_state": "draft", "on": today}
    session.add(rows.Event(**event, at=at, actor_id=clerk.account, body=body, prev=GENESIS, hash=head))
    session.flush()
    session.add(rows.CaseDuty(case_id=case_id, duty="registrar", account_id=clerk.account, seq=1))
    session.commit()
    return case_id


def _first(home: Any, person: UUID, wish: tuple[str, int], today: date, stands: dict[str, Any]) -> Any:
    """A new case of a household."""
    where = {"unit_id": home.unit_id, "unit_path": home.unit_path, "household": home, "beneficiary_id": person}
    when = {"year": today.year, "opened_on": today, "entered_on": today, "created_at": instant(today)}
    first = {"state": "draft", "phase": "survey", "version": 1, "answers": {}, "outstanding_fen": 0}
    return rows.Case(**where, **when, **first, **stands, programme="hardship", item=wish[0], requested_fen=wish[1])


def take(session: Session, case_id: UUID, action: str, given: Mapping[str, object], clerk: Clerk, today: date) -> None:
    """Take one step, and commit. Raises Refused, BadAnswers."""
    answers: dict[str, Any] = read_form(FORMS[action], given)
    case: Any = session.get(rows.Case, case_id, with_for_update={"key_share": True})
    household_locked(session, case.household_id)
    if action in POTS:
        session.get(rows.Fund, case.fund_id, with_for_update={"key_share": True})
    seen: Any = Seen(session, case, answers, today)
    policy_id, policy = _policy(session, None if action == "pass_review" else case, today)
    found = judged(seen, policy, today) if action in MEANS else None
    bound = content(seen, case.award_fen, case.fund_id, policy_id, case.category)
    look = Look(seen, clerk, answers, policy, _calendar(session), today, bound, found, [])
    principal = standing(look, action)
    CHECKS[action](look)
    if look.against:
        raise Refused(*look.against)
    orm_write.write(session, case, Step(look, action, policy_id, principal))
    session.commit()


def _policy(session: Session, case: Any, today: date) -> tuple[UUID, PolicySet]:
    """The set in force, or the one an award cites; its text is read once."""
    if case is not None and case.award_fen is not None:
        row: Any = session.get(rows.PolicySet, case.policy_set_id)
    else:
        begun = sa.select(rows.PolicySet).where(rows.PolicySet.effective_from <= today)
        row = session.scalars(begun.order_by(rows.PolicySet.effective_from.desc())).first()
    if row.id not in _KEPT:
        _KEPT[row.id] = policy_parser.read_policy(row.source)
    return row.id, _KEPT[row.id]


def _calendar(session: Session) -> Calendar:
    """The calendar, read once."""
    return _CALENDARS[0] if _CALENDARS else _read_calendar(session)


def _read_calendar(session: Session) -> Calendar:
    days = session.scalars(sa.select(rows.CalendarDay)).all()
    years = session.scalars(sa.select(rows.CalendarYear.year))
    _CALENDARS.append(Calendar({each.on: each.working for each in days}, frozenset(years)))
    return _CALENDARS[0]
