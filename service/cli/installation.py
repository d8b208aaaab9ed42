"""An installation is the database, broker and keys a command works on."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import click
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from service.cli.output import CommandFailed, translate
from service.clock import Clock
from service.config import BadSetting, Settings, read_settings
from service.crypto.encryption import Keyring, installation_keyring
from service.db import migrate
from service.db.engine import is_denied, make_engine
from service.local_servers import CannotStart, start_broker, start_postgres

AS_JSON = click.option("--json", "as_json", is_flag=True, help="给脚本读的 JSON · Print one JSON document for scripts.")
VAR = click.option(
    "--var", type=click.Path(path_type=Path), help="数据所在的文件夹（默认 var）· Folder of the data (default: var)."
)
DEMO_SUFFIX = "_demo"


@dataclass(frozen=True)
class Installation:
    """An open installation: its settings, database engine and keys."""

    settings: Settings
    engine: sa.Engine
    keyring: Keyring

    @property
    def clock(self) -> Clock:
        """Return the clock that dates what a command writes."""
        return Clock.DEMO if self.settings.demo_clock else Clock.SYSTEM


def settings_at(folder: Path | None = None) -> Settings:
    """Return the settings of this command, with `folder` in place of var/. Raises CommandFailed for a wrong setting."""
    try:
        settings = read_settings(os.environ)
    except BadSetting as fault:
        raise CommandFailed(str(fault)) from None
    return replace(settings, var=folder.absolute()) if folder else settings


def demo_settings(settings: Settings, folder: Path) -> Settings:
    """Return the settings of the demo in `folder`: a demo clock and a database of its own.

    Without DATABASE_URL the demo has its own server; else its database is `<name>_demo` on the server named there. It
    always has its own broker: that of REDIS_URL belongs to another installation.
    """
    urls = (settings.database_url, settings.owner_database_url)
    database_url, owner_url = (demo_url(url) if url else None for url in urls)
    return replace(
        settings,
        var=folder.absolute(),
        database_url=database_url,
        owner_database_url=owner_url,
        redis_url=None,
        demo_clock=True,
    )


def demo_url(url: str) -> str:
    """Return the URL of the demo's database: `…/songnuan` → `…/songnuan_demo`."""
    plain = make_url(url).set(drivername="postgresql")
    return plain.set(database=f"{plain.database}{DEMO_SUFFIX}").render_as_string(hide_password=False)


def keys_of(settings: Settings) -> Keyring:
    """Return the installation's keyring. Raises CommandFailed when it cannot be read."""
    try:
        return installation_keyring(settings)
    except (ValueError, OSError) as fault:
        raise CommandFailed(str(fault)) from None


@contextmanager
def servers(settings: Settings, *, broker: bool, durable: bool = True) -> Iterator[Settings]:
    """Yield settings that name running servers; start our own in var/ when the environment names none.

    At the end it stops the servers that it started. Raises CommandFailed when a server does not start.
    """
    with ExitStack() as stack:
        try:
            if settings.database_url is None:
                postgres = stack.enter_context(start_postgres(settings.var / "postgres", durable=durable))
                settings = replace(
                    settings, database_url=postgres.application_url, owner_database_url=postgres.owner_url
                )
            if broker and settings.redis_url is None:
                valkey = stack.enter_context(start_broker(settings.var / "broker", durable=durable))
                settings = replace(settings, redis_url=valkey.url)
        except CannotStart as fault:
            raise CommandFailed(str(fault)) from None
        except OSError as fault:
            raise CommandFailed(translate("cli.no_folder", folder=settings.var, why=fault.strerror or fault)) from None
        yield settings


@contextmanager
def open_installation(
    folder: Path | None = None, *, new: bool = False, any_schema: bool = False
) -> Iterator[Installation]:
    """Yield the installation for a command that needs no broker.

    `new` creates the data when there is none; `any_schema` accepts a database that is not at the newest migration.
    Raises CommandFailed when the database is missing, cannot be reached, or has another schema.
    """
    requested = settings_at(folder)
    if not new and not is_installed(requested):
        raise CommandFailed(translate("cli.no_installation", folder=requested.var))
    with servers(requested, broker=False) as settings:
        engine = make_engine(settings.database_url or "")
        try:
            _check_database(engine, any_schema=any_schema)
            yield Installation(settings, engine, keys_of(settings))
        finally:
            engine.dispose()


def is_installed(settings: Settings) -> bool:
    """Return whether there is a database to open: DATABASE_URL, or data in the folder."""
    return settings.database_url is not None or (settings.var / "postgres").is_dir()


def _check_database(engine: sa.Engine, *, any_schema: bool) -> None:
    """Raise CommandFailed when the database cannot be reached or is not at the newest migration."""
    at, head = None, migrate.newest()
    try:
        with engine.connect() as conn:
            at = migrate.present(conn)
    except sa.exc.ProgrammingError as fault:
        if not is_denied(fault):
            raise
        if not any_schema:
            raise CommandFailed(translate("cli.no_privileges")) from None
    except sa.exc.OperationalError as fault:
        why = str(fault.orig).splitlines()[0] if fault.orig else "?"
        raise CommandFailed(translate("cli.no_database", why=why)) from None
    if not any_schema and at != head:
        raise CommandFailed(translate("cli.doctor.behind", at=at, head=head) if at else translate("cli.doctor.empty"))
