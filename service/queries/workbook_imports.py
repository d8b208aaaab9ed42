"""Imports of spreadsheets: their list, their state, and their rows as a page shows them."""

import json
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.crypto.encryption import Keyring, decrypt_field
from service.queries.page import Page, cut
from service.queries.scope import Caller, visible_to
from service.tables.accounts import account
from service.tables.activities import activity
from service.tables.confirmations import confirmation
from service.tables.donations import donation
from service.tables.events import imported_file
from service.tables.fund_allocations import fund_allocation
from service.tables.fund_receipts import fund_receipt
from service.tables.funds import fund
from service.tables.gifts import gift
from service.tables.households import household
from service.tables.kinship import kinship
from service.tables.pairings import pairing
from service.tables.units import unit
from service.tables.visits import visit
from service.tables.workbook_imports import imported_row, workbook_import
from workflows.import_codes import ImportedKind, ImportState
from workflows.powers import UNDOERS
from workflows.vocabulary import Role

READERS = frozenset({*UNDOERS, Role.AUDITOR})
"""The roles that see the imports of their units."""

NAMES = "workbook_import.names"


def _seen_by(caller: Caller) -> sa.ColumnElement[bool]:
    in_units = visible_to(caller, workbook_import.c.unit_path, READERS)
    return sa.or_(in_units, workbook_import.c.by_id == caller.account)


def _state() -> sa.ColumnElement[str]:
    """Return the state of an import: its undo may wait, be done, or be done in part."""
    own = imported_row.c.import_id == workbook_import.c.id, ~imported_row.c.is_repeat
    undone = sa.exists().where(*own, imported_row.c.undone_on.is_not(None))
    left = sa.exists().where(*own, imported_row.c.undone_on.is_(None))
    waiting = sa.exists().where(
        confirmation.c.id == workbook_import.c.undo_confirmation_id, confirmation.c.state == "proposed"
    )
    return sa.case(
        (workbook_import.c.rows == 0, ImportState.NOTHING_NEW.value),
        (waiting, ImportState.UNDO_PROPOSED.value),
        (sa.and_(undone, ~left), ImportState.UNDONE.value),
        (undone, ImportState.PARTLY_UNDONE.value),
        else_=ImportState.STANDING.value,
    )


def _select() -> sa.Select[Any]:
    importer = account.c.display_name.label("importer")
    rows = sa.select(workbook_import, _state().label("state"), importer)
    return rows.join(account, account.c.id == workbook_import.c.by_id)


def page(conn: sa.Connection, caller: Caller, after: list[str] | None, size: int) -> Page:
    """Return one page of the imports that the caller sees, the newest first."""
    seen = _seen_by(caller)
    count = conn.scalar(sa.select(sa.func.count()).select_from(workbook_import).where(seen)) or 0
    rows = _select().where(seen)
    if after is not None:
        rows = rows.where(workbook_import.c.id < UUID(after[0]))
    newest = rows.order_by(workbook_import.c.id.desc()).limit(size + 1)
    page_rows, last = cut([dict(row) for row in conn.execute(newest).mappings()], size)
    return Page(page_rows, count, [str(last["id"])] if last else None)


def one(conn: sa.Connection, import_id: UUID, caller: Caller, *, lock: bool = False) -> sa.Row[Any] | None:
    """Return an import with its state, or None when the caller may not see it; `lock` makes its undos take turns."""
    query = _select().where(workbook_import.c.id == import_id, _seen_by(caller))
    return conn.execute(query.with_for_update(key_share=True, of=workbook_import) if lock else query).one_or_none()


def latest_of_file(conn: sa.Connection, digest: str, caller: Caller) -> UUID | None:
    """Return the caller's latest import of the file with this SHA-256 in hex."""
    own = workbook_import.c.by_id == caller.account, workbook_import.c.files.contains([digest])
    return conn.scalar(sa.select(workbook_import.c.id).where(*own).order_by(workbook_import.c.id.desc()).limit(1))


