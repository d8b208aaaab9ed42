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

from service.actions import anchoring, cases
from service.actions.founding import CLOCK
from service.actions.letters import remind
from service.actions.trail import Asked, Unknown
from service.clock import now as present
from service.clock import union_day
from service.config import read_settings
from service.db import new_id
from service.privacy import Keyring
from service.queries import accounts, reminders
from service.queries.reminders import REMINDERS, Reminder
from service.tables.events import idempotency, job_run
from worker.outbox import open_room
from workflows.policy import NoPolicy
from workflows.programme import Programme
from workflows.programmes import PROGRAMMES
from workflows.terms import BadAnswers, Refused, Role

LOGIN = CLOCK
"""The account the clock acts as; it holds Role.CLOCK over the units it serves."""

KEEP_REPLIES = timedelta(days=7)
"""How long the answer to a repeated request is kept; it may hold what the caller was shown."""

_PAGE = 200
_log = logging.getLogger(__name__)


class NoClock(RuntimeError):
    """There is no account for the clock to act as."""


@dataclass
class Done:
    """What came of one job on one day: effects, and refusals by code."""

    done: int = 0
    refused: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Day:
    """One tick of the clock: the database, who acts, when, and on which of the union's days."""

    engine: sa.Engine
    asked: Asked


def run_day(engine: sa.Engine, ring: Keyring, now: datetime, today: date) -> dict[str, Done]:
    """Do what the day `today` asks and has not been done yet; running it twice, or twice at once, changes nothing.

    Steps are asked for at every tick, for an objection answered at ten must not wait until tomorrow; a step taken
    leaves its state, so it cannot be taken again. The rest is done once a day: its row in job_run is written in the
    same transaction. Raises NoClock when there is no account to act as.
    """
    with engine.connect() as tx:
        caller = accounts.caller_named(tx, LOGIN, today)
    if caller is None:
        raise NoClock(f"make an account {LOGIN!r} and grant it the role {Role.CLOCK.value!r} over the top unit")
    day = Day(engine, Asked(caller, now, today, ring, request=str(new_id())))
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


def _steps(day: Day, programme: Programme, action: str) -> Done:
    """Each case in its own transaction, through the one door; a refusal leaves the case where it is."""
    tally = Done()
    for case_id in _ripe(day, programme, action):
        code = _step(day, case_id, action)
        if code is None:
            tally.done += 1
        else:
            tally.refused[code] += 1
    with day.engine.begin() as tx:
        _count(tx, f"{programme.key}.{action}", tally, day.asked)
    return tally


def _ripe(day: Day, programme: Programme, action: str) -> Iterator[UUID]:
    last: UUID | None = None
    while True:
        with day.engine.connect() as tx:
            page = reminders.ripe(tx, day.asked.caller, programme, action, day.asked.today, last, _PAGE)
        if not page:
            return
        yield from page
        last = page[-1]


def _step(day: Day, case_id: UUID, action: str) -> str | None:
    """Take one step; None when it was taken, else why not."""
    try:
        with day.engine.begin() as tx:
            cases.take(tx, case_id, action, {}, day.asked)
        return None
    except Refused as refused:
        return ",".join(refused.codes)
    except (BadAnswers, Unknown, NoPolicy, sa.exc.DBAPIError) as fault:
        _log.warning("case %s: %s was not taken: %s", case_id, action, type(fault).__name__)
        return type(fault).__name__


def _count(tx: sa.Connection, job: str, tally: Done, asked: Asked) -> None:
    """Add to the job's row of the day; refusals are those of the latest tick."""
    refused = tally.refused.total()
    row = pg.insert(job_run).values(job=job, on=asked.today, at=asked.at, done=tally.done, refused=refused)
    sums = {"at": asked.at, "done": job_run.c.done + tally.done, "refused": refused}
    tx.execute(row.on_conflict_do_update(index_elements=["job", "on"], set_=sums))


def _first_today(tx: sa.Connection, job: str, asked: Asked) -> bool:
    """Whether the job's row of the day is ours; a second clock waits here until the first has committed or failed."""
    row = pg.insert(job_run).values(job=job, on=asked.today, at=asked.at, done=0, refused=0)
    return tx.execute(row.on_conflict_do_nothing().returning(job_run.c.job)).one_or_none() is not None


def _reminders(day: Day, reminder: Reminder) -> Done:
    with day.engine.begin() as tx:
        if not _first_today(tx, reminder.kind, day.asked):
            return Done()
        tally = Done(remind(tx, reminder, day.asked))
        _count(tx, reminder.kind, tally, day.asked)
    return tally


def _forget_replies(day: Day) -> Done:
    """Take away the kept answers to old requests; they may hold personal data."""
    with day.engine.begin() as tx:
        if not _first_today(tx, "forget_replies", day.asked):
            return Done()
        old = idempotency.delete().where(idempotency.c.created_at < day.asked.at - KEEP_REPLIES)
        tally = Done(tx.execute(old).rowcount)
        _count(tx, "forget_replies", tally, day.asked)
    return tally


def _anchored(day: Day) -> Done:
    """Anchor what has come up to now, once a day; while a long transaction is writing, at a later tick."""
    with day.engine.begin() as tx:
        if _done_today(tx, "anchor", day.asked) or (up_to := anchoring.settled(tx)) is None:
            return Done()
    with day.engine.begin() as tx:
        if not _first_today(tx, "anchor", day.asked):
            return Done()
        tally = Done(int(anchoring.make(tx, up_to, day.asked) is not None))
        _count(tx, "anchor", tally, day.asked)
    return tally


def _done_today(tx: sa.Connection, job: str, asked: Asked) -> bool:
    mine = sa.and_(job_run.c.job == job, job_run.c.on == asked.today)
    return tx.scalar(sa.select(job_run.c.job).where(mine)) is not None


def main(arguments: list[str]) -> int:
    """Do today's work and say what was done; another day only where the clock is a demo's."""
    parser = argparse.ArgumentParser(prog="python -m worker.clock", description=__doc__)
    parser.add_argument("--on", type=date.fromisoformat, metavar="DATE", help="the day, with SONGNUAN_DEMO_CLOCK=1")
    day: date | None = parser.parse_args(arguments).on
    settings, now = read_settings(os.environ), present()
    if day is not None and not settings.demo_clock:
        parser.error("--on needs SONGNUAN_DEMO_CLOCK=1: this record is kept by the real calendar")
    room = open_room(settings)
    for job, tally in run_day(room.engine, room.ring, now, day or union_day(now)).items():
        refused = ", ".join(f"{code} {count}" for code, count in sorted(tally.refused.items()))
        sys.stdout.write(f"{job}: {tally.done} done" + (f"; refused: {refused}" if refused else "") + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
