"""Checkpoints are signed outside the database, sent to auditors, and prove single events."""

import base64
import os
import runpy
import shutil
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.actions import anchors as anchor_actions
from service.actions.event_log import append_event
from service.config import read_settings
from service.crypto.checkpoints import Checkpoint, inclusion_path, read_checkpoint
from service.crypto.hash_chain import MerkleTree
from service.crypto.signed_notes import (
    BadNote,
    SigningKey,
    VerifierKey,
    log_key,
    new_signing_key,
    read_signing_key,
    read_verifier_key,
)
from service.integrity.anchors import anchor_faults, signature_faults
from service.integrity.kept_lines import compare_kept
from service.integrity.proofs import event_proof
from service.queries import anchors, notifications
from service.report.footnotes import checkpoint_note
from service.tables.events import anchor, event
from service.tables.notifications import notification
from tests.factories import Organisation, create_organisation, instant

VERIFIER = Path(__file__).parents[2] / "docs" / "verify_proof.py"
DAY = date(2025, 9, 1)
KEY = SigningKey("songnuan/test", bytes(range(32)))


@pytest.fixture
def organisation(conn: sa.Connection) -> Organisation:
    return create_organisation(conn, fen=0)


def add_checkpoint(conn: sa.Connection, organisation: Organisation, day: date = DAY, key: SigningKey = KEY) -> str:
    """Add an anchor over all events, and return the checkpoint it carries."""
    up_to = conn.scalar(sa.select(sa.func.max(event.c.no)))
    assert up_to is not None
    row = anchor_actions.add_anchor(conn, up_to, organisation.context(conn, "clock", day), key)
    assert row is not None
    return str(row.checkpoint)


def test_checkpoint_covers_every_event_and_names_its_anchor(conn: sa.Connection, organisation: Organisation) -> None:
    first = conn.scalar(sa.select(sa.func.min(event.c.no)))
    assert first is not None
    plain = anchor_actions.add_anchor(conn, first, organisation.context(conn, "clock", DAY))
    assert plain is not None
    assert plain.checkpoint is None, "an anchor made before there was a key"
    count = conn.scalar(sa.select(sa.func.count()).select_from(event))
    checkpoint = read_checkpoint(add_checkpoint(conn, organisation))
    assert (checkpoint.size, checkpoint.origin) == (count, KEY.name)
    last = anchors.last(conn)
    assert last is not None
    assert checkpoint.anchor.split()[:2] == ["2", "2025-09-01"]
    assert anchor_faults(conn)[2] == signature_faults(conn, KEY.verifier) == []


def test_event_changed_or_checkpoint_removed_is_named(conn: sa.Connection, organisation: Organisation) -> None:
    add_checkpoint(conn, organisation)
    conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
    savepoint = conn.begin_nested()
    conn.execute(sa.text("UPDATE event SET hash = sha256(hash) WHERE no = (SELECT min(no) + 3 FROM event)"))
    assert {fault.code for fault in anchor_faults(conn)[2]} == {"anchor_differs", "checkpoint_differs"}
    savepoint.rollback()
    add_checkpoint(conn, organisation, date(2025, 9, 2))
    conn.execute(sa.text("UPDATE anchor SET checkpoint = NULL WHERE no = 2"))
    assert [fault.code for fault in anchor_faults(conn)[2]] == ["checkpoint_differs"]


def test_checkpoint_of_another_key_is_unsigned(conn: sa.Connection, organisation: Organisation) -> None:
    """Why: who owns the database can compute every hash, and has not the key."""
    other = replace(new_signing_key(), name=KEY.name)
    note = add_checkpoint(conn, organisation, key=other)
    assert [fault.code for fault in signature_faults(conn, KEY.verifier)] == ["checkpoint_unsigned"]
    assert [fault.code for fault in compare_kept(conn, note, KEY.verifier).faults] == ["checkpoint_unsigned"]


