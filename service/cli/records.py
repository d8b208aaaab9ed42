"""`songnuan migrate`, `found`, `import` and `report`: the record made, filled, and told."""

from datetime import datetime
from pathlib import Path

import click
import sqlalchemy as sa

from service import schema
from service.actions import founding
from service.actions.trail import Asked
from service.cli.place import AS_JSON, VAR, Place, opened
from service.cli.words import Cannot, language, refusal, say
from service.clock import now, union_day
from service.db import new_id
from service.queries import accounts
from service.report.figures import snapshot
from service.report.figures_json import figures_json
from service.report.markdown import write_markdown
from service.report.section import Section, make_section
from service.report.word import write_docx
from service.tables.units import unit
from service.words import LANGUAGES
from workflows.terms import BadAnswers, Refused


@click.command()
@VAR
def migrate(var: Path | None) -> None:
    """升级数据库，跑两次也没事 · Bring the database to the newest migration; a second run does nothing."""
    with opened(var, new=True, any_schema=True) as place:
        click.echo(say("cli.migrated", at=schema.upgrade(place.engine)))


@click.command()
@click.option(
    "--unit", "unit_name", required=True, help="最上一级单位的全称，如 某县总工会 · Name of the unit at the root."
)
@click.option(
    "--kind",
    default="county",
    show_default=True,
    help="单位类别 · national, province, city, county, industry or grass_roots.",
)
@click.option("--division", required=True, help="行政区划代码（GB/T 2260），如 371083 · Division code.")
@click.option("--login", required=True, help="管理员的登录名 · Login of the first administrator.")
@click.option("--name", "display_name", required=True, help="管理员的姓名 · The administrator's name.")
@click.option("--email", help="管理员的电子邮箱 · The administrator's mail address.")
@VAR
def found(
    unit_name: str, kind: str, division: str, login: str, display_name: str, email: str | None, var: Path | None
) -> None:
    """第一天开户：建单位和管理员 · On the first day: make the root unit, its administrator and the clock."""
    with opened(var, new=True, any_schema=True) as place:
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
        raise Cannot(say("cli.no_account", login=login))
    return Asked(caller, instant, union_day(instant), place.ring, request=str(new_id()))


@click.command("report")
@click.option("--unit", "unit_name", help="单位全称（默认最上一级）· Name of the unit (default: the one at the root).")
@click.option(
    "--from", "start", type=click.DateTime(["%Y-%m-%d"]), required=True, help="起始日，如 2025-01-01 · First day."
)
@click.option(
    "--to", "end", type=click.DateTime(["%Y-%m-%d"]), required=True, help="截止日，当日计入 · Last day; it counts."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path(),
    help="三个文件写到哪个文件夹（默认当前）· Folder for the three files.",
)
@click.option(
    "--lang", type=click.Choice(LANGUAGES), default=language, help="报告的语言（默认 SONGNUAN_LANG）· Its language."
)
@AS_JSON
@VAR
def report(
    unit_name: str | None, start: datetime, end: datetime, out: Path, lang: str, as_json: bool, var: Path | None
) -> None:
    """写年度报告的帮扶部分 · The welfare section as Word, Markdown and figures.json."""
    if start > end:
        raise click.BadParameter(say("cli.period_backwards"), param_hint="--to")
    with opened(var) as place, snapshot(place.engine) as tx:
        section = make_section(tx, _path(tx, unit_name), start.date(), end.date(), now(), lang)
        if as_json:
            click.echo(figures_json(section))
            return
        try:
            written = write_files(section, out)
        except OSError as fault:
            raise Cannot(say("cli.cannot_write", folder=out, why=fault.strerror)) from None
        for file in written:
            click.echo(str(file))


def _path(tx: sa.Connection, name: str | None) -> str:
    rows = sa.select(unit.c.path).where(unit.c.name == name if name else unit.c.parent_id.is_(None))
    paths: list[str] = list(tx.scalars(rows))
    if not paths:
        raise Cannot(say("cli.no_unit", name=name) if name else say("cli.not_founded"))
    if len(paths) > 1:
        raise Cannot(say("cli.which_unit", name=name or "—", count=len(paths)))
    return paths[0]


def write_files(section: Section, out: Path) -> list[Path]:
    """The section's three files in a folder."""
    out.mkdir(parents=True, exist_ok=True)
    word, text, figures = (out / name for name in ("welfare-section.docx", "welfare-section.md", "figures.json"))
    write_docx(section, word)
    text.write_text(write_markdown(section))
    figures.write_text(figures_json(section))
    return [word, text, figures]
