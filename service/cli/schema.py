"""Migrates the database as its owner, and gives the application's role its privileges."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
import sqlalchemy as sa

from service.cli.installation import keys_of
from service.cli.output import CommandFailed, translate
from service.cli.search_keys import every_person
from service.config import Settings
from service.db import migrate
from service.db.engine import is_denied, make_engine
from service.tables.privileges import grant_to, owns_something


def migrate_database(settings: Settings) -> str:
    """Bring the database to the newest migration and return its number; a second run changes nothing.

    Without OWNER_DATABASE_URL the role of DATABASE_URL must own the tables itself, as `songnuan doctor` warns.
    Raises CommandFailed when the database cannot be reached or the role may not change tables.
    """
    with _engine(settings.database_url) as application:
        role = _role(application)
    with _engine(settings.owner_database_url or settings.database_url) as owner, _rights_required():
        reached = migrate.upgrade(owner)
        if role != _role(owner):
            with owner.begin() as conn:
                grant_to(conn, role)
    _fill_search_keys(settings)
    return reached


def _fill_search_keys(settings: Settings) -> None:
    """Give persons without search keys theirs: rows older than the keys, which a migration cannot compute."""
    with _engine(settings.database_url) as application:
        filled = every_person(application, keys_of(settings), only_missing=True, write=True)
    if filled.unreadable:
        click.echo(translate("cli.search_keys_unreadable", unreadable=filled.unreadable), err=True)


@contextmanager
def _engine(url: str | None) -> Iterator[sa.Engine]:
    engine = make_engine(url or "")
    try:
        yield engine
    finally:
        engine.dispose()


def _role(engine: sa.Engine) -> str:
    """Return the role that a connection has. Raises CommandFailed when the database cannot be reached."""
    try:
        with engine.connect() as conn:
            return str(conn.scalar(sa.text("SELECT current_user")))
    except sa.exc.OperationalError as fault:
        why = str(fault.orig).splitlines()[0] if fault.orig else "?"
        raise CommandFailed(translate("cli.no_database", why=why)) from None


@contextmanager
def _rights_required() -> Iterator[None]:
    try:
        yield
    except sa.exc.ProgrammingError as fault:
        if not is_denied(fault):
            raise
        raise CommandFailed(translate("cli.no_owner")) from None


def runs_as_owner(settings: Settings) -> bool:
    """Return whether the application's role could change the tables and their guards."""
    with _engine(settings.database_url) as engine, engine.connect() as conn:
        return owns_something(conn)