def test_record_rewritten_with_the_key_differs_from_the_letter(conn: sa.Connection, organisation: Organisation) -> None:
    letter = f"您好：\n\n请留着这封信。\n\n{add_checkpoint(conn, organisation)}"
    assert (compare_kept(conn, letter, KEY.verifier).compared, compare_kept(conn, letter, KEY.verifier).faults) == (
        1,
        [],
    )
    conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
    conn.execute(sa.text("UPDATE event SET hash = sha256(hash) WHERE no = (SELECT min(no) + 3 FROM event)"))
    conn.execute(anchor.delete())
    add_checkpoint(conn, organisation)
    assert {fault.code for fault in anchor_faults(conn)[2]} == set()
    assert {fault.code for fault in compare_kept(conn, letter.replace("\n", "\r\n"), KEY.verifier).faults} == {
        "checkpoint_not_as_kept",
        "anchor_not_as_kept",
    }


def test_every_auditor_is_sent_the_checkpoint(conn: sa.Connection, organisation: Organisation) -> None:
    """Why: a line is then kept outside without anybody having to remember it."""
    note = add_checkpoint(conn, organisation)
    mine = notification.c.account_id == organisation.people["auditor"]
    rows = conn.execute(sa.select(notification).where(notification.c.kind == "checkpoint", mine)).all()
    assert sorted(row.channel for row in rows) == ["email", "inbox"]
    claimed = notifications.claim_notification(conn, rows[0].id, instant(date(2025, 9, 2)))
    assert claimed is not None
    assert (claimed.checkpoint, claimed.anchor_no) == (note, 1)


def test_report_prints_the_last_checkpoint(conn: sa.Connection, organisation: Organisation) -> None:
    assert list(checkpoint_note(conn, "en")) == []
    checkpoint = read_checkpoint(add_checkpoint(conn, organisation))
    [note] = checkpoint_note(conn, "en")
    assert base64.b64encode(checkpoint.root).decode() in note
    assert f" {checkpoint.size} events" in note


@pytest.mark.parametrize("size", range(1, 18))
def test_path_of_each_leaf_leads_to_the_root(size: int) -> None:
    leaves = [sha256(bytes([number])).digest() for number in range(size)]
    tree = MerkleTree()
    for leaf in leaves:
        tree.add(leaf)
    root_of = runpy.run_path(str(VERIFIER))["root_of"]
    for index, leaf in enumerate(leaves):
        assert root_of(leaf, index, size, inclusion_path(leaves, index, size)) == tree.root()


def run_verifier(*arguments: str) -> tuple[int, str]:
    run = subprocess.run(
        [sys.executable, "-I", "-S", VERIFIER, *arguments], capture_output=True, text=True, check=False
    )
    return run.returncode, run.stdout


def test_proof_of_an_event_is_verified_by_the_standard_library_alone(
    conn: sa.Connection, organisation: Organisation, tmp_path: Path
) -> None:
    add_checkpoint(conn, organisation)
    row = conn.execute(sa.select(event).order_by(event.c.no.desc()).limit(1).offset(3)).one()
    proof = event_proof(conn, row.no)
    assert proof is not None
    (tmp_path / "proof").write_text(proof)
    (tmp_path / "body").write_text(row.body)
    body = (str(tmp_path / "body"), row.prev.hex())
    assert run_verifier(str(tmp_path / "proof"), str(KEY.verifier), *body)[0] == 0
    (tmp_path / "other").write_text(f"{row.body} ")
    assert run_verifier(str(tmp_path / "proof"), str(KEY.verifier), str(tmp_path / "other"), body[1])[0] == 1
    lines = proof.split("\n")
    index = lines.index(next(line for line in lines if line.startswith("index")))
    for forged in ({index: "index 0"}, {1: f"extra {base64.b64encode(bytes(32)).decode()}"}, {len(lines) - 5: "9999"}):
        (tmp_path / "forged").write_text("\n".join(forged.get(number, line) for number, line in enumerate(lines)))
        assert run_verifier(str(tmp_path / "forged"), str(KEY.verifier))[0] == 1, forged
    assert run_verifier(str(tmp_path / "proof"), str(new_signing_key().verifier))[0] == 1


