"""Fund lines as the rules and the pages see them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.db import Prepared
from service.queries import openings
from service.queries.case_facts import fund_facts
from service.queries.case_select import LINE
from service.queries.scope import CASE_ROLES, Caller, visible_to
from service.tables.funds import fund
from workflows.facts import Fund
from workflows.terms import Pot

_SEEN = sa.select(*(fund.c[name] for name in LINE))

_ONE = fund.c.id == sa.bindparam("fund_id", type_=sa.Uuid())
_LOCKED = Prepared(_SEEN.where(_ONE).with_for_update(key_share=True))


def met(tx: sa.Connection, line: Mapping[str, Any], unit_path: str, caller: Caller, on: date) -> Fund:
    """A line as a case or a gift of the unit at `unit_path` meets it on a day: its own, or opened to it, or neither."""
    found = fund_facts(line)
    opened, share = True, None
    if line["unit_path"] != unit_path:
        opened, share = openings.left(tx, UUID(str(line["id"])), unit_path, on)
    return replace(found, opened=opened, share=share, seen=caller.holds(CASE_ROLES, line["unit_path"]))


def locked(tx: sa.Connection, fund_id: UUID, unit_path: str, caller: Caller, on: date) -> Fund | None:
    """The line, locked until the transaction ends, so that what it can bear is counted once."""
    found = _LOCKED.rows(tx, {"fund_id": fund_id})
    return met(tx, found[0]._asdict(), unit_path, caller, on) if found else None


def open_to(tx: sa.Connection, line: Mapping[str, Any] | None, unit_path: str, caller: Caller, on: date) -> Fund | None:
    """The line if the unit at `unit_path` may draw on it that day; whether there is another is not told."""
    found = met(tx, line, unit_path, caller, on) if line is not None else None
    return found if found is not None and found.opened else None


def seen(tx: sa.Connection, caller: Caller) -> list[dict[str, Any]]:
    """The lines of the caller's units with their pots (fen), by year and code."""
    rows = sa.select(fund).where(visible_to(caller, fund.c.unit_path)).order_by(fund.c.year, fund.c.code, fund.c.id)
    return [dict(row) for row in tx.execute(rows).mappings()]


def pots(tx: sa.Connection) -> Sequence[sa.Row[Any]]:
    """Every line's unit, code, year and pots (fen), for the operator's figures; it names nobody."""
    pots_of_row = [fund.c[f"{pot.value}_fen"] for pot in Pot]
    rows = sa.select(fund.c.unit_id, fund.c.code, fund.c.year, *pots_of_row)
    return tx.execute(rows.order_by(fund.c.unit_id, fund.c.year, fund.c.code)).all()


def one(tx: sa.Connection, fund_id: UUID, caller: Caller) -> dict[str, Any] | None:
    """One line with its pots (fen), or None when the caller may not see it."""
    row = tx.execute(sa.select(fund).where(fund.c.id == fund_id, visible_to(caller, fund.c.unit_path)))
    found = row.mappings().one_or_none()
    return dict(found) if found is not None else None
