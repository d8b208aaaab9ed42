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

from service.actions import accounts, bootstrap
from service.actions.context import ActionContext
from service.cli.imports import shown_on, summary
from service.cli.installation import keys_of
from service.cli.output import CommandFailed, translate
from service.clock import UNION_TIME, now, union_day
from service.config import Settings
from service.crypto.encryption import Keyring
from service.db import migrate
from service.db.engine import make_engine
from service.imports.import_files import import_folder
from service.imports.problems import InvalidSheets, message_for_problem, place
from service.tables.accounts import account, role_grant
from service.tables.units import unit
from workflows.vocabulary import Role

MAINTENANCE = "postgres"
"""The database of the house's own server that is there to make others from."""
TOKEN_DAYS = 7
FIRST_DAY = datetime(2025, 1, 1, 9, tzinfo=UNION_TIME)
LAST_DAY = datetime(2025, 12, 31, 17, tzinfo=UNION_TIME)
"""The demo's union is founded on the first morning of its year; its spreadsheets are handed in on the last evening."""
FOUNDING = bootstrap.FirstSetup("临澜县总工会", "county", "371099", "admin", "系统管理员")

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
class DemoSetup:
    """Everything is in place: the database with its people, each with a token; ids by login."""

    settings: Settings
    engine: sa.Engine
    keyring: Keyring
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
        raise CommandFailed(translate("cli.demo.no_createdb", name=wanted.database)) from None
    except psycopg.OperationalError as away:
        raise CommandFailed(translate("cli.no_database", why=str(away).splitlines()[0])) from None


def set_up(settings: Settings, beside: str | None, samples: Path, out: Console) -> DemoSetup:
    """Make the database anew, found the union, import its spreadsheets, give everybody a token.

    `beside` is the database to make it from, None on the house's own server.
    """
    _fresh(settings.database_url or "", beside)
    made, keyring = make_engine(settings.database_url or ""), keys_of(settings)
    out.print(translate("cli.demo.migrated", at=migrate.upgrade(made)))
    with made.begin() as conn:
        admin = bootstrap.set_up_union(conn, FOUNDING, FIRST_DAY, union_day(FIRST_DAY), keyring)
        _imported(conn, samples, ActionContext(admin, LAST_DAY, union_day(LAST_DAY), keyring), out)
        tokens, people = _tokens(conn, ActionContext(admin, now(), union_day(LAST_DAY), keyring))
        root = conn.scalars(sa.select(unit.c.path).where(unit.c.parent_id.is_(None))).one()
        auditor = conn.scalars(_AUDITOR).one()
    (settings.var / "token").touch(mode=0o600)
    (settings.var / "token").write_text(f"{tokens[auditor]}\n")
    return DemoSetup(settings, made, keyring, root, tokens, people)


def _imported(conn: sa.Connection, samples: Path, context: ActionContext, out: Console) -> None:
    columns = (TextColumn("  {task.description:<6}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=out) as bar:
        try:
            found = import_folder(conn, samples, context, shown_on(bar))
        except InvalidSheets as bad:
            lines = [f"{place(each)}：{message_for_problem(each)}" for each in bad.problems]
            raise CommandFailed("\n  ".join(lines)) from None
    out.print(summary(found))


def _tokens(conn: sa.Connection, context: ActionContext) -> tuple[dict[str, str], dict[str, UUID]]:
    people = {
        row.login: row.id for row in conn.execute(sa.select(account.c.login, account.c.id).order_by(account.c.login))
    }
    ends = context.at + timedelta(days=TOKEN_DAYS)
    tokens = {login: accounts.create_token(conn, row, "demo", ends, context) for login, row in people.items()}
    return tokens, people
