"""The stage of the demo: a fresh database, the founding, the spreadsheets, and a token for everybody."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

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
from service.cli.words import Cannot, say
from service.clock import UNION_TIME, now, union_day
from service.config import Settings
from service.db import engine
from service.exchange.folder import import_folder
from service.exchange.problems import BadSheets, place, told
from service.privacy import Keyring
from service.tables.units import account, role_grant, unit
from workflows.terms import Role

MAINTENANCE = "postgres"
"""The database of the house's own server that is there to make others from."""
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


def _fresh(url: str, beside: str | None) -> None:
    """Drop and make the demo's database, from another of the same server."""
    wanted = make_url(url).set(drivername="postgresql")
    other = make_url(beside).set(drivername="postgresql") if beside else wanted.set(database=MAINTENANCE)
    name = sql.Identifier(wanted.database or "")
    try:
        with psycopg.connect(other.render_as_string(hide_password=False), autocommit=True) as server:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(name))
    except psycopg.errors.InsufficientPrivilege:
        raise Cannot(say("cli.demo.no_createdb", name=wanted.database)) from None
    except psycopg.OperationalError as away:
        raise Cannot(say("cli.no_database", why=str(away).splitlines()[0])) from None


def open_stage(settings: Settings, beside: str | None, samples: Path, out: Console) -> Stage:
    """Make the database anew, found the union, import its spreadsheets, give everybody a token.

    `beside` is the database to make it from, None on the house's own server.
    """
    _fresh(settings.database_url or "", beside)
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
            raise Cannot("\n  ".join(lines)) from None
    out.print(summary(found))


def _tokens(tx: sa.Connection, asked: Asked) -> tuple[dict[str, str], dict[str, UUID]]:
    people = {
        row.login: row.id for row in tx.execute(sa.select(account.c.login, account.c.id).order_by(account.c.login))
    }
    ends = asked.at + timedelta(days=TOKEN_DAYS)
    tokens = {login: staff.make_token(tx, row, "demo", ends, asked) for login, row in people.items()}
    return tokens, people
