"""`songnuan audit`: the trail verified, anchored, and held against lines that were kept outside."""

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
from service.integrity.verify import Verification, verify
from service.queries import accounts, anchors
from service.report.figures import snapshot
from service.tables.events import event

COUNTED = ("events", "subjects", "rows", "funds", "anchors", "unanchored")
err = Console(stderr=True)


@click.group()
def audit() -> None:
    """审计核验 · What an auditor may trust, checked."""


@audit.command("verify")
@click.option(
    "--against", type=click.File("r", encoding="utf-8"), help="留存在外的锚行，一行一条 · Lines kept outside."
)
@click.option("--anchor", "line", help="一条这样的锚行 · One such line.")
@AS_JSON
@VAR
def audit_verify(against: TextIO | None, line: str | None, as_json: bool, var: Path | None) -> None:
    """核验留痕、行和锚，有问题退出码为 1 · Read the whole trail, all it binds and its anchors; exit 1 on any fault."""
    lines = [*(against or ()), *([line] if line else ())]
    with open_installation(var) as place:
        found = _verified(place, lines, quiet=as_json)
    counts = {name: getattr(found, name) for name in COUNTED}
    faults = [asdict(fault) for fault in found.faults]
    if as_json:
        click.echo(json.dumps({**counts, "faults": faults}, ensure_ascii=False))
    else:
        click.echo(translate("cli.verified", **counts))
        for fault in faults:
            click.echo("  " + translate(f"cli.fault.{fault['code']}", **fault))
        click.echo(translate("cli.trail_whole") if not faults else translate("cli.trail_broken", count=len(faults)))
    if faults:
        raise SystemExit(FAULTS)


def _verified(place: Installation, lines: list[str], *, quiet: bool) -> Verification:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed}"), TimeElapsedColumn())
    with Progress(*columns, console=err, disable=quiet) as bar, snapshot(place.engine) as conn:
        total = conn.scalar(sa.select(sa.func.count()).select_from(event)) or 0
        task = bar.add_task(translate("cli.verifying"), total=total)
        found = verify(conn, lambda done: bar.update(task, completed=done))
        found.faults += kept_faults(conn, lines)
    return found


@audit.command("anchor")
@click.option("--list", "listed", is_flag=True, help="不新锚，列出已有的 · Make none; print the lines of all.")
@VAR
def audit_anchor(listed: bool, var: Path | None) -> None:
    """锚定 · Anchor what has come since the last anchor, and print its line: keep it on paper, outside."""
    with open_installation(var) as place:
        if not listed:
            _anchor(place)
        with snapshot(place.engine) as conn:
            rows = conn.execute(anchors.every()).mappings().all()
    for row in rows if listed else rows[-1:]:
        click.echo(anchor_line(dict(row)))


def _anchor(place: Installation) -> None:
    at = now()
    with place.engine.begin() as conn:
        up_to = anchor_actions.settled_event_number(conn)
    if up_to is None:
        raise CommandFailed(translate("cli.anchor_busy"))
    with place.engine.begin() as conn:
        clock = accounts.caller_by_login(conn, CLOCK_LOGIN, union_day(at))
        if clock is None:
            raise CommandFailed(translate("cli.anchor_no_clock"))
        anchor_actions.add_anchor(conn, up_to, ActionContext(clock, at, union_day(at), place.keyring))
