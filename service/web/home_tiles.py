"""The tiles and tables of the first page as rows: the list and filters of each number, and who sees it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from service.http.auth import CASE_WRITERS, EVERYONE, READERS
from service.queries import (
    case_list,
    confirmations,
    fund_list,
    household_list,
    inbox,
    notices,
    notification_list,
    payment_list,
    staff_list,
    visits,
)
from service.queries.inbox import InboxList
from service.queries.scope import Caller
from service.web import letter_view, notice_view, visit_view
from service.web.case_filters import case_filters
from service.web.fund_page import fund_filters
from service.web.household_filters import CATEGORIES, household_filters
from service.web.list_filters import Filters, read_filters
from service.web.payment_filters import payment_filters
from service.web.staff_filters import staff_filters
from workflows.vocabulary import Phase, Role

Asked = Mapping[str, str]
"""Filters as an address has them; {year} stands for the present year."""

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class HomeList:
    """A list that numbers lead to: its address, how it reads its filters, and the rows that it shows and counts."""

    path: str
    read: Callable[[Asked], Values]
    listed: Callable[[Any, Caller, Values, date], Any]


def _recorded(path: str, filters: Filters, listed: Callable[[Any, Caller, Values], Any]) -> HomeList:
    """Return a list whose filters are rows (service/web/list_filters.py)."""
    return HomeList(
        path, lambda asked: read_filters(filters, asked), lambda conn, who, values, _on: listed(conn, who, values)
    )


def _of_inbox(which: InboxList) -> HomeList:
    def listed(conn: Any, caller: Caller, values: Values, today: date) -> Any:
        return inbox.listed(conn, caller, which, values, today)

    return HomeList(f"/inbox?list={which}", case_filters, listed)


TO_CONFIRM = HomeList(
    "/inbox", lambda _asked: {}, lambda _conn, who, _values, on: confirmations.listed_waiting(who, on)
)
TO_DO, MINE = _of_inbox(InboxList.TO_DO), _of_inbox(InboxList.MINE)
CASES = HomeList("/cases", case_filters, case_list.listed)
FAMILIES = HomeList("/households", household_filters, household_list.listed)
PAYMENTS = HomeList("/payments", payment_filters, lambda conn, who, values, _on: payment_list.listed(conn, who, values))
LINES = HomeList("/funds", fund_filters, lambda conn, who, values, _on: fund_list.listed(conn, who, values))
VISITS = _recorded("/visits", visit_view.FILTERS, visits.listed)
NOTICES = _recorded("/notices", notice_view.FILTERS, notices.listed)
OBJECTIONS = _recorded("/objections", notice_view.OBJECTION_FILTERS, notices.listed_objections)
LETTERS = _recorded("/letters", letter_view.FILTERS, notification_list.listed)
STAFF = HomeList("/staff", staff_filters, staff_list.listed)


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile: the key of its title, the list that it counts under filters, and the roles that see it."""

    key: str
    counts: HomeList
    asked: Asked
    roles: frozenset[Role]
    is_late: bool = False
    """Whether every row counted is one too many: the tile is marked unless it is zero."""


def _roles(*roles: Role) -> frozenset[Role]:
    return frozenset(roles)


PEOPLE = frozenset(EVERYONE) - {Role.CLOCK}
WORKERS = frozenset(CASE_WRITERS) - {Role.CLOCK}
LEADERS = _roles(Role.REVIEWER, Role.APPROVER, Role.AUDITOR)
THIS_YEAR = "{year}-01-01"
LATE = True

TILES = (
    #    key              counts      under these filters                     who sees it
    Tile("to_confirm", TO_CONFIRM, {}, PEOPLE),
    Tile("to_do", TO_DO, {}, WORKERS),
    Tile("to_do_overdue", TO_DO, {"overdue": "1"}, WORKERS, LATE),
    Tile("mine", MINE, {}, _roles(Role.REGISTRAR)),
    Tile("overdue", CASES, {"overdue": "1"}, LEADERS | {Role.REGISTRAR}, LATE),
    Tile("unconfirmed", VISITS, {"confirmed": "no", "record_state": "live"}, _roles(Role.REGISTRAR, Role.VISITOR)),
    Tile("notices", NOTICES, {"posted": "up"}, _roles(Role.REGISTRAR, Role.REVIEWER)),
    Tile("objections", OBJECTIONS, {"answer": "open"}, LEADERS),
    Tile("sent", PAYMENTS, {"state": "sent"}, _roles(Role.CASHIER, Role.APPROVER)),
    Tile("unsigned", PAYMENTS, {"no_receipt": "1"}, _roles(Role.REGISTRAR, Role.CASHIER)),
    Tile("again", PAYMENTS, {"again": "1", "paid_from": THIS_YEAR}, _roles(Role.AUDITOR)),
    Tile("lines", LINES, {"year": "{year}"}, _roles(Role.CASHIER, Role.APPROVER, Role.AUDITOR)),
    Tile("unreachable", LETTERS, {"letter_state": "permanent_failure"}, _roles(Role.ADMIN)),
    Tile("undelivered", LETTERS, {"letter_state": "technical_failure"}, _roles(Role.ADMIN)),
    Tile("staff", STAFF, {}, _roles(Role.ADMIN)),
)

OPEN_PHASES = tuple(phase for phase in Phase if phase is not Phase.ENDED)
PHASE_ROLES = CATEGORY_ROLES = frozenset(READERS)
MONEY_ROLES = LEADERS | {Role.REGISTRAR, Role.CASHIER}
"""Who sees the table of open cases by phase, that of families by category, and that of money by month and source."""

PHASES = {
    f"phase.{phase}.{kind}": (CASES, {"phase": phase.value, **more})
    for phase in OPEN_PHASES
    for kind, more in {"open": {}, "overdue": {"overdue": "1"}}.items()
}
"""The numbers of the table of open cases by phase."""

FILED = {"active": "yes"}
CATEGORY = {f"category.{each}": (FAMILIES, {"category": each, **FILED}) for each in CATEGORIES}
CATEGORY |= {"category.all": (FAMILIES, FILED)}
"""The numbers of the table of families on file by category."""


def tiles_of(roles: Iterable[Role]) -> tuple[Tile, ...]:
    """Return the tiles of somebody with these roles."""
    held = frozenset(roles)
    return tuple(each for each in TILES if each.roles & held)
