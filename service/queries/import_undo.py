"""What an undo of an import asks: which of its records were voided, touched, named again, or are needed by others."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.db.columns import METADATA
from service.tables.accounts import account
from service.tables.cases import case
from service.tables.documents import document
from service.tables.events import event
from service.tables.fund_receipts import fund_receipt
from service.tables.funds import fund
from service.tables.gifts import gift
from service.tables.kinship import kinship
from service.tables.pairings import pairing
from service.tables.payments import payment
from service.tables.persons import person
from service.tables.units import unit
from service.tables.visits import visit
from service.tables.workbook_imports import imported_row, workbook_import
from workflows.code_lists import VisitKind
from workflows.import_codes import ImportedKind, KeptReason

Counts = Mapping[UUID, int]

OWN_EVENTS = ("file_household", "pair", "void_pairing", "declare_kinship")
"""Events of a family's file that an import itself writes, or whose records are asked for one by one."""


def _made(import_id: UUID, kind: ImportedKind, column: sa.ColumnElement[UUID]) -> sa.ColumnElement[bool]:
    rows = sa.select(imported_row.c.record_id).where(imported_row.c.import_id == import_id)
    return column.in_(rows.where(imported_row.c.kind == kind.value, ~imported_row.c.is_repeat))


def locked_rows(conn: sa.Connection, import_id: UUID, kind: ImportedKind, *, lock: bool) -> list[dict[str, Any]]:
    """Return the records of one kind that an import made, with the unit whose people may void each, locked if asked."""
    table = METADATA.tables[kind.value]
    rows = sa.select(table, _unit_path(kind).label("of_unit")).select_from(_JOINS.get(kind, table))
    rows = rows.where(_made(import_id, kind, table.c.id)).order_by(table.c.id)
    locked = rows.with_for_update(key_share=True, of=table) if lock else rows
    return [dict(row) for row in conn.execute(locked).mappings()]


_JOINS: Mapping[ImportedKind, sa.Join] = {
    ImportedKind.PAIRING: pairing.join(unit, unit.c.id == pairing.c.unit_id),
    ImportedKind.FUND_RECEIPT: fund_receipt.join(fund, fund.c.id == fund_receipt.c.fund_id),
}


def _unit_path(kind: ImportedKind) -> sa.ColumnElement[str]:
    if kind is ImportedKind.PAIRING:
        return unit.c.path
    return fund.c.unit_path if kind is ImportedKind.FUND_RECEIPT else METADATA.tables[kind.value].c.unit_path


def named_again(conn: sa.Connection, import_id: UUID, files: Iterable[str]) -> set[UUID]:
    """Return the records of an import that another import of other files named, and that was not undone."""
    named = imported_row.alias("named")
    own = imported_row.c.import_id == import_id, ~imported_row.c.is_repeat
    rows = sa.select(imported_row.c.record_id).join(named, named.c.record_id == imported_row.c.record_id)
    rows = rows.join(workbook_import, workbook_import.c.id == named.c.import_id)
    others = named.c.is_repeat, named.c.undone_on.is_(None), named.c.import_id != import_id
    return set(conn.scalars(rows.where(*own, *others, ~workbook_import.c.files.overlap(list(files)))))


def gifts_of_visits(conn: sa.Connection, import_id: UUID, going: set[UUID]) -> Counts:
    """Count the gifts of each visit of an import that are not voided and do not go with it."""
    live = gift.c.visit_id, gift.c.id
    rows = sa.select(*live).where(_made(import_id, ImportedKind.VISIT, gift.c.visit_id), gift.c.voided_on.is_(None))
    return _staying(conn, rows, going)


def visits_of_pairings(conn: sa.Connection, import_id: UUID, going: set[UUID]) -> Counts:
    """Count the visits under each pairing of an import that are not voided and do not go with it."""
    last = sa.func.coalesce(pairing.c.until_on, date.max)
    same_pair = sa.and_(visit.c.household_id == pairing.c.household_id, visit.c.unit_id == pairing.c.unit_id)
    under = sa.and_(same_pair, visit.c.on >= pairing.c.from_on, visit.c.on <= last)
    rows = sa.select(pairing.c.id, visit.c.id).join_from(pairing, visit, under)
    live = visit.c.kind == VisitKind.PAIRING.value, visit.c.voided_on.is_(None)
    return _staying(conn, rows.where(_made(import_id, ImportedKind.PAIRING, pairing.c.id), *live), going)


