"""`songnuan report` writes the welfare section of the annual report."""

from datetime import datetime
from pathlib import Path

import click
import sqlalchemy as sa

from service.actions.context import ActionContext
from service.cli.installation import AS_JSON, VAR, Installation, open_installation
from service.cli.output import CommandFailed, language, translate
from service.clock import now, union_day
from service.db.columns import new_id
from service.i18n.catalogue import LANGUAGES
from service.queries import accounts
from service.report.docx_writer import write_docx
from service.report.figures import snapshot
from service.report.figures_json import figures_json
from service.report.markdown import write_markdown
from service.report.section import Section, make_section
from service.tables.units import unit


def context_for(conn: sa.Connection, installation: Installation, login: str) -> ActionContext:
    """Return the context of a command that acts as `login`. Raises CommandFailed when no account has this login."""
    instant = now()
    caller = accounts.caller_by_login(conn, login, union_day(instant))
    if caller is None:
        raise CommandFailed(translate("cli.no_account", login=login))
    return ActionContext(
        caller, instant, union_day(instant), installation.keyring, request=str(new_id()), clock=installation.clock
    )


@click.command("report")
@click.option("--unit", "unit_name", help="单位全称（默认最上一级）· Full name of the unit (default: the top unit).")
@click.option(
    "--from", "start", type=click.DateTime(["%Y-%m-%d"]), required=True, help="起始日，如 2025-01-01 · First day."
)
@click.option(
    "--to", "end", type=click.DateTime(["%Y-%m-%d"]), required=True, help="截止日，当日计入 · Last day, included."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path(),
    help="三个文件写到哪个文件夹（默认当前）· Folder for the three files.",
)
@click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    default=language,
    help="报告的语言（默认 SONGNUAN_LANG）· Language of the report (default: SONGNUAN_LANG).",
)
@AS_JSON
@VAR
def report(
    unit_name: str | None, start: datetime, end: datetime, out: Path, lang: str, as_json: bool, var: Path | None
) -> None:
    """写年度报告的帮扶部分 · Write the welfare section as Word, Markdown and figures.json."""
    if start > end:
        raise click.BadParameter(translate("cli.period_backwards"), param_hint="--to")
    with open_installation(var) as installation, snapshot(installation.engine) as conn:
        section = make_section(conn, _unit_path(conn, unit_name), start.date(), end.date(), now(), lang)
        if as_json:
            click.echo(figures_json(section))
            return
        try:
            files = write_files(section, out)
        except OSError as fault:
            raise CommandFailed(translate("cli.cannot_write", folder=out, why=fault.strerror)) from None
        for file in files:
            click.echo(str(file))


def _unit_path(conn: sa.Connection, name: str | None) -> str:
    rows = sa.select(unit.c.path).where(unit.c.name == name if name else unit.c.parent_id.is_(None))
    paths: list[str] = list(conn.scalars(rows))
    if not paths:
        raise CommandFailed(translate("cli.no_unit", name=name) if name else translate("cli.not_founded"))
    if len(paths) > 1:
        raise CommandFailed(translate("cli.which_unit", name=name or "—", count=len(paths)))
    return paths[0]


def write_files(section: Section, out: Path) -> list[Path]:
    """Write the section's three files to a folder and return their paths."""
    out.mkdir(parents=True, exist_ok=True)
    word, markdown, figures = (out / name for name in ("welfare-section.docx", "welfare-section.md", "figures.json"))
    write_docx(section, word)
    markdown.write_text(write_markdown(section))
    figures.write_text(figures_json(section))
    return [word, markdown, figures]
