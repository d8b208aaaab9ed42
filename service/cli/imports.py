"""`songnuan import`: spreadsheets, policy sets and calendars come in together, or not at all."""

import json
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress, TaskID
from xlsxwriter.exceptions import FileCreateError

from service.cli.installation import AS_JSON, VAR, open_installation
from service.cli.output import FAULTS, CommandFailed, language, translate
from service.cli.report import context_for
from service.imports.error_workbook import write_error_workbook
from service.imports.import_files import Imported, import_files, importable
from service.imports.problems import InvalidSheets, SheetProblem, Unreadable, message_for_problem, place
from service.imports.xlsx import read_bytes

err = Console(stderr=True)


@click.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--by", required=True, help="导入人（管理员）的登录名；各行的登记人写在表里 · Login of the administrator."
)
@click.option("--dry-run", is_flag=True, help="只检查，不写入 · Check everything, write nothing.")
@AS_JSON
@VAR
def import_year(paths: tuple[Path, ...], by: str, dry_run: bool, as_json: bool, var: Path | None) -> None:
    """导入表格：全部写入，或一行也不写 · Spreadsheets, policy sets and calendars: all of them, or nothing."""
    files = _files(paths)
    with open_installation(var) as here, here.engine.begin() as conn:
        context = context_for(conn, here, by)
        try:
            with Progress(console=err, disable=as_json) as bar:
                found = import_files(conn, files, context, shown_on(bar), dry_run=dry_run)
        except InvalidSheets as bad:
            _tell_problems(bad, files, as_json)
            raise SystemExit(FAULTS) from None
    if as_json:
        told = {"counts": dict(found.counts), "repeated": found.repeated, "only_read": found.only_read}
        click.echo(json.dumps({**told, "dry_run": dry_run}, ensure_ascii=False))
    else:
        click.echo(summary(found))


def _files(paths: tuple[Path, ...]) -> list[Path]:
    """Every file that is named, and of a folder those that can be imported; a folder without any ends the command."""
    files = []
    for path in paths:
        within = importable(path) if path.is_dir() else [path]
        if not within:
            raise CommandFailed(translate("cli.nothing_to_import", folder=path))
        files += within
    return files


def shown_on(bar: Progress) -> Callable[[str, int, int], None]:
    """Progress of an import on the terminal, a line per sheet."""
    tasks: dict[str, TaskID] = {}

    def progress(title: str, done: int, of: int) -> None:
        if title not in tasks:
            tasks[title] = bar.add_task(title, total=of)
        bar.update(tasks[title], completed=done)

    return progress


def summary(found: Imported) -> str:
    """What came in, in one line; in others what had come in before, and what is only checked."""
    counts = "，".join(f"{translate(f'cli.kind.{kind}')} {count}" for kind, count in found.counts.items()) or "—"
    lines = [translate("cli.import_tried" if found.dry_run else "cli.imported", counts=counts)]
    if found.repeated:
        lines.append(translate("cli.imported_before", files="、".join(found.repeated)))
    if found.only_read:
        lines.append(translate("cli.import_only_read", files="、".join(found.only_read)))
    return "\n".join(lines)


def _tell_problems(bad: InvalidSheets, files: list[Path], as_json: bool) -> None:
    """Every problem with its place, and of each workbook a copy with a column 错误."""
    lang = language()
    listed = [
        {"where": place(each, lang), "code": each.code, "words": message_for_problem(each, lang)}
        for each in bad.problems
    ]
    if as_json:
        click.echo(json.dumps(listed, ensure_ascii=False))
        return
    for each in listed:
        click.echo(f"  {each['where']}：{each['words']}", err=True)
    click.echo(translate("cli.import_wrong", count=len(listed)), err=True)
    wrong = {each.file for each in bad.problems}
    for file in (each for each in files if each.name in wrong):
        _give_back(file, [each for each in bad.problems if each.file == file.name])


def _give_back(file: Path, problems: list[SheetProblem]) -> None:
    """A copy of the workbook with the problems beside the rows, in the folder we stand in; none of what is no workbook."""
    target = Path(f"{file.stem}-错误.xlsx")
    try:
        write_error_workbook(read_bytes(file), problems, target, language())
    except Unreadable:
        return
    except (OSError, FileCreateError):
        click.echo(translate("cli.import_no_copy", file=target), err=True)
        return
    click.echo(translate("cli.import_copy", file=target), err=True)
