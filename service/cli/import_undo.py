"""`songnuan undo` lists imports, shows what an undo would do with each row, and proposes it."""

import csv
import sys
from pathlib import Path
from uuid import UUID

import click
import sqlalchemy as sa

from service.actions.context import ActionContext
from service.actions.errors import NotFound
from service.actions.import_undo.plan import make_plan
from service.actions.import_undo.propose import propose_undo
from service.cli.callers import context_for
from service.cli.installation import VAR, Installation, open_installation
from service.cli.output import CommandFailed, refusal, translate
from service.queries import workbook_imports as read
from workflows.vocabulary import InvalidForm, Refused

LATEST = 50
BY = click.option("--by", required=True, help="提出人的登录名 · Login of the person who proposes.")


@click.group("undo")
def undo() -> None:
    """整批撤销导入 · Undo an import as a whole."""


@undo.command("list")
@BY
@VAR
def list_imports(by: str, var: Path | None) -> None:
    """列出最近的导入 · List the latest imports."""
    with open_installation(var) as installation, installation.engine.connect() as conn:
        page = read.page(conn, context_for(conn, installation, by).caller, None, LATEST)
        for row in page.rows:
            names = "、".join(read.names_of(row["id"], row["names_sealed"], installation.keyring))
            state = translate(f"terms.import_state.{row['state']}")
            click.echo(f"{row['id']}  {row['at']:%Y-%m-%d}  {state}  {row['rows']}  {names}")


@undo.command("show")
@click.argument("import_id", type=click.UUID)
@BY
@VAR
def show(import_id: UUID, by: str, var: Path | None) -> None:
    """逐行列出撤销会怎样（CSV）· Print each row, and what an undo would do with it, as CSV."""
    with open_installation(var) as installation, installation.engine.connect() as conn:
        lines = _lines(conn, import_id, context_for(conn, installation, by))
    csv.writer(sys.stdout).writerows(lines)


def _lines(conn: sa.Connection, import_id: UUID, context: ActionContext) -> list[tuple[str, ...]]:
    act = read.one(conn, import_id, context.caller)
    if act is None:
        raise CommandFailed(translate("cli.no_import", id=import_id))
    against = make_plan(conn, act, context, lock=False).against
    made = [row for row in read.rows_of(conn, import_id) if not row.is_repeat]
    words = {row.no: translate(f"terms.imported_kind.{row.kind}") for row in made}
    return [
        (
            row.place,
            words[row.no],
            str(row.record_id),
            row.undone_on.isoformat() if row.undone_on else "",
            against[row.record_id].value if not row.undone_on and row.record_id in against else "",
        )
        for row in made
    ]


@undo.command("propose")
@click.argument("import_id", type=click.UUID)
@click.option("--reason", required=True, help="为什么撤销 · Why it is undone.")
@BY
@VAR
def propose(import_id: UUID, reason: str, by: str, var: Path | None) -> None:
    """提出撤销，由另一个人确认 · Propose the undo; another person confirms it."""
    with open_installation(var) as installation, installation.engine.begin() as conn:
        _propose(conn, installation, import_id, reason, by)


def _propose(conn: sa.Connection, installation: Installation, import_id: UUID, reason: str, by: str) -> None:
    try:
        proposal = propose_undo(conn, import_id, reason, context_for(conn, installation, by))
    except (Refused, InvalidForm) as refused:
        raise refusal(refused) from None
    except NotFound:
        raise CommandFailed(translate("cli.no_import", id=import_id)) from None
    click.echo(translate("cli.undo_proposed", id=proposal.id, until=proposal.until_on.isoformat()))
