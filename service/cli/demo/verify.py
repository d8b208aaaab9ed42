"""The books are closed: what the web served, what the trail holds, what was posted and what was sent must agree."""

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
from service.integrity.verify import verify
from service.report.figures import snapshot
from service.tables.cases import case
from service.tables.events import event
from service.tables.ledger import ledger_entry
from service.tables.notifications import notification

DELIVERY_TIMEOUT = 60.0
_POST = re.compile(r"/api/v1/cases(?:/([0-9a-f-]{36})/actions/[a-z_]+)?")


def verify_demo(stage: DemoSetup, told: DemoRun, folder: Path, out: Console) -> list[str]:
    """Compare four witnesses, print what each says, and return what disagrees (nothing, it is hoped)."""
    waiting = _wait_for_notifications(stage)
    with snapshot(stage.engine) as conn:
        steps = _counted(conn, event.c.subject_id, event.c.subject == "case")
        versions = {str(row.id): row.version for row in conn.execute(sa.select(case.c.id, case.c.version))}
        notifications = _counted(conn, notification.c.channel)
        of_cases = sa.select(sa.func.count()).select_from(ledger_entry).where(ledger_entry.c.case_id.is_not(None))
        entries = conn.scalar(of_cases) or 0
        trail = verify(conn)
    served, opened, refused = _served(folder / "log" / "web.log")
    with_opening = {case_id: count + 1 for case_id, count in served.items()}
    mails = len(list((folder / "mail").glob("*.eml")))
    faults = [
        *(["access_log"] if with_opening != steps or opened != len(steps) else []),
        *(["story"] if told.posts != steps or refused != sum(told.refusals.values()) else []),
        *(["versions"] if versions != steps else []),
        *(["notifications"] if waiting or mails != notifications["email"] else []),
        *(f"{fault.code}:{fault.subject}:{fault.key}" for fault in trail.faults),
    ]
    counts = {"cases": len(steps), "posts": sum(with_opening.values()), "events": sum(steps.values())}
    counts |= {"refused": refused, "notifications": notifications.total(), "mails": mails, "entries": entries}
    out.print(translate("cli.demo.witnesses", **counts))
    out.print(translate("cli.demo.agree") if not faults else translate("cli.demo.disagree", faults="、".join(faults)))
    return faults


def _counted(conn: sa.Connection, column: sa.Column[Any], *where: sa.ColumnElement[bool]) -> Counter[str]:
    """How many rows have each value of a column."""
    rows = sa.select(column, sa.func.count()).where(*where).group_by(column)
    return Counter({str(value): count for value, count in conn.execute(rows)})


def _wait_for_notifications(stage: DemoSetup) -> int:
    """Notifications that have not gone after a minute."""
    owed = sa.select(sa.func.count()).select_from(notification).where(notification.c.state != "delivered")
    until = time.monotonic() + DELIVERY_TIMEOUT
    while True:
        with stage.engine.connect() as conn:
            left = conn.scalar(owed) or 0
        if left == 0 or time.monotonic() > until:
            return left
        time.sleep(0.2)


def _served(log: Path) -> tuple[Counter[str], int, int]:
    """From the web's log: POSTs that succeeded by case, cases opened, POSTs refused."""
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
    """The POSTs on cases, each with its answer."""
    told = (json.loads(line) for line in log.read_text().splitlines())
    for each in told:
        path = _POST.fullmatch(each["path"]) if each["event"] == "request" and each["method"] == "POST" else None
        if path:
            yield path, each["status"]
