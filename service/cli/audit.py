"""`songnuan audit` verifies and anchors the event log."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID

import click
import sqlalchemy as sa
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from service.actions import anchors as anchor_actions
from service.actions.bootstrap import CLOCK_LOGIN
from service.actions.context import ActionContext
from service.cli.bundles import bundle, check_bundle
from service.cli.callers import context_for
from service.cli.installation import AS_JSON, VAR, Installation, open_installation, settings_at
from service.cli.output import FAULTS, CommandFailed, translate
from service.cli.witness import witness
from service.clock import now, union_day
from service.crypto.hash_chain import anchor_line
from service.crypto.signed_notes import BadNote, log_key, read_witness_key
from service.integrity.anchors import signature_faults
from service.integrity.kept_lines import KeptLines, compare_kept, kept_notes
from service.integrity.owed import owed_faults
from service.integrity.parallel import verify_in_processes
from service.integrity.proofs import event_proof
from service.integrity.schema_objects import schema_faults
from service.integrity.verify import Verification
from service.queries import accounts, anchors, events
from service.report.figures import snapshot
from service.tables.events import event

COUNTS = ("events", "subjects", "rows", "funds", "anchors", "unanchored", "demo_events")
err = Console(stderr=True)


@click.group()
def audit() -> None:
    """审计核验 · Verify and anchor the event log."""


@audit.command("verify")
@click.option(
    "--against",
    type=click.File("r", encoding="utf-8"),
    help="留存在外的检查点或锚行，信件也行 · A file of kept checkpoints or anchor lines; letters will do.",
)
@click.option("--anchor", "line", help="一条锚行 · One printed anchor line.")
@click.option("--witness", help="见证人的公钥 · Public key of a witness: how many of them it cosigned.")
@AS_JSON
@VAR
def audit_verify(
    against: TextIO | None, line: str | None, witness: str | None, as_json: bool, var: Path | None
) -> None:
    """核验留痕、行、锚和每一步，有问题退出码为 1 · Check events, rows, anchors and decisions; exit 1 on any fault."""
    text = "\n".join([*((against.read(),) if against else ()), *([line] if line else ())])
    with open_installation(var) as installation:
        verified, kept = _verify_with_progress(installation, text, quiet=as_json)
    counts = {name: getattr(verified, name) for name in COUNTS} | asdict(verified.decided)
    faults = [asdict(fault) for fault in [*verified.faults, *kept.faults]]
    if as_json:
        click.echo(json.dumps({**counts, "compared": kept.compared, "faults": faults}, ensure_ascii=False))
    else:
        click.echo(translate("cli.verified", **counts))
        if text:
            click.echo(translate("cli.kept_compared", compared=kept.compared))
            _say_cosigned(text, witness)
        for fault in faults:
            click.echo("  " + translate(f"cli.fault.{fault['code']}", **fault))
        click.echo(translate("cli.trail_whole") if not faults else translate("cli.trail_broken", count=len(faults)))
    if faults:
        raise SystemExit(FAULTS)


def _say_cosigned(text: str, witness: str | None) -> None:
    """Print how many of the kept checkpoints a witness cosigned, and when it did so last."""
    if witness is None:
        return
    try:
        key = read_witness_key(witness)
    except BadNote:
        raise CommandFailed(translate("cli.cosign_unreadable")) from None
    times = [at for note in kept_notes(text) if (at := key.cosigned_at(note)) is not None]
    last = max(times).isoformat() if times else "—"
    click.echo(translate("cli.cosigned", cosigned=len(times), name=key.name, at=last))


def _verify_with_progress(installation: Installation, text: str, *, quiet: bool) -> tuple[Verification, KeptLines]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed}"), TimeElapsedColumn())
    signing = log_key(installation.settings)
    key = signing.verifier if signing else None
    with Progress(*columns, console=err, disable=quiet) as bar, snapshot(installation.engine) as conn:
        total = conn.scalar(sa.select(sa.func.count()).select_from(event)) or 0
        task = bar.add_task(translate("cli.verifying"), total=total)
        verified = verify_in_processes(conn, os.cpu_count() or 1, lambda done: bar.update(task, completed=done))
        verified.faults += [*schema_faults(conn), *owed_faults(conn, now())]
        verified.faults += signature_faults(conn, key) if key else []
        kept = compare_kept(conn, text, key)
    return verified, kept


@audit.command("events")
@click.option("--by", required=True, help="经审员的登录名 · Login of the auditor.")
@click.option("--list", "listed", type=click.Choice(tuple(events.LISTS)), help="现成清单 · A ready list.")
@click.option("--subject", help="对象，如 case、fund、account · What they are about.")
@click.option("--id", "subject_id", type=click.UUID, help="对象的编号 · Its id.")
@click.option("--actor", help="办理人的登录名 · Login of who acted.")
@click.option("--action", help="动作 · Kind of act.")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="起始日 · First day.")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="截止日 · Last day.")
@click.option("--most", type=click.IntRange(1, 10_000), default=200, show_default=True, help="最多几条 · At most.")
@AS_JSON
@VAR
def audit_events(by: str, most: int, as_json: bool, var: Path | None, **chosen: Any) -> None:
    """按对象、人、日期、动作列出事件，或列出现成清单 · List events by subject, person, day and kind, or a ready list."""
    with open_installation(var) as installation, installation.engine.connect() as conn:
        caller = context_for(conn, installation, by).caller
        filters = {"list": chosen["listed"], "subject": chosen["subject"], "action": chosen["action"]}
        filters |= {"subject_id": chosen["subject_id"], "actor_id": _account_id(conn, chosen["actor"])}
        filters |= {name: chosen[name].date() if chosen[name] else None for name in ("first", "last")}
        page = events.page(conn, caller, filters, None, most)
    for row in page.rows:
        if as_json:
            click.echo(json.dumps(row, ensure_ascii=False, default=str))
        else:
            click.echo(
                f"{row['no']}  {row['on']}  {row['actor']}  {row['subject']}.{row['action']}  {row['subject_id']}"
            )
    click.echo(translate("cli.events_listed", shown=len(page.rows), count=page.count), err=True)


def _account_id(conn: sa.Connection, login: str | None) -> UUID | None:
    if login is None:
        return None
    found = accounts.caller_by_login(conn, login, union_day(now()))
    if found is None:
        raise CommandFailed(translate("cli.no_account", login=login))
    return found.account


@audit.command("anchor")
@click.option(
    "--list", "listed", is_flag=True, help="不新锚，列出已有的 · Make no anchor; print the lines of all anchors."
)
@VAR
def audit_anchor(listed: bool, var: Path | None) -> None:
    """锚定 · Anchor the events since the last anchor and print its line. Keep the line on paper, elsewhere."""
    with open_installation(var) as installation:
        if not listed:
            _add_anchor(installation)
        with snapshot(installation.engine) as conn:
            rows = conn.execute(anchors.every()).mappings().all()
    for row in rows if listed else rows[-1:]:
        click.echo(anchor_line(dict(row)))
    if rows and not listed and rows[-1]["checkpoint"]:
        click.echo(f"\n{rows[-1]['checkpoint']}", nl=False)


@audit.command("key")
@VAR
def audit_key(var: Path | None) -> None:
    """打印日志的公钥 · Print the public key of the log, which verifies checkpoints and proofs."""
    settings = settings_at(var)
    key = log_key(settings)
    if key is None:
        raise CommandFailed(translate("cli.no_log_key", path=settings.log_key or settings.var / "log-key"))
    click.echo(str(key.verifier))


@audit.command("proof")
@click.argument("no", type=click.IntRange(min=1))
@VAR
def audit_proof(no: int, var: Path | None) -> None:
    """打印一条事件在日志里的证明 · Print the proof that an event (by its number) is in the log (docs/verify_proof.py)."""
    with open_installation(var) as installation, snapshot(installation.engine) as conn:
        proof = event_proof(conn, no)
    if proof is None:
        raise CommandFailed(translate("cli.no_checkpoint", no=no))
    click.echo(proof, nl=False)


def _add_anchor(installation: Installation) -> None:
    at = now()
    with installation.engine.begin() as conn:
        up_to = anchor_actions.settled_event_number(conn)
    if up_to is None:
        raise CommandFailed(translate("cli.anchor_busy"))
    with installation.engine.begin() as conn:
        clock = accounts.caller_by_login(conn, CLOCK_LOGIN, union_day(at))
        if clock is None:
            raise CommandFailed(translate("cli.anchor_no_clock"))
        context = ActionContext(clock, at, union_day(at), installation.keyring, clock=installation.clock)
        anchor_actions.add_anchor(conn, up_to, context, log_key(installation.settings))


audit.add_command(witness)
audit.add_command(bundle)
audit.add_command(check_bundle)