def test_event_after_the_last_checkpoint_has_no_proof(conn: sa.Connection, organisation: Organisation) -> None:
    add_checkpoint(conn, organisation)
    append_event(conn, "unit", organisation.unit_id, "rename", {}, organisation.context(conn, "admin", DAY))
    newest = conn.scalars(sa.select(sa.func.max(event.c.no))).one()
    assert event_proof(conn, newest) is None
    assert event_proof(conn, 10**9) is None


def test_log_key_is_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    settings = read_settings({"SONGNUAN_VAR": str(tmp_path / "var"), "SONGNUAN_LOG_KEY": str(tmp_path / "key")})
    assert log_key(settings) is None
    made = log_key(settings, create=True)
    assert made is not None
    assert log_key(settings) == log_key(settings, create=True) == made
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert made.secret.hex() not in repr(made)
    (tmp_path / "key").write_text("PRIVATE+KEY+x+00000000+AQ==\n")
    with pytest.raises(BadNote):
        log_key(settings)


def test_keys_and_notes_are_read_as_they_are_written() -> None:
    key = new_signing_key()
    assert read_signing_key(str(key)) == key
    assert read_verifier_key(str(key.verifier)) == key.verifier
    note = key.sign(Checkpoint(key.name, 3, bytes(32), "1 2025-09-01 3 " + "0" * 64).text)
    assert key.verifier.has_signed(note)
    assert not key.verifier.has_signed(note.replace("\n3\n", "\n4\n"))
    assert not VerifierKey(key.name, new_signing_key().verifier.public).has_signed(note)
    with pytest.raises(BadNote):
        read_checkpoint("3\n")


GO_SOURCES = Path("/usr/share/gocode")


def go_is_missing() -> bool:
    """Return whether Go, or the note and tlog packages of Debian, are not installed."""
    return shutil.which("go") is None or not (GO_SOURCES / "src/golang.org/x/mod/sumdb/tlog").is_dir()


def go_environment(folder: Path) -> dict[str, str]:
    """Return the environment in which Go builds with the packages of Debian."""
    return {**os.environ, "GOPATH": str(GO_SOURCES), "GO111MODULE": "off", "GOCACHE": str(folder / "cache")}


def go_verifier(folder: Path) -> Path:
    """Build docs/verify_proof.go; skip where Go is not installed."""
    if go_is_missing():
        pytest.skip("golang-go and golang-golang-x-mod-dev are not installed: Go cannot be asked")
    built = folder / "verify_proof"
    command = ["go", "build", "-o", str(built), str(VERIFIER.with_suffix(".go"))]
    subprocess.run(command, cwd=folder, env=go_environment(folder), capture_output=True, check=True)
    return built


def test_proof_of_every_event_is_verified_by_the_packages_of_go(
    conn: sa.Connection, organisation: Organisation, tmp_path: Path
) -> None:
    """An implementation that shares no line with ours: golang.org/x/mod/sumdb/note and tlog."""
    built = go_verifier(tmp_path)
    add_checkpoint(conn, organisation)

    def ask(proof: str, key: str = str(KEY.verifier)) -> int:
        (tmp_path / "proof").write_text(proof)
        return subprocess.run([built, str(tmp_path / "proof"), key], capture_output=True, check=False).returncode

    numbers = conn.scalars(sa.select(event.c.no).order_by(event.c.no.desc()).offset(5).limit(20)).all()
    proofs = [event_proof(conn, number) for number in numbers]
    assert [ask(proof or "") for proof in proofs] == [0] * len(numbers)
    proof = proofs[0] or ""
    assert ask(proof, str(new_signing_key().verifier)) == 1
    head, _, checkpoint = proof.partition("\n\n")
    lines = [line for line in head.split("\n") if not line.startswith("extra")]
    forged = "\n".join([lines[0], f"extra {base64.b64encode(bytes(32)).decode()}", *lines[1:]])
    assert ask(f"{forged}\n\n{checkpoint}") == 1
    assert ask(proof.replace("index ", "index 1")) == 1
