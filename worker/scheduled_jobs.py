"""Scheduled jobs take the clock's steps, send reminders, delete old responses and anchor.

`python -m worker.scheduled_jobs` runs the jobs of one day.
"""

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

from service.actions import anchors, cases, confirmations, past_records, prepared_files
from service.actions.bootstrap import CLOCK_LOGIN
from service.actions.context import ActionContext
from service.actions.errors import NotFound
from service.actions.notifications import queue_reminder
from service.clock import Clock, union_day
from service.clock import now as present
from service.config import read_settings
from service.crypto.encryption import Keyring
from service.crypto.signed_notes import SigningKey, log_key
from service.db.columns import new_id
from service.files.store import FileStore, OtherInstallation, file_store
from service.imports import kept_workbook
from service.integrity.stored_files import remove_unused
from service.queries import accounts, reminders
from service.queries.anchors import is_made_on
from service.queries.reminders import REMINDERS, Reminder
from service.tables.events import idempotency, job_run
from service.tables.sessions import sign_in_attempt
from worker.installation import is_demo
from worker.outbox import open_sender
from workflows.policy import NoPolicy
from workflows.programme import Programme
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import InvalidForm, Refused, Role

LOGIN = CLOCK_LOGIN
"""Login of the scheduler's account, which has Role.CLOCK over the units it serves."""

KEEP_REPLIES = timedelta(days=7)
"""How long a stored response to a repeated request is kept; it may hold personal data."""

KEEP_ATTEMPTS = timedelta(days=1)
"""How long an attempt to sign in is kept, which lives for ten minutes."""

_PAGE_SIZE = 200
_log = logging.getLogger(__name__)


class NoClockAccount(RuntimeError):
    """The scheduler has no account."""


@dataclass
class JobResult:
    """The result of one job on one day: the number done, and refusals by reason code."""

    done: int = 0
    refused: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class JobDay:
    """The database, the action context (account, instant, day), the log key and the file store of one run of the jobs."""

    engine: sa.Engine
    context: ActionContext
    key: SigningKey | None = None
    store: FileStore | None = None


def run_day(
    engine: sa.Engine,
    keyring: Keyring,
    now: datetime,
    today: date,
    clock: Clock = Clock.SYSTEM,
    key: SigningKey | None = None,
    store: FileStore | None = None,
) -> dict[str, JobResult]:
    """Run the jobs of `today` and return their results by name; a second run on one day repeats nothing.

    `key` signs the checkpoint of the day's anchor; without `store` no file is removed. Raises NoClockAccount when the scheduler has no account.
    """
    # Steps are tried in every run: a case whose objection is answered at ten must not wait until tomorrow. A taken
    # step leaves its state, so it cannot be taken again. The other jobs run once a day: their row in job_run is written
    # in the same transaction.
    with engine.connect() as conn:
        caller = accounts.caller_by_login(conn, LOGIN, today)
    if caller is None:
        raise NoClockAccount(f"make an account {LOGIN!r} and grant it the role {Role.CLOCK.value!r} over the top unit")
    day = JobDay(engine, ActionContext(caller, now, today, keyring, request=str(new_id()), clock=clock), key, store)
    report = {f"{programme.key}.{action}": _take_steps(day, programme, action) for programme, action in clock_steps()}
    report |= {reminder.kind: _queue_reminders(day, reminder) for reminder in REMINDERS}
    report |= {"forget_replies": _delete_old_responses(day), "lapse_confirmations": _lapse_confirmations(day)}
    report |= {"remove_unused_files": _remove_unused_files(day), "remove_prepared_files": _remove_prepared_files(day)}
    report |= {"drop_past_records": _drop_past_records(day)}
    report |= {"anchor": _add_anchor(day)}
    for job, result in report.items():
        _log.info("%s on %s: %d done, refused %s", job, today, result.done, dict(result.refused))
    return report


def clock_steps() -> Iterator[tuple[Programme, str]]:
    """Yield every action that a programme gives to Role.CLOCK."""
    for programme in PROGRAMMES.values():
        for action in dict.fromkeys(step.action for step in programme.steps if Role.CLOCK in step.roles):
            yield programme, action


def _take_steps(day: JobDay, programme: Programme, action: str) -> JobResult:
    """Take the action on each case that waits for it, one transaction per case; a refused case stays as it is."""
    result = JobResult()
    for case_id in _waiting_cases(day, programme, action):
        code = _take_step(day, case_id, action)
        if code is None:
            result.done += 1
        else:
            result.refused[code] += 1
    with day.engine.begin() as conn:
        _add_result(conn, f"{programme.key}.{action}", result, day.context)
    return result


def _waiting_cases(day: JobDay, programme: Programme, action: str) -> Iterator[UUID]:
    last: UUID | None = None
    while True:
        with day.engine.connect() as conn:
            page = reminders.cases_to_ask(
                conn, day.context.caller, programme, action, day.context.today, last, _PAGE_SIZE
            )
        if not page:
            return
        yield from page
        last = page[-1]


def _take_step(day: JobDay, case_id: UUID, action: str) -> str | None:
    """Take one step. Returns None when it was taken, else the reason codes or the name of the error."""
    try:
        with day.engine.begin() as conn:
            cases.take_action(conn, case_id, action, {}, day.context)
        return None
    except Refused as refused:
        return ",".join(refused.codes)
    except (InvalidForm, NotFound, NoPolicy, sa.exc.DBAPIError) as fault:
        _log.warning("case %s: %s was not taken: %s", case_id, action, type(fault).__name__)
        return type(fault).__name__


