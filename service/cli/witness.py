"""`songnuan audit witness`: the union above cosigns the checkpoints of a union below."""

from contextlib import suppress
from pathlib import Path
from typing import TextIO

import click

from service.cli.installation import VAR, open_installation, settings_at
from service.cli.output import CommandFailed, translate
from service.clock import now
from service.crypto.signed_notes import BadNote, SigningKey, key_in, read_verifier_key
from service.crypto.witness import NotCosigned, Witness, read_request
from service.integrity.proofs import witness_request
from service.report.figures import snapshot


@click.group("witness")
def witness() -> None:
    """上级工会联署检查点 · The union above cosigns checkpoints as a witness."""


@witness.command("request")
@click.option(
    "--old",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="见证人上次看到的条数，第一次是 0 · The size the witness saw last; 0 the first time.",
)
@VAR
def request(old: int, var: Path | None) -> None:
    """打印请上级联署的检查点和证明 · Print the last checkpoint and the proof that it extends the one of OLD events."""
    with open_installation(var) as installation, snapshot(installation.engine) as conn:
        text = witness_request(conn, old)
    if text is None:
        raise CommandFailed(translate("cli.no_checkpoint_from", old=old))
    click.echo(text, nl=False)


@witness.command("key")
@VAR
def key(var: Path | None) -> None:
    """打印见证人的公钥 · Print the public key of this witness; it is made the first time."""
    click.echo(str(_key(var).witness))


@witness.command("cosign")
@click.argument("request_file", type=click.File("r", encoding="utf-8"))
@click.option("--log-key", "log", required=True, help="下级日志的公钥 · Public key of the log (songnuan audit key).")
@VAR
def cosign(request_file: TextIO, log: str, var: Path | None) -> None:
    """核对后联署，打印联署过的检查点 · Check a request, cosign its checkpoint, and print it."""
    folder = settings_at(var).var
    try:
        signed = Witness(_key(var), folder / "witness.json").cosign(
            read_request(request_file.read()), read_verifier_key(log), now()
        )
    except BadNote:
        raise CommandFailed(translate("cli.cosign_unreadable")) from None
    except NotCosigned as refused:
        raise CommandFailed(translate(f"cli.{refused.code}", **refused.values)) from None
    click.echo(signed, nl=False)


def _key(var: Path | None) -> SigningKey:
    path, found = settings_at(var).var / "witness-key", None
    with suppress(BadNote):
        found = key_in(path, create=True)
    if found is None:
        raise CommandFailed(translate("cli.cosign_no_key", path=path))
    return found
