"""`songnuan confirm` lists what waits for you, shows it, confirms or refuses it; `songnuan invite` invites owners of accounts."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import sqlalchemy as sa

from service.actions import confirmations, invitations
from service.actions.errors import NotFound
from service.actions.proposals.powers import InvitationContent, Invited
from service.cli.callers import context_for, own_context
from service.cli.installation import AS_JSON, VAR, Installation, open_installation
from service.cli.output import CommandFailed, refusal, translate
from service.imports.proposed_import import ALL_WRITES
from service.queries import confirmations as read
from service.queries.scope import Caller
from service.tables.accounts import account
from workflows.vocabulary import InvalidForm, Refused

LEFT_OUT = frozenset({"base64", "first_hash", "id_no"})


@click.group()
def confirm() -> None:
    """待确认事项 · What waits for a second person; your token is in SONGNUAN_TOKEN."""


@confirm.command("list")
@AS_JSON
@VAR
def list_waiting(as_json: bool, var: Path | None) -> None:
    """列出等我确认的 · List what waits for you."""
    with open_installation(var) as installation, installation.engine.connect() as conn:
        context = own_context(conn, installation)
        page = read.page(conn, context.caller, {"of": "me"}, None, 200)
    rows = [{key: str(row[key]) for key in ("id", "act", "proposed_by", "until_on")} for row in page.rows]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        act = translate(f"terms.act.{row['act']}")
        click.echo(f"{row['id']}  {act}  {row['until_on']}")
    if not rows:
        click.echo(translate("cli.nothing_waits"))


@confirm.command("show")
@click.argument("confirmation_id", type=click.UUID)
@VAR
def show(confirmation_id: UUID, var: Path | None) -> None:
    """显示内容和摘要 · Show the content and its digest."""
    with open_installation(var) as installation, installation.engine.connect() as conn:
        row = read.one(conn, confirmation_id, own_context(conn, installation).caller)
        if row is None:
            raise CommandFailed(translate("cli.no_confirmation", id=confirmation_id))
        content = _shown(read.content_of(row, installation.keyring))
    document = {"act": row.act, "state": row.state, "content": content, "digest": row.digest.hex()}
    click.echo(json.dumps(document, ensure_ascii=False, indent=2, default=str))


def _shown(content: Any) -> Any:
    if isinstance(content, list):
        return [_shown(each) for each in content]
    if isinstance(content, dict):
        return {name: _shown(value) for name, value in content.items() if name not in LEFT_OUT}
    return content


@confirm.command("give")
@click.argument("confirmation_id", type=click.UUID)
@click.option("--digest", required=True, help="看过的内容的摘要 · Digest of the content you have read (see `show`).")
@VAR
def give(confirmation_id: UUID, digest: str, var: Path | None) -> None:
    """确认别人提出的事项 · Confirm what another person proposed."""
    with open_installation(var) as installation, installation.engine.begin() as conn:
        try:
            context = own_context(conn, installation)
            made = confirmations.confirm(conn, confirmation_id, digest, context, ALL_WRITES)
            owners = _owners(conn, installation, confirmation_id, context.caller) if made and made.shown_once else []
        except NotFound:
            raise CommandFailed(translate("cli.no_confirmation", id=confirmation_id)) from None
        except (Refused, InvalidForm) as refused:
            raise refusal(refused) from None
    click.echo(translate("cli.confirmed" if made else "cli.confirmed_waits"))
    if made and made.shown_once:
        click.echo(translate("cli.second_halves"))
        for login, half in zip(owners, made.shown_once, strict=True):
            click.echo(f"{login}  {half}")


def _owners(conn: sa.Connection, installation: Installation, confirmation_id: UUID, caller: Caller) -> list[str]:
    """Return the logins of those whose invitations were confirmed, in order."""
    row = read.one(conn, confirmation_id, caller)
    content = read.content_of(row, installation.keyring) if row is not None else {}
    if "invited" not in content:
        return [content["new"]["login"]]
    logins = {str(each.id): each.login for each in conn.execute(sa.select(account.c.id, account.c.login))}
    return [logins[each["account_id"]] for each in content["invited"]]


@confirm.command("refuse")
@click.argument("confirmation_id", type=click.UUID)
@click.option("--reason", required=True, help="理由 · Why.")
@VAR
def refuse(confirmation_id: UUID, reason: str, var: Path | None) -> None:
    """不同意，并说明理由 · Refuse what another person proposed."""
    with open_installation(var) as installation, installation.engine.begin() as conn:
        try:
            confirmations.refuse(conn, confirmation_id, reason, own_context(conn, installation), ALL_WRITES)
        except NotFound:
            raise CommandFailed(translate("cli.no_confirmation", id=confirmation_id)) from None
        except (Refused, InvalidForm) as refused:
            raise refusal(refused) from None
    click.echo(translate("cli.refused"))


@click.command()
@click.argument("logins", nargs=-1, required=True)
@click.option("--by", required=True, help="管理员的登录名 · Login of the administrator.")
@VAR
def invite(logins: tuple[str, ...], by: str, var: Path | None) -> None:
    """邀请本人设置凭证，邀请码由两人各发一半 · Propose that owners of accounts make a credential; prints half of each code."""
    with open_installation(var) as installation, installation.engine.begin() as conn:
        try:
            proposal, halves = _propose(conn, installation, logins, by)
        except (Refused, InvalidForm) as refused:
            raise refusal(refused) from None
    click.echo(translate("cli.invited", id=proposal.id, until=proposal.until_on.isoformat()))
    for login, half in zip(logins, halves, strict=True):
        click.echo(f"{login}  {half}")


def _propose(
    conn: sa.Connection, installation: Installation, logins: tuple[str, ...], by: str
) -> tuple[confirmations.Proposal, list[str]]:
    context = context_for(conn, installation, by)
    ids = {row.login: row.id for row in conn.execute(sa.select(account.c.id, account.c.login))}
    for login in logins:
        if login not in ids:
            raise CommandFailed(translate("cli.no_account", login=login))
    halves = [invitations.new_half() for _ in logins]
    people = tuple(Invited(ids[login], invitations.half_hash(half)) for login, half in zip(logins, halves, strict=True))
    content = InvitationContent(context.caller.unit_id, people)
    return confirmations.propose(conn, "invitation", content, context), halves
