"""The calendar's own work: steps that are the clock's to take, and reminders; `python -m worker.clock` does a day's by hand."""

import argparse
import logging
import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from service.actions import anchors, cases
from service.actions.bootstrap import CLOCK_LOGIN
from service.actions.context import ActionContext
from service.actions.errors import NotFound
from service.actions.notifications import queue_reminder
from service.clock import now as present
from service.clock import union_day
from service.config import read_settings
from service.crypto.encryption import Keyring
from service.db.columns import new_id
from service.queries import accounts, reminders
from service.queries.reminders import REMINDERS, Reminder
from service.tables.events import idempotency, job_run
from worker.outbox import open_sender
from workflows.policy import NoPolicy
from workflows.programme import Programme
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import InvalidForm, Refused, Role

LOGIN = CLOCK_LOGIN
"""The account the clock acts as; it holds Role.CLOCK over the units it serves."""

KEEP_REPLIES = timedelta(days=7)
"""How long the answer to a repeated request is kept; it may hold what the caller was shown."""

_PAGE = 200
_log = logging.getLogger(__name__)


class NoClockAccount(RuntimeError):
    """There is no account for the clock to act as."""


@dataclass
class JobResult:
    """What came of one job on one day: effects, and refusals by code."""

    done: int = 0
    refused: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class JobDay:
    """One tick of the clock: the database, who acts, when, and on which of the union's days."""

    engine: sa.Engine
    context: ActionContext


def run_day(engine: sa.Engine, keyring: Keyring, now: datetime, today: date) -> dict[str, JobResult]:
    """Do what the day `today` asks and has not been done yet; running it twice, or twice at once, changes nothing.

    Steps are asked for at every tick, for an objection answered at ten must not wait until tomorrow; a step taken
    leaves its state, so it cannot be taken again. The rest is done once a day: its row in job_run is written in the
    same transaction. Raises NoClock when there is no account to act as.
    """
    with engine.connect() as conn:
        caller = accounts.caller_by_login(conn, LOGIN, today)
    if caller is None:
        raise NoClockAccount(f"make an account {LOGIN!r} and grant it the role {Role.CLOCK.value!r} over the top unit")
    day = JobDay(engine, ActionContext(caller, now, today, keyring, request=str(new_id())))
    report = {f"{programme.key}.{action}": _steps(day, programme, action) for programme, action in clock_steps()}
    report |= {reminder.kind: _reminders(day, reminder) for reminder in REMINDERS}
    report |= {"forget_replies": _forget_replies(day), "anchor": _anchored(day)}
    for job, done in report.items():
        _log.info("%s on %s: %d done, refused %s", job, today, done.done, dict(done.refused))
    return report


def clock_steps() -> Iterator[tuple[Programme, str]]:
    """Every action that a programme's table gives to the clock."""
    for programme in PROGRAMMES.values():
        for action in dict.fromkeys(step.action for step in programme.steps if Role.CLOCK in step.roles):
            yield programme, action


def _steps(day: JobDay, programme: Programme, action: str) -> JobResult:
    """Each case in its own transaction, through the one door; a refusal leaves the case where it is."""
    tally = JobResult()
    for case_id in _ripe(day, programme, action):
        code = _step(day, case_id, action)
        if code is None:
            tally.done += 1
        else:
            tally.refused[code] += 1
    with day.engine.begin() as conn:
        _count(conn, f"{programme.key}.{action}", tally, day.context)
    return tally


def _ripe(day: JobDay, programme: Programme, action: str) -> Iterator[UUID]:
    last: UUID | None = None
    while True:
        with day.engine.connect() as conn:
            page = reminders.cases_to_ask(conn, day.context.caller, programme, action, day.context.today, last, _PAGE)
        if not page:
            return
        yield from page
        last = page[-1]


