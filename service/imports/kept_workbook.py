"""A workbook that was uploaded is kept encrypted, checked by a dry run, then imported, proposed or put aside."""

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from hashlib import sha256
from io import BytesIO
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import validation
from service.actions.confirmations import Proposal
from service.actions.context import ActionContext
from service.actions.errors import NotFound
from service.crypto.encryption import Keyring, decrypt_field, encrypt_field
from service.db.columns import new_id
from service.imports.error_workbook import write_error_workbook
from service.imports.import_context import ImportOptions, SheetRow
from service.imports.import_files import UNREAD, named_as
from service.imports.import_result import Unread
from service.imports.problems import InvalidSheets, SheetProblem, Unreadable
from service.imports.proposed_import import Outcome, import_or_propose
from service.imports.spreadsheets import open_spreadsheet
from service.queries import uploaded_workbooks
from service.tables.uploaded_workbooks import uploaded_workbook
from workflows.vocabulary import Reason, Refused, Role

OLD_FORMAT = b"\xd0\xcf\x11\xe0"
"""Begins a workbook of before 2007, whatever its name."""

LONGEST_NAME = 60
_FORBIDDEN = frozenset('/\\:*?"<>|')


@dataclass(frozen=True, slots=True)
class About:
    """What is known of an upload besides its content: its name, and what its importer chose."""

    name: str
    kind: str = ""
    late: str = ""
    left_out: tuple[SheetRow, ...] = ()

    @classmethod
    def from_json(cls, parts: dict[str, Any]) -> "About":
        """Return what `as_json` wrote."""
        return cls(**parts | {"left_out": tuple(SheetRow(**each) for each in parts["left_out"])})

    @property
    def options(self) -> ImportOptions:
        """Return what the import is told."""
        return ImportOptions(late=self.late, kind=self.kind, left_out=self.left_out)


@dataclass(frozen=True, slots=True)
class SheetFound:
    """The rows of one sheet: new, on record already, and the sum of the new ones in fen (None: no money)."""

    title: str
    written: int
    repeated: int
    fen: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """What a dry run or an import found: with problems nothing is, or would be, written."""

    sheets: tuple[SheetFound, ...] = ()
    repeats: tuple[SheetProblem, ...] = ()
    problems: tuple[SheetProblem, ...] = ()
    unread: tuple[Unread, ...] = ()
    only_read: tuple[str, ...] = ()
    rules: Mapping[str, int] = field(default_factory=dict)
    roles: tuple[Role, ...] = ()
    signers: tuple[UUID, ...] = ()
    is_proposed: bool = False

    @classmethod
    def from_json(cls, parts: dict[str, Any]) -> "Found":
        """Return what `as_json` wrote."""
        kinds = {"sheets": SheetFound, "repeats": SheetProblem, "problems": SheetProblem, "unread": Unread}
        rows = {name: tuple(kind(**each) for each in parts[name]) for name, kind in kinds.items()}
        roles, signers = tuple(map(Role, parts["roles"])), tuple(map(UUID, parts["signers"]))
        return cls(**parts | rows | {"only_read": tuple(parts["only_read"]), "roles": roles, "signers": signers})


def as_json(part: About | Found) -> str:
    """Return a part of an upload as JSON; ids are text."""
    return json.dumps(asdict(part), default=str)


@dataclass(frozen=True, slots=True)
class KeptWorkbook:
    """An upload as its page shows it."""

    id: UUID
    about: About
    found: Found
    state: str
    sha256: bytes
    size: int
    confirmation_id: UUID | None
    created_at: datetime
    ended_at: datetime | None


def name_by_content(given: str, content: bytes) -> str:
    """Return a name for a file: what was given, with the ending that its content has. Raises Unreadable."""
    if content.startswith(OLD_FORMAT):
        raise Unreadable("file_other_format", field="file", found=".xls")
    stem = PurePosixPath(given.replace("\\", "/")).stem
    plain = "".join(letter for letter in stem if letter.isprintable() and letter not in _FORBIDDEN)
    ending = ".xlsx" if content.startswith(b"PK") else ".csv"
    return (plain.strip(" .")[:LONGEST_NAME] or "workbook") + ending


