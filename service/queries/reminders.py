"""Due reminders, and the cases that wait for a scheduled step."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries.cases import not_held
from service.queries.scope import Caller, visible_to
from service.tables.accounts import account
from service.tables.cases import case, case_duty
from service.tables.notices import notice
from service.tables.notifications import notification
from service.tables.visits import visit
from workflows.programme import Programme, Step
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import Duty, Phase, Record

FOLLOW_UP_AHEAD = timedelta(days=14)
"""How long before its deadline a follow-up is reminded of: a courtesy, no rule of the policy."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """A kind of reminder: the cases it applies to, and the first day it is due."""

    kind: str
    which: sa.ColumnElement[bool]
    since: sa.ColumnElement[date]


def _states_of(duty: Duty) -> list[tuple[str, str]]:
    """Return programme and state of the cases that wait for `duty`."""
    return [
        (programme.key, source)
        for programme in PROGRAMMES.values()
        for step in programme.steps
        if step.duty is duty
        for source in step.sources
    ]


_has_follow_up = sa.exists().where(
    visit.c.case_id == case.c.id, visit.c.kind == "follow_up", visit.c.on >= case.c.entered_on
)

REMINDERS = (
    Reminder("overdue", case.c.phase != Phase.ENDED.value, case.c.due_on + timedelta(days=1)),
    Reminder(
        "follow_up_due",
        sa.and_(sa.tuple_(case.c.programme, case.c.state).in_(_states_of(Duty.FOLLOWER)), ~_has_follow_up),
        case.c.due_on - FOLLOW_UP_AHEAD,
    ),
    Reminder("hold_over", case.c.held_until.is_not(None), case.c.held_until + timedelta(days=1)),
)


def due_reminders(conn: sa.Connection, reminder: Reminder, today: date) -> Sequence[sa.Row[Any]]:
    """Return case, number of its latest event, and registrar, of each case not held today and not yet reminded.

    A reminder is due once for each deadline: a notification of the kind since `since` counts for it, and a new deadline
    (another state, a hold that was lifted) is later than every notification about the old one.
    """
    already_reminded = sa.exists().where(
        notification.c.case_id == case.c.id, notification.c.kind == reminder.kind, notification.c.on >= reminder.since
    )
    rows = (
        sa.select(
            case.c.id, case.c.version, account.c.id.label("account_id"), account.c.email.is_not(None).label("mailed")
        )
        .join(case_duty, sa.and_(case_duty.c.case_id == case.c.id, case_duty.c.duty == Duty.REGISTRAR.value))
        .join(account, account.c.id == case_duty.c.account_id)
        .where(reminder.which, not_held(today), reminder.since <= today, ~already_reminded)
        .order_by(case.c.id)
    )
    return conn.execute(rows).all()


def _notice_over(today: date) -> sa.ColumnElement[bool]:
    return sa.exists().where(notice.c.case_id == case.c.id, notice.c.ended_on.is_(None), notice.c.ends_on < today)


_CLOCK_FILTERS: Mapping[Record, Callable[[date], sa.ColumnElement[bool]]] = {Record.NOTICE_END: _notice_over}
"""SQL pre-filters, so that the job skips cases the rules would refuse; the rules still decide."""


def _waits_for_step(step: Step, today: date) -> sa.ColumnElement[bool]:
    pre_filter = _CLOCK_FILTERS.get(step.record) if step.record else None
    return sa.and_(
        case.c.state.in_(step.sources),
        sa.true() if step.while_held else case.c.held_until.is_(None),
        pre_filter(today) if pre_filter else sa.true(),
    )


def cases_to_ask(
    conn: sa.Connection, caller: Caller, programme: Programme, action: str, today: date, after: UUID | None, size: int
) -> list[UUID]:
    """Return the cases of a programme that wait for `action`, by id, `size` of them after the case `after`."""
    waiting = [_waits_for_step(step, today) for step in programme.steps if step.action == action]
    rows = sa.select(case.c.id).where(case.c.programme == programme.key, visible_to(caller, case.c.unit_path))
    rows = rows.where(sa.or_(*waiting)).order_by(case.c.id).limit(size)
    return list(conn.scalars(rows if after is None else rows.where(case.c.id > after)))
