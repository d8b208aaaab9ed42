"""Documents: scans and photos are added to a family or a case, superseded, ended and opened, each by its own event."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from service.actions import event_log, validation
from service.actions.context import ActionContext
from service.actions.corrections import reason_problems
from service.actions.errors import NotFound
from service.actions.permissions import require_role
from service.actions.personal_data_access import REVEALERS
from service.actions.write_batch import WriteBatch
from service.crypto.encryption import DecryptionError, decrypt_bytes, decrypt_field, encrypt_bytes, encrypt_field
from service.db.columns import new_id
from service.files.received import ReceivedFile
from service.files.store import FileStore, NoSuchFile
from service.queries import documents, households
from service.queries.documents import CONTENT, SMALL, small_name
from service.queries.installation import claim_store
from service.tables.documents import document, stored_file
from workflows.powers import PAPER_KEEPERS
from workflows.vocabulary import Plain, Reason, Refused

KIND = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A document of a family, or of one of its cases: its kind and its file."""

    household_id: UUID
    case_id: UUID | None
    kind: str
    file: ReceivedFile


def add_documents(
    conn: sa.Connection, store: FileStore, new: Sequence[NewDocument], context: ActionContext
) -> list[UUID]:
    """Add documents of one family or case; return their ids.

    Raises InvalidForm, Refused (role_missing, document_known, document_twice), NotFound, StoreUnavailable,
    OtherInstallation. Nothing is written to the store before every document is known to be allowed.
    """
    validation.refuse_invalid(*(_problems(each) for each in new))
    rights = [_require_keeper(conn, each, context) for each in new]
    reasons = [*_twice(new), *(reason for each in new for reason in _known(conn, each))]
    if reasons:
        raise Refused(*reasons)
    return [_add(conn, store, each, context, right) for each, right in zip(new, rights, strict=True)]


def supersede_document(
    conn: sa.Connection, store: FileStore, document_id: UUID, file: ReceivedFile, reason: str, context: ActionContext
) -> UUID:
    """Put another file in the place of a document, which is kept and ended; return the id of the new document.

    Signatures that cover the old one no longer cover the case. Raises what adding raises, and what ending raises.
    """
    row = _end(conn, document_id, reason, context, "supersede_document")
    new = NewDocument(row["household_id"], row["case_id"], row["kind"], file)
    reasons = [*_known(conn, new)]
    if reasons:
        raise Refused(*reasons)
    return _add(conn, store, new, context, {}, {"supersedes_id": document_id})


def end_document(conn: sa.Connection, document_id: UUID, reason: str, context: ActionContext) -> None:
    """End a document that does not belong here; it is kept. Raises InvalidForm, NotFound, Refused.

    The reasons are role_missing, document_ended, and document_of_visit: a photo stays while a visit that names it stands.
    """
    _end(conn, document_id, reason, context, "end_document")


def open_document(
    conn: sa.Connection, store: FileStore, document_id: UUID, context: ActionContext
) -> tuple[dict[str, Any], bytes]:
    """Return a document and the bytes of its file, and record that the caller looked. Raises NotFound, Refused (file_lost)."""
    row = documents.one(conn, document_id, context.caller)
    if row is None:
        raise NotFound
    content = _read(store, row["file_id"].hex, CONTENT, row["file_id"], context)
    event_log.append_event(conn, "document", document_id, "open_document", {}, context)
    return row, content


def small_picture(conn: sa.Connection, store: FileStore, document_id: UUID, context: ActionContext) -> bytes:
    """Return the small picture of a document, in which no text can be read. Raises NotFound, Refused (file_lost)."""
    row = documents.one(conn, document_id, context.caller)
    if row is None:
        raise NotFound
    return _read(store, small_name(row["file_id"]), SMALL, row["file_id"], context)


def original_name(row: Mapping[str, Any], context: ActionContext) -> str | None:
    """Return what the person's computer called the file of a document, which may name the family; None for who reveals no names."""
    if not context.caller.holds(REVEALERS, row["case_path"] or row["household_path"]):
        return None
    return decrypt_field(context.keyring, "document.name", row["id"], row["name_sealed"])


def _read(store: FileStore, name: str, use: str, file_id: UUID, context: ActionContext) -> bytes:
    try:
        return decrypt_bytes(context.keyring, use, file_id, store.read(name))
    except (NoSuchFile, DecryptionError):
        raise Refused(Reason.of("file_lost", file=file_id.hex)) from None


def _add(
    conn: sa.Connection,
    store: FileStore,
    new: NewDocument,
    context: ActionContext,
    right: Mapping[str, Plain],
    more: Mapping[str, UUID] = MappingProxyType({}),
) -> UUID:
    batch, document_id = WriteBatch(), new_id()
    file_id = _store_file(conn, store, new.file, batch, context)
    name_sealed = encrypt_field(context.keyring, "document.name", document_id, new.file.name[:200])
    row = {
        "id": document_id,
        "household_id": new.household_id,
        "case_id": new.case_id,
        "file_id": file_id,
        "kind": new.kind,
        "name_sealed": name_sealed,
        "uploaded_sha256": new.file.uploaded_sha256,
        "taken_at": new.file.taken_at,
        "received_on": context.today,
        "recorded_by": context.caller.account,
        "created_at": context.at,
        **more,
    }
    batch.add(document, {key: value for key, value in row.items() if value is not None})
    facts = {**_facts(new), **{key: str(value) for key, value in more.items()}, **right}
    event_log.append_event(conn, "document", document_id, "add_document", facts, context, batch)
    return document_id


