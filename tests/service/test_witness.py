"""A witness cosigns the checkpoints of a log that only grows, and no other."""

import base64
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from service.cli import main
from service.crypto.checkpoints import Checkpoint, consistency_ranges, is_consistent, read_checkpoint, roots_of
from service.crypto.hash_chain import MerkleTree
from service.crypto.signed_notes import (
    BadNote,
    SigningKey,
    WitnessKey,
    key_in,
    new_signing_key,
    read_witness_key,
)
from service.crypto.witness import NotCosigned, Request, Witness, read_request
from service.integrity.kept_lines import kept_notes
from service.integrity.proofs import witness_request
from tests.factories import Organisation, create_organisation
from tests.service.test_checkpoints import GO_SOURCES, KEY, add_checkpoint, go_environment, go_is_missing

AT = datetime(2025, 9, 2, 1, 30, tzinfo=UTC)
LEAVES = [sha256(bytes([number])).digest() for number in range(18)]
GO_PROGRAM = Path(__file__).with_name("check_tree.go")


def root(size: int, leaves: list[bytes] = LEAVES) -> bytes:
    tree = MerkleTree()
    for leaf in leaves[:size]:
        tree.add(leaf)
    return tree.root()


def path(old: int, new: int) -> list[bytes]:
    return roots_of(LEAVES[:new], consistency_ranges(old, new))


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return Witness(SigningKey("witness.example", bytes(range(1, 33))), tmp_path / "witness.json")


def request_for(old: int, new: int, *, key: SigningKey = KEY, leaves: list[bytes] = LEAVES) -> Request:
    return Request(old, path(old, new), key.sign(Checkpoint(KEY.name, new, root(new, leaves)).text))


@pytest.mark.parametrize("new", range(1, 18))
def test_path_proves_that_a_tree_begins_with_each_smaller_one(new: int) -> None:
    for old in range(new + 1):
        assert is_consistent((old, root(old)), (new, root(new)), path(old, new)), old
        for other in range(1, new):
            if other != old and old:
                assert not is_consistent((old, root(other)), (new, root(new)), path(old, new)), (old, other)
        if 0 < old < new:
            assert not is_consistent((old, root(old)), (new, root(old)), path(old, new))
            assert not is_consistent((old, root(old)), (new, root(new)), path(old, new)[:-1])
            assert not is_consistent((old, root(old)), (new, root(new)), [*path(old, new), bytes(32)])
    assert not is_consistent((new + 1, root(new)), (new, root(new)), [])


def test_witness_cosigns_a_log_that_grows(witness: Witness) -> None:
    first = witness.cosign(request_for(0, 5), KEY.verifier, AT)
    assert witness.key.witness.cosigned_at(first) == AT
    assert KEY.verifier.has_signed(first), "the signature of the log stays"
    later = witness.cosign(read_request(request_for(5, 12).text), KEY.verifier, AT)
    assert read_checkpoint(later).size == 12
    assert kept_notes(f"Dear auditor,\n\n{later}\nregards\n") == [later]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (request_for(5, 9, key=SigningKey(KEY.name, bytes(32))), "cosign_unsigned"),
        (request_for(0, 9), "cosign_other_size"),
        (request_for(3, 4), "cosign_other_size"),
        (request_for(5, 9, leaves=[bytes(32), *LEAVES[1:]]), "cosign_not_consistent"),
    ],
)
def test_witness_refuses_a_log_that_does_not_grow(witness: Witness, asked: Request, code: str) -> None:
    """Why: who owns the database can make all checkpoints anew, and not the witness's."""
    witness.cosign(request_for(0, 5), KEY.verifier, AT)
    with pytest.raises(NotCosigned) as refused:
        witness.cosign(asked, KEY.verifier, AT)
    assert refused.value.code == code
    assert witness.cosign(request_for(5, 6), KEY.verifier, AT), "what was refused is not remembered"


def test_two_histories_asked_for_at_once_are_not_both_cosigned(witness: Witness) -> None:
    """Why: both would be compared with the size of before, and each would continue it."""
    others = [bytes([number]) * 32 for number in range(40)]

    def ask(first: bytes) -> str:
        try:
            return witness.cosign(request_for(0, 5, leaves=[first, *LEAVES[1:]]), KEY.verifier, AT)
        except NotCosigned as refused:
            return refused.code

    with ThreadPoolExecutor(8) as executor:
        answers = list(executor.map(ask, others))
    assert answers.count("cosign_other_size") == len(others) - 1


