"""The pages of fund lines: the filters of the list, and one line with its pots on a day and its journal."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask import request

from service.actions.errors import NotFound
from service.http.context import caller, today
from service.http.transaction import connection
from service.queries import fund_allocations, fund_journal, fund_receipts, units
from service.queries import funds as read
from service.queries.own_proposals import ProposedWrite, own_proposal
from service.queries.page import Page
from service.web import lists
from service.web.case_filters import year_filter
from service.web.formatting import term
from workflows.code_lists import FUND_ITEMS, FundSource
from workflows.vocabulary import Pot, Role

FILTERS = ("year", "unit_id", "source", "item")


def fund_filters(asked: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the filters of the address, or of another one; one that cannot be read filters nothing."""
    asked, filters = request.args if asked is None else asked, dict[str, Any]()
    filters |= year_filter(asked)
    with suppress(ValueError):
        filters["unit_id"] = UUID(asked.get("unit_id", ""))
    if asked.get("source") in set(FundSource):
        filters["source"] = asked["source"]
    if asked.get("item") in set(FUND_ITEMS):
        filters["item"] = asked["item"]
    return filters


def fund_labels(filters: dict[str, Any], unit_names: dict[UUID, str]) -> dict[str, str]:
    """Return the words of the filters in force, by their names."""
    words: dict[str, Callable[[Any], str]] = {
        "year": str,
        "unit_id": lambda unit_id: unit_names.get(unit_id, "—"),
        "source": lambda code: term(code, "fund_source"),
        "item": lambda code: term(code, "item"),
    }
    return {name: words[name](value) for name, value in filters.items()}


@dataclass(frozen=True, slots=True)
class FundPage:
    """Everything that the page of a fund line shows; sums in fen."""

    line: dict[str, Any]
    unit_name: str
    on: date
    is_today: bool
    pots: dict[str, int]
    receipts: list[dict[str, Any]]
    allocations: list[dict[str, Any]]
    journal: Page
    next_url: str | None
    proposal: ProposedWrite | None
    may_receive: bool
    may_end_receipts: bool
    may_allocate: bool

    @property
    def received(self) -> int:
        """Return what came in, less what was voided (fen)."""
        return -self.pots[Pot.OUTSIDE.value]


def fund_page(fund_id: UUID) -> FundPage:
    """Return the page of a fund line as of the day that the address asks for. Raises NotFound."""
    conn, line = connection(), read.one(connection(), fund_id, caller())
    if line is None:
        raise NotFound
    on, over = _day(), caller().actor_over(line["unit_path"]).grants_as
    bound = {"on": on.isoformat()}
    journal = fund_journal.entries(conn, fund_id, caller(), on, lists.cursor_key(bound), lists.PAGE_SIZE)
    unit = units.one(conn, line["unit_id"], caller())
    proposed = _id(request.args.get("proposed"))
    return FundPage(
        line=line,
        unit_name=unit["name"] if unit else "",
        on=on,
        is_today=on == today(),
        pots={pot.value: fen for pot, fen in fund_journal.pots_on(conn, fund_id, on).items()},
        receipts=[each for each in fund_receipts.of_fund(conn, fund_id) if each["on"] <= on],
        allocations=fund_allocations.allocations_of(conn, fund_id),
        journal=journal,
        next_url=lists.next_url(journal.last, bound),
        proposal=own_proposal(conn, proposed, caller()) if proposed else None,
        may_receive=bool(over((Role.CASHIER,))),
        may_end_receipts=bool(over((Role.CASHIER, Role.APPROVER))),
        may_allocate=bool(over((Role.APPROVER,))),
    )


def _day() -> date:
    """Return the day that the address asks for, today at the latest."""
    try:
        return min(date.fromisoformat(request.args.get("on", "")), today())
    except ValueError:
        return today()


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None