def proposer_of(conn: sa.Connection, confirmation_id: UUID) -> UUID:
    """Return the account that made a proposal."""
    query = sa.select(confirmation.c.proposed_by).where(confirmation.c.id == confirmation_id)
    proposer: UUID = conn.scalars(query).one()
    return proposer


def names_of(import_id: UUID, names_sealed: bytes, keyring: Keyring) -> tuple[str, ...]:
    """Return the names of the files of an import."""
    return tuple(json.loads(decrypt_field(keyring, NAMES, import_id, names_sealed) or "[]"))


def rows_of(conn: sa.Connection, import_id: UUID) -> list[sa.Row[Any]]:
    """Return every row of an import in its order."""
    rows = sa.select(imported_row).where(imported_row.c.import_id == import_id)
    return list(conn.execute(rows.order_by(imported_row.c.no)))


def files_before(conn: sa.Connection, caller: Caller, most: int) -> list[dict[str, Any]]:
    """Return the latest files that were imported before imports kept their rows, the newest first: none can be undone."""
    known = sa.select(sa.func.unnest(workbook_import.c.files).label("digest")).subquery()
    rows = (
        sa.select(imported_file, account.c.display_name.label("importer"))
        .join(account, account.c.id == imported_file.c.by_id)
        .join(unit, unit.c.id == account.c.unit_id)
        .where(visible_to(caller, unit.c.path, frozenset({Role.ADMIN})))
        .where(sa.func.encode(imported_file.c.sha256, "hex").not_in(sa.select(known.c.digest)))
    )
    newest = rows.order_by(imported_file.c.at.desc(), imported_file.c.sha256).limit(most)
    return [dict(row) for row in conn.execute(newest).mappings()]


def _dated(table: sa.Table, *parts: Any) -> sa.Select[Any]:
    words = sa.func.concat_ws(" ", *parts) if parts else sa.literal("")
    fen = [table.c.fen] if "fen" in table.c else []
    return sa.select(table.c.id, table.c.on.label("on"), words.label("words"), *fen)


_WORDS: dict[ImportedKind, sa.Select[Any]] = {
    ImportedKind.UNIT: sa.select(unit.c.id, sa.null().label("on"), unit.c.name.label("words")),
    ImportedKind.ACCOUNT: sa.select(account.c.id, sa.null().label("on"), account.c.login.label("words")),
    ImportedKind.FUND: sa.select(fund.c.id, sa.null().label("on"), fund.c.code.label("words")),
    ImportedKind.FUND_RECEIPT: _dated(fund_receipt, fund_receipt.c.document),
    ImportedKind.FUND_ALLOCATION: sa.select(
        fund_allocation.c.id, fund_allocation.c.from_on.label("on"), fund_allocation.c.document.label("words")
    ),
    ImportedKind.HOUSEHOLD: sa.select(
        household.c.id, household.c.filed_on.label("on"), household.c.file_no.label("words")
    ),
    ImportedKind.PAIRING: sa.select(
        pairing.c.id, pairing.c.from_on.label("on"), pairing.c.programme_name.label("words")
    ),
    ImportedKind.KINSHIP: sa.select(kinship.c.id, kinship.c.declared_on.label("on"), sa.literal("").label("words")),
    ImportedKind.VISIT: _dated(visit),
    ImportedKind.GIFT: _dated(gift),
    ImportedKind.DONATION: _dated(donation, donation.c.campaign),
    ImportedKind.ACTIVITY: _dated(activity, activity.c.title),
}
"""What a row of a page says of each kind: a day, words that name nobody of a family, and a sum where there is one."""


def words_of(conn: sa.Connection, rows: list[sa.Row[Any]]) -> dict[UUID, sa.Row[Any]]:
    """Return the day and the words of the records of some rows, one SELECT for each kind."""
    found: dict[UUID, sa.Row[Any]] = {}
    for kind in {ImportedKind(row.kind) for row in rows} & _WORDS.keys():
        select = _WORDS[kind]
        ids = [row.record_id for row in rows if row.kind == kind.value]
        found |= {row.id: row for row in conn.execute(select.where(next(iter(select.selected_columns)).in_(ids)))}
    return found
