"""The demo setup creates a database with a union, its spreadsheets and tokens."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import sqlalchemy as sa
from psycopg import sql
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from sqlalchemy.engine import make_url

from service.actions import accounts, bootstrap, confirmations
from service.actions.bootstrap import Founder
from service.actions.context import ActionContext
from service.cli.demo.passwords import set_passwords
from service.cli.imports import shown_on, summary
from service.cli.installation import keys_of
from service.cli.migrate import found
from service.cli.output import CommandFailed, translate
from service.cli.schema import migrate_database
from service.clock import UNION_TIME, Clock, now, union_day
from service.config import Settings
from service.crypto.encryption import Keyring
from service.crypto.signed_notes import log_key
from service.db.engine import make_engine
from service.imports.import_context import ImportOptions
from service.imports.problems import InvalidSheets, message_for_problem, place
from service.imports.proposed_import import ALL_WRITES, import_or_propose
from service.imports.spreadsheets import importable
from service.private_files import write_file
from service.queries.accounts import caller_by_id
from service.queries.confirmations import confirmers_of, people_for
from service.tables.accounts import account, role_grant
from service.tables.confirmations import confirmation
from service.tables.installation import RecordKind
from service.tables.units import unit
from workflows.vocabulary import Role

MAINTENANCE = "postgres"
"""The database to connect to on our own server while the demo's database is created."""

TOKEN_DAYS = 7
FIRST_DAY = datetime(2025, 1, 1, 9, tzinfo=UNION_TIME)
LAST_DAY = datetime(2025, 12, 31, 17, tzinfo=UNION_TIME)
"""The union is set up on the first morning of its year, and the spreadsheets are imported on the last evening."""

FIRST_SETUP = bootstrap.FirstSetup(
    "临澜县总工会",
    "county",
    "371099",
    Founder("admin", "系统管理员"),
    Founder("zhou.qi", "周启"),
    record=RecordKind.DEMO,
    clock_name="定时任务",
)
FIRST = ("calendar-", "policy-", "01-", "02-")
"""How the names of the files begin that are imported on the first morning: rules, units and staff."""

URGENT = "建库首日"

_AUDITOR = (
    sa.select(account.c.login)
    .join(role_grant, role_grant.c.account_id == account.c.id)
    .join(unit, unit.c.id == role_grant.c.unit_id)
    .where(role_grant.c.role == Role.AUDITOR.value, unit.c.parent_id.is_(None))
    .order_by(account.c.login)
    .limit(1)
)
"""The auditor of the top unit, who reads everything and changes nothing; their token is shown at the end."""


@dataclass(frozen=True)
class DemoSetup:
    """The demo's database, keys and root unit; tokens and account ids by login."""

    settings: Settings
    engine: sa.Engine
    keyring: Keyring
    root_path: str
    tokens: dict[str, str]
    account_ids: dict[str, UUID]


def _create_database(url: str, maintenance_url: str | None) -> None:
    """Drop and create the demo's database, connected to another database of the same server."""
    demo = make_url(url).set(drivername="postgresql")
    maintenance = (
        make_url(maintenance_url).set(drivername="postgresql") if maintenance_url else demo.set(database=MAINTENANCE)
    )
    name = sql.Identifier(demo.database or "")
    try:
        with psycopg.connect(maintenance.render_as_string(hide_password=False), autocommit=True) as server:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(name))
    except psycopg.errors.InsufficientPrivilege:
        raise CommandFailed(translate("cli.demo.no_createdb", name=demo.database)) from None
    except psycopg.OperationalError as fault:
        raise CommandFailed(translate("cli.no_database", why=str(fault).splitlines()[0])) from None


