"""The receipts of a fund line."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.tables.fund_receipts import fund_receipt


def of_fund(conn: sa.Connection, fund_id: UUID) -> list[dict[str, Any]]:
    """Return every receipt of a fund line, oldest first, voided ones included."""
    rows = sa.select(fund_receipt).where(fund_receipt.c.fund_id == fund_id).order_by(fund_receipt.c.id)
    return [dict(row) for row in conn.execute(rows).mappings()]


def one(conn: sa.Connection, receipt_id: UUID) -> dict[str, Any] | None:
    """Return a receipt, or None; whether the caller may see it is asked of its fund line."""
    row = conn.execute(sa.select(fund_receipt).where(fund_receipt.c.id == receipt_id)).mappings().one_or_none()
    return dict(row) if row is not None else None
