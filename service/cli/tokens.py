"""`songnuan token` creates, lists and revokes the API's bearer tokens."""

import json
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import click
import sqlalchemy as sa

from service.actions import accounts
from service.actions.errors import NotFound
from service.cli.installation import AS_JSON, VAR, open_installation
from service.cli.output import CommandFailed, refusal, translate
from service.cli.report import context_for
from service.tables.accounts import account
from service.tables.accounts import token as token_table
from workflows.vocabulary import InvalidForm, Refused


@click.group()
def token() -> None:
    """接口令牌 · Bearer tokens of the API."""


@token.command("create")
@click.argument("login")
@click.option(
    "--days", type=click.IntRange(1, 366), default=90, show_default=True, help="有效天数 · Days the token is valid."
)
@click.option("--label", default="cli", show_default=True, help="用途 · Purpose of the token.")
@click.option("--by", help="办理的管理员（默认本人）· Login of the administrator who creates it (default: LOGIN).")
@AS_JSON
@VAR
def create(login: str, days: int, label: str, by: str | None, as_json: bool, var: Path | None) -> None:
    """发一个令牌，只显示这一次 · Create a token for LOGIN and show it once; only its hash is stored."""
    with open_installation(var) as installation, installation.engine.begin() as conn:
        account_id = conn.scalar(sa.select(account.c.id).where(account.c.login == login))
        if account_id is None:
            raise CommandFailed(translate("cli.no_account", login=login))
        context = context_for(conn, installation, by or login)
        expires_at = context.at + timedelta(days=days)
        try:
            secret = accounts.create_token(conn, account_id, label, expires_at, context)
        except (Refused, InvalidForm) as refused:
            raise refusal(refused) from None
    if as_json:
        click.echo(json.dumps({"login": login, "token": secret, "expires_at": expires_at.isoformat()}))
    else:
        click.echo(secret)
        click.echo(translate("cli.token_made", login=login, until=expires_at.date().isoformat()), err=True)


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
