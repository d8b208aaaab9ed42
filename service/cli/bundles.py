"""`songnuan audit bundle` writes the record of a unit and a period for auditors; `verify-bundle` checks such a file."""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, TextIO
from uuid import UUID

import click
import sqlalchemy as sa

from service.actions import bundles as actions
from service.actions.bundles import BundleRequest, MadeBundle
from service.actions.context import ActionContext
from service.actions.errors import NotFound
from service.bundles.make import BundleSource, make_bundle
from service.bundles.verifier.command import as_json as findings_as_json
from service.bundles.verifier.findings import Finding, Findings
from service.bundles.verifier.verification import BundleUnreadable, Given, verify_bundle
from service.cli.callers import context_for
from service.cli.installation import AS_JSON, VAR, Installation, open_installation
from service.cli.output import FAULTS, CommandFailed, refusal, translate
from service.crypto.signed_notes import log_key
from service.queries import units
from service.queries.scope import Caller
from workflows.code_lists import BundlePurpose
from workflows.vocabulary import InvalidForm, Refused, Role

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command("bundle")
@click.option("--by", required=True, help="经审员的登录名 · Login of the auditor.")
@click.option(
    "--unit",
    "unit_name",
    help="单位全称（默认经审员所管的最上一级）· Full name of the unit (default: the auditor's own).",
)
@click.option("--from", "start", type=_DAY, required=True, help="起始日 · First day.")
@click.option("--until", "end", type=_DAY, required=True, help="截止日，当日计入 · Last day, included.")
@click.option(
    "--purpose",
    type=click.Choice([each.value for each in BundlePurpose]),
    default=BundlePurpose.YEARLY_AUDIT.value,
    show_default=True,
    help="用途 · What it is for.",
)
@click.option(
    "--document", required=True, help="依据的文号，如 审通〔2026〕3号 · Number of the document that asks for it."
)
@click.option(
    "--cosigned",
    type=click.File("r", encoding="utf-8"),
    help="见证人联署过的检查点 · A file of checkpoints that witnesses cosigned.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="写到哪个文件（zip）· The file to write (zip)."
)
@AS_JSON
@VAR
def bundle(cosigned: TextIO | None, out: Path, as_json: bool, var: Path | None, **asked: Any) -> None:
    """做一份经审资料包，带走后不用数据库也能核验 · Write a bundle for auditors that is verified without the database."""
    notes = cosigned.read() if cosigned else ""
    with open_installation(var) as installation:
        key = log_key(installation.settings)
        context, request = _request(installation, **asked)
        with _new_file(out) as target:
            try:
                made = make_bundle(BundleSource(installation.engine, key, notes), target, request, context)
            except Refused as refused:
                raise refusal(refused) from None
            target.flush()
            os.fsync(target.fileno())
            with installation.engine.begin() as conn:
                actions.record_bundle(conn, request, made, context)
    _say(made, out, str(key.verifier) if key is not None else "", as_json=as_json)


def _request(
    installation: Installation,
    by: str,
    unit_name: str | None,
    start: datetime,
    end: datetime,
    purpose: str,
    document: str,
) -> tuple[ActionContext, BundleRequest]:
    """Return the auditor's context and what they ask for. Raises CommandFailed, CommandEnded."""
    with installation.engine.connect() as conn:
        context = context_for(conn, installation, by)
        unit_id = _unit_id(conn, context.caller, unit_name)
        period = (start.date(), end.date())
        try:
            return context, actions.bundle_request(conn, unit_id, period, purpose, document, context)
        except InvalidForm as wrong:
            raise refusal(wrong) from None
        except NotFound:
            raise CommandFailed(translate("cli.bundle_not_auditor", login=by)) from None


def _unit_id(conn: sa.Connection, caller: Caller, name: str | None) -> UUID:
    """Return the unit of this name over which the caller is an auditor, by default the first. Raises CommandFailed."""
    rows = [row for row in units.visible_units(conn, caller) if caller.holds((Role.AUDITOR,), row["path"])]
    if not rows:
        raise CommandFailed(translate("cli.bundle_not_auditor", login=caller.login))
    named = [row["id"] for row in rows if name is None or row["name"] == name]
    if not named:
        raise CommandFailed(translate("cli.bundle_no_unit", name=name, login=caller.login))
    if name is not None and len(named) > 1:
        raise CommandFailed(translate("cli.which_unit", name=name, count=len(named)))
    return UUID(str(named[0]))


@contextmanager
def _new_file(path: Path) -> Iterator[BinaryIO]:
    """Yield a file that takes the name `path` once the block has ended well. Raises CommandFailed where it cannot."""
    if path.exists():
        raise CommandFailed(translate("cli.bundle_exists", path=path))
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        number = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(number, "w+b") as file:
            yield file
        draft.rename(path)
    except OSError as fault:
        raise CommandFailed(translate("cli.cannot_write", folder=path.parent, why=fault.strerror)) from None
    finally:
        draft.unlink(missing_ok=True)


def _say(made: MadeBundle, out: Path, key: str, *, as_json: bool) -> None:
    said = {"file": str(out), "size": made.size, "manifest": made.manifest, "sha256": made.file, "key": key or None}
    if as_json:
        counts = {"bundle": str(made.id), "events": made.events, "with_body": made.with_body}
        click.echo(json.dumps({**said, **counts}, ensure_ascii=False))
        return
    size = f"{made.size:,}"
    click.echo(translate("cli.bundle_made", out=out, size=size, events=made.events, with_body=made.with_body))
    click.echo(translate("cli.bundle_digests", manifest=made.manifest, file=made.file))
    click.echo(translate("cli.bundle_signed", key=key) if key else translate("cli.bundle_unsigned"))


@click.command("verify-bundle")
@click.argument("path", metavar="FILE", type=click.Path(exists=True, path_type=Path))
@click.option("--key", default="", help="日志的公钥（songnuan audit key）· Public key of the log.")
@click.option("--manifest", default="", help="清单的 SHA-256 · SHA-256 of the manifest.")
@click.option("--witness", default="", help="见证人的公钥 · Public key of a witness.")
@click.option(
    "--kept",
    type=click.File("r", encoding="utf-8"),
    help="留存在外的检查点，信件也行 · A file of kept checkpoints; letters will do.",
)
@AS_JSON
def check_bundle(path: Path, key: str, manifest: str, witness: str, kept: TextIO | None, as_json: bool) -> None:
    """核验经审资料包，有问题退出码为 1 · Verify a bundle for auditors, without a database; exit 1 on any fault."""
    try:
        found = verify_bundle(path, Given(key, manifest, witness, kept.read() if kept else ""))
    except BundleUnreadable as fault:
        raise CommandFailed(translate(f"bundles.verify.{fault.code}")) from None
    except OSError as fault:
        values = {"path": fault.filename, "why": fault.strerror}
        raise CommandFailed(translate("bundles.verify.cannot_read", **values)) from None
    if as_json:
        click.echo(findings_as_json(found))
    else:
        _say_findings(found)
    if found.fault_count:
        raise SystemExit(FAULTS)


def _say_findings(found: Findings) -> None:
    for finding in found.notes:
        click.echo(_words(finding))
    for finding in found.faults:
        click.echo("  " + _words(finding))
    conclusion = Finding("faults", {"count": found.fault_count}) if found.fault_count else Finding("whole")
    click.echo(_words(conclusion))


def _words(finding: Finding) -> str:
    return translate(f"bundles.verify.{finding.code}", **finding.values)
