"""`songnuan import` imports spreadsheets, policy sets and calendars in one transaction."""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress, TaskID

from service.actions.confirmations import Proposal
from service.cli.callers import context_for
from service.cli.installation import AS_JSON, VAR, open_installation
from service.cli.output import FAULTS, CommandFailed, language, refusal, translate
from service.i18n.catalogue import LANGUAGES
from service.imports.error_workbook import write_error_workbook
from service.imports.import_context import ImportOptions
from service.imports.import_result import Imported, SheetCount, Unread
from service.imports.problems import InvalidSheets, SheetProblem, Unreadable, message_for_problem, place
from service.imports.proposed_import import Outcome, import_or_propose
from service.imports.spreadsheets import documents, importable, open_spreadsheet
from service.imports.xlsx import read_bytes
from service.private_files import write_file
from workflows.money_format import in_yuan, in_yuan_with_thousands
from workflows.vocabulary import Refused

err = Console(stderr=True)


@click.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--by",
    required=True,
    help="导入人（管理员）的登录名；各行的登记人写在表里 · Login of the administrator who imports.",
)
@click.option("--dry-run", is_flag=True, help="只检查，不写入 · Check only; write nothing.")
@click.option("--urgent", default="", help="政策今天或更早生效的理由 · Why rules take effect before tomorrow.")
@click.option(
    "--late",
    default="",
    help="补录的理由：已截止的资金、今天以前开始的授权 · Why rows come late: closed fund lines, past roles.",
)
@AS_JSON
@VAR
def import_year(
    paths: tuple[Path, ...], by: str, dry_run: bool, urgent: str, late: str, as_json: bool, var: Path | None
) -> None:
    """导入表格：全部写入，或一行也不写；涉及资金、权限、政策的要他人确认 · Import spreadsheets, policy sets and calendars: every row, or none."""
    files = _files(paths)
    outcome, invalid = _import(files, by, dry_run, ImportOptions(urgent, late), as_json, var)
    if invalid is not None:
        _report_problems(invalid, files, as_json)
        raise SystemExit(FAULTS)
    imported, proposal = outcome.imported, outcome.proposal
    unread_documents = [path.name for folder in paths if folder.is_dir() for path in documents(folder)]
    if as_json:
        unread = [place_of_unread(part) for part in imported.unread] + unread_documents
        waiting = str(proposal.id) if proposal else None
        click.echo(
            json.dumps(summary_document(imported) | {"unread": unread, "confirmation": waiting}, ensure_ascii=False)
        )
    else:
        click.echo(summary(imported, proposal))
        if unread_documents:
            click.echo(translate("cli.import_documents", files=join(unread_documents)))


def _import(
    files: list[Path], by: str, dry_run: bool, options: ImportOptions, as_json: bool, var: Path | None
) -> tuple[Outcome, InvalidSheets | None]:
    """Import the files, propose them, or return the problems; the transaction commits either way.

    After a problem it holds nothing but the events that say whom a refusal disclosed.
    """
    with open_installation(var) as installation, installation.engine.begin() as conn:
        context = context_for(conn, installation, by)
        try:
            with Progress(console=err, disable=as_json) as bar:
                progress = shown_on(bar)
                return import_or_propose(conn, files, context, progress, dry_run=dry_run, options=options), None
        except InvalidSheets as invalid:
            return Outcome(Imported()), invalid
        except Refused as refused:
            raise refusal(refused) from None


def _files(paths: tuple[Path, ...]) -> list[Path]:
    """Return the files named, and from each folder those that can be imported.

    Raises CommandFailed when a folder has none.
    """
    files = []
    for path in paths:
        importable_files = importable(path) if path.is_dir() else [path]
        if not importable_files:
            raise CommandFailed(translate("cli.nothing_to_import", folder=path))
        files += importable_files
    return files


def shown_on(bar: Progress) -> Callable[[str, int, int], None]:
    """Return a callback that shows the progress of an import, one bar per sheet."""
    tasks: dict[str, TaskID] = {}

    def progress(title: str, done: int, total: int) -> None:
        if title not in tasks:
            tasks[title] = bar.add_task(title, total=total)
        bar.update(tasks[title], completed=done)

    return progress


