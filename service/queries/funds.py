"""Fund lines as the rules and the pages see them."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries.case_facts import fund_facts
from service.queries.scope import Caller, visible_to
from service.tables.funds import fund
from workflows.facts import Fund

_SEEN = sa.select(fund.c.available_fen, fund.c.permitted_items, fund.c.categories, fund.c.opens_on, fund.c.expires_on)


def _as_facts(row: sa.RowMapping | None) -> Fund | None:
    return fund_facts(dict(row)) if row is not None else None


def locked(tx: sa.Connection, fund_id: UUID) -> Fund | None:
    """The line, locked until the transaction ends, so that what it can bear is counted once."""
    return _as_facts(
        tx.execute(_SEEN.where(fund.c.id == fund_id).with_for_update(key_share=True)).mappings().one_or_none()
    )


def open_to_unit(tx: sa.Connection, fund_id: UUID, unit_path: str) -> Fund | None:
    """The line if it belongs to the unit at `unit_path` or to one above it."""
    above = sa.literal(unit_path).op("^@")(fund.c.unit_path)
    return _as_facts(tx.execute(_SEEN.where(fund.c.id == fund_id, above)).mappings().one_or_none())


def seen(tx: sa.Connection, caller: Caller) -> list[dict[str, Any]]:
    """The lines of the caller's units with their pots (fen), by year and code."""
    rows = sa.select(fund).where(visible_to(caller, fund.c.unit_path)).order_by(fund.c.year, fund.c.code, fund.c.id)
    return [dict(row) for row in tx.execute(rows).mappings()]


def one(tx: sa.Connection, fund_id: UUID, caller: Caller) -> dict[str, Any] | None:
    """One line with its pots (fen), or None when the caller may not see it."""
    row = tx.execute(sa.select(fund).where(fund.c.id == fund_id, visible_to(caller, fund.c.unit_path)))
    found = row.mappings().one_or_none()
    return dict(found) if found is not None else None