def keep(conn: sa.Connection, content: bytes, about: About, context: ActionContext, most_rows: int) -> UUID:
    """Check a workbook and keep it until it is imported or put aside; return its id. Never commits.

    Raises InvalidForm, Refused (workbook_too_long), and Refused as an import does.
    """
    _refuse_long(content, about, most_rows)
    validation.refuse_invalid(validation.text("late", about.late or None, longest=400, required=False))
    upload_id, (found, _) = new_id(), _import(conn, about, content, context, dry_run=True)
    columns = {"account_id": context.caller.account, "sha256": sha256(content).digest(), "size": len(content)}
    sealed = _sealed(context.keyring, upload_id, about=about, result=found)
    text = base64.b64encode(content).decode()
    sealed["content_sealed"] = encrypt_field(context.keyring, "uploaded_workbook.content", upload_id, text)
    row = {"id": upload_id, "state": "checked", "created_at": context.at, **columns, **sealed}
    conn.execute(uploaded_workbook.insert().values(**row))
    return upload_id


def _refuse_long(content: bytes, about: About, most: int) -> None:
    """Refuse a workbook with more rows than a page imports while somebody waits for it."""
    try:
        opened = open_spreadsheet(Path(about.name), content)
    except Unreadable:
        return  # the dry run says what is wrong with it
    if (rows := sum(len(cells) for title, cells in opened.sheets.items() if title not in UNREAD)) > most:
        raise Refused(Reason.of("workbook_too_long", field="file", count=rows, most=most))


def _sealed(keyring: Keyring, upload_id: UUID, **parts: About | Found) -> dict[str, Any]:
    return {
        f"{name}_sealed": encrypt_field(keyring, f"uploaded_workbook.{name}", upload_id, as_json(part))
        for name, part in parts.items()
    }


def kept(conn: sa.Connection, upload_id: UUID, context: ActionContext) -> KeptWorkbook:
    """Return an upload of the caller's own. Raises NotFound."""
    return _shown(_row(conn, upload_id, context, lock=False), context.keyring)


def name_of(row: sa.Row[Any], keyring: Keyring) -> str:
    """Return the name of an uploaded file."""
    return _about(row, keyring).name


def check(conn: sa.Connection, upload_id: UUID, left_out: tuple[SheetRow, ...], context: ActionContext) -> None:
    """Check an upload again, without the rows that its importer leaves out. Raises NotFound, Refused (upload_over)."""
    row = _lock_open(conn, upload_id, context)
    before = _about(row, context.keyring)
    about = About(before.name, before.kind, before.late, left_out)
    found, _ = _import(conn, about, _content(row, context.keyring), context, dry_run=True)
    _update(conn, row.id, _sealed(context.keyring, row.id, about=about, result=found))


def carry_out(conn: sa.Connection, upload_id: UUID, context: ActionContext) -> Proposal | None:
    """Import an upload, or propose it where it needs other people; return the proposal.

    What no longer fits since the dry run is kept as its result, and nothing is imported. Raises NotFound, Refused
    (upload_over), and Refused as an import does.
    """
    row = _lock_open(conn, upload_id, context)
    about = _about(row, context.keyring)
    found, proposal = _import(conn, about, _content(row, context.keyring), context, dry_run=False)
    columns = _sealed(context.keyring, row.id, result=found)
    if not found.problems:
        columns |= {"state": "proposed" if proposal else "carried_out", "ended_at": context.at, "content_sealed": None}
        columns |= {"confirmation_id": proposal.id if proposal else None}
    _update(conn, row.id, columns)
    return proposal


def discard(conn: sa.Connection, upload_id: UUID, context: ActionContext) -> None:
    """Put an upload aside: its content is erased. Raises NotFound, Refused (upload_over)."""
    row = _lock_open(conn, upload_id, context)
    _update(conn, row.id, {"state": "discarded", "ended_at": context.at, "content_sealed": None})