def _facts(new: NewDocument) -> dict[str, Plain]:
    facts: dict[str, Plain] = {"household": str(new.household_id), "kind": new.kind, "sha256": new.file.sha256.hex()}
    facts |= {"media_type": new.file.media_type, "pages": new.file.pages}
    return facts | ({"case": str(new.case_id)} if new.case_id else {})


def _store_file(
    conn: sa.Connection, store: FileStore, file: ReceivedFile, batch: WriteBatch, context: ActionContext
) -> UUID:
    """Return the file with these bytes, stored now where there is none.

    The row is written before the file, so that two uploads of the same bytes take turns, and committed after it. A
    process that is killed between the two leaves a file without a row, which the daily job removes.
    """
    file_id = new_id()
    row = {
        "id": file_id,
        "sha256": file.sha256,
        "size": len(file.content),
        "created_at": context.at,
        **{name: getattr(file, name) for name in ("media_type", "pages", "width", "height", "scanned_by")},
    }
    claim_store(conn, store)
    inserted = insert(stored_file).values(row).on_conflict_do_nothing().returning(stored_file.c.id)
    if conn.scalar(inserted) is None:
        known = documents.file_of_digest(conn, file.sha256)
        if known is None:
            raise RuntimeError("a file that is stored cannot be read")
        if _is_lost(store, known):
            _write(store, known, file, context)
        return known
    _write(store, file_id, file, context)
    batch.note_inserted(stored_file, row)
    return file_id


def _write(store: FileStore, file_id: UUID, file: ReceivedFile, context: ActionContext) -> None:
    store.write(file_id.hex, encrypt_bytes(context.keyring, CONTENT, file_id, file.content))
    store.write(small_name(file_id), encrypt_bytes(context.keyring, SMALL, file_id, file.small))


def _is_lost(store: FileStore, file_id: UUID) -> bool:
    """Return whether the store has lost the file, or its small picture: the same bytes, uploaded again, take their place."""
    try:
        store.read(small_name(file_id))
        store.read(file_id.hex)
    except NoSuchFile:
        return True
    return False


def _known(conn: sa.Connection, new: NewDocument) -> Iterator[Reason]:
    """Yield the reason against a file that the same family or case has already, in force and under the same kind."""
    own = (document.c.household_id == new.household_id, document.c.case_id.is_not_distinct_from(new.case_id))
    same = sa.select(document.c.id).join(stored_file, stored_file.c.id == document.c.file_id)
    same = same.where(*own, stored_file.c.sha256 == new.file.sha256, document.c.kind == new.kind)
    known = conn.scalar(same.where(document.c.ended_on.is_(None)).limit(1))
    if known is not None:
        yield Reason.of("document_known", field="files", document=str(known), name=new.file.name[:80])


def _twice(new: Sequence[NewDocument]) -> Iterator[Reason]:
    """Yield the reason against two files of one upload that have the same content."""
    seen: dict[bytes, str] = {}
    for each in new:
        if each.file.sha256 in seen:
            before = seen[each.file.sha256]
            yield Reason.of("document_twice", field="files", name=each.file.name[:80], other=before[:80])
        seen[each.file.sha256] = each.file.name


def _require_keeper(conn: sa.Connection, new: NewDocument, context: ActionContext) -> dict[str, Plain]:
    """Return the right under which the caller adds a document. Raises NotFound, Refused (role_missing)."""
    if new.case_id is not None:
        seen = documents.unit_paths_of_case(conn, new.case_id, context.caller)
        if seen is None or seen.household_id != new.household_id:
            raise NotFound
        return require_role(context, PAPER_KEEPERS, seen.unit_path)
    household = households.one(conn, new.household_id, context.caller)
    if household is None:
        raise NotFound
    return require_role(context, PAPER_KEEPERS, household["unit_path"])


def _end(conn: sa.Connection, document_id: UUID, reason: str, context: ActionContext, action: str) -> dict[str, Any]:
    row = documents.one(conn, document_id, context.caller)
    if row is None:
        raise NotFound
    locked = sa.select(document.c.ended_on).where(document.c.id == document_id).with_for_update(key_share=True)
    right = require_role(context, PAPER_KEEPERS, row["case_path"] or row["household_path"])
    validation.refuse_invalid(reason_problems(reason))
    ended_on = conn.scalar(locked)
    if ended_on is not None:
        raise Refused(Reason.of("document_ended", on=ended_on.isoformat()))
    if documents.is_of_visit(conn, document_id):
        raise Refused(Reason.of("document_of_visit"))
    batch = WriteBatch()
    batch.change(document, {"id": document_id, "ended_on": context.today, "end_reason": reason})
    facts: dict[str, Plain] = {"reason": reason, **right}
    event_log.append_event(conn, "document", document_id, action, facts, context, batch)
    return row


def _problems(new: NewDocument) -> Iterator[Reason]:
    if not new.kind:
        yield Reason.of("answer_missing", field="kind")
    elif not KIND.fullmatch(new.kind):
        yield Reason.of("not_code", field="kind")