def set_up(settings: Settings, maintenance_url: str | None, samples: Path, out: Console) -> DemoSetup:
    """Create the database, set up the union, import its spreadsheets and make a token for every account.

    `maintenance_url` is the database to connect to for CREATE DATABASE, None on our own server. Raises CommandFailed
    when the server refuses, or when the spreadsheets have problems.
    """
    _create_database(settings.owner_database_url or settings.database_url or "", maintenance_url)
    engine, keyring = make_engine(settings.database_url or ""), keys_of(settings)
    log_key(settings, create=True)
    out.print(translate("cli.demo.migrated", at=migrate_database(settings)))
    with engine.begin() as conn:
        founded = found(conn, FIRST_SETUP, FIRST_DAY, union_day(FIRST_DAY), keyring, Clock.DEMO)
        _confirm_all(conn, FIRST_DAY, keyring)
        files = importable(samples)
        first = [path for path in files if path.name.startswith(FIRST)]
        _import(conn, first, _context(conn, founded.administrator.account, FIRST_DAY, keyring), out)
        _confirm_all(conn, FIRST_DAY, keyring)
        rest = [path for path in files if path not in first]
        _import(conn, rest, _context(conn, founded.administrator.account, LAST_DAY, keyring), out)
        _confirm_all(conn, LAST_DAY, keyring)
        tokens, contexts = _create_tokens(conn, keyring)
        set_passwords(conn, contexts, settings.var)
        root = conn.scalars(sa.select(unit.c.path).where(unit.c.parent_id.is_(None))).one()
        auditor = conn.scalars(_AUDITOR).one()
    write_file(settings.var / "token", f"{tokens[auditor]}\n")
    account_ids = {context.caller.login: account_id for account_id, context in contexts.items()}
    return DemoSetup(settings, engine, keyring, root, tokens, account_ids)


def _import(conn: sa.Connection, files: list[Path], context: ActionContext, out: Console) -> None:
    """Import files, or propose their import. Raises CommandFailed with every problem."""
    columns = (TextColumn("  {task.description:<6}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=out) as bar:
        try:
            outcome = import_or_propose(conn, files, context, shown_on(bar), options=ImportOptions(urgent=URGENT))
        except InvalidSheets as invalid:
            lines = [f"{place(problem)}：{message_for_problem(problem)}" for problem in invalid.problems]
            raise CommandFailed("\n  ".join(lines)) from None
    out.print(summary(outcome.imported, outcome.proposal))


def _confirm_all(conn: sa.Connection, at: datetime, keyring: Keyring) -> None:
    """Let each person confirm what waits for them, until nothing waits any more."""
    waiting = sa.select(confirmation).where(confirmation.c.state == "proposed").order_by(confirmation.c.id)
    for row in conn.execute(waiting).all():
        for confirmer in confirmers_of(conn, [row.id]):
            asked = people_for(conn, map(Role, confirmer.roles), confirmer.account_id, row.unit_path, union_day(at))
            who = min(asked - {row.proposed_by}, key=str)
            confirmations.confirm(conn, row.id, row.digest.hex(), _context(conn, who, at, keyring), ALL_WRITES)


def _context(conn: sa.Connection, account_id: UUID, at: datetime, keyring: Keyring) -> ActionContext:
    caller = caller_by_id(conn, account_id, union_day(at))
    if caller is None:
        raise CommandFailed(translate("cli.no_account", login=account_id))
    return ActionContext(caller, at, union_day(at), keyring, clock=Clock.DEMO)


def _create_tokens(conn: sa.Connection, keyring: Keyring) -> tuple[dict[str, str], dict[UUID, ActionContext]]:
    """Let the owner of each account make a token; return tokens by login, and in which context each acted."""
    instant, tokens, contexts = now(), {}, {}
    for account_id in conn.scalars(sa.select(account.c.id).order_by(account.c.login)).all():
        own = replace(_context(conn, account_id, LAST_DAY, keyring), at=instant)
        expires_at = instant + timedelta(days=TOKEN_DAYS)
        tokens[own.caller.login] = accounts.create_token(conn, account_id, "demo", expires_at, own)
        contexts[account_id] = own
    return tokens, contexts