def erase_old(conn: sa.Connection, before: datetime, at: datetime) -> int:
    """Erase the contents of uploads that nobody imported; return how many."""
    old = uploaded_workbook.c.state == "checked", uploaded_workbook.c.created_at < before
    ended = {"state": "discarded", "ended_at": at, "content_sealed": None}
    return conn.execute(uploaded_workbook.update().where(*old).values(ended)).rowcount


def error_copy(conn: sa.Connection, upload_id: UUID, context: ActionContext, lang: str) -> tuple[str, bytes]:
    """Return the name and the bytes of a copy of an upload with its problems beside its rows. Raises NotFound, Unreadable."""
    row = _row(conn, upload_id, context, lock=False)
    about, found = _about(row, context.keyring), _found_before(row, context.keyring)
    if row.content_sealed is None:
        raise NotFound
    opened = named_as(open_spreadsheet(Path(about.name), _content(row, context.keyring)), about.kind)
    copy = BytesIO()
    write_error_workbook(opened, found.problems, copy, lang)
    return f"{Path(about.name).stem}-错误.xlsx", copy.getvalue()


def _row(conn: sa.Connection, upload_id: UUID, context: ActionContext, *, lock: bool) -> sa.Row[Any]:
    row = uploaded_workbooks.one(conn, upload_id, context.caller, lock=lock)
    if row is None:
        raise NotFound
    return row


def _lock_open(conn: sa.Connection, upload_id: UUID, context: ActionContext) -> sa.Row[Any]:
    row = _row(conn, upload_id, context, lock=True)
    if row.state != "checked":
        raise Refused(Reason.of("upload_over", state=row.state))
    return row


def _update(conn: sa.Connection, upload_id: UUID, columns: Mapping[str, Any]) -> None:
    conn.execute(uploaded_workbook.update().where(uploaded_workbook.c.id == upload_id).values(**columns))


def _about(row: sa.Row[Any], keyring: Keyring) -> About:
    return About.from_json(json.loads(decrypt_field(keyring, "uploaded_workbook.about", row.id, row.about_sealed)))


def _found_before(row: sa.Row[Any], keyring: Keyring) -> Found:
    return Found.from_json(json.loads(decrypt_field(keyring, "uploaded_workbook.result", row.id, row.result_sealed)))


def _content(row: sa.Row[Any], keyring: Keyring) -> bytes:
    return base64.b64decode(decrypt_field(keyring, "uploaded_workbook.content", row.id, row.content_sealed))


def _shown(row: sa.Row[Any], keyring: Keyring) -> KeptWorkbook:
    about, found = _about(row, keyring), _found_before(row, keyring)
    facts = row.state, bytes(row.sha256), row.size, row.confirmation_id, row.created_at, row.ended_at
    return KeptWorkbook(row.id, about, found, *facts)


def _import(
    conn: sa.Connection, about: About, content: bytes, context: ActionContext, *, dry_run: bool
) -> tuple[Found, Proposal | None]:
    """Import or propose a workbook, or try to; problems are part of what is found."""
    with _written(about.name, content) as path:
        try:
            outcome = import_or_propose(conn, [path], context, dry_run=dry_run, options=about.options)
        except InvalidSheets as invalid:
            return Found(problems=invalid.problems), None
    return _found(outcome, context), outcome.proposal


@contextmanager
def _written(name: str, content: bytes) -> Iterator[Path]:
    """Yield the path of a file with a content, which is deleted afterwards."""
    with TemporaryDirectory(prefix="songnuan-import-") as folder:
        path = Path(folder, name)
        path.write_bytes(content)
        yield path


def _found(outcome: Outcome, context: ActionContext) -> Found:
    imported = outcome.imported
    counts = imported.sheets.items()
    return Found(
        sheets=tuple(SheetFound(title, each.written, each.repeated, each.fen) for title, each in counts),
        repeats=tuple(imported.repeats),
        unread=tuple(imported.unread),
        only_read=tuple(imported.only_read),
        rules=dict(imported.rules),
        roles=outcome.roles,
        signers=tuple(sorted(imported.signers - {context.caller.account}, key=str)) if outcome.is_proposed else (),
        is_proposed=outcome.is_proposed,
    )