def test_cosignature_that_was_lost_is_given_again(witness: Witness) -> None:
    witness.cosign(request_for(0, 5), KEY.verifier, AT)
    assert witness.key.witness.cosigned_at(witness.cosign(request_for(5, 5), KEY.verifier, AT)) == AT


def test_cosignature_holds_for_its_note_its_time_and_its_key(witness: Witness) -> None:
    signed = witness.cosign(request_for(0, 5), KEY.verifier, AT)
    public = witness.key.witness
    assert public.cosigned_at(signed.replace("\n5\n", "\n6\n")) is None
    assert WitnessKey(public.name, new_signing_key().verifier.public).cosigned_at(signed) is None
    assert public.cosigned_at(request_for(0, 5).checkpoint) is None
    name, encoded = signed.splitlines()[-1].removeprefix("— ").split(" ")
    raw = bytearray(base64.b64decode(encoded))
    raw[11] ^= 1
    other_time = signed.replace(encoded, base64.b64encode(raw).decode())
    assert (name, public.cosigned_at(other_time)) == ("witness.example", None)
    assert read_witness_key(str(public)) == public
    with pytest.raises(BadNote):
        read_witness_key(str(KEY.verifier))


@pytest.mark.parametrize("text", ["", "old x\n\n", "old 1\nnot base64!\n\nnote"])
def test_text_that_is_no_request_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        read_request(text)


def test_request_of_the_record_is_cosigned(conn: sa.Connection, witness: Witness) -> None:
    organisation: Organisation = create_organisation(conn, fen=0)
    assert witness_request(conn, 0) is None
    first = read_checkpoint(add_checkpoint(conn, organisation))
    asked = witness_request(conn, 0)
    assert asked is not None
    witness.cosign(read_request(asked), KEY.verifier, AT)
    later = read_checkpoint(add_checkpoint(conn, organisation, date(2025, 9, 2)))
    asked = witness_request(conn, first.size)
    assert asked is not None
    assert read_checkpoint(witness.cosign(read_request(asked), KEY.verifier, AT)).size == later.size > first.size
    assert witness_request(conn, later.size + 1) is None


def test_commands_of_the_witness_explain_what_they_refuse(tmp_path: Path) -> None:
    folder = ["--var", str(tmp_path)]
    told = CliRunner().invoke(main, ["audit", "witness", "key", *folder])
    assert read_witness_key(told.stdout.strip()).name.startswith("songnuan/")
    assert (tmp_path / "witness-key").stat().st_mode & 0o777 == 0o600
    for name, asked in (("grows", request_for(0, 5)), ("again", request_for(0, 5))):
        (tmp_path / name).write_text(asked.text)
        words = ["audit", "witness", "cosign", str(tmp_path / name), "--log-key", str(KEY.verifier), *folder]
        signed = CliRunner().invoke(main, words)
        if name == "grows":
            key = key_in(tmp_path / "witness-key")
            assert key is not None
            assert key.witness.cosigned_at(signed.stdout) is not None
        else:
            assert (signed.exit_code, "--old 5" in signed.output) == (2, True), signed.output
    (tmp_path / "nonsense").write_text("nonsense")
    words = ["audit", "witness", "cosign", str(tmp_path / "nonsense"), "--log-key", str(KEY.verifier), *folder]
    assert "不是联署请求" in CliRunner().invoke(main, words).output


@pytest.mark.skipif(
    go_is_missing(), reason="golang-go and golang-golang-x-mod-dev are not installed: Go cannot be asked"
)
def test_consistency_proofs_are_checked_by_the_tlog_package_of_go(tmp_path: Path) -> None:
    built = tmp_path / "check_tree"
    command = ["go", "build", "-o", str(built), str(GO_PROGRAM)]
    subprocess.run(command, cwd=tmp_path, env=go_environment(tmp_path), capture_output=True, check=True)
    assert (GO_SOURCES / "src").is_dir()
    for old, new in ((1, 2), (3, 7), (4, 8), (6, 13), (8, 17), (5, 5)):
        proof = [base64.b64encode(each).decode() for each in path(old, new)]
        roots = [base64.b64encode(root(size)).decode() for size in (old, new)]
        words = [str(old), roots[0], str(new), roots[1], *proof]
        assert subprocess.run([built, *words], check=False, env=os.environ).returncode == 0, (old, new)
        wrong = [str(old), base64.b64encode(bytes(32)).decode(), *words[2:]]
        assert subprocess.run([built, *wrong], check=False, capture_output=True).returncode == 1
