"""Uploaded workbooks of one account, and the files that were imported."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries.page import Page, cut
from service.queries.scope import Caller, visible_to
from service.tables.accounts import account
from service.tables.events import imported_file
from service.tables.units import unit
from service.tables.uploaded_workbooks import uploaded_workbook
from workflows.vocabulary import Role

MOST_OWN = 50
"""The latest uploads that the list shows."""

_ADMIN = frozenset({Role.ADMIN})


def one(conn: sa.Connection, upload_id: UUID, caller: Caller, *, lock: bool = False) -> sa.Row[Any] | None:
    """Return an upload of the caller's own, or None."""
    mine = uploaded_workbook.c.id == upload_id, uploaded_workbook.c.account_id == caller.account
    query = sa.select(uploaded_workbook).where(*mine)
    return conn.execute(query.with_for_update(key_share=True) if lock else query).one_or_none()


def own(conn: sa.Connection, caller: Caller) -> list[sa.Row[Any]]:
    """Return the latest uploads of the caller, the newest first, without their contents."""
    columns = [each for each in uploaded_workbook.c if each.name not in {"content_sealed", "result_sealed"}]
    query = sa.select(*columns).where(uploaded_workbook.c.account_id == caller.account)
    return list(conn.execute(query.order_by(uploaded_workbook.c.id.desc()).limit(MOST_OWN)))


def imported_files(conn: sa.Connection, caller: Caller, after: list[str] | None, size: int) -> Page:
    """Return the files that accounts of an administrator's units imported, the newest first, from whatever way in."""
    rows = (
        sa.select(imported_file, account.c.display_name.label("importer"))
        .join(account, account.c.id == imported_file.c.by_id)
        .join(unit, unit.c.id == account.c.unit_id)
        .where(visible_to(caller, unit.c.path, _ADMIN))
    )
    count = conn.scalar(sa.select(sa.func.count()).select_from(rows.subquery())) or 0
    key = sa.tuple_(imported_file.c.at, imported_file.c.sha256)
    if after is not None:
        rows = rows.where(key < sa.tuple_(sa.literal(datetime.fromisoformat(after[0])), bytes.fromhex(after[1])))
    newest = rows.order_by(imported_file.c.at.desc(), imported_file.c.sha256.desc()).limit(size + 1)
    page_rows, last = cut([dict(row) for row in conn.execute(newest).mappings()], size)
    return Page(page_rows, count, [last["at"].isoformat(), last["sha256"].hex()] if last else None)
