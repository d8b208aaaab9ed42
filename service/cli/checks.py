"""`songnuan audit verify` and `songnuan doctor`: what can be proved, and what is missing on this machine."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import click
import redis
import sqlalchemy as sa
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from service import schema
from service.audit.chain import verify
from service.cli.place import FAULTS, Place, keys_of, opened, settings_at
from service.config import Settings
from service.report.figures import snapshot
from service.servers import CannotStart, postgres_programs
from service.tables.events import event
from service.tables.rules import calendar_year, policy_set
from service.words import say

err = Console(stderr=True)


@click.group()
def audit() -> None:
    """审计 · What an auditor may trust, checked."""


@audit.command("verify")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--var", type=click.Path(path_type=Path), help="The installation's folder (default: var).")
def audit_verify(as_json: bool, var: Path | None) -> None:
    """核验留痕链 · Read the whole trail and the books; exit 1 when anything is not as it was written."""
    with opened(var) as place:
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TextColumn("{task.completed}"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=err, disable=as_json) as bar, snapshot(place.engine) as tx:
            total = tx.scalar(sa.select(sa.func.count()).select_from(event)) or 0
            task = bar.add_task(say("cli.verifying"), total=total)
            found = verify(tx, lambda done: bar.update(task, completed=done))
    counts = {"events": found.events, "subjects": found.subjects, "rows": found.rows, "funds": found.funds}
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


Finding = tuple[str, bool, str]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--var", type=click.Path(path_type=Path), help="The installation's folder (default: var).")
def doctor(as_json: bool, var: Path | None) -> None:
    """体检 · What is well and what is missing, with the mend; exit 1 when something must be mended."""
    findings = [*_machine(settings_at(var))]
    with opened(var) as place:
        findings += _record(place)
    if as_json:
        click.echo(json.dumps([{"check": name, "well": well, "words": words} for name, well, words in findings]))
    else:
        for _, well, words in findings:
            click.echo(f"{'✓' if well else '✗'} {words}")
    if not all(well for _, well, _ in findings):
        raise SystemExit(FAULTS)


def _machine(settings: Settings) -> Iterator[Finding]:
    free = shutil.disk_usage(settings.var if settings.var.exists() else Path.cwd()).free // 2**20
    yield "disk", free > 500, say("cli.doctor.disk", free=free)
    yield "keyring", *_tried(lambda: keys_of(settings), say("cli.doctor.keyring"), say("cli.doctor.keyring_bad"))
    if settings.database_url is None:
        yield "postgres", *_tried(postgres_programs, say("cli.doctor.postgres"), say("cli.doctor.postgres_missing"))
    if settings.redis_url is not None:
        client = redis.Redis.from_url(settings.redis_url, socket_connect_timeout=3)
        yield "broker", *_tried(client.ping, say("cli.doctor.broker"), say("cli.doctor.broker_away"))
    yield "mail", settings.mail is not None, say("cli.doctor.mail" if settings.mail else "cli.doctor.mail_missing")


def _tried(attempt: Callable[[], object], well: str, ill: str) -> tuple[bool, str]:
    try:
        attempt()
    except (click.ClickException, CannotStart, redis.RedisError, OSError):
        return False, ill
    return True, well


def _record(place: Place) -> Iterator[Finding]:
    with place.engine.connect() as tx:
        at, head = schema.present(tx), schema.newest()
        yield (
            "migrations",
            at == head,
            say("cli.doctor.migrations" if at == head else "cli.doctor.behind", at=at, head=head),
        )
        if at != head:
            return
        sets = tx.scalar(sa.select(sa.func.count()).select_from(policy_set)) or 0
        yield "policy", sets > 0, say("cli.doctor.policy" if sets else "cli.doctor.policy_missing", count=sets)
        years = sorted(tx.scalars(sa.select(calendar_year.c.year)))
        named = "、".join(map(str, years))
        yield (
            "calendar",
            bool(years),
            say("cli.doctor.calendar" if years else "cli.doctor.calendar_missing", years=named),
        )
