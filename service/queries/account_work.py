"""The work of one account as numbers: what waits for it, what it began, and the duties it has in open cases."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa

from service.queries import accounts, confirmations, inbox
from service.queries.inbox import InboxList
from service.queries.page import CountedSum
from service.queries.people_awaited import people_awaited
from service.queries.scope import Caller
from service.tables.accounts import token
from service.tables.cases import case, case_duty
from service.tables.confirmations import confirmation
from service.tables.sessions import session
from workflows.vocabulary import Duty, Phase

LOOKED_AT = 500
"""So many of the cases that wait for an account are asked for somebody else who could take them."""


@dataclass(frozen=True, slots=True)
class AccountWork:
    """The numbers; no case, family or sum is named."""

    to_do: CountedSum
    nobody_else: int
    """Of the first cases that wait for the account, those that nobody else could take today."""

    opened: CountedSum
    to_confirm: int
    proposed: int
    duties: tuple[tuple[Duty, int], ...]
    tokens: int
    sessions: int


def work_of(conn: sa.Connection, account_id: UUID, today: date, at: datetime) -> AccountWork | None:
    """Return the work of an account on a day; None for an account that has ended. `at` is the real time."""
    caller = accounts.caller_by_id(conn, account_id, today)
    if caller is None:
        return None
    totals = inbox.totals(conn, caller, today)
    waiting = confirmations.waiting(conn, caller, today, size=1)
    return AccountWork(
        to_do=totals[InboxList.TO_DO],
        nobody_else=_nobody_else(conn, caller, today),
        opened=totals[InboxList.MINE],
        to_confirm=waiting[0]["all_count"] if waiting else 0,
        proposed=_number(
            conn, confirmation, confirmation.c.proposed_by == account_id, confirmation.c.state == "proposed"
        ),
        duties=_duties(conn, account_id),
        tokens=_number(
            conn, token, token.c.account_id == account_id, token.c.revoked_at.is_(None), token.c.expires_at > at
        ),
        sessions=_number(
            conn, session, session.c.account_id == account_id, session.c.ended_at.is_(None), session.c.ends_at > at
        ),
    )


def _number(conn: sa.Connection, table: sa.Table, *conditions: sa.ColumnElement[bool]) -> int:
    return conn.scalar(sa.select(sa.func.count()).select_from(table).where(*conditions)) or 0


def _nobody_else(conn: sa.Connection, caller: Caller, today: date) -> int:
    rows = inbox.page(conn, caller, InboxList.TO_DO, {}, today, None, LOOKED_AT).rows
    people = people_awaited(conn, [row["id"] for row in rows], today) if rows else {}
    return sum({each.account for each in able} == {caller.account} for able in people.values())


def _duties(conn: sa.Connection, account_id: UUID) -> tuple[tuple[Duty, int], ...]:
    """Return how many open cases an account has each duty in, in the order of the duties."""
    number = sa.func.count(sa.distinct(case_duty.c.case_id))
    rows = sa.select(case_duty.c.duty, number).join(case, case.c.id == case_duty.c.case_id)
    mine = rows.where(case_duty.c.account_id == account_id, case.c.phase != Phase.ENDED.value)
    found = {Duty(duty): int(count) for duty, count in conn.execute(mine.group_by(case_duty.c.duty))}
    return tuple((duty, found[duty]) for duty in Duty if duty in found)
