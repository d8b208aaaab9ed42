"""`songnuan demo`: a union's year, from the first household survey to the annual report, as its people live it."""

import shutil
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path

import click
from rich.console import Console

from service.cli.demo.run import run_year
from service.cli.demo.setup import DemoSetup, set_up
from service.cli.demo.summary import print_summary
from service.cli.demo.verify import verify_demo
from service.cli.installation import demo_settings, servers, settings_at
from service.cli.output import FAULTS
from service.cli.processes import Processes
from service.cli.report import write_files
from service.cli.serve import start_all
from service.clock import now
from service.config import MailServer
from service.local_servers import a_free_port
from service.local_servers.smtp import Mailbox
from service.report.figures import snapshot
from service.report.section import Section, make_section

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
    settings = demo_settings(told_so, var or Path("var") / "demo")
    _sweep(settings.var)
    with ExitStack() as house:
        settings = house.enter_context(servers(settings, broker=True, durable=False))
        stage = set_up(settings, told_so.database_url, samples, out)
        box = house.enter_context(Mailbox(settings.var / "mail"))
        mailed = replace(stage.settings, mail=MailServer("127.0.0.1", box.port, tls=False))
        running = house.enter_context(Processes(settings.var / "log"))
        port = a_free_port()
        start_all(running, mailed, port, with_beat=False)
        told = run_year(stage, f"http://127.0.0.1:{port}", samples / "09-applications.xlsx", running, out)
        section = _section(stage)
        files = write_files(section, settings.var)
        faults = verify_demo(stage, told, settings.var, out)
        print_summary(section, files, settings.var, time.monotonic() - began, out)
    if faults:
        raise SystemExit(FAULTS)


def _sweep(folder: Path) -> None:
    """A demo begins with empty hands: old notifications, logs and files go; the servers' data is reused."""
    for name in ("mail", "log"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in ("welfare-section.docx", "welfare-section.md", "figures.json", "token"):
        (folder / name).unlink(missing_ok=True)


def _section(stage: DemoSetup) -> Section:
    with snapshot(stage.engine) as conn:
        return make_section(conn, stage.root_path, FIRST, LAST, now(), stage.settings.language)