def _add_result(conn: sa.Connection, job: str, result: JobResult, context: ActionContext) -> None:
    """Add to the job's row of the day; its refusals are those of the latest run."""
    refused = result.refused.total()
    row = pg.insert(job_run).values(job=job, on=context.today, at=context.at, done=result.done, refused=refused)
    sums = {"at": context.at, "done": job_run.c.done + result.done, "refused": refused}
    conn.execute(row.on_conflict_do_update(index_elements=["job", "on"], set_=sums))


def _claim_today(conn: sa.Connection, job: str, context: ActionContext) -> bool:
    """Insert the job's row of the day and return whether it is new."""
    # A second scheduler waits at this INSERT until the first has committed or rolled back.
    row = pg.insert(job_run).values(job=job, on=context.today, at=context.at, done=0, refused=0)
    return conn.execute(row.on_conflict_do_nothing().returning(job_run.c.job)).one_or_none() is not None


def _queue_reminders(day: JobDay, reminder: Reminder) -> JobResult:
    with day.engine.begin() as conn:
        if not _claim_today(conn, reminder.kind, day.context):
            return JobResult()
        result = JobResult(queue_reminder(conn, reminder, day.context))
        _add_result(conn, reminder.kind, result, day.context)
    return result


def _delete_old_responses(day: JobDay) -> JobResult:
    """Delete what may hold personal data and is older than KEEP_REPLIES: stored responses, uploads that nobody imported.

    Attempts to sign in are deleted too.
    """
    with day.engine.begin() as conn:
        if not _claim_today(conn, "forget_replies", day.context):
            return JobResult()
        old = idempotency.delete().where(idempotency.c.created_at < day.context.at - KEEP_REPLIES)
        result = JobResult(conn.execute(old).rowcount)
        kept_workbook.erase_old(conn, day.context.at - KEEP_REPLIES, day.context.at)
        conn.execute(sign_in_attempt.delete().where(sign_in_attempt.c.created_at < day.context.at - KEEP_ATTEMPTS))
        _add_result(conn, "forget_replies", result, day.context)
    return result


def _remove_unused_files(day: JobDay) -> JobResult:
    """Remove files of uploads that were never committed; a file is a day old before it counts as such."""
    if day.store is None:
        return JobResult()
    try:
        with day.engine.begin() as conn:
            if not _claim_today(conn, "remove_unused_files", day.context):
                return JobResult()
            result = JobResult(remove_unused(conn, day.store, present()))
            _add_result(conn, "remove_unused_files", result, day.context)
    except (OSError, OtherInstallation) as fault:
        # The jobs after it must run, above all the anchor; this one is tried again with the next run.
        _log.warning("the file store: %s", type(fault).__name__)
        return JobResult(refused=Counter({type(fault).__name__: 1}))
    return result


def _remove_prepared_files(day: JobDay) -> JobResult:
    """Remove the contents of long exports whose day is over, by the real time: a demo's day is another."""
    with day.engine.begin() as conn:
        result = JobResult(prepared_files.remove_old(conn, present()))
        _add_result(conn, "remove_prepared_files", result, day.context)
    return result


def _drop_past_records(day: JobDay) -> JobResult:
    """Drop the copies of past records that are a day old, by the database's own time."""
    with day.engine.begin() as conn:
        result = JobResult(past_records.drop_old_copies(conn))
        _add_result(conn, "drop_past_records", result, day.context)
    return result


def _lapse_confirmations(day: JobDay) -> JobResult:
    """End the proposals whose last day has passed; a lapsed one is not found again."""
    with day.engine.begin() as conn:
        result = JobResult(confirmations.lapse_due(conn, day.context))
        _add_result(conn, "lapse_confirmations", result, day.context)
    return result


def _add_anchor(day: JobDay) -> JobResult:
    """Anchor the events up to now, once a day; while a long transaction writes events, a later run does it.

    The anchors say whether the day's anchor was made: a row of job_run proves nothing.
    """
    with day.engine.begin() as conn:
        if is_made_on(conn, day.context.today) or (up_to := anchors.settled_event_number(conn)) is None:
            return JobResult()
    with day.engine.begin() as conn:
        anchors.lock_anchors(conn)
        if is_made_on(conn, day.context.today):
            return JobResult()
        result = JobResult(int(anchors.add_anchor(conn, up_to, day.context, day.key) is not None))
        _add_result(conn, "anchor", result, day.context)
    return result


def main(arguments: list[str]) -> int:
    """Run today's jobs and print their results; another day only with a demo clock."""
    parser = argparse.ArgumentParser(prog="python -m worker.scheduled_jobs", description=__doc__)
    parser.add_argument("--on", type=date.fromisoformat, metavar="DATE", help="the day, with SONGNUAN_DEMO_CLOCK=1")
    day: date | None = parser.parse_args(arguments).on
    settings, now = read_settings(os.environ), present()
    sender = open_sender(settings)
    if day is not None and not (settings.demo_clock and is_demo(sender.engine)):
        parser.error("--on needs SONGNUAN_DEMO_CLOCK=1 and a demo's record: this installation uses the real date")
    clock = Clock.DEMO if settings.demo_clock else Clock.SYSTEM
    jobs = run_day(
        sender.engine, sender.keyring, now, day or union_day(now), clock, log_key(settings), file_store(settings)
    )
    for job, result in jobs.items():
        refused = ", ".join(f"{code} {count}" for code, count in sorted(result.refused.items()))
        sys.stdout.write(f"{job}: {result.done} done" + (f"; refused: {refused}" if refused else "") + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
