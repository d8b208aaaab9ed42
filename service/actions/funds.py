"""Fund lines: opening a line."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, validation
from service.actions.context import ActionContext
from service.actions.permissions import require_role, unit_path_of
from service.actions.write_batch import WriteBatch
from service.db.columns import new_id
from service.tables.funds import fund
from workflows.code_lists import FUND_ITEMS, Category, FundSource
from workflows.vocabulary import Fen, Plain, Reason, Refused, Role


@dataclass(frozen=True, slots=True)
class NewFund:
    """A fund line: its source, year and document, and what it may be spent on (no categories: any)."""

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
    settles_until: date | None = None
    """The last day on which what was committed while the line was open is paid; None: `expires_on`."""

    expected: Fen | None = None
    """What the document promises (fen); None where it names no sum."""


def open_line(conn: sa.Connection, new: NewFund, context: ActionContext) -> UUID:
    """Open a fund line without money. Raises InvalidForm, Refused (role_missing, fund_code_taken), NotFound."""
    unit_path = unit_path_of(conn, new.unit_id, lock=True)
    right = require_role(context, (Role.CASHIER,), unit_path)
    validation.refuse_invalid(_problems(new))
    same_code = sa.and_(fund.c.unit_id == new.unit_id, fund.c.code == new.code, fund.c.year == new.year)
    if conn.scalar(sa.select(fund.c.id).where(same_code)) is not None:
        raise Refused(Reason.of("fund_code_taken", field="code", found=new.code, year=new.year))
    fund_id = new_id()
    items, categories = list(dict.fromkeys(new.items)), list(dict.fromkeys(new.categories))
    columns = {
        name: getattr(new, name) for name in NewFund.__slots__ if name not in {"items", "categories", "expected"}
    }
    lists = {"permitted_items": items, "categories": categories, "expected_fen": new.expected}
    batch = WriteBatch()
    batch.add(fund, {**columns, **lists, "id": fund_id, "unit_path": unit_path, "created_at": context.at})
    facts: dict[str, Plain] = {"code": new.code, "year": new.year, "source": new.source, "document": new.document}
    event_log.append_event(
        conn, "fund", fund_id, "open_line", {**facts, "items": ",".join(items), **right}, context, batch
    )
    return fund_id


def _problems(new: NewFund) -> Iterator[Reason]:
    yield from validation.shaped("code", new.code, validation.CODE, "not_code")
    yield from validation.text("title", new.title)
    yield from validation.choice("source", new.source, FundSource)
    yield from validation.whole_number("year", new.year, 2000, 2100)
    yield from validation.document_number("document", new.document)
    yield from validation.choices("items", new.items, FUND_ITEMS)
    if not new.items:
        yield Reason.of("answer_missing", field="items")
    yield from validation.choices("categories", new.categories, Category)
    if new.expected is not None:
        yield from validation.amount("expected", new.expected)
    yield from validation.dates_in_order("expires_on", new.opens_on, new.expires_on)
    if new.settles_until is not None:
        yield from validation.dates_in_order("settles_until", new.expires_on, new.settles_until)
