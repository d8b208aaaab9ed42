"""`songnuan search-keys` fills, checks and writes again the keys by which persons are found."""

from dataclasses import replace
from pathlib import Path

import click
import sqlalchemy as sa

from service.actions.search_keys import KeysRead, compare_keys
from service.cli.installation import VAR, open_installation
from service.cli.output import FAULTS, translate
from service.crypto.encryption import Keyring


@click.group("search-keys")
def search_keys() -> None:
    """查找用的索引：补、核、重写 · The keys by which persons are found: check them, or write them again."""


@search_keys.command("check")
@VAR
def check(var: Path | None) -> None:
    """逐人核对，有不同的退出码为 1 · Compare every person's keys with the name and numbers; exit 1 on a difference."""
    with open_installation(var) as installation:
        read = every_person(installation.engine, installation.keyring, only_missing=False, write=False)
    click.echo(translate("cli.search_keys_checked", **_counts(read)))
    if read.differing or read.unreadable:
        raise SystemExit(FAULTS)


@search_keys.command("rebuild")
@VAR
def rebuild(var: Path | None) -> None:
    """与姓名、号码不符的重写 · Write every person's keys again where they differ; a second run changes nothing."""
    with open_installation(var) as installation:
        read = every_person(installation.engine, installation.keyring, only_missing=False, write=True)
    click.echo(translate("cli.search_keys_written", **_counts(read)))
    if read.unreadable:
        raise SystemExit(FAULTS)


def every_person(engine: sa.Engine, keyring: Keyring, *, only_missing: bool, write: bool) -> KeysRead:
    """Compare or write the keys of every person, or of those without, batch by batch; return the sums."""
    total = KeysRead()
    while True:
        with engine.begin() as conn:
            batch = compare_keys(conn, keyring, total.last, only_missing=only_missing, write=write)
        if batch.last is None:
            return total
        total = replace(
            batch,
            persons=total.persons + batch.persons,
            differing=total.differing + batch.differing,
            unreadable=total.unreadable + batch.unreadable,
        )


def _counts(read: KeysRead) -> dict[str, int]:
    return {"persons": read.persons, "differing": read.differing, "unreadable": read.unreadable}
