"""An import of spreadsheets as one act: its files, and every record that it made or named again."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log
from service.actions.context import ActionContext
from service.actions.permissions import unit_path_of
from service.actions.write_batch import WriteBatch
from service.crypto.encryption import encrypt_field
from service.db.columns import new_id
from service.tables.workbook_imports import imported_row, workbook_import
from workflows.canonical_json import canonical_json
from workflows.import_codes import ImportedKind
from workflows.vocabulary import Plain

NAMES = "workbook_import.names"
"""What the names of an import's files are encrypted for."""


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """A file that was imported: its name, and its SHA-256 in hex."""

    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class ImportedRecord:
    """A record that a row of a sheet made, or named again (`is_repeat`), and the account in whose name it is written."""

    kind: ImportedKind
    record_id: UUID
    keeper_id: UUID
    place: str
    is_repeat: bool = False


def record_import(
    conn: sa.Connection, files: Sequence[ImportedFile], records: Sequence[ImportedRecord], context: ActionContext
) -> UUID:
    """Record that files were imported, with the records they made, so that the import can be undone; return its id."""
    import_id, batch = new_id(), WriteBatch()
    made, digests = sum(not each.is_repeat for each in records), sorted(each.digest for each in files)
    names = json.dumps([each.name for each in files], ensure_ascii=False)
    columns = {"by_id": context.caller.account, "unit_path": unit_path_of(conn, context.caller.unit_id)}
    columns |= {"names_sealed": encrypt_field(context.keyring, NAMES, import_id, names), "files": digests, "rows": made}
    batch.add(workbook_import, {"id": import_id, "at": context.at, **columns})
    rows_digest = digest_of((each.kind, each.record_id) for each in records if not each.is_repeat)
    facts: dict[str, Plain] = {"files": list(digests), "rows": made, "repeats": len(records) - made}
    event_log.append_event(
        conn, "import", import_id, "carry_out", {**facts, "rows_digest": rows_digest}, context, batch
    )
    if records:
        conn.execute(imported_row.insert(), [_row(import_id, no, each) for no, each in enumerate(records, start=1)])
    return import_id


def _row(import_id: UUID, no: int, record: ImportedRecord) -> dict[str, object]:
    names = ("record_id", "keeper_id", "place", "is_repeat")
    return {"import_id": import_id, "no": no, "kind": record.kind.value} | {
        name: getattr(record, name) for name in names
    }


def digest_of(records: Iterable[tuple[str, UUID]]) -> str:
    """Return the SHA-256 in hex over records given by kind and id, whatever their order."""
    return sha256(canonical_json(sorted(f"{kind}/{record_id}" for kind, record_id in records)).encode()).hexdigest()
