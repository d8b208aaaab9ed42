"""`songnuan audit` verifies and anchors the event log."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

import click
import sqlalchemy as sa
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from service.actions import anchors as anchor_actions
from service.actions.bootstrap import CLOCK_LOGIN
from service.actions.context import ActionContext
from service.cli.installation import AS_JSON, VAR, Installation, open_installation
from service.cli.output import FAULTS, CommandFailed, translate
from service.clock import now, union_day
from service.crypto.hash_chain import anchor_line
from service.integrity.anchors import kept_faults
from service.integrity.owed import owed_faults
from service.integrity.schema_objects import schema_faults
from service.integrity.verify import Verification, verify
from service.queries import accounts, anchors
from service.report.figures import snapshot
from service.tables.events import event

COUNTS = ("events", "subjects", "rows", "funds", "anchors", "unanchored", "demo_events")
err = Console(stderr=True)


@click.group()
def audit() -> None:
    """审计核验 · Verify and anchor the event log."""


@audit.command("verify")
@click.option(
    "--against",
    type=click.File("r", encoding="utf-8"),
    help="留存在外的锚行，一行一条 · A file of printed anchor lines, one per line.",
)
@click.option("--anchor", "line", help="一条这样的锚行 · One printed anchor line.")
@AS_JSON
@VAR
def audit_verify(against: TextIO | None, line: str | None, as_json: bool, var: Path | None) -> None:
    """核验留痕、行和锚，有问题退出码为 1 · Check every event, recorded row and anchor; exit 1 on any fault."""
    lines = [*(against or ()), *([line] if line else ())]
    with open_installation(var) as installation:
        verified = _verify_with_progress(installation, lines, quiet=as_json)
    counts = {name: getattr(verified, name) for name in COUNTS} | asdict(verified.decided)
    faults = [asdict(fault) for fault in verified.faults]
    if as_json:
        click.echo(json.dumps({**counts, "faults": faults}, ensure_ascii=False))
    else:
        click.echo(translate("cli.verified", **counts))
        for fault in faults:
            click.echo("  " + translate(f"cli.fault.{fault['code']}", **fault))
        click.echo(translate("cli.trail_whole") if not faults else translate("cli.trail_broken", count=len(faults)))
    if faults:
        raise SystemExit(FAULTS)


def _verify_with_progress(installation: Installation, lines: list[str], *, quiet: bool) -> Verification:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed}"), TimeElapsedColumn())
    with Progress(*columns, console=err, disable=quiet) as bar, snapshot(installation.engine) as conn:
        total = conn.scalar(sa.select(sa.func.count()).select_from(event)) or 0
        task = bar.add_task(translate("cli.verifying"), total=total)
        verified = verify(conn, lambda done: bar.update(task, completed=done))
        verified.faults += [*schema_faults(conn), *owed_faults(conn, now()), *kept_faults(conn, lines)]
    return verified


@audit.command("anchor")
@click.option(
    "--list", "listed", is_flag=True, help="不新锚，列出已有的 · Make no anchor; print the lines of all anchors."
)
@VAR
def audit_anchor(listed: bool, var: Path | None) -> None:
    """锚定 · Anchor the events since the last anchor and print its line. Keep the line on paper, elsewhere."""
    with open_installation(var) as installation:
        if not listed:
            _add_anchor(installation)
        with snapshot(installation.engine) as conn:
            rows = conn.execute(anchors.every()).mappings().all()
    for row in rows if listed else rows[-1:]:
        click.echo(anchor_line(dict(row)))


def _add_anchor(installation: Installation) -> None:
    at = now()
    with installation.engine.begin() as conn:
        up_to = anchor_actions.settled_event_number(conn)
    if up_to is None:
        raise CommandFailed(translate("cli.anchor_busy"))
    with installation.engine.begin() as conn:
        clock = accounts.caller_by_login(conn, CLOCK_LOGIN, union_day(at))
        if clock is None:
            raise CommandFailed(translate("cli.anchor_no_clock"))
        context = ActionContext(clock, at, union_day(at), installation.keyring, clock=installation.clock)
        anchor_actions.add_anchor(conn, up_to, context)