def summary_document(imported: Imported) -> dict[str, object]:
    """Return the result as JSON says it: rows written and repeated by sheet, the money written in yuan, each repeat."""
    sheets = {
        title: {"written": count.written, "repeated": count.repeated}
        | ({"sum": in_yuan(count.fen)} if count.fen is not None else {})
        for title, count in imported.sheets.items()
    }
    repeats = [{"where": place(each, language()), "code": each.code} for each in imported.repeats]
    rules = {"rules": imported.rules, "only_read": imported.only_read, "dry_run": imported.dry_run}
    return {"sheets": sheets, "repeats": repeats, **rules}


def summary(imported: Imported, proposal: Proposal | None = None) -> str:
    """Return the counts and sums of every sheet, then each row that was on record already, and what was not read."""
    counts = [f"{translate(f'cli.kind.{kind}')} {count}" for kind, count in imported.rules.items()]
    counts += [_sheet_count(title, count) for title, count in imported.sheets.items()]
    word = "cli.import_tried" if imported.dry_run else "cli.import_proposed" if proposal else "cli.imported"
    lines = [translate(word, counts=join(counts) or "—")]
    if proposal is not None:
        lines.append(translate("cli.import_waits", id=proposal.id, until=proposal.until_on.isoformat()))
    lang = language()
    lines += [f"  {place(each, lang)}：{message_for_problem(each, lang)}" for each in imported.repeats]
    if imported.only_read:
        lines.append(translate("cli.import_only_read", files=join(imported.only_read)))
    lines += [translate("cli.import_unread", place=place_of_unread(part)) for part in imported.unread]
    return "\n".join(lines)


def _sheet_count(title: str, count: SheetCount) -> str:
    """Return one sheet's rows and money: `到账 1（30,000.00元）`."""
    money = "" if count.fen is None else translate("cli.import_sum", sum=in_yuan_with_thousands(count.fen))
    return f"{title} {count.written}{money}"


def join(names: list[str]) -> str:
    """Return names as a list in the reader's language."""
    return ("、" if language() == LANGUAGES[0] else ", ").join(names)


def place_of_unread(part: Unread) -> str:
    """Return what was left unread: `a.xlsx 成员 序号列`, `a.xlsx 收支 第3行（合计）`, `a.xlsx 字典`."""
    if part.column is not None:
        return translate("cli.unread_column", file=part.file, sheet=part.sheet, column=part.column)
    if part.row is not None:
        return translate("cli.unread_row", file=part.file, sheet=part.sheet, row=part.row, text=part.text)
    return translate("cli.unread_sheet", file=part.file, sheet=part.sheet)


def _report_problems(invalid: InvalidSheets, files: list[Path], as_json: bool) -> None:
    """Print every problem with its location, and write a copy of each workbook with a column 错误."""
    lang = language()
    problems = [
        {"where": place(problem, lang), "code": problem.code, "words": message_for_problem(problem, lang)}
        for problem in invalid.problems
    ]
    if as_json:
        click.echo(json.dumps(problems, ensure_ascii=False))
        return
    for problem in problems:
        click.echo(f"  {problem['where']}：{problem['words']}", err=True)
    click.echo(translate("cli.import_wrong", count=len(problems)), err=True)
    invalid_files = {problem.file for problem in invalid.problems}
    for file in (file for file in files if file.name in invalid_files):
        _write_error_copy(file, [problem for problem in invalid.problems if problem.file == file.name])


def _write_error_copy(file: Path, problems: list[SheetProblem]) -> None:
    """Write a copy of a workbook with the problems beside its rows to the current folder; other files have no copy."""
    target = Path(f"{file.stem}-错误.xlsx")
    copy = BytesIO()
    try:
        write_error_workbook(open_spreadsheet(file, read_bytes(file)), problems, copy, language())
        write_file(target, copy.getvalue())
    except Unreadable:
        return
    except OSError:
        click.echo(translate("cli.import_no_copy", file=target), err=True)
        return
    click.echo(translate("cli.import_copy", file=target), err=True)
