"""Fund lines: opening one, and money that arrives in it; every fen enters as an entry, never as a sum."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from service.actions import entries, fields, trail
from service.actions.authority import need, path_of
from service.actions.rows import Rows
from service.actions.trail import Asked, Unknown
from service.db import new_id
from service.queries.scope import visible_to
from service.tables.funds import fund
from workflows.code_lists import FUND_ITEMS, Category, FundSource
from workflows.terms import Fen, Plain, Pot, Reason, Refused, Role


@dataclass(frozen=True, slots=True)
class NewFund:
    """A fund line: source, year and document it rests on, and what it may be spent on (no categories: any)."""

    unit_id: UUID
    code: str
    title: str
    source: str
    year: int
    document: str
    items: tuple[str, ...]
    opens_on: date
    expires_on: date
    categories: tuple[str, ...] = ()


def open_line(tx: sa.Connection, new: NewFund, asked: Asked) -> UUID:
    """Open a fund line with nothing in it. Raises BadAnswers, Refused (fund_code_taken, …), Unknown."""
    path = path_of(tx, new.unit_id, lock=True)
    right = need(asked, (Role.CASHIER,), path)
    fields.refuse(_problems(new))
    same = sa.and_(fund.c.unit_id == new.unit_id, fund.c.code == new.code, fund.c.year == new.year)
    if tx.scalar(sa.select(fund.c.id).where(same)) is not None:
        raise Refused(Reason.of("fund_code_taken", field="code", found=new.code, year=new.year))
    row = new_id()
    items, categories = list(dict.fromkeys(new.items)), list(dict.fromkeys(new.categories))
    columns = {name: getattr(new, name) for name in NewFund.__slots__ if name not in {"items", "categories"}}
    lists = {"permitted_items": items, "categories": categories}
    rows = Rows()
    rows.add(fund, {**columns, **lists, "id": row, "unit_path": path, "created_at": asked.at})
    facts: dict[str, Plain] = {"code": new.code, "year": new.year, "source": new.source, "document": new.document}
    trail.append(tx, "fund", row, "open_line", {**facts, "items": ",".join(items), **right}, asked, rows)
    return row


def _problems(new: NewFund) -> Iterator[Reason]:
    yield from fields.shaped("code", new.code, fields.CODE, "not_code")
    yield from fields.text("title", new.title)
    yield from fields.choice("source", new.source, FundSource)
    yield from fields.whole("year", new.year, 2000, 2100)
    yield from fields.number("document", new.document)
    yield from fields.choices("items", new.items, FUND_ITEMS)
    if not new.items:
        yield Reason.of("answer_missing", field="items")
    yield from fields.choices("categories", new.categories, Category)
    yield from fields.in_order("expires_on", new.opens_on, new.expires_on)


def receive(tx: sa.Connection, fund_id: UUID, fen: Fen, document: str, on: date, asked: Asked) -> UUID:
    """Money arrives: outside → available, on the day the bank says. Raises BadAnswers, Refused, Unknown."""
    line = tx.execute(
        sa.select(fund.c.unit_path)
        .where(fund.c.id == fund_id, visible_to(asked.caller, fund.c.unit_path, frozenset(Role)))
        .with_for_update(key_share=True)
    ).one_or_none()
    if line is None:
        raise Unknown
    right = need(asked, (Role.CASHIER,), line.unit_path)
    fields.refuse(
        fields.amount("fen", fen), fields.number("document", document), fields.not_ahead("on", on, asked.today)
    )
    moved = entries.moved(Pot.OUTSIDE, Pot.AVAILABLE, fen, fund_id, on, asked)
    told: dict[str, Plain] = {"document": document.strip(), "on": on.isoformat(), "entries": entries.told([moved])}
    trail.append(tx, "fund", fund_id, "receive", {**told, **right}, asked, moved=[moved])
    return UUID(str(moved["id"]))
