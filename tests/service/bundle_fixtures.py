"""Bundles for tests: taken from a record, opened, changed and packed again as well as a forger could."""

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from service.actions import bundles
from service.actions.bundles import MadeBundle
from service.actions.context import ActionContext
from service.bundles.archive_writer import ArchiveWriter
from service.bundles.make import BundleSource, make_bundle
from service.bundles.verifier.bundle_files import MANIFEST, MANIFEST_SIGNATURE
from service.bundles.verifier.findings import Findings
from service.bundles.verifier.verification import Given, signed_manifest, verify_bundle
from service.crypto.signed_notes import SigningKey
from tests.chaos.sample_record import LOG_KEY
from tests.factories import Organisation

PERIOD = date(2025, 1, 1), date(2025, 12, 31)
TODAY = date(2025, 12, 31)
DOCUMENT = "审通〔2025〕3号"
KEY = str(LOG_KEY.verifier)


def take(
    engine: sa.Engine,
    organisation: Organisation,
    path: Path,
    period: tuple[date, date] = PERIOD,
    key: SigningKey | None = LOG_KEY,
    cosigned: str = "",
) -> MadeBundle:
    """Write a bundle of an organisation as its auditor, record it, and return what was made."""
    with engine.begin() as conn:
        context: ActionContext = organisation.context(conn, "auditor", TODAY)
        request = bundles.bundle_request(conn, organisation.unit_id, period, "yearly_audit", DOCUMENT, context)
        with path.open("w+b") as file:
            made = make_bundle(BundleSource(engine, key, cosigned), file, request, context)
        bundles.record_bundle(conn, request, made, context)
    return made


def verified(path: Path, **given: str) -> Findings:
    """Verify a bundle with the log's key."""
    return verify_bundle(path, Given(**({"key": KEY} | given)))


def codes(found: Findings) -> list[str]:
    """Return the codes of the faults, in their order, each once."""
    return list(dict.fromkeys(fault.code for fault in found.faults))


def notes(found: Findings) -> dict[str, dict[str, object]]:
    """Return the notes by their codes."""
    return {note.code: dict(note.values) for note in found.notes}


@dataclass
class OpenBundle:
    """A bundle as a forger works on it: its files by name, without its manifest, and the manifest."""

    files: dict[str, bytes]
    manifest: dict[str, Any]
    events: list[dict[str, Any]] = field(default_factory=list)

    def table(self, name: str) -> list[list[str]]:
        """Return the lines of a table, the watermark and the headers among them."""
        return list(csv.reader(io.StringIO(self.files[f"rows/{name}.csv"].decode("utf-8-sig"))))

    def set_table(self, name: str, lines: list[list[str]]) -> None:
        """Put other lines in the place of a table's."""
        text = io.StringIO(newline="")
        csv.writer(text).writerows(lines)
        self.files[f"rows/{name}.csv"] = ("\ufeff" + text.getvalue()).encode()

    def set_cell(self, name: str, column: str, value: str) -> None:
        """Put another value into the first row of a table."""
        lines = self.table(name)
        lines[2][lines[1].index(column)] = value
        self.set_table(name, lines)

    def body(self, no: int) -> dict[str, Any]:
        """Return the body of the event at a place of the list."""
        body: dict[str, Any] = json.loads(self.events[no]["body"])
        return body


EVENTS = "events/000001.jsonl.gz"


def opened(path: Path) -> OpenBundle:
    """Open a bundle whose events are in one file."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(files.pop(MANIFEST))
    files.pop(MANIFEST_SIGNATURE, None)
    lines = gzip.decompress(files[EVENTS]).splitlines()
    return OpenBundle(files, manifest, [json.loads(line) for line in lines])


def packed(bundle: OpenBundle, path: Path, key: SigningKey | None = LOG_KEY) -> Path:
    """Pack a bundle with a manifest that agrees with its files, and sign it with `key`."""
    lines = (json.dumps(each, ensure_ascii=False, separators=(",", ":")).encode() for each in bundle.events)
    if EVENTS in bundle.files:
        bundle.files[EVENTS] = gzip.compress(b"".join(line + b"\n" for line in lines), mtime=0)
    with path.open("w+b") as file:
        archive = ArchiveWriter(file)
        for name, content in bundle.files.items():
            archive.add(name, content, is_packed=not name.endswith(".gz"))
        listed = [
            {"path": each.entry.name, "size": each.entry.size, "sha256": each.sha256}
            | {"packed": [each.entry.packed_size, each.packed_sha256]}
            for each in archive.files
        ]
        manifest = json.dumps({**bundle.manifest, "files": listed}).encode()
        archive.add(MANIFEST, manifest, is_packed=False)
        if key is not None:
            note = key.sign(signed_manifest(sha256(manifest).hexdigest()))
            archive.add(MANIFEST_SIGNATURE, note.encode(), is_packed=False)
        archive.end()
    return path


def repacked(path: Path, target: Path, changed: Mapping[str, bytes | None]) -> Path:
    """Pack the files of a bundle with some of them changed, added or left out (None), and its own manifest."""
    with zipfile.ZipFile(path) as archive, target.open("w+b") as file:
        writer = ArchiveWriter(file)
        kept = {each.filename: each.compress_type for each in archive.infolist()}
        for name, method in {**kept, **dict.fromkeys(changed, zipfile.ZIP_DEFLATED)}.items():
            content = changed[name] if name in changed else archive.read(name)
            if content is not None:
                writer.add(name, content, is_packed=kept.get(name, method) == zipfile.ZIP_DEFLATED)
        writer.end()
    return target


Forge = Callable[[OpenBundle], None]
