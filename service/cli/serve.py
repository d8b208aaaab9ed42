"""`songnuan serve`: the whole house on one machine, its processes side by side until it is told to stop."""

import signal
import sys
import threading
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console

from service.cli import processes
from service.cli.installation import VAR, demo_settings, keys_of, servers, settings_at
from service.cli.output import CANNOT, CommandFailed, translate
from service.cli.processes import Processes, environment
from service.config import MailServer, Settings
from service.db import migrate
from service.db.engine import make_engine
from service.local_servers import port_free
from service.local_servers.smtp import Mailbox

out = Console(soft_wrap=True)
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, a service manager, a terminal that is closed."""
QUEUES = "clock,inbox,email"
"""The worker of one machine serves every queue of worker/app.py."""


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="端口 · Port.")
@click.option("--demo", "of_demo", is_flag=True, help="打开演示过的那一年 · Serve the year `songnuan demo` has lived.")
@VAR
def serve(port: int, of_demo: bool, var: Path | None) -> None:
    """开门办公，Ctrl-C 停 · Database and broker (unless given), web, worker, beat and relay, until Ctrl-C."""
    settings = settings_at(var)
    if of_demo:
        settings = demo_settings(settings, settings.var / "demo")
        if not (settings.var / "token").exists():
            raise CommandFailed(translate("cli.no_demo"))
    if not port_free(port):
        raise CommandFailed(translate("cli.port_taken", port=port, other=port + 1))
    told = _stop_on_signal()
    with ExitStack() as house:
        settings = house.enter_context(servers(settings, broker=True))
        settings = _with_mail(house, settings)
        _migrated(settings)
        running = house.enter_context(Processes(settings.var / "log"))
        if told.is_set():
            return
        start_all(running, settings, port)
        out.print(translate("cli.serving", url=f"http://127.0.0.1:{port}/api/v1/docs", log=settings.var / "log"))
        if of_demo:
            out.print(translate("cli.demo_token", token=(settings.var / "token").read_text().strip()))
        _wait_for_signal(running, told)


def _with_mail(house: ExitStack, settings: Settings) -> Settings:
    if settings.mail is not None:
        return settings
    box = house.enter_context(Mailbox(settings.var / "mail"))
    out.print(translate("cli.mail_kept", folder=box.folder))
    return replace(settings, mail=MailServer("127.0.0.1", box.port, tls=False))


def _migrated(settings: Settings) -> None:
    keys_of(settings)
    made = make_engine(settings.database_url or "")
    migrate.upgrade(made)
    made.dispose()


def start_all(running: Processes, settings: Settings, port: int, *, with_beat: bool = True) -> None:
    """Beat, worker, relay and the web, each told the same; stopped, the web goes first and the work it left is done."""
    told = environment(settings, SONGNUAN_DEMO_CLOCK="1" if settings.demo_clock else "0")
    if settings.mail is not None and "SMTP_URL" not in told:
        told["SMTP_URL"] = f"smtp://{settings.mail.host}:{settings.mail.port}"
    told["PROMETHEUS_MULTIPROC_DIR"] = str(settings.var / "metrics")
    if with_beat:
        running.start("beat", processes.beat(settings.var / "celerybeat-schedule"), told)
    running.start("worker", processes.worker(QUEUES), told)
    running.start("relay", processes.relay(), told)
    running.start("web", processes.web(port), told)


def _stop_on_signal() -> threading.Event:
    """Set by a signal, whenever it comes: what is being started is started first, so that nothing is left behind; told
    again while it stops, the house goes on stopping.
    """
    told = threading.Event()
    for number in STOPS:
        signal.signal(number, lambda *_: told.set())
    return told


def _wait_for_signal(running: Processes, told: threading.Event) -> None:
    """Wait for a signal, or for a process that ends by itself."""
    while not told.wait(1.0):
        name = running.ended()
        if name is not None:
            click.echo(translate("cli.process_ended", name=name, log=running.logs / f"{name}.log"), err=True)
            sys.exit(CANNOT)
