"""`songnuan migrate`, `found`, `import` and `report`: the record made, filled, and told."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import sqlalchemy as sa

from service import schema
from service.actions import founding
from service.actions.trail import Asked
from service.cli.place import Place, opened
from service.cli.words import refusal
from service.db import new_id, now
from service.queries import accounts
from service.report.figures import snapshot
from service.report.figures_json import figures_json
from service.report.markdown import write_markdown
from service.report.section import Section, make_section
from service.report.word import write_docx
from service.tables.units import unit
from service.words import say
from workflows.terms import BadAnswers, Refused

UNION_TIME = ZoneInfo("Asia/Shanghai")
VAR = click.option("--var", type=click.Path(path_type=Path), help="The installation's folder (default: var).")


def union_day(instant: datetime) -> date:
    """The union's day: a date in Asia/Shanghai."""
    return instant.astimezone(UNION_TIME).date()


@click.command()
@VAR
def migrate(var: Path | None) -> None:
    """升级数据库 · Bring the database to the newest migration; a second run does nothing."""
    with opened(var) as place:
        click.echo(say("cli.migrated", at=schema.upgrade(place.engine)))


@click.command()
@click.option("--unit", "unit_name", required=True, help="Name of the unit at the root, e.g. 某县总工会.")
@click.option("--kind", default="county", show_default=True)
@click.option("--division", required=True, help="GB/T 2260 division code, e.g. 371083.")
@click.option("--login", required=True, help="Login of the first administrator.")
@click.option("--name", "display_name", required=True, help="The administrator's name.")
@click.option("--email", default=None)
@VAR
def found(
    unit_name: str, kind: str, division: str, login: str, display_name: str, email: str | None, var: Path | None
) -> None:
    """开户 · On the first day: make the root unit, its administrator and the clock."""
    with opened(var) as place:
        schema.upgrade(place.engine)
        instant = now()
        new = founding.Founding(unit_name, kind, division, login, display_name, email)
        try:
            with place.engine.begin() as tx:
                founding.found(tx, new, instant, union_day(instant), place.ring)
        except (Refused, BadAnswers) as no:
            raise refusal(no) from None
        click.echo(say("cli.founded", unit=unit_name, login=login))


def asked_by(tx: sa.Connection, place: Place, login: str) -> Asked:
    """Who a command acts as; an unknown login ends it."""
    instant = now()
    caller = accounts.caller_named(tx, login, union_day(instant))
    if caller is None:
        raise click.ClickException(say("cli.no_account", login=login))
    return Asked(caller, instant, union_day(instant), place.ring, request=str(new_id()))


@click.command("report")
@click.option("--unit", "unit_name", help="Name of the unit (default: the unit at the root).")
@click.option("--from", "start", type=click.DateTime(["%Y-%m-%d"]), required=True, help="First day.")
@click.option("--to", "end", type=click.DateTime(["%Y-%m-%d"]), required=True, help="Last day; it counts.")
@click.option("--out", type=click.Path(path_type=Path), default=Path(), help="Folder for the three files.")
@click.option("--lang", type=click.Choice(["zh_CN", "en"]), default="zh_CN", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print figures.json instead of writing files.")
@VAR
def report(
    unit_name: str | None, start: datetime, end: datetime, out: Path, lang: str, as_json: bool, var: Path | None
) -> None:
    """年度报告 · The welfare section as Word, Markdown and figures.json."""
    if start > end:
        raise click.BadParameter(say("cli.period_backwards"), param_hint="--to")
    with opened(var) as place, snapshot(place.engine) as tx:
        section = make_section(tx, _path(tx, unit_name), start.date(), end.date(), datetime.now(UTC), lang)
        if as_json:
            click.echo(figures_json(section))
            return
        for file in write_files(section, out):
            click.echo(str(file))


def _path(tx: sa.Connection, name: str | None) -> str:
    rows = sa.select(unit.c.path).where(unit.c.name == name if name else unit.c.parent_id.is_(None))
    paths: list[str] = list(tx.scalars(rows))
    if len(paths) != 1:
        raise click.ClickException(say("cli.no_unit", name=name or "—", count=len(paths)))
    return paths[0]


def write_files(section: Section, out: Path) -> list[Path]:
    """The section's three files in a folder."""
    out.mkdir(parents=True, exist_ok=True)
    word, text, figures = (out / name for name in ("welfare-section.docx", "welfare-section.md", "figures.json"))
    write_docx(section, word)
    text.write_text(write_markdown(section))
    figures.write_text(figures_json(section))
    return [word, text, figures]
