"""`songnuan doctor` checks what this machine has and what is missing."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import redis
import sqlalchemy as sa

from service.cli.installation import AS_JSON, VAR, Installation, is_installed, keys_of, open_installation, settings_at
from service.cli.output import FAULTS, translate
from service.config import Settings
from service.db import migrate
from service.files.store import file_store
from service.http.sessions import is_secure
from service.integrity.stored_files import altered_files, store_state
from service.local_servers import CannotStart, postgres_programs
from service.queries.installation import record_kind
from service.tables.installation import RecordKind
from service.tables.policies import calendar_year, policy_set
from service.tables.privileges import owns_something

Finding = tuple[str, bool | None, str]
"""The name of a check, whether it passed (None: a warning), and a message that has the remedy when it did not."""

MARKS = {True: "✓", False: "✗", None: "!"}


@click.command()
@AS_JSON
@click.option(
    "--files", "whole_files", is_flag=True, help="逐个打开扫描件核对内容 · Open every scan and compare its content"
)
@VAR
def doctor(as_json: bool, whole_files: bool, var: Path | None) -> None:
    """检查：缺什么、怎么补 · Report what is missing and how to fix it; exit 1 when something is missing."""
    settings = settings_at(var)
    findings = [*_check_machine(settings)]
    if is_installed(settings):
        with open_installation(var, any_schema=True) as installation:
            findings += _check_database(installation, whole_files=whole_files)
    else:
        findings.append(("installation", False, translate("cli.no_installation", folder=settings.var)))
    if as_json:
        checks = [
            {"check": name, "well": passed is not False, "warning": passed is None, "words": message}
            for name, passed, message in findings
        ]
        click.echo(json.dumps(checks, ensure_ascii=False))
    else:
        for _, passed, message in findings:
            click.echo(f"{MARKS[passed]} {message}")
    if any(passed is False for _, passed, _ in findings):
        raise SystemExit(FAULTS)


def _check_machine(settings: Settings) -> Iterator[Finding]:
    free = shutil.disk_usage(settings.var if settings.var.exists() else Path.cwd()).free // 2**20
    yield "disk", free > 500, translate("cli.doctor.disk", free=free)
    if is_installed(settings):
        yield (
            "keyring",
            *_attempt(lambda: keys_of(settings), translate("cli.doctor.keyring"), translate("cli.doctor.keyring_bad")),
        )
    if settings.database_url is None:
        yield (
            "postgres",
            *_attempt(postgres_programs, translate("cli.doctor.postgres"), translate("cli.doctor.postgres_missing")),
        )
    if settings.redis_url is not None:
        client = redis.Redis.from_url(settings.redis_url, socket_connect_timeout=3)
        yield "broker", *_attempt(client.ping, translate("cli.doctor.broker"), translate("cli.doctor.broker_away"))
    yield (
        "mail",
        settings.mail is not None,
        translate("cli.doctor.mail" if settings.mail else "cli.doctor.mail_missing"),
    )


def _attempt(action: Callable[[], object], success: str, failure: str) -> tuple[bool, str]:
    try:
        action()
    except (click.ClickException, CannotStart, redis.RedisError, OSError):
        return False, failure
    return True, success


def _check_database(installation: Installation, *, whole_files: bool) -> Iterator[Finding]:
    with installation.engine.connect() as conn:
        at, head = migrate.present(conn), migrate.newest()
        message = "migrations" if at == head else "behind" if at else "empty"
        yield "migrations", at == head, translate(f"cli.doctor.{message}", at=at, head=head)
        if at != head:
            return
        yield from _check_role_and_record(conn, installation.settings)
        yield from _check_files(conn, installation, whole=whole_files)
        policy_sets = conn.scalar(sa.select(sa.func.count()).select_from(policy_set)) or 0
        yield (
            "policy",
            policy_sets > 0,
            translate("cli.doctor.policy" if policy_sets else "cli.doctor.policy_missing", count=policy_sets),
        )
        years = sorted(conn.scalars(sa.select(calendar_year.c.year)))
        year_list = "、".join(map(str, years))
        yield (
            "calendar",
            bool(years),
            translate("cli.doctor.calendar" if years else "cli.doctor.calendar_missing", years=year_list),
        )


SHOWN_FILES = 5
"""Names that a message shows."""


def _check_files(conn: sa.Connection, installation: Installation, *, whole: bool) -> Iterator[Finding]:
    """Compare the file store with the rows: lost files, files that no row names and, where asked, the content of each."""
    store = file_store(installation.settings)
    state = store_state(conn, store)
    yield _files("files_lost", state.lost, passed=not state.lost)
    if whole:
        altered = tuple(altered_files(conn, store, installation.keyring))
        yield _files("files_altered", altered, passed=not altered)
    unused = tuple(each.name for each in state.unused)
    yield _files("files_unused", unused, passed=None if unused else True)


def _files(check: str, names: tuple[str, ...], *, passed: bool | None) -> Finding:
    message = check if names else f"{check}_none"
    shown = "、".join(names[:SHOWN_FILES]) + ("…" if len(names) > SHOWN_FILES else "")
    return check, passed, translate(f"cli.doctor.{message}", count=len(names), names=shown)


def _check_role_and_record(conn: sa.Connection, settings: Settings) -> Iterator[Finding]:
    """Warn when the role of DATABASE_URL owns the tables, or an office's cookies go without TLS; say what record this is."""
    is_owner = owns_something(conn)
    yield "role", None if is_owner else True, translate("cli.doctor.role_owner" if is_owner else "cli.doctor.role")
    kind = record_kind(conn)
    if kind is not None:
        yield "record", True, translate(f"cli.doctor.record_{kind.value}")
    if kind is RecordKind.OFFICE:
        has_tls = is_secure(settings)
        message = "https" if has_tls else "https_missing"
        yield "https", True if has_tls else None, translate(f"cli.doctor.{message}", url=settings.public_url)
