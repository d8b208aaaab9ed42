"""Fund lines as the rules and the pages see them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.db.prepared import PreparedStatement
from service.queries import fund_allocations
from service.queries.case_loading.readers import FUND_COLUMNS, fund_of
from service.queries.scope import CASE_READERS, Caller, visible_to
from service.tables.funds import fund
from workflows.facts import Fund
from workflows.vocabulary import Fen, Pot

_SEEN = sa.select(*(fund.c[name] for name in FUND_COLUMNS))

_ONE = fund.c.id == sa.bindparam("fund_id", type_=sa.Uuid())
_LOCKED = PreparedStatement(_SEEN.where(_ONE).with_for_update(key_share=True))


def fund_for_unit(conn: sa.Connection, line: Mapping[str, Any], unit_path: str, caller: Caller, on: date) -> Fund:
    """Return a fund line as a case or a gift of the unit at `unit_path` may use it on a day."""
    return with_allocations(line, caller, allocations_for(conn, line, unit_path, on))


def allocations_for(
    conn: sa.Connection, line: Mapping[str, Any], unit_path: str, on: date
) -> Mapping[UUID, Fen | None] | None:
    """Return the allocations through which the unit may draw on the line (fen left); None where the line is its own."""
    if line["unit_path"] == unit_path:
        return None
    return fund_allocations.remaining_allocations(conn, UUID(str(line["id"])), unit_path, on)


def with_allocations(line: Mapping[str, Any], caller: Caller, allocations: Mapping[UUID, Fen | None] | None) -> Fund:
    """Return a fund line as the rules see it; where several allocations reach the unit, the widest counts."""
    rests = [] if allocations is None else list(allocations.values())
    ceilings = [each for each in rests if each is not None]
    share = Fen(max(0, *ceilings)) if ceilings and len(ceilings) == len(rests) else None
    opened = allocations is None or bool(rests)
    return replace(fund_of(line), opened=opened, share=share, seen=caller.holds(CASE_READERS, line["unit_path"]))


def lock_fund(conn: sa.Connection, fund_id: UUID, unit_path: str, caller: Caller, on: date) -> Fund | None:
    """The line, locked until the transaction ends, so that what it can bear is counted once."""
    found = _LOCKED.rows(conn, {"fund_id": fund_id})
    return fund_for_unit(conn, found[0]._asdict(), unit_path, caller, on) if found else None


def usable_fund(
    conn: sa.Connection, line: Mapping[str, Any] | None, unit_path: str, caller: Caller, on: date
) -> Fund | None:
    """The line if the unit at `unit_path` may draw on it that day; whether there is another is not told."""
    found = fund_for_unit(conn, line, unit_path, caller, on) if line is not None else None
    return found if found is not None and found.opened else None


def visible_funds(conn: sa.Connection, caller: Caller) -> list[dict[str, Any]]:
    """The lines of the caller's units with their pots (fen), by year and code."""
    rows = sa.select(fund).where(visible_to(caller, fund.c.unit_path)).order_by(fund.c.year, fund.c.code, fund.c.id)
    return [dict(row) for row in conn.execute(rows).mappings()]


def pots(conn: sa.Connection) -> Sequence[sa.Row[Any]]:
    """Every line's unit, code, year and pots (fen), for the operator's figures; it names nobody."""
    pots_of_row = [fund.c[f"{pot.value}_fen"] for pot in Pot]
    rows = sa.select(fund.c.unit_id, fund.c.code, fund.c.year, *pots_of_row)
    return conn.execute(rows.order_by(fund.c.unit_id, fund.c.year, fund.c.code)).all()


def one(conn: sa.Connection, fund_id: UUID, caller: Caller) -> dict[str, Any] | None:
    """One line with its pots (fen), or None when the caller may not see it."""
    row = conn.execute(sa.select(fund).where(fund.c.id == fund_id, visible_to(caller, fund.c.unit_path)))
    found = row.mappings().one_or_none()
    return dict(found) if found is not None else None
