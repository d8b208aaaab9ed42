"""The demo summary prints the report section, the files and the next command."""

from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule

from service.cli.output import translate
from service.report.section import Section


def print_summary(section: Section, files: list[Path], folder: Path, seconds: float, out: Console) -> None:
    """Print the section's paragraphs, the paths of the files, and how to go on."""
    out.print(Rule(section.title))
    for chapter in section.chapters:
        out.print(f"[bold]{chapter.heading}[/bold]")
        out.print(Padding("".join(paragraph.text for paragraph in chapter.paragraphs), (0, 2, 1, 2)))
    out.print(Rule())
    for file in (*files, folder / "mail", folder / "log" / "web.log"):
        out.print(f"  {_relative(file)}")
    out.print(translate("cli.demo.done", seconds=round(seconds), token=_relative(folder / "token")))


def _relative(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
