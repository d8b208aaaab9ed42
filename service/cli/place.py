"""Where a command finds its database, broker and keys: those the environment names, else the house's own in var/."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import click
import sqlalchemy as sa

from service.config import BadSetting, Settings, read_settings
from service.db import engine
from service.privacy import Keyring, keyring_at, read_keyring
from service.servers import CannotStart, start_broker, start_postgres
from service.words import say

CANNOT = 2
"""Exit code: the command could not begin (a setting, a server, a file)."""
FAULTS = 1
"""Exit code: it ran, and what it looked at has faults."""


@dataclass(frozen=True)
class Place:
    """A database to work on, with its keys."""

    settings: Settings
    engine: sa.Engine
    ring: Keyring


def settings_at(folder: Path | None = None) -> Settings:
    """The settings of this command; a wrong one ends it with a clear word."""
    try:
        found = read_settings(os.environ)
    except BadSetting as fault:
        raise click.ClickException(str(fault)) from None
    return replace(found, var=folder.absolute()) if folder else found


def keys_of(settings: Settings) -> Keyring:
    """The installation's keyring."""
    try:
        return read_keyring(settings.keyring) if settings.keyring else keyring_at(settings.var / "keyring")
    except ValueError as fault:
        raise click.ClickException(str(fault)) from None


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
            raise click.ClickException(str(fault)) from None
        yield settings


@contextmanager
def opened(folder: Path | None = None) -> Iterator[Place]:
    """A database to work on, for a command that needs no broker."""
    with servers(settings_at(folder), broker=False) as settings:
        made = engine(settings.database_url or "")
        try:
            _reached(made)
            yield Place(settings, made, keys_of(settings))
        finally:
            made.dispose()


def _reached(made: sa.Engine) -> None:
    """A database that is away ends the command with a word, not with a trace."""
    try:
        with made.connect():
            return
    except sa.exc.OperationalError as away:
        why = str(away.orig).splitlines()[0] if away.orig else "?"
        raise click.ClickException(say("cli.no_database", why=why)) from None
