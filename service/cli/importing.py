"""`songnuan import`: spreadsheets, policy sets and calendars come in together, or not at all."""

import json
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress, TaskID

from service.cli.place import FAULTS, opened
from service.cli.records import VAR, asked_by
from service.exchange.folder import Imported, import_files
from service.exchange.mending import write_mending
from service.exchange.problems import BadSheets, place, told
from service.words import say

err = Console(stderr=True)


@click.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--by", required=True, help="Login of the administrator who imports; each row names its own keeper.")
@click.option("--dry-run", is_flag=True, help="Check everything, write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@VAR
def import_year(paths: tuple[Path, ...], by: str, dry_run: bool, as_json: bool, var: Path | None) -> None:
    """导入表格 · All the files or, when one row is wrong, nothing; then each is given back with its remarks."""
    files = [file for path in paths for file in (sorted(path.iterdir()) if path.is_dir() else [path]) if wanted(file)]
    with opened(var) as here, here.engine.begin() as tx, Progress(console=err, disable=as_json) as bar:
        try:
            found = import_files(tx, files, asked_by(tx, here, by), shown_on(bar), dry_run=dry_run)
        except BadSheets as bad:
            _tell_problems(bad, files, as_json)
            raise SystemExit(FAULTS) from None
    if as_json:
        click.echo(json.dumps({"counts": dict(found.counts), "repeated": found.repeated, "dry_run": dry_run}))
    else:
        click.echo(summary(found))


def wanted(file: Path) -> bool:
    """Whether a file of a folder is one to import."""
    return file.suffix in {".xlsx", ".toml"} or (file.suffix == ".csv" and file.name.startswith("calendar"))


def shown_on(bar: Progress) -> Callable[[str, int, int], None]:
    """Progress of an import on the terminal, a line per sheet."""
    tasks: dict[str, TaskID] = {}

    def progress(title: str, done: int, of: int) -> None:
        if title not in tasks:
            tasks[title] = bar.add_task(title, total=of)
        bar.update(tasks[title], completed=done)

    return progress


def summary(found: Imported) -> str:
    """What came in, in one line, and what had come in before in another."""
    counts = "，".join(f"{say(f'cli.kind.{kind}')} {count}" for kind, count in found.counts.items()) or "—"
    lines = [say("cli.imported", counts=counts)]
    if found.repeated:
        lines.append(say("cli.imported_before", files="、".join(found.repeated)))
    return "\n".join(lines)


def _tell_problems(bad: BadSheets, files: list[Path], as_json: bool) -> None:
    """Every problem with its place, and beside each workbook a copy with a column 错误."""
    listed = [{"where": place(each), "code": each.code, "words": told(each)} for each in bad.problems]
    if as_json:
        click.echo(json.dumps(listed, ensure_ascii=False))
        return
    for each in listed:
        click.echo(f"  {each['where']}：{each['words']}", err=True)
    wrong = {each.file for each in bad.problems}
    for file in (each for each in files if each.suffix == ".xlsx" and each.name in wrong):
        target = Path(f"{file.stem}-错误.xlsx")
        write_mending(file.read_bytes(), [each for each in bad.problems if each.file == file.name], target)
        click.echo(say("cli.import_wrong", count=len(bad.problems), file=target), err=True)
