"""`songnuan token` creates, lists and revokes the API's bearer tokens."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import click
import sqlalchemy as sa

from service.actions import accounts, invitations
from service.actions.context import Moment
from service.actions.errors import NotFound
from service.cli.callers import context_for, own_context
from service.cli.installation import AS_JSON, VAR, Installation, open_installation
from service.cli.output import CommandFailed, refusal, translate
from service.clock import now, union_day
from service.tables.accounts import account
from service.tables.accounts import token as token_table
from workflows.vocabulary import InvalidForm, Refused


@click.group()
def token() -> None:
    """接口令牌 · Bearer tokens of the API."""


@token.command("create")
@click.option("--invitation", "code", help="一次性邀请码（两半拼在一起） · One-time code, both halves.")
@click.option(
    "--days", type=click.IntRange(1, 366), default=90, show_default=True, help="有效天数 · Days the token is valid."
)
@click.option("--label", default="cli", show_default=True, help="用途 · Purpose of the token.")
@AS_JSON
@VAR
def create(code: str | None, days: int, label: str, as_json: bool, var: Path | None) -> None:
    """给自己发一个令牌，只显示这一次 · Create a token of your own, with an invitation or with your token in SONGNUAN_TOKEN."""
    with open_installation(var) as installation, installation.engine.begin() as conn:
        try:
            login, secret, expires_at = _create(conn, installation, code, label, days)
        except (Refused, InvalidForm) as refused:
            raise refusal(refused) from None
    if as_json:
        click.echo(json.dumps({"login": login, "token": secret, "expires_at": expires_at.isoformat()}))
    else:
        click.echo(secret)
        click.echo(translate("cli.token_made", login=login, until=expires_at.date().isoformat()), err=True)


def _create(
    conn: sa.Connection, installation: Installation, code: str | None, label: str, days: int
) -> tuple[str, str, datetime]:
    """Return the login, the new token and its end."""
    if code is None:
        context = own_context(conn, installation)
        expires_at = context.at + timedelta(days=days)
        secret = accounts.create_token(conn, context.caller.account, label, expires_at, context)
        return context.caller.login, secret, expires_at
    instant = now()
    moment, expires_at = Moment(instant, union_day(instant), installation.keyring), instant + timedelta(days=days)
    accepted = invitations.accept(conn, code, label, expires_at, moment)
    login = conn.scalars(sa.select(account.c.login).where(account.c.id == accepted.account_id)).one()
    return login, accepted.token, expires_at


@token.command("list")
@AS_JSON
@VAR
def list_tokens(as_json: bool, var: Path | None) -> None:
    """列出令牌的主人和期限 · List every token with its owner and expiry date, never the token itself."""
    rows = (
        sa.select(
            token_table.c.id, account.c.login, token_table.c.label, token_table.c.expires_at, token_table.c.revoked_at
        )
        .join(account, account.c.id == token_table.c.account_id)
        .order_by(account.c.login, token_table.c.id)
    )
    with open_installation(var) as installation, installation.engine.connect() as conn:
        tokens = [
            {key: str(value) if value else None for key, value in row.items()} for row in conn.execute(rows).mappings()
        ]
    if as_json:
        click.echo(json.dumps(tokens, ensure_ascii=False))
        return
    for each in tokens:
        end = (
            translate("cli.token_ended")
            if each["revoked_at"]
            else translate("cli.token_until", day=str(each["expires_at"])[:10])
        )
        click.echo(f"{each['id']}  {each['login']}  {each['label']}  {end}")


@token.command("revoke")
@click.argument("token_id", type=click.UUID)
@click.option(
    "--by", required=True, help="令牌主人或管理员的登录名 · Login of the token's owner or of an administrator."
)
@VAR
def revoke(token_id: UUID, by: str, var: Path | None) -> None:
    """立即停用一个令牌 · Revoke a token at once."""
    with open_installation(var) as installation, installation.engine.begin() as conn:
        try:
            accounts.revoke_token(conn, token_id, context_for(conn, installation, by))
        except NotFound:
            raise CommandFailed(translate("cli.no_token", id=token_id)) from None
        except (Refused, InvalidForm) as refused:
            raise refusal(refused) from None
    click.echo(translate("cli.token_revoked", id=token_id))
