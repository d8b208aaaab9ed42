"""The verification of a bundle: the manifest, every file, every event, the tree, the signatures, the rows and the pots."""

import gzip
import json
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from service.bundles.verifier.archive_format import ArchiveUnreadable
from service.bundles.verifier.bundle_files import (
    MANIFEST,
    MANIFEST_SIGNATURE,
    Archive,
    Folder,
    Source,
    as_text,
    compare_files,
    compare_headers,
    read_whole,
    unread,
)
from service.bundles.verifier.event_chains import EventChains, LineUnreadable, read_lines
from service.bundles.verifier.findings import Findings
from service.bundles.verifier.log_tree import (
    Anchor,
    LogTree,
    count_cosigned,
    kept_checkpoints,
    read_anchor,
    read_checkpoint,
)
from service.bundles.verifier.signatures import LOG, WITNESS, Key, NoteUnreadable, has_signed, read_key
from service.bundles.verifier.table_rows import Table, TableRows

FORMAT = "songnuan-bundle/1"
ANCHORS, LAST_CHECKPOINT, SCRIPT = "checkpoints/anchors.jsonl", "checkpoints/last.txt", "verify.py"
EVENTS = "events/"
UNREADABLE = (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error)
MALFORMED = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError)


class BundleUnreadable(Exception):
    """A file or folder that holds no bundle, or a key that cannot be read; `code` says which."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Given:
    """What was kept outside the bundle: the log's key, the manifest's digest, a witness's key, checkpoints in letters."""

    key: str = ""
    manifest: str = ""
    witness: str = ""
    kept: str = ""


def signed_manifest(digest: str) -> str:
    """Return the text that the log's key signs for a manifest; no checkpoint of the log begins like it."""
    return f"{FORMAT}\n{digest}\n"


def verify_bundle(path: Path, given: Given) -> Findings:
    """Verify a bundle and return what was found. Raises BundleUnreadable, OSError."""
    found = Findings()
    source = open_bundle(path)
    try:
        compare_headers(source, found)
        manifest = _manifest(source, given, found)
        if manifest is not None:
            _Verification(source, manifest, given, found).run()
    finally:
        source.close()
    found.conclude()
    return found


def open_bundle(path: Path) -> Source:
    """Open a bundle. Raises BundleUnreadable for a file that is none, OSError."""
    try:
        source: Source = Folder(path) if path.is_dir() else Archive(path)
    except ArchiveUnreadable:
        raise BundleUnreadable("no_archive") from None
    if source.is_folder and MANIFEST not in source.names:
        raise BundleUnreadable("no_manifest")
    return source


def _manifest(source: Source, given: Given, found: Findings) -> dict[str, Any] | None:
    """Return the manifest, after comparing its digest and its signature with what was given; None where it is unreadable."""
    data = read_whole(source, MANIFEST)
    if data is None:
        found.fault(unread(source, MANIFEST), path=MANIFEST)
        return None
    digest = sha256(data).hexdigest()
    found.note("manifest", sha256=digest)
    if given.manifest and given.manifest.strip().lower() != digest:
        found.fault("manifest_differs", sha256=digest, given=given.manifest)
    found.note("manifest_compared" if given.manifest else "manifest_not_compared")
    try:
        manifest: dict[str, Any] = json.loads(data)
        is_known = manifest["format"] == FORMAT
        key = _key(manifest, given)
    except MALFORMED:
        found.fault("file_unreadable", path=MANIFEST)
        return None
    if not is_known:
        found.fault("format_unknown", format=str(manifest["format"])[:80])
        return None
    _check_signature(source, digest, key, given, found)
    return manifest


def _key(manifest: dict[str, Any], given: Given) -> Key | None:
    """Return the log's key: the one that was given, else the one in the bundle. Raises BundleUnreadable."""
    if given.key:
        try:
            return read_key(given.key, LOG)
        except NoteUnreadable:
            raise BundleUnreadable("key_unreadable") from None
    return read_key(manifest["log"]["key"], LOG) if manifest["log"]["key"] else None


def _check_signature(source: Source, digest: str, key: Key | None, given: Given, found: Findings) -> None:
    note = read_whole(source, MANIFEST_SIGNATURE)
    if key is None:
        found.note("key_none")
        if note is not None:
            found.fault("file_unknown", path=MANIFEST_SIGNATURE)
        return
    found.note("key_given" if given.key else "key_inside", key=str(key))
    if note is None:
        found.fault(unread(source, MANIFEST_SIGNATURE), path=MANIFEST_SIGNATURE)
        return
    try:
        text = note.decode()
        is_signed = text.startswith(signed_manifest(digest) + "\n") and text.count("\n") == 4 and has_signed(key, text)
    except (NoteUnreadable, UnicodeDecodeError):
        is_signed = False
    if not is_signed:
        found.fault("manifest_unsigned", key=str(key))


