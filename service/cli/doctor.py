"""`songnuan doctor`: what is well and what is missing on this machine, with the mend."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import redis
import sqlalchemy as sa

from service.cli.installation import (
    AS_JSON,
    VAR,
    Installation,
    keys_of,
    open_installation,
    require_installed,
    settings_at,
)
from service.cli.output import FAULTS, translate
from service.config import Settings
from service.db import migrate
from service.local_servers import CannotStart, postgres_programs
from service.tables.policies import calendar_year, policy_set

Finding = tuple[str, bool, str]


@click.command()
@AS_JSON
@VAR
def doctor(as_json: bool, var: Path | None) -> None:
    """体检：缺什么、怎么补 · What is missing, with the mend; exit 1 when something must be mended."""
    settings = settings_at(var)
    findings = [*_machine(settings)]
    if require_installed(settings):
        with open_installation(var, any_schema=True) as place:
            findings += _record(place)
    else:
        findings.append(("installation", False, translate("cli.no_installation", folder=settings.var)))
    if as_json:
        listed = [{"check": name, "well": well, "words": words} for name, well, words in findings]
        click.echo(json.dumps(listed, ensure_ascii=False))
    else:
        for _, well, words in findings:
            click.echo(f"{'✓' if well else '✗'} {words}")
    if not all(well for _, well, _ in findings):
        raise SystemExit(FAULTS)


def _machine(settings: Settings) -> Iterator[Finding]:
    free = shutil.disk_usage(settings.var if settings.var.exists() else Path.cwd()).free // 2**20
    yield "disk", free > 500, translate("cli.doctor.disk", free=free)
    if require_installed(settings):
        yield (
            "keyring",
            *_tried(lambda: keys_of(settings), translate("cli.doctor.keyring"), translate("cli.doctor.keyring_bad")),
        )
    if settings.database_url is None:
        yield (
            "postgres",
            *_tried(postgres_programs, translate("cli.doctor.postgres"), translate("cli.doctor.postgres_missing")),
        )
    if settings.redis_url is not None:
        client = redis.Redis.from_url(settings.redis_url, socket_connect_timeout=3)
        yield "broker", *_tried(client.ping, translate("cli.doctor.broker"), translate("cli.doctor.broker_away"))
    yield (
        "mail",
        settings.mail is not None,
        translate("cli.doctor.mail" if settings.mail else "cli.doctor.mail_missing"),
    )


def _tried(attempt: Callable[[], object], well: str, ill: str) -> tuple[bool, str]:
    try:
        attempt()
    except (click.ClickException, CannotStart, redis.RedisError, OSError):
        return False, ill
    return True, well


def _record(place: Installation) -> Iterator[Finding]:
    with place.engine.connect() as conn:
        at, head = migrate.present(conn), migrate.newest()
        words = "migrations" if at == head else "behind" if at else "empty"
        yield "migrations", at == head, translate(f"cli.doctor.{words}", at=at, head=head)
        if at != head:
            return
        sets = conn.scalar(sa.select(sa.func.count()).select_from(policy_set)) or 0
        yield "policy", sets > 0, translate("cli.doctor.policy" if sets else "cli.doctor.policy_missing", count=sets)
        years = sorted(conn.scalars(sa.select(calendar_year.c.year)))
        named = "、".join(map(str, years))
        yield (
            "calendar",
            bool(years),
            translate("cli.doctor.calendar" if years else "cli.doctor.calendar_missing", years=named),
        )
