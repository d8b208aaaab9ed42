"""Uploaded workbooks of one account."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries.scope import Caller
from service.tables.uploaded_workbooks import uploaded_workbook

MOST_OWN = 50
"""The latest uploads that the list shows."""


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