class _Verification:
    """One verification, after the manifest was read."""

    def __init__(self, source: Source, manifest: dict[str, Any], given: Given, found: Findings) -> None:
        self.source, self.manifest, self.given, self.found = source, manifest, given, found
        self.key = _key(manifest, given)

    def run(self) -> None:
        """Verify the files, then the events, then the rows."""
        try:
            compare_files(self.source, self.manifest["files"], self.found)
            tables = [Table.of(name, said) for name, said in sorted(self.manifest["tables"].items())]
            record_clock, events = self.manifest["record_clock"], dict(self.manifest["events"])
        except MALFORMED:
            self.found.fault("file_unreadable", path=MANIFEST)
            return
        self.found.note("archive_folder" if self.source.is_folder else "archive_whole")
        bound = frozenset(each.log for each in tables if each.is_bound)
        log = LogTree(self._anchors(), self.key, self._kept(), self.found)
        chains = EventChains(log, bound, record_clock, self.found)
        self._read_events(chains)
        log.end()
        self._compare_counts(events)
        self._read_tables(tables, TableRows(chains.recorded, chains.subjects, self.found))
        self._note_rest()

    def _anchors(self) -> Sequence[Anchor]:
        data = read_whole(self.source, ANCHORS) or b""
        try:
            anchors = [read_anchor(line) for line in data.decode().splitlines()]
        except MALFORMED:
            self.found.log_fault("file_unreadable", path=ANCHORS)
            return []
        last = next((each.checkpoint for each in reversed(anchors) if each.checkpoint), "")
        if (read_whole(self.source, LAST_CHECKPOINT) or b"").decode(errors="replace") != (last or ""):
            self.found.fault("last_checkpoint_differs", path=LAST_CHECKPOINT)
        if self.given.witness:
            self._count_witness([each.checkpoint for each in anchors if each.checkpoint])
        return anchors

    def _count_witness(self, notes: list[str]) -> None:
        try:
            witness = read_key(self.given.witness, WITNESS)
        except NoteUnreadable:
            raise BundleUnreadable("witness_unreadable") from None
        number = count_cosigned([*notes, *kept_checkpoints(self.given.kept)], witness)
        self.found.note("cosigned" if number else "cosigned_none", number=number, name=witness.name)

    def _kept(self) -> list[Any]:
        """Return the checkpoints that were kept outside; each must be signed by the log's key."""
        notes = kept_checkpoints(self.given.kept)
        if self.given.kept and not notes:
            raise BundleUnreadable("kept_unreadable")
        for note in notes:
            if self.key is not None and not has_signed(self.key, note):
                self.found.fault("kept_unsigned", size=read_checkpoint(note).size)
        return [read_checkpoint(note) for note in notes]

    def _read_events(self, chains: EventChains) -> None:
        for name in (each for each in self.source.names if each.startswith(EVENTS)):
            try:
                with self.source.open(name) as packed, gzip.open(packed) as file:
                    for line in read_lines(file):
                        chains.read(line, name)
            except (*UNREADABLE, LineUnreadable):
                self.found.log_fault("file_unreadable", path=name)

    def _compare_counts(self, said: dict[str, Any]) -> None:
        for name in ("events", "with_body", "subjects"):
            number = self.found.counts.setdefault(name, 0)
            if said.get(name) != number:
                self.found.log_fault("count_differs", name=name, stated=said.get(name), number=number)

    def _read_tables(self, tables: Sequence[Table], rows: TableRows) -> None:
        for table in tables:
            try:
                with self.source.open(table.path) as file, as_text(file) as text:
                    rows.read(table, text)
            except (*UNREADABLE, KeyError):
                self.found.fault("file_unreadable", path=table.path)
        rows.end()

    def _note_rest(self) -> None:
        """Note what was counted, and what was not compared with anything kept outside."""
        script = next((each["sha256"] for each in self.manifest["files"] if each["path"] == SCRIPT), "")
        self.found.note("script", sha256=script)
        names = ("files", "events", "with_body", "subjects", "anchors", "checkpoints", "free", "rows", "rows_bound")
        for name in (*names, "rows_unbound", "funds", "demo_events", "kept"):
            self.found.counts.setdefault(name, 0)
        self.found.note("counted", **self.found.counts)
        for name in ("free", "demo_events", "rows_unbound"):
            if self.found.counts[name]:
                self.found.note(name, number=self.found.counts[name])
        self.found.note("kept" if self.given.kept else "kept_none", number=self.found.counts["kept"])