def _staying(conn: sa.Connection, rows: sa.Select[Any], going: set[UUID]) -> Counts:
    counts: dict[UUID, int] = defaultdict(int)
    for needs, record_id in conn.execute(rows):
        if record_id not in going:
            counts[needs] += 1
    return counts


def records_of_families(conn: sa.Connection, import_id: UUID, going: set[UUID]) -> Counts:
    """Count gifts, visits, pairings and declared kinship of each family of an import that do not go with it."""
    counts: dict[UUID, int] = defaultdict(int)
    for table in (gift, visit, pairing):
        rows = sa.select(table.c.household_id, table.c.id).where(table.c.voided_on.is_(None))
        staying = _staying(conn, rows.where(_made(import_id, ImportedKind.HOUSEHOLD, table.c.household_id)), going)
        for household_id, number in staying.items():
            counts[household_id] += number
    declared = sa.select(kinship.c.household_id, kinship.c.id).where(kinship.c.ended_on.is_(None))
    declared = declared.where(~_made(import_id, ImportedKind.KINSHIP, kinship.c.id))
    for household_id, _ in conn.execute(declared.where(_of_families(import_id, kinship.c.household_id))):
        counts[household_id] += 1
    return counts


def _of_families(import_id: UUID, column: sa.ColumnElement[UUID]) -> sa.ColumnElement[bool]:
    return _made(import_id, ImportedKind.HOUSEHOLD, column)


def cases_of_families(conn: sa.Connection, import_id: UUID) -> Counts:
    """Count the cases of each family of an import."""
    return _counted(conn, sa.select(case.c.household_id).where(_of_families(import_id, case.c.household_id)))


def payments_of_families(conn: sa.Connection, import_id: UUID) -> Counts:
    """Count the payments to each family of an import."""
    rows = sa.select(case.c.household_id).join(payment, payment.c.case_id == case.c.id)
    return _counted(conn, rows.where(_of_families(import_id, case.c.household_id)))


def documents_of_families(conn: sa.Connection, import_id: UUID) -> Counts:
    """Count the documents of each family of an import."""
    return _counted(conn, sa.select(document.c.household_id).where(_of_families(import_id, document.c.household_id)))


def later_events_of_families(conn: sa.Connection, import_id: UUID) -> Counts:
    """Count the events that changed each family's file after an import."""
    later = event.c.subject == "household", event.c.action.not_in(OWN_EVENTS)
    return _counted(conn, sa.select(event.c.subject_id).where(_of_families(import_id, event.c.subject_id), *later))


def _counted(conn: sa.Connection, rows: sa.Select[Any]) -> Counts:
    found = rows.subquery()
    [of] = found.c
    return {row[0]: row[1] for row in conn.execute(sa.select(of, sa.func.count()).group_by(of))}


def own_families(conn: sa.Connection, account_id: UUID) -> set[UUID]:
    """Return the families of which an account is a relative: kinship declared, or the same identity number."""
    declared = sa.select(kinship.c.household_id).where(kinship.c.account_id == account_id)
    same = sa.select(person.c.household_id).join(account, account.c.id_no_index == person.c.id_no_index)
    return set(conn.scalars(sa.union(declared, same.where(account.c.id == account_id, person.c.active))))


def available(conn: sa.Connection, fund_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return the money that is available on fund lines, in fen."""
    rows = conn.execute(sa.select(fund.c.id, fund.c.available_fen).where(fund.c.id.in_(list(fund_ids))))
    return {row.id: row.available_fen for row in rows}


Asked = Callable[[sa.Connection, UUID], Counts]

AGAINST_FAMILIES: Mapping[KeptReason, Asked] = {
    KeptReason.WAS_PAID: payments_of_families,
    KeptReason.HAS_CASES: cases_of_families,
    KeptReason.HAS_DOCUMENTS: documents_of_families,
    KeptReason.TOUCHED: later_events_of_families,
}
"""The reasons for which a family's file stays, by code."""
