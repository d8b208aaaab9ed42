"""Each kind of tampering with a bundle is named, also where the forger has the log's key and packs everything again."""

import json
import shutil
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.bundles.verifier.log_tree import kept_checkpoints
from service.bundles.verifier.verification import BundleUnreadable, Given, verify_bundle
from service.bundles.verifier_script import verifier_script
from service.crypto.signed_notes import SigningKey
from service.db.engine import make_engine
from service.queries import anchors
from service.tables.events import event
from tests.chaos.sample_record import LOG_KEY, write_sample_record
from tests.service.bundle_fixtures import (
    EVENTS,
    KEY,
    Forge,
    OpenBundle,
    codes,
    notes,
    opened,
    packed,
    repacked,
    take,
    verified,
)

OTHER_KEY = SigningKey("songnuan/sample", bytes(reversed(range(32))))
LEDGER, PAYMENT = "ledger_entry", "payment"


@pytest.fixture(scope="module")
def engine(migrated_database: Callable[[], str]) -> Iterator[sa.Engine]:
    """Yield the engine of a database that no other test writes to."""
    own = make_engine(migrated_database())
    yield own
    own.dispose()


@pytest.fixture(scope="module")
def bundle(engine: sa.Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a bundle of the sample record, with three anchors, two of them with a checkpoint."""
    fixture = write_sample_record(engine)
    path = tmp_path_factory.mktemp("bundle") / "bundle.zip"
    take(engine, fixture.organisation, path)
    return path


def ran(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run verify.py in a folder, without environment and without the folders of this project."""
    command = [sys.executable, "-I", "verify.py", *arguments]
    return subprocess.run(command, cwd=folder, env={}, capture_output=True, text=True, check=False, encoding="utf-8")


def test_bundle_is_verified_with_nothing_but_python(bundle: Path, engine: sa.Engine, tmp_path: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        archive.extract("verify.py", tmp_path)
        assert archive.testzip() is None
    shutil.copy(bundle, tmp_path / "bundle.zip")
    answer = ran(tmp_path, "--key", KEY, "--json")
    found = json.loads(answer.stdout)
    with engine.connect() as conn:
        count = conn.scalar(sa.select(sa.func.count()).select_from(event)) or 0
        last = anchors.last(conn)
    assert last is not None
    assert (answer.returncode, answer.stderr, found["faults"]) == (0, "", [])
    # The event that records the bundle came after it.
    assert found["counts"]["events"] == count - 1
    assert found["counts"]["free"] == count - 1 - last.up_to
    assert (found["counts"]["anchors"], found["counts"]["checkpoints"]) == (3, 2)
    assert found["counts"]["funds"] > 0
    words = ran(tmp_path, "bundle.zip").stdout
    assert words.splitlines()[-2:] == ["结论：完好。", "Result: whole."]
    assert "签名只用资料包里自带的公钥核对" in words


def test_bundle_that_was_unpacked_is_verified_too(bundle: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(tmp_path)
    assert ran(tmp_path).returncode == 0
    assert "archive_folder" in notes(verified(tmp_path))
    (tmp_path / "rows" / "payment.csv").write_text("1")
    (tmp_path / "more.txt").write_text("1")
    assert codes(verified(tmp_path))[:2] == ["file_unknown", "file_altered"]


def test_verifier_says_what_it_was_compared_with(bundle: Path) -> None:
    alone = notes(verify_bundle(bundle, Given()))
    assert {"key_inside", "manifest_not_compared", "kept_none", "archive_whole"} <= alone.keys()
    digest = str(alone["manifest"]["sha256"])
    compared = notes(verified(bundle, manifest=digest))
    assert {"key_given", "manifest_compared"} <= compared.keys()
    assert compared["script"]["sha256"] == sha256(verifier_script().encode()).hexdigest()
    assert codes(verified(bundle, manifest="0" * 64)) == ["manifest_differs"]
    assert codes(verified(bundle, key=str(OTHER_KEY.verifier))) == ["manifest_unsigned", "checkpoint_unsigned"]


def test_checkpoints_kept_outside_are_compared(bundle: Path, engine: sa.Engine) -> None:
    with engine.connect() as conn:
        letters = [row.checkpoint for row in conn.execute(anchors.every()) if row.checkpoint]
    text = "您好，今天的检查点是：\r\n\r\n" + "\r\n".join(letter.replace("\n", "\r\n") for letter in letters)
    assert notes(verified(bundle, kept=text))["kept"] == {"number": 2}
    first = letters[0].splitlines()
    other = LOG_KEY.sign("\n".join([first[0], "3", first[2]]) + "\n")
    assert codes(verified(bundle, kept=other)) == ["kept_differs"]
    longer = LOG_KEY.sign("\n".join([first[0], "99999999", first[2]]) + "\n")
    assert codes(verified(bundle, kept=longer)) == ["kept_differs"]
    unsigned = OTHER_KEY.sign("\n".join(first[:4]) + "\n")
    assert codes(verified(bundle, kept=unsigned)) == ["kept_unsigned"]
    with pytest.raises(BundleUnreadable, match="kept_unreadable"):
        verified(bundle, kept="no checkpoint")


def edit_body(bundle: OpenBundle, place: int = -1) -> None:
    """Change a body, and nothing else."""
    at = [number for number, each in enumerate(bundle.events) if "body" in each][place]
    bundle.events[at]["body"] = bundle.events[at]["body"].replace('"on":"2025', '"on":"2024')


def edit_hash(bundle: OpenBundle) -> None:
    bundle.events[5]["hash"] = "0" * 64


def drop_body(bundle: OpenBundle) -> None:
    """Take the body of the first event of a chain out, as if its subject were not in the scope."""
    at = next(n for n, each in enumerate(bundle.events) if "body" in each and bundle.body(n)["seq"] == 1
              and bundle.body(n)["subject"] == "case")  # fmt: skip
    del bundle.events[at]["body"]


def drop_event(bundle: OpenBundle) -> None:
    del bundle.events[7]


def drop_file(bundle: OpenBundle) -> None:
    del bundle.files[EVENTS]


def swap_events(bundle: OpenBundle) -> None:
    bundle.events[3], bundle.events[4] = bundle.events[4], bundle.events[3]


def tear_body(bundle: OpenBundle) -> None:
    at = next(number for number, each in enumerate(bundle.events) if "body" in each)
    bundle.events[at]["body"] = "{"


def edit_anchor(bundle: OpenBundle, number: int, **columns: object) -> None:
    lines = [json.loads(line) for line in bundle.files["checkpoints/anchors.jsonl"].splitlines()]
    lines[number] |= columns
    bundle.files["checkpoints/anchors.jsonl"] = "".join(json.dumps(line) + "\n" for line in lines).encode()


def with_other_signature(bundle: OpenBundle) -> None:
    note = bundle.files["checkpoints/last.txt"].decode()
    other = OTHER_KEY.sign(note.rpartition("\n\n")[0] + "\n")
    edit_anchor(bundle, 2, checkpoint=other)
    bundle.files["checkpoints/last.txt"] = other.encode()


def with_other_checkpoint(bundle: OpenBundle) -> None:
    """Sign a checkpoint of another root with the log's own key."""
    lines = bundle.files["checkpoints/last.txt"].decode().splitlines()
    other = LOG_KEY.sign("\n".join([lines[0], lines[1], "A" * 43 + "=", lines[3]]) + "\n")
    edit_anchor(bundle, 2, checkpoint=other)
    bundle.files["checkpoints/last.txt"] = other.encode()


def without_row(bundle: OpenBundle) -> None:
    lines = bundle.table(PAYMENT)
    bundle.set_table(PAYMENT, [*lines[:2], *lines[3:]])


def with_row(bundle: OpenBundle) -> None:
    lines = bundle.table(PAYMENT)
    bundle.set_table(PAYMENT, [*lines, ["01890000-0000-7000-8000-000000000000", *lines[2][1:]]])


def with_torn_row(bundle: OpenBundle) -> None:
    lines = bundle.table(PAYMENT)
    bundle.set_table(PAYMENT, [*lines, lines[2][:3]])


def edit_count(bundle: OpenBundle) -> None:
    bundle.manifest["events"]["events"] += 1


def edit_headers(bundle: OpenBundle) -> None:
    lines = bundle.table("case")
    bundle.set_table("case", [lines[0], [*lines[1][:-1], "other"], *lines[2:]])


WITH_THE_KEY: tuple[tuple[str, Forge, list[str]], ...] = (
    ("body", edit_body, ["event_altered"]),
    ("hash", edit_hash, ["event_altered", "anchor_differs", "checkpoint_differs"]),
    ("body of a chain's first event", drop_body, ["event_missing", "count_differs"]),
    ("event left out", drop_event, ["anchor_differs", "checkpoint_differs", "count_differs"]),
    ("events in another order", swap_events, ["event_number_not_after", "anchor_differs"]),
    ("torn body", tear_body, ["event_unreadable"]),
    ("file of events left out", drop_file, ["anchor_differs", "count_differs"]),
    ("day of an anchor", lambda each: edit_anchor(each, 0, on="2025-09-19"), ["anchor_out_of_chain"]),
    ("count of an anchor", lambda each: edit_anchor(each, 0, events=1), ["anchor_out_of_chain", "anchor_differs"]),
    ("checkpoint of another root", with_other_checkpoint, ["checkpoint_differs"]),
    ("checkpoint of another key", with_other_signature, ["checkpoint_unsigned"]),
    ("last checkpoint", lambda each: each.files.update({"checkpoints/last.txt": b""}), ["last_checkpoint_differs"]),
    ("anchors", lambda each: each.files.update({"checkpoints/anchors.jsonl": b"{}"}), ["file_unreadable"]),
    ("sum of an entry", lambda each: each.set_cell(LEDGER, "yuan", "1.00"), ["row_differs", "pot_differs"]),
    ("pot", lambda each: each.set_cell("fund", "available_yuan", "1.00"), ["pot_differs"]),
    ("voucher", lambda each: each.set_cell(PAYMENT, "voucher", "V-0"), ["row_differs"]),
    ("state of a payment", lambda each: each.set_cell(PAYMENT, "state", "sent"), ["row_differs"]),
    ("award of a case", lambda each: each.set_cell("case", "award_yuan", "1.00"), ["row_differs"]),
    ("state of a case", lambda each: each.set_cell("case", "state", "draft"), ["row_differs"]),
    ("category of a household", lambda each: each.set_cell("household", "category", "D1"), ["row_differs"]),
    ("payment left out", without_row, ["row_missing"]),
    ("payment added", with_row, ["row_not_in_log"]),
    ("torn row", with_torn_row, ["row_unreadable"]),
    ("headers", edit_headers, ["headers_differ"]),
    ("count in the manifest", edit_count, ["count_differs"]),
    ("format", lambda each: each.manifest.update(format="songnuan-bundle/9"), ["format_unknown"]),
)  # fmt: skip
"""What a forger does who has the log's key and packs everything again, and how it is named first."""


@pytest.mark.parametrize(
    ("forge", "expected"), [each[1:] for each in WITH_THE_KEY], ids=[each[0] for each in WITH_THE_KEY]
)
def test_forgery_with_the_key_is_named(bundle: Path, tmp_path: Path, forge: Forge, expected: list[str]) -> None:
    forged = opened(bundle)
    forge(forged)
    found = codes(verified(packed(forged, tmp_path / "forged.zip")))
    assert [code for code in found if code in expected] == expected, found
    other = codes(verified(packed(forged, tmp_path / "other.zip", OTHER_KEY)))
    assert other[0] == ("format_unknown" if "format_unknown" in expected else "manifest_unsigned")


def test_bundle_packed_again_without_a_change_is_whole(bundle: Path, tmp_path: Path) -> None:
    assert codes(verified(packed(opened(bundle), tmp_path / "same.zip"))) == []


def test_fault_names_the_event_its_subject_and_the_last_good_checkpoint(bundle: Path, tmp_path: Path) -> None:
    forged = opened(bundle)
    edit_body(forged)
    found = verified(packed(forged, tmp_path / "forged.zip"))
    (fault,) = found.faults
    bodies = [number for number, each in enumerate(forged.events) if "body" in each]
    body = json.loads(forged.events[bodies[-1]]["body"])
    assert fault.values == {"no": forged.events[bodies[-1]]["no"], "subject": body["subject"], "key": body["id"],
                            "seq": body["seq"]}  # fmt: skip
    assert notes(found)["last_good"]["no"] == 3
    early = opened(bundle)
    edit_body(early, 0)
    assert "none_good" in notes(verified(packed(early, tmp_path / "early.zip")))


def test_file_too_many_missing_changed_or_packed_otherwise_is_named(bundle: Path, tmp_path: Path) -> None:
    def faults(**changed: bytes | None) -> list[tuple[str, object]]:
        names = {
            name.replace("__", "/").replace("_csv", ".csv").replace("_py", ".py"): each
            for name, each in changed.items()
        }
        found = verified(repacked(bundle, tmp_path / "repacked.zip", names))
        return [(each.code, each.values.get("path")) for each in found.faults]

    assert faults() == []
    assert faults(more=b"1") == [("file_unknown", "more")]
    assert faults(rows__visit_csv=None)[0] == ("file_missing", "rows/visit.csv")
    assert faults(verify_py=b"print('whole')") == [("file_altered", "verify.py")]
    assert faults(rows__visit_csv=b"1")[0] == ("file_altered", "rows/visit.csv")
    with zipfile.ZipFile(bundle) as archive:
        kept = {each.filename: archive.read(each) for each in archive.infolist()}
    stored = tmp_path / "stored.zip"
    with zipfile.ZipFile(stored, "w") as archive:
        for name, content in kept.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    found = codes(verified(stored))
    assert found == ["archive_altered", "file_repacked"], "another program packed the same contents"


def test_manifest_and_its_signature_are_bound(bundle: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        manifest, signature = (archive.read(name) for name in ("manifest.json", "manifest.sig"))
    changes = {
        "manifest.json": [
            manifest.replace(b"yearly", b"Yearly"),
            manifest + b"\n",
            manifest.replace(b"{", b"{ ", 1),
            b"[]",
        ],
        "manifest.sig": [
            signature + b"\n",
            signature[:-3] + b"B=\n",
            signature.replace(b"bundle/1", b"bundle/2"),
            b"\xff",
        ],
    }
    for name, contents in changes.items():
        for content in contents:
            found = codes(verified(repacked(bundle, tmp_path / "changed.zip", {name: content})))
            assert found[0] in {"manifest_unsigned", "file_unreadable"}, (name, content[-20:], found)
    assert codes(verified(repacked(bundle, tmp_path / "unsigned.zip", {"manifest.sig": None}))) == ["file_missing"]
    assert codes(verified(repacked(bundle, tmp_path / "none.zip", {"manifest.json": None}))) == ["file_missing"]


def test_byte_outside_every_content_is_bound(bundle: Path, tmp_path: Path) -> None:
    """A zip has bytes that no program reads: times, versions, comments, attributes, and bits after packed data."""
    data = bundle.read_bytes()
    directory = struct.unpack("<L", data[-6:-2])[0]
    changed = tmp_path / "changed.zip"
    for place in (*range(30), *range(directory, directory + 46), *range(len(data) - 22, len(data))):
        changed.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        assert is_found(changed), place
    for more in (data + b"\0", b"\0" + data, data[:-2] + b"\1\0!"):
        changed.write_bytes(more)
        assert is_found(changed)


def is_found(path: Path) -> bool:
    """Return whether a bundle is refused or has a fault."""
    try:
        return verified(path).fault_count > 0
    except BundleUnreadable:
        return True


@pytest.mark.parametrize(
    ("given", "code"),
    [({"key": "a+b+c"}, "key_unreadable"), ({"witness": "x"}, "witness_unreadable")],
)
def test_key_that_is_none_is_refused(bundle: Path, given: dict[str, str], code: str) -> None:
    with pytest.raises(BundleUnreadable, match=code):
        verified(bundle, **given)


def test_file_or_folder_without_a_bundle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"no archive")
    with pytest.raises(BundleUnreadable, match="no_archive"):
        verified(tmp_path / "a.zip")
    with pytest.raises(BundleUnreadable, match="no_manifest"):
        verified(tmp_path)
    (tmp_path / "verify.py").write_text(verifier_script(), encoding="utf-8")
    answers = [ran(tmp_path), ran(tmp_path, "nothing.zip"), ran(tmp_path, "a.zip", "--key", "x")]
    assert [answer.returncode for answer in answers] == [2, 2, 2]
    assert "读不了 nothing.zip" in answers[1].stderr


def test_bundle_without_a_log_key_says_so(bundle: Path, tmp_path: Path) -> None:
    forged = opened(bundle)
    forged.manifest["log"]["key"] = None
    path = packed(forged, tmp_path / "unsigned.zip", None)
    found = verify_bundle(path, Given())
    assert (codes(found), "key_none" in notes(found)) == ([], True)
    assert codes(verified(path)) == ["file_missing"], "a key that was given is asked for its signature"


def test_cosignatures_of_a_witness_are_counted(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        note = archive.read("checkpoints/last.txt").decode()
    witness = SigningKey("union-above", bytes([7]) * 32)
    cosigned = witness.cosign(note, datetime(2025, 9, 23, tzinfo=UTC))
    assert kept_checkpoints(cosigned) == [cosigned]
    counted = notes(verified(bundle, witness=str(witness.witness), kept=cosigned))
    assert counted["cosigned"] == {"number": 1, "name": "union-above"}
    assert "cosigned_none" in notes(verified(bundle, witness=str(witness.witness)))
