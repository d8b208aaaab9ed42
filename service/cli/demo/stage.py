"""The stage of the demo: a fresh database, the founding, the spreadsheets, and a token for everybody."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import click
import psycopg
import sqlalchemy as sa
from psycopg import sql
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from sqlalchemy.engine import make_url

from service import schema
from service.actions import founding, staff
from service.actions.trail import Asked
from service.cli.importing import shown_on, summary
from service.cli.place import keys_of
from service.cli.records import UNION_TIME, union_day
from service.config import Settings
from service.db import engine, now
from service.exchange.folder import import_folder
from service.exchange.problems import BadSheets, place, told
from service.privacy import Keyring
from service.tables.units import account, role_grant, unit
from service.words import say
from workflows.terms import Role

SUFFIX = "_demo"
TOKEN_DAYS = 7
FIRST_DAY = datetime(2025, 1, 1, 9, tzinfo=UNION_TIME)
LAST_DAY = datetime(2025, 12, 31, 17, tzinfo=UNION_TIME)
"""The demo's union is founded on the first morning of its year; its spreadsheets are handed in on the last evening."""
FOUNDING = founding.Founding("临澜县总工会", "county", "371099", "admin", "系统管理员")

_AUDITOR = (
    sa.select(account.c.login)
    .join(role_grant, role_grant.c.account_id == account.c.id)
    .join(unit, unit.c.id == role_grant.c.unit_id)
    .where(role_grant.c.role == Role.AUDITOR.value, unit.c.parent_id.is_(None))
    .order_by(account.c.login)
    .limit(1)
)
"""Who reads everything and changes nothing."""


@dataclass(frozen=True)
class Stage:
    """Everything is in place: the database with its people, each with a token; ids by login."""

    settings: Settings
    engine: sa.Engine
    ring: Keyring
    root_path: str
    tokens: dict[str, str]
    people: dict[str, UUID]


def demo_url(url: str) -> str:
    """The demo's own database, beside the one the URL names: nothing of an installation is touched."""
    plain = make_url(url).set(drivername="postgresql")
    return plain.set(database=f"{plain.database}{SUFFIX}").render_as_string(hide_password=False)


def _fresh(url: str) -> str:
    """Drop and make the demo's database."""
    beside, plain = demo_url(url), make_url(url).set(drivername="postgresql")
    name = sql.Identifier(f"{plain.database}{SUFFIX}")
    try:
        with psycopg.connect(plain.render_as_string(hide_password=False), autocommit=True) as server:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(name))
    except psycopg.errors.InsufficientPrivilege:
        raise click.ClickException(say("cli.demo.no_createdb", name=f"{plain.database}{SUFFIX}")) from None
    except psycopg.OperationalError as away:
        raise click.ClickException(say("cli.demo.no_database", why=str(away).splitlines()[0])) from None
    return beside


def open_stage(settings: Settings, samples: Path, out: Console) -> Stage:
    """Make the database, found the union, import its spreadsheets, give everybody a token."""
    settings = replace(settings, database_url=_fresh(settings.database_url or ""))
    made, ring = engine(settings.database_url or ""), keys_of(settings)
    out.print(say("cli.demo.migrated", at=schema.upgrade(made)))
    with made.begin() as tx:
        admin = founding.found(tx, FOUNDING, FIRST_DAY, union_day(FIRST_DAY), ring)
        _imported(tx, samples, Asked(admin, LAST_DAY, union_day(LAST_DAY), ring), out)
        tokens, people = _tokens(tx, Asked(admin, now(), union_day(LAST_DAY), ring))
        root = tx.scalars(sa.select(unit.c.path).where(unit.c.parent_id.is_(None))).one()
        auditor = tx.scalars(_AUDITOR).one()
    (settings.var / "token").touch(mode=0o600)
    (settings.var / "token").write_text(f"{tokens[auditor]}\n")
    return Stage(settings, made, ring, root, tokens, people)


def _imported(tx: sa.Connection, samples: Path, asked: Asked, out: Console) -> None:
    columns = (TextColumn("  {task.description:<6}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=out) as bar:
        try:
            found = import_folder(tx, samples, asked, shown_on(bar))
        except BadSheets as bad:
            lines = [f"{place(each)}：{told(each)}" for each in bad.problems]
            raise click.ClickException("\n  ".join(lines)) from None
    out.print(summary(found))


def _tokens(tx: sa.Connection, asked: Asked) -> tuple[dict[str, str], dict[str, UUID]]:
    people = {
        row.login: row.id for row in tx.execute(sa.select(account.c.login, account.c.id).order_by(account.c.login))
    }
    ends = asked.at + timedelta(days=TOKEN_DAYS)
    tokens = {login: staff.make_token(tx, row, "demo", ends, asked) for login, row in people.items()}
    return tokens, people
