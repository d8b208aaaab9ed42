"""`songnuan migrate` migrates the database and `songnuan init` sets up a union."""

from pathlib import Path

import click

from service.actions import bootstrap
from service.cli.installation import VAR, open_installation
from service.cli.output import refusal, translate
from service.clock import now, union_day
from service.crypto.signed_notes import log_key
from service.db import migrate as migrations
from workflows.vocabulary import InvalidForm, Refused


@click.command()
@VAR
def migrate(var: Path | None) -> None:
    """升级数据库，跑两次也没事 · Bring the database to the newest migration; a second run does nothing."""
    with open_installation(var, new=True, any_schema=True) as installation:
        log_key(installation.settings, create=True)
        click.echo(translate("cli.migrated", at=migrations.upgrade(installation.engine)))


@click.command()
@click.option(
    "--unit", "unit_name", required=True, help="最上一级单位的全称，如 某县总工会 · Full name of the top unit."
)
@click.option(
    "--kind",
    default="county",
    show_default=True,
    help="单位类别 · Kind of unit: national, province, city, county, industry or grass_roots.",
)
@click.option("--division", required=True, help="行政区划代码（GB/T 2260），如 371083 · Administrative division code.")
@click.option("--login", required=True, help="管理员的登录名 · Login of the first administrator.")
@click.option("--name", "display_name", required=True, help="管理员的姓名 · The administrator's name.")
@click.option("--email", help="管理员的电子邮箱 · The administrator's e-mail address.")
@VAR
def init(
    unit_name: str, kind: str, division: str, login: str, display_name: str, email: str | None, var: Path | None
) -> None:
    """新建工会：建单位和管理员 · Set up a union: its top unit, its administrator and the scheduler's account."""
    with open_installation(var, new=True, any_schema=True) as installation:
        migrations.upgrade(installation.engine)
        instant = now()
        setup = bootstrap.FirstSetup(unit_name, kind, division, login, display_name, email)
        try:
            with installation.engine.begin() as conn:
                bootstrap.set_up_union(
                    conn, setup, instant, union_day(instant), installation.keyring, installation.clock
                )
            log_key(installation.settings, create=True)
        except (Refused, InvalidForm) as refused:
            raise refusal(refused) from None
        click.echo(translate("cli.founded", unit=unit_name, login=login))
