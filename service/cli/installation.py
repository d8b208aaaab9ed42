"""Where a command finds its database, broker and keys: those the environment names, else the house's own in var/."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import click
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from service.cli.output import CommandFailed, translate
from service.config import BadSetting, Settings, read_settings
from service.crypto.encryption import Keyring, installation_keyring
from service.db import migrate
from service.db.engine import make_engine
from service.local_servers import CannotStart, start_broker, start_postgres

AS_JSON = click.option("--json", "as_json", is_flag=True, help="给脚本读的 JSON · Print one JSON document.")
VAR = click.option("--var", type=click.Path(path_type=Path), help="数据所在的文件夹（默认 var）· Where the data lies.")
DEMO_SUFFIX = "_demo"


@dataclass(frozen=True)
class Installation:
    """A database to work on, with its keys."""

    settings: Settings
    engine: sa.Engine
    keyring: Keyring


def settings_at(folder: Path | None = None) -> Settings:
    """The settings of this command; a wrong one ends it with a clear word."""
    try:
        found = read_settings(os.environ)
    except BadSetting as fault:
        raise CommandFailed(str(fault)) from None
    return replace(found, var=folder.absolute()) if folder else found


def demo_settings(settings: Settings, folder: Path) -> Settings:
    """The same settings for the demo in `folder`: its own clock and its own database, so that no office is touched.

    Its own server holds nothing else; on a server that DATABASE_URL names, its database stands beside the named one.
    """
    own = demo_url(settings.database_url) if settings.database_url else None
    return replace(settings, var=folder.absolute(), database_url=own, demo_clock=True)


def demo_url(url: str) -> str:
    """The demo's database beside the one a URL names."""
    plain = make_url(url).set(drivername="postgresql")
    return plain.set(database=f"{plain.database}{DEMO_SUFFIX}").render_as_string(hide_password=False)


def keys_of(settings: Settings) -> Keyring:
    """The installation's keyring."""
    try:
        return installation_keyring(settings)
    except (ValueError, OSError) as fault:
        raise CommandFailed(str(fault)) from None


@contextmanager
def servers(settings: Settings, *, broker: bool, durable: bool = True) -> Iterator[Settings]:
    """Settings that name running servers: the house's own are started in var/, and stopped if this command did it."""
    with ExitStack() as open_servers:
        try:
            if settings.database_url is None:
                own = open_servers.enter_context(start_postgres(settings.var / "postgres", durable=durable))
                settings = replace(settings, database_url=own.url)
            if broker and settings.redis_url is None:
                bell = open_servers.enter_context(start_broker(settings.var / "broker", durable=durable))
                settings = replace(settings, redis_url=bell.url)
        except CannotStart as fault:
            raise CommandFailed(str(fault)) from None
        except OSError as fault:
            raise CommandFailed(translate("cli.no_folder", folder=settings.var, why=fault.strerror or fault)) from None
        yield settings


@contextmanager
def open_installation(
    folder: Path | None = None, *, new: bool = False, any_schema: bool = False
) -> Iterator[Installation]:
    """A database to work on, for a command that needs no broker.

    Only a `new` one is made where there is none; only with `any_schema` may it wait for a migration.
    """
    told = settings_at(folder)
    if not new and not require_installed(told):
        raise CommandFailed(translate("cli.no_installation", folder=told.var))
    with servers(told, broker=False) as settings:
        made = make_engine(settings.database_url or "")
        try:
            _reached(made, any_schema=any_schema)
            yield Installation(settings, made, keys_of(settings))
        finally:
            made.dispose()


def require_installed(settings: Settings) -> bool:
    """Whether there is a database to open: a server somewhere, or data in the folder."""
    return settings.database_url is not None or (settings.var / "postgres").is_dir()


def _reached(made: sa.Engine, *, any_schema: bool) -> None:
    """A database that is away, or not of this version, ends the command with a word, not with a trace."""
    try:
        with made.connect() as conn:
            at, head = migrate.present(conn), migrate.newest()
    except sa.exc.OperationalError as away:
        why = str(away.orig).splitlines()[0] if away.orig else "?"
        raise CommandFailed(translate("cli.no_database", why=why)) from None
    if not any_schema and at != head:
        raise CommandFailed(translate("cli.doctor.behind", at=at, head=head) if at else translate("cli.doctor.empty"))
