"""Documents of a family or a case, as far as the caller sees one of the two."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries.page import Page, newest_page
from service.queries.scope import Caller, visible_to
from service.tables.accounts import account
from service.tables.cases import case
from service.tables.documents import document, paper_document, stored_file
from service.tables.households import household
from service.tables.visits import visit, visit_photo
from workflows.code_lists import DocumentKind

CONTENT, SMALL = "stored_file.content", "stored_file.small"
"""What the bytes of a file are encrypted for, besides the id of its row."""


def small_name(file_id: UUID) -> str:
    """Return the name in the file store of the small picture of a file."""
    return f"{file_id.hex}-small"


_FILE = (stored_file.c.sha256, stored_file.c.size, stored_file.c.media_type, stored_file.c.pages)
_FILE_MORE = (stored_file.c.width, stored_file.c.height, stored_file.c.scanned_by)
_later = document.alias("later")
_SUPERSEDED_BY = sa.select(_later.c.id).where(_later.c.supersedes_id == document.c.id).scalar_subquery()


def _documents() -> sa.Select[Any]:
    """Select documents with their file, their family's file number, their case's number and who recorded them."""
    return (
        sa.select(document, *_FILE, *_FILE_MORE, household.c.file_no, case.c.case_no)
        .add_columns(account.c.display_name.label("recorder"), _SUPERSEDED_BY.label("superseded_by"))
        .join(stored_file, stored_file.c.id == document.c.file_id)
        .join(household, household.c.id == document.c.household_id)
        .join(account, account.c.id == document.c.recorded_by)
        .outerjoin(case, case.c.id == document.c.case_id)
    )


def visible_documents(caller: Caller) -> sa.ColumnElement[bool]:
    """Return the condition for documents of a family that the caller sees, or that belong to a case they see."""
    own = case.alias("own")
    of_case = sa.or_(document.c.case_id.is_(None), document.c.case_id == own.c.id)
    cases = sa.select(own.c.id).where(own.c.household_id == document.c.household_id, of_case)
    return sa.or_(
        visible_to(caller, household.c.unit_path), sa.exists(cases.where(visible_to(caller, own.c.unit_path)))
    )


def one(conn: sa.Connection, document_id: UUID, caller: Caller) -> dict[str, Any] | None:
    """Return a document with its file; None when the caller may not see it."""
    paths = (household.c.unit_path.label("household_path"), case.c.unit_path.label("case_path"))
    rows = _documents().add_columns(*paths).where(document.c.id == document_id, visible_documents(caller))
    row = conn.execute(rows).mappings().one_or_none()
    return dict(row) if row is not None else None


def file_name(row: Mapping[str, Any]) -> str:
    """Return the name under which a document is taken: `identity-0123abcd.jpg`; never what the person's computer called it."""
    return f"{row['kind']}-{row['id'].hex[-8:]}.{'pdf' if row['media_type'] == 'application/pdf' else 'jpg'}"


def of_case(conn: sa.Connection, household_id: UUID, case_id: UUID) -> list[dict[str, Any]]:
    """Return the documents of a case and those of its family, by kind; `is_named` are those that its papers were seen in."""
    named = sa.exists().where(paper_document.c.case_id == case_id, paper_document.c.document_id == document.c.id)
    rows = _documents().add_columns(named.label("is_named"))
    own = sa.or_(document.c.case_id.is_(None), document.c.case_id == case_id)
    found = rows.where(document.c.household_id == household_id, own)
    return [dict(row) for row in conn.execute(found.order_by(document.c.kind, document.c.id)).mappings()]


def of_visit(conn: sa.Connection, visit_id: UUID, caller: Caller) -> list[dict[str, Any]]:
    """Return the photos that a visit names, as far as the caller sees documents of the family or the case."""
    named = sa.select(visit_photo.c.document_id).where(visit_photo.c.visit_id == visit_id)
    rows = _documents().where(document.c.id.in_(named), visible_documents(caller)).order_by(document.c.id)
    return [dict(row) for row in conn.execute(rows).mappings()]


def is_of_visit(conn: sa.Connection, document_id: UUID) -> bool:
    """Return whether a visit that stands names a document."""
    rows = sa.select(visit_photo.c.visit_id).join(visit, visit.c.id == visit_photo.c.visit_id)
    return (
        conn.scalar(rows.where(visit_photo.c.document_id == document_id, visit.c.voided_on.is_(None)).limit(1))
        is not None
    )


def photos_on_file(conn: sa.Connection, household_id: UUID, caller: Caller) -> list[dict[str, Any]]:
    """Return the visit photos in force of a family, outside its cases, newest first: a visit outside cases may name them."""
    own = (document.c.household_id == household_id, document.c.case_id.is_(None), document.c.ended_on.is_(None))
    rows = _documents().where(*own, document.c.kind == DocumentKind.VISIT_PHOTO.value, visible_documents(caller))
    return [dict(row) for row in conn.execute(rows.order_by(document.c.id.desc())).mappings()]


def of_household(conn: sa.Connection, household_id: UUID, caller: Caller) -> list[dict[str, Any]]:
    """Return the documents of a family and of its cases, as far as the caller sees them, newest first."""
    rows = _documents().where(document.c.household_id == household_id, visible_documents(caller))
    return [dict(row) for row in conn.execute(rows.order_by(document.c.id.desc())).mappings()]


def page(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any], after: list[str] | None, size: int) -> Page:
    """Return documents that the caller sees, newest first.

    Filters: `household_id`, `case_id`, `kind`, `state` (in_force, ended), `received_from` and `received_to` (days), `twice` (the
    same bytes came for another family too: audit rule 27 of docs/domain/audit-rules.md).
    """
    rows = _documents().where(visible_documents(caller), *_conditions(filters))
    return newest_page(conn, rows, document.c.id, {}, after, size)


def _conditions(filters: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
    other = document.alias("other")
    same = sa.and_(
        other.c.uploaded_sha256 == document.c.uploaded_sha256, other.c.household_id != document.c.household_id
    )
    conditions: Mapping[str, Callable[[Any], sa.ColumnElement[bool]]] = {
        "household_id": lambda value: document.c.household_id == value,
        "case_id": lambda value: document.c.case_id == value,
        "kind": lambda value: document.c.kind == value,
        "state": lambda value: (
            document.c.ended_on.is_(None) if value == "in_force" else document.c.ended_on.is_not(None)
        ),
        "received_from": lambda value: document.c.received_on >= value,
        "received_to": lambda value: document.c.received_on <= value,
        "twice": lambda value: sa.exists().where(same) if value else ~sa.exists().where(same),
    }
    return [conditions[name](value) for name, value in filters.items() if name in conditions]


def file_of_digest(conn: sa.Connection, sha256: bytes) -> UUID | None:
    """Return the file whose plain bytes have this digest, if it is stored."""
    found: UUID | None = conn.scalar(sa.select(stored_file.c.id).where(stored_file.c.sha256 == sha256))
    return found


def unit_paths_of_case(conn: sa.Connection, case_id: UUID, caller: Caller) -> Any:
    """Return family and unit path of a case that the caller sees, as `household_id` and `unit_path`; else None."""
    rows = sa.select(case.c.household_id, case.c.unit_path).where(
        case.c.id == case_id, visible_to(caller, case.c.unit_path)
    )
    return conn.execute(rows).one_or_none()
