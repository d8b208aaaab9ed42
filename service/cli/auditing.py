"""`songnuan audit`: the trail verified, anchored, and held against lines that were kept outside."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

import click
import sqlalchemy as sa
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from service.actions import anchoring
from service.actions.founding import CLOCK
from service.actions.trail import Asked
from service.audit.anchors import kept_faults
from service.audit.chain import Verified, verify
from service.chain import anchor_line
from service.cli.place import AS_JSON, VAR, Place, opened
from service.cli.words import FAULTS, Cannot, say
from service.clock import now, union_day
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
    with opened(var) as place:
        found = _verified(place, lines, quiet=as_json)
    counts = {name: getattr(found, name) for name in COUNTED}
    faults = [asdict(fault) for fault in found.faults]
    if as_json:
        click.echo(json.dumps({**counts, "faults": faults}, ensure_ascii=False))
    else:
        click.echo(say("cli.verified", **counts))
        for fault in faults:
            click.echo("  " + say(f"cli.fault.{fault['code']}", **fault))
        click.echo(say("cli.trail_whole") if not faults else say("cli.trail_broken", count=len(faults)))
    if faults:
        raise SystemExit(FAULTS)


def _verified(place: Place, lines: list[str], *, quiet: bool) -> Verified:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed}"), TimeElapsedColumn())
    with Progress(*columns, console=err, disable=quiet) as bar, snapshot(place.engine) as tx:
        total = tx.scalar(sa.select(sa.func.count()).select_from(event)) or 0
        task = bar.add_task(say("cli.verifying"), total=total)
        found = verify(tx, lambda done: bar.update(task, completed=done))
        found.faults += kept_faults(tx, lines)
    return found


@audit.command("anchor")
@click.option("--list", "listed", is_flag=True, help="不新锚，列出已有的 · Make none; print the lines of all.")
@VAR
def audit_anchor(listed: bool, var: Path | None) -> None:
    """锚定 · Anchor what has come since the last anchor, and print its line: keep it on paper, outside."""
    with opened(var) as place:
        if not listed:
            _anchor(place)
        with snapshot(place.engine) as tx:
            rows = tx.execute(anchors.every()).mappings().all()
    for row in rows if listed else rows[-1:]:
        click.echo(anchor_line(dict(row)))


def _anchor(place: Place) -> None:
    at = now()
    with place.engine.begin() as tx:
        up_to = anchoring.settled(tx)
    if up_to is None:
        raise Cannot(say("cli.anchor_busy"))
    with place.engine.begin() as tx:
        clock = accounts.caller_named(tx, CLOCK, union_day(at))
        if clock is None:
            raise Cannot(say("cli.anchor_no_clock"))
        anchoring.make(tx, up_to, Asked(clock, at, union_day(at), place.ring))
