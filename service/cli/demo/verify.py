"""The demo check compares the requests, the event log, the cases and the e-mails."""

import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from rich.console import Console

from service.cli.demo.run import DemoRun
from service.cli.demo.setup import DemoSetup
from service.cli.output import translate
from service.integrity.schema_objects import schema_faults
from service.integrity.verify import verify
from service.report.figures import snapshot
from service.tables.cases import case
from service.tables.events import event
from service.tables.ledger import ledger_entry
from service.tables.notifications import notification

DELIVERY_TIMEOUT = 60.0
"""Seconds the notifications have to be delivered."""

_POST = re.compile(r"/api/v1/cases(?:/([0-9a-f-]{36})/actions/[a-z_]+)?")


def verify_demo(setup: DemoSetup, run: DemoRun, folder: Path, out: Console) -> list[str]:
    """Compare the access log, the events, the client's counts and the e-mails of the sample year, and print the counts.

    Returns the names of what differs.
    """
    unsent = _wait_for_notifications(setup)
    with snapshot(setup.engine) as conn:
        steps = _counts_by(conn, event.c.subject_id, event.c.subject == "case")
        versions = {str(row.id): row.version for row in conn.execute(sa.select(case.c.id, case.c.version))}
        notifications = _counts_by(conn, notification.c.channel)
        case_entries = sa.select(sa.func.count()).select_from(ledger_entry).where(ledger_entry.c.case_id.is_not(None))
        entries = conn.scalar(case_entries) or 0
    served, opened, refused = _served_posts(folder / "log" / "web.log")
    posts = {case_id: count + 1 for case_id, count in served.items()}
    mails = len(list((folder / "mail").glob("*.eml")))
    faults = [
        *(["access_log"] if posts != steps or opened != len(steps) else []),
        *(["story"] if run.posts != steps or refused != sum(run.refusals.values()) else []),
        *(["versions"] if versions != steps else []),
        *(["notifications"] if unsent or mails != notifications["email"] else []),
    ]
    counts = {"cases": len(steps), "posts": sum(posts.values()), "events": sum(steps.values())}
    counts |= {"refused": refused, "notifications": notifications.total(), "mails": mails, "entries": entries}
    out.print(translate("cli.demo.witnesses", **counts))
    return faults


def verify_record(setup: DemoSetup, faults: list[str], out: Console) -> list[str]:
    """Verify the event log once every notification is delivered, and print whether all agrees.

    Returns `faults` and the names of those found.
    """
    unsent = _wait_for_notifications(setup)
    with snapshot(setup.engine) as conn:
        verified = verify(conn)
        verified.faults += schema_faults(conn)
    undecided = verified.decided.undecided or verified.decided.of_earlier_rules
    found = [
        *faults,
        *(["notifications"] if unsent else []),
        *(["replay"] if undecided else []),
        *(f"{fault.code}:{fault.subject}:{fault.key}" for fault in verified.faults),
    ]
    out.print(translate("cli.demo.agree") if not found else translate("cli.demo.disagree", faults="、".join(found)))
    return found


def _counts_by(conn: sa.Connection, column: sa.Column[Any], *conditions: sa.ColumnElement[bool]) -> Counter[str]:
    """Return the number of rows by value of a column."""
    rows = sa.select(column, sa.func.count()).where(*conditions).group_by(column)
    return Counter({str(value): count for value, count in conn.execute(rows)})


def _wait_for_notifications(setup: DemoSetup) -> int:
    """Return the number of notifications that are not delivered after DELIVERY_TIMEOUT."""
    undelivered = sa.select(sa.func.count()).select_from(notification).where(notification.c.state != "delivered")
    until = time.monotonic() + DELIVERY_TIMEOUT
    while True:
        with setup.engine.connect() as conn:
            count = conn.scalar(undelivered) or 0
        if count == 0 or time.monotonic() > until:
            return count
        time.sleep(0.2)


def _served_posts(log: Path) -> tuple[Counter[str], int, int]:
    """Return from the web's log: successful POSTs by case, the number of cases opened, the number of POSTs refused."""
    served: Counter[str] = Counter()
    opened = refused = 0
    for path, status in _posts(log):
        if status >= HTTPStatus.BAD_REQUEST:
            refused += 1
        elif path[1]:
            served[path[1]] += 1
        else:
            opened += 1
    return served, opened, refused


def _posts(log: Path) -> Iterator[tuple[re.Match[str], int]]:
    """Yield the path and the status of every POST on a case; one that came too early (429) was sent again."""
    records = (json.loads(line) for line in log.read_text().splitlines())
    for record in records:
        is_post = record["event"] == "request" and record["method"] == "POST"
        path = _POST.fullmatch(record["path"]) if is_post else None
        if path and record["status"] != HTTPStatus.TOO_MANY_REQUESTS:
            yield path, record["status"]
