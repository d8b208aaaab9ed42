"""/funds/years: the statement of fund lines for a year."""

from typing import Any

from flask import Blueprint, render_template

from service.http.auth import READERS, requires_role
from service.http.context import caller, today
from service.http.known_names import takes_query
from service.http.transaction import connection
from service.queries import fund_list, fund_years
from service.web import lists
from service.web.case_filters import unit_names
from service.web.fund_page import FILTERS, fund_filters, fund_labels
from service.web.past_lists import past_list
from workflows.code_lists import FUND_ITEMS, FundSource

blueprint = Blueprint("fund_years", __name__)


def year_filters() -> dict[str, Any]:
    """Return the filters of the address; the statement is of this year where it names none."""
    return {"year": today().year, **fund_filters()}


@blueprint.get("/funds/years")
@requires_role(*READERS)
@past_list
@takes_query("after", *FILTERS)
def show_years() -> str:
    """Show what each fund line was to receive in a year, brought in, received, paid, and carries over."""
    conn, filters, names = connection(), year_filters(), unit_names(caller())
    page = fund_years.page(conn, caller(), filters, lists.cursor_key(filters), lists.PAGE_SIZE)
    chosen = {name: value for name, value in filters.items() if name != "year"}
    return render_template(
        "funds/years.html",
        rows=page.rows,
        count=page.count,
        columns=fund_years.SUMS,
        sums=fund_years.sums(conn, caller(), filters),
        next_url=lists.next_url(page.last, filters),
        chosen=lists.chosen_filters(fund_labels(chosen, names)),
        filters=filters,
        units=names,
        years=sorted({today().year, filters["year"], *fund_list.years(conn, caller())}, reverse=True),
        sources=tuple(FundSource),
        items=FUND_ITEMS,
        is_running=filters["year"] >= today().year,
    )
