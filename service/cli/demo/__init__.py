"""`songnuan demo`: a union's year, from the first household survey to the annual report, as its people live it."""

import shutil
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path

import click
from rich.console import Console

from service.cli.demo.proof import prove
from service.cli.demo.stage import Stage, open_stage
from service.cli.demo.telling import tell
from service.cli.demo.year import live
from service.cli.place import of_the_demo, servers, settings_at
from service.cli.processes import Processes
from service.cli.records import write_files
from service.cli.serve import start_all
from service.cli.words import FAULTS
from service.clock import now
from service.config import MailServer
from service.mailbox import Mailbox
from service.report.figures import snapshot
from service.report.section import Section, make_section
from service.servers import a_free_port

out = Console(highlight=False)
SAMPLES = Path(__file__).resolve().parents[3] / "samples"
FIRST, LAST = date(2025, 1, 1), date(2025, 12, 31)


@click.command()
@click.option(
    "--samples",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=SAMPLES,
    help="示例表格的文件夹 · The folder of spreadsheets.",
)
@click.option("--var", type=click.Path(path_type=Path), help="演示放在哪里（默认 var/demo）· Where the demo lives.")
def demo(samples: Path, var: Path | None) -> None:
    """演示工会的一年，写出报告 · Live a union's year over HTTP, person by person, and write its report."""
    began = time.monotonic()
    told_so = settings_at()
    settings = of_the_demo(told_so, var or Path("var") / "demo")
    _sweep(settings.var)
    with ExitStack() as house:
        settings = house.enter_context(servers(settings, broker=True, durable=False))
        stage = open_stage(settings, told_so.database_url, samples, out)
        box = house.enter_context(Mailbox(settings.var / "mail"))
        mailed = replace(stage.settings, mail=MailServer("127.0.0.1", box.port, tls=False))
        running = house.enter_context(Processes(settings.var / "log"))
        port = a_free_port()
        start_all(running, mailed, port, with_beat=False)
        told = live(stage, f"http://127.0.0.1:{port}", samples / "09-applications.xlsx", running, out)
        section = _section(stage)
        files = write_files(section, settings.var)
        faults = prove(stage, told, settings.var, out)
        tell(section, files, settings.var, time.monotonic() - began, out)
    if faults:
        raise SystemExit(FAULTS)


def _sweep(folder: Path) -> None:
    """A demo begins with empty hands: old letters, logs and files go; the servers' data is reused."""
    for name in ("mail", "log"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in ("welfare-section.docx", "welfare-section.md", "figures.json", "token"):
        (folder / name).unlink(missing_ok=True)


def _section(stage: Stage) -> Section:
    with snapshot(stage.engine) as tx:
        return make_section(tx, stage.root_path, FIRST, LAST, now(), stage.settings.language)
