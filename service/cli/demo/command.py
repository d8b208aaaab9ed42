"""`songnuan demo` plays one year of a union and writes its annual report."""

import shutil
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path

import click
from rich.console import Console

from service.cli.data_folder import forget_identity, held_for_serving
from service.cli.demo.open_cases import leave_open_cases
from service.cli.demo.run import run_year
from service.cli.demo.setup import DemoSetup, set_up
from service.cli.demo.summary import print_summary
from service.cli.demo.verify import verify_demo, verify_record
from service.cli.installation import demo_settings, servers, settings_at
from service.cli.output import FAULTS
from service.cli.processes import Processes
from service.cli.report import write_files
from service.cli.serve import start_all
from service.clock import now
from service.local_servers import a_free_port
from service.local_servers.smtp import Mailbox
from service.report.figures import snapshot
from service.report.section import Section, make_section

out = Console(highlight=False)
SAMPLES = Path(__file__).resolve().parents[3] / "samples"
FIRST_DAY, LAST_DAY = date(2025, 1, 1), date(2025, 12, 31)


@click.command()
@click.option(
    "--samples",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=SAMPLES,
    help="示例表格的文件夹 · Folder of the sample spreadsheets.",
)
@click.option(
    "--var",
    type=click.Path(path_type=Path),
    help="演示放在哪里（默认 var/demo）· Folder of the demo (default: var/demo).",
)
def demo(samples: Path, var: Path | None) -> None:
    """演示工会的一年，写出报告 · Play a union's year over HTTP and write its annual report."""
    started = time.monotonic()
    installation_settings = settings_at()
    settings = demo_settings(installation_settings, var or Path("var") / "demo")
    with ExitStack() as stack:
        stack.enter_context(held_for_serving(settings.var))
        _delete_last_output(settings.var)
        settings = stack.enter_context(servers(settings, broker=True, durable=False))
        setup = set_up(
            settings, installation_settings.owner_database_url or installation_settings.database_url, samples, out
        )
        mailbox = stack.enter_context(Mailbox(settings.var / "mail"))
        settings_with_mail = replace(setup.settings, mail=mailbox.mail_server)
        processes = stack.enter_context(Processes(settings.var / "log"))
        port = a_free_port()
        start_all(processes, settings_with_mail, port, with_beat=False)
        address = f"http://127.0.0.1:{port}"
        run = run_year(setup, address, samples / "09-applications.xlsx", processes, out)
        section = _section(setup)
        files = write_files(section, settings.var)
        faults = verify_demo(setup, run, settings.var, out)
        if samples.resolve() == SAMPLES:  # the table of open cases names the people and families of these spreadsheets
            leave_open_cases(setup, address, samples, out)
        faults = verify_record(setup, faults, out)
        print_summary(section, files, settings.var, time.monotonic() - started, out)
    if faults:
        raise SystemExit(FAULTS)


def _delete_last_output(folder: Path) -> None:
    """Delete the e-mails, logs and files of the last demo; the data of its servers is used again."""
    for name in ("mail", "log"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in ("welfare-section.docx", "welfare-section.md", "figures.json", "token", "passwords"):
        (folder / name).unlink(missing_ok=True)
    forget_identity(folder)


def _section(setup: DemoSetup) -> Section:
    with snapshot(setup.engine) as conn:
        return make_section(conn, setup.root_path, FIRST_DAY, LAST_DAY, now(), setup.settings.language)
