"""`songnuan migrate` migrates the database and `songnuan init` sets up a union."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa

from service.actions import bootstrap
from service.actions.bootstrap import Founder
from service.actions.confirmations import FOUNDING, propose
from service.actions.context import ActionContext
from service.actions.proposals.powers import FoundingContent
from service.cli.callers import console
from service.cli.installation import VAR, open_installation
from service.cli.output import refusal, translate
from service.cli.schema import migrate_database
from service.clock import Clock, now, union_day
from service.crypto.encryption import Keyring
from service.crypto.signed_notes import log_key
from service.tables.installation import RecordKind
from workflows.vocabulary import APPROVERS, InvalidForm, Refused


@click.command()
@VAR
def migrate(var: Path | None) -> None:
    """升级数据库，跑两次也没事 · Bring the database to the newest migration; a second run does nothing."""
    with open_installation(var, new=True, any_schema=True) as installation:
        log_key(installation.settings, create=True)
        click.echo(translate("cli.migrated", at=migrate_database(installation.settings)))


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
@click.option(
    "--approver", required=True, help="共同建库的审批人的登录名 · Login of the approver who closes the founding."
)
@click.option("--approver-name", required=True, help="审批人的姓名 · The approver's name.")
@click.option("--approver-email", help="审批人的电子邮箱 · The approver's e-mail address.")
@click.option(
    "--tier",
    type=click.IntRange(1, len(APPROVERS)),
    default=len(APPROVERS),
    show_default=True,
    help="审批级别 · The approver's tier.",
)
@click.option("--demo", "is_demo", is_flag=True, help="练习用，不是正式记录 · A record to practise on, for good.")
@VAR
def init(
    unit_name: str,
    kind: str,
    division: str,
    login: str,
    display_name: str,
    email: str | None,
    approver: str,
    approver_name: str,
    approver_email: str | None,
    tier: int,
    is_demo: bool,
    var: Path | None,
) -> None:
    """新建工会：管理员和审批人两人共同完成 · Set up a union: its top unit, and the two people who close its founding."""
    people = (Founder(login, display_name, email), Founder(approver, approver_name, approver_email))
    setup = bootstrap.FirstSetup(unit_name, kind, division, *people, tier=tier, **_kind_of_record(is_demo=is_demo))
    with open_installation(var, new=True, any_schema=True) as installation:
        migrate_database(installation.settings)
        instant = now()
        try:
            with installation.engine.begin() as conn:
                founded = found(conn, setup, instant, union_day(instant), installation.keyring, installation.clock)
            log_key(installation.settings, create=True)
        except (Refused, InvalidForm) as refused:
            raise refusal(refused) from None
        click.echo(translate("cli.founded", unit=unit_name))
        for who, code in founded.codes.items():
            click.echo(translate("cli.founder_code", login=who, code=code))


def _kind_of_record(*, is_demo: bool) -> dict[str, Any]:
    """Return the kind of record, and the name of the scheduled jobs in it."""
    return {
        "record": RecordKind.DEMO if is_demo else RecordKind.OFFICE,
        "clock_name": translate("cli.clock_name"),
    }


def found(
    conn: sa.Connection,
    setup: bootstrap.FirstSetup,
    instant: datetime,
    today: date,
    keyring: Keyring,
    clock: Clock = Clock.SYSTEM,
) -> bootstrap.Founded:
    """Set up the union, and propose its founding to the approver who closes it."""
    founded = bootstrap.set_up_union(conn, setup, instant, today, keyring, clock)
    administrator = founded.administrator
    content = FoundingContent(administrator.unit_id, administrator.account, founded.approver_id)
    context = ActionContext(administrator, instant, today, keyring, console=console(), clock=clock)
    propose(conn, FOUNDING, content, context)
    return founded