def _step(day: JobDay, case_id: UUID, action: str) -> str | None:
    """Take one step; None when it was taken, else why not."""
    try:
        with day.engine.begin() as conn:
            cases.take_action(conn, case_id, action, {}, day.context)
        return None
    except Refused as refused:
        return ",".join(refused.codes)
    except (InvalidForm, NotFound, NoPolicy, sa.exc.DBAPIError) as fault:
        _log.warning("case %s: %s was not taken: %s", case_id, action, type(fault).__name__)
        return type(fault).__name__


def _count(conn: sa.Connection, job: str, tally: JobResult, context: ActionContext) -> None:
    """Add to the job's row of the day; refusals are those of the latest tick."""
    refused = tally.refused.total()
    row = pg.insert(job_run).values(job=job, on=context.today, at=context.at, done=tally.done, refused=refused)
    sums = {"at": context.at, "done": job_run.c.done + tally.done, "refused": refused}
    conn.execute(row.on_conflict_do_update(index_elements=["job", "on"], set_=sums))


def _first_today(conn: sa.Connection, job: str, context: ActionContext) -> bool:
    """Whether the job's row of the day is ours; a second clock waits here until the first has committed or failed."""
    row = pg.insert(job_run).values(job=job, on=context.today, at=context.at, done=0, refused=0)
    return conn.execute(row.on_conflict_do_nothing().returning(job_run.c.job)).one_or_none() is not None


def _reminders(day: JobDay, reminder: Reminder) -> JobResult:
    with day.engine.begin() as conn:
        if not _first_today(conn, reminder.kind, day.context):
            return JobResult()
        tally = JobResult(queue_reminder(conn, reminder, day.context))
        _count(conn, reminder.kind, tally, day.context)
    return tally


def _forget_replies(day: JobDay) -> JobResult:
    """Take away the kept answers to old requests; they may hold personal data."""
    with day.engine.begin() as conn:
        if not _first_today(conn, "forget_replies", day.context):
            return JobResult()
        old = idempotency.delete().where(idempotency.c.created_at < day.context.at - KEEP_REPLIES)
        tally = JobResult(conn.execute(old).rowcount)
        _count(conn, "forget_replies", tally, day.context)
    return tally


def _anchored(day: JobDay) -> JobResult:
    """Anchor what has come up to now, once a day; while a long transaction is writing, at a later tick."""
    with day.engine.begin() as conn:
        if _done_today(conn, "anchor", day.context) or (up_to := anchors.settled_event_number(conn)) is None:
            return JobResult()
    with day.engine.begin() as conn:
        if not _first_today(conn, "anchor", day.context):
            return JobResult()
        tally = JobResult(int(anchors.add_anchor(conn, up_to, day.context) is not None))
        _count(conn, "anchor", tally, day.context)
    return tally


def _done_today(conn: sa.Connection, job: str, context: ActionContext) -> bool:
    mine = sa.and_(job_run.c.job == job, job_run.c.on == context.today)
    return conn.scalar(sa.select(job_run.c.job).where(mine)) is not None


def main(arguments: list[str]) -> int:
    """Do today's work and say what was done; another day only where the clock is a demo's."""
    parser = argparse.ArgumentParser(prog="python -m worker.clock", description=__doc__)
    parser.add_argument("--on", type=date.fromisoformat, metavar="DATE", help="the day, with SONGNUAN_DEMO_CLOCK=1")
    day: date | None = parser.parse_args(arguments).on
    settings, now = read_settings(os.environ), present()
    if day is not None and not settings.demo_clock:
        parser.error("--on needs SONGNUAN_DEMO_CLOCK=1: this record is kept by the real calendar")
    room = open_sender(settings)
    for job, tally in run_day(room.engine, room.keyring, now, day or union_day(now)).items():
        refused = ", ".join(f"{code} {count}" for code, count in sorted(tally.refused.items()))
        sys.stdout.write(f"{job}: {tally.done} done" + (f"; refused: {refused}" if refused else "") + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
