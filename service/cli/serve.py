"""`songnuan serve` runs the whole service on one machine."""

import signal
import sys
import threading
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

import click
import redis
from rich.console import Console

from service.cli import processes
from service.cli.data_folder import claim_folder, held_for_serving, refuse_copied_folder, relocate
from service.cli.demo.passwords import read_passwords
from service.cli.installation import VAR, demo_settings, keys_of, servers, settings_at
from service.cli.output import CANNOT_RUN, CommandFailed, translate
from service.cli.processes import Processes, environment
from service.cli.schema import migrate_database
from service.config import Settings
from service.crypto.signed_notes import log_key
from service.db.engine import make_engine
from service.local_servers import claim_broker, port_answers, port_free
from service.local_servers.smtp import Mailbox
from service.queries.installation import this_installation
from service.tables.installation import RecordKind

out = Console(soft_wrap=True)
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, a service manager, a closed terminal."""

QUEUES = "clock,inbox,email,files"
"""Every queue of worker/app.py: one worker serves all of them."""


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="端口 · Port.")
@click.option("--demo", "use_demo", is_flag=True, help="打开演示过的那一年 · Serve the data of `songnuan demo`.")
@VAR
def serve(port: int, use_demo: bool, var: Path | None) -> None:
    """启动服务，Ctrl-C 停 · Run web, worker, beat and relay, and our own servers when needed, until Ctrl-C."""
    settings = _settings(var, use_demo=use_demo)
    stop = _stop_on_signal()
    with ExitStack() as stack:
        stack.enter_context(held_for_serving(settings.var))
        refuse_copied_folder(settings.var)
        if not port_free(port):
            raise CommandFailed(translate("cli.port_taken", port=port, other=port + 1))
        has_own_broker = settings.redis_url is None
        settings = stack.enter_context(servers(settings, broker=True))
        settings = _with_mail(stack, settings)
        keys_of(settings)
        log_key(settings, create=True)
        migrate_database(settings)
        kind = claim_installation(settings, own_broker=has_own_broker)
        children = stack.enter_context(Processes(settings.var / "log"))
        if stop.is_set():
            return
        start_all(children, settings, port)
        if _comes_up(children, port, stop):
            _announce(settings, port, kind, use_demo=use_demo)
        _wait_for_signal(children, stop)


def _comes_up(children: Processes, port: int, stop: threading.Event) -> bool:
    """Wait until the web answers; return False when a stop signal came first, or a process ended by itself."""
    while not port_answers(port):
        if stop.wait(0.1) or children.ended() is not None:
            return False
    return True


def _announce(settings: Settings, port: int, kind: RecordKind | None, *, use_demo: bool) -> None:
    """Print the address, and for a demo that it is one and its accounts."""
    address = f"http://127.0.0.1:{port}"
    out.print(translate("cli.serving", url=address, docs=f"{address}/api/v1/docs", log=settings.var / "log"))
    if kind is RecordKind.DEMO:
        out.print(translate("cli.demo_record"))
    if use_demo:
        _print_demo_accounts(settings.var)


def _print_demo_accounts(folder: Path) -> None:
    """Print how to sign in to the demo: one account for each role, and the auditor's token for the API."""
    for each in read_passwords(folder):
        role = translate(f"terms.role.{each['role']}") + (f" {each['tier']}" if each["tier"] else "")
        out.print(f"  {role:<8} {each['login']:<16} {each['password']}", highlight=False)
    out.print(translate("cli.demo_token", token=(folder / "token").read_text().strip()))


def _settings(var: Path | None, *, use_demo: bool) -> Settings:
    """Return the settings of the installation, or of its demo. Raises CommandFailed when there was no demo."""
    settings = settings_at(var)
    if use_demo:
        settings = demo_settings(settings, settings.var / "demo")
        if not (settings.var / "token").exists():
            raise CommandFailed(translate("cli.no_demo"))
    return settings


@click.command("relocate")
@VAR
def relocate_folder(var: Path | None) -> None:
    """数据文件夹换了地方 · Say that this folder is the installation from now on; its first place must not be served."""
    folder = settings_at(var).var
    click.echo(translate("cli.relocated", folder=folder, first=relocate(folder)))


def _with_mail(stack: ExitStack, settings: Settings) -> Settings:
    if settings.mail is not None:
        return settings
    mailbox = stack.enter_context(Mailbox(settings.var / "mail"))
    out.print(translate("cli.mail_kept", folder=mailbox.folder))
    return replace(settings, mail=mailbox.mail_server)


def claim_installation(settings: Settings, *, own_broker: bool) -> RecordKind | None:
    """Write into the data folder and the broker whose they are, and return the kind of the record, if it is founded.

    Raises CommandFailed when the folder or the broker is another installation's, and for a demo clock on an office's record.
    """
    engine = make_engine(settings.database_url or "")
    with engine.connect() as conn:
        row = this_installation(conn)
    engine.dispose()
    if row is None:
        return None
    if settings.demo_clock and row.kind != RecordKind.DEMO.value:
        raise CommandFailed(translate("cli.demo_clock_on_office"))
    claim_folder(settings.var, str(row.id))
    with suppress(redis.RedisError):  # the service works without its broker
        other = claim_broker(settings.redis_url or "", str(row.id), own=own_broker)
        if other is not None:
            raise CommandFailed(translate("cli.other_broker", id=other))
    return RecordKind(row.kind)


def start_all(children: Processes, settings: Settings, port: int, *, with_beat: bool = True) -> None:
    """Start beat, worker, relay and web with one environment; the web last, so that it stops first."""
    variables = environment(settings, SONGNUAN_DEMO_CLOCK="1" if settings.demo_clock else "0")
    if settings.mail is not None and "SMTP_URL" not in variables:
        variables["SMTP_URL"] = settings.mail.url
    variables["PROMETHEUS_MULTIPROC_DIR"] = str(settings.var / "metrics")
    if with_beat:
        children.start("beat", processes.beat(settings.var / "celerybeat-schedule"), variables)
    children.start("worker", processes.worker(QUEUES), variables)
    children.start("relay", processes.relay(), variables)
    children.start("web", processes.web(port), variables)


def _stop_on_signal() -> threading.Event:
    """Return an event that every stop signal sets."""
    # A signal only sets the event: a server that is starting comes up first and is then stopped in order. A second
    # signal during the stop has no effect.
    stop = threading.Event()
    for number in STOP_SIGNALS:
        signal.signal(number, lambda *_: stop.set())
    return stop


def _wait_for_signal(children: Processes, stop: threading.Event) -> None:
    """Wait for a stop signal, or exit with CANNOT_RUN when a process ends by itself."""
    while not stop.wait(1.0):
        name = children.ended()
        if name is not None:
            click.echo(translate("cli.process_ended", name=name, log=children.logs / f"{name}.log"), err=True)
            sys.exit(CANNOT_RUN)
