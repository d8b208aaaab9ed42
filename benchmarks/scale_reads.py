"""The timed queries of the scale benchmark, as the service runs them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from benchmarks.scale_cases import TODAY
from benchmarks.scale_fixtures import Union
from service.queries import accounts, case_list, cases, household_list, inbox, notifications
from service.queries.case_list import Sort
from service.queries.inbox import InboxList
from service.queries.page import COUNTED
from service.queries.scope import Caller
from service.report.figure_definition import Scope
from service.report.figures import rows_behind, snapshot
from service.report.section import make_section
from tests.factories import Organisation

YEAR_ASKED = (date(2024, 1, 1), date(2024, 12, 31))
SIZE = 50
"""Rows of a page."""

Query = Callable[[sa.Connection], object]


@dataclass(frozen=True)
class TimedQuery:
    """A query and its limit at a million cases: milliseconds at the 95th percentile, or None."""

    name: str
    run: Query
    limit: float | None = None
    snapshot: bool = False


class ScaleReader:
    """The callers of the queries, and the start of a late page in each list."""

    def __init__(self, engine: sa.Engine, union: Union) -> None:
        self.engine, self.union, county = engine, union, union.counties[0]
        with engine.connect() as conn:
            self.city = _caller(conn, union.city, "auditor")
            self.county = _caller(conn, county, "registrar")
            self.late = {caller.account: self._late_key(conn, caller) for caller in (self.city, self.county)}
            self.notification = _late_notification(conn, self.county.account)
        self.county_path, self.unit = county.unit_path, union.places[7].organisation

    def _late_key(self, conn: sa.Connection, caller: Caller) -> list[str]:
        """Return the key of the row at about four fifths of the list."""
        first, last = date(2016, 1, 4), TODAY
        on = first + (last - first) / 5
        rows = cases.matching(conn, caller, {}, TODAY).where(sa.text('"case".opened_on <= :on').bindparams(on=on))
        row = conn.execute(rows.order_by(sa.text('"case".opened_on DESC, "case".id DESC')).limit(1)).one()
        return [row.opened_on.isoformat(), str(row.id)]

    def queries(self) -> Iterator[TimedQuery]:
        """Yield every query of the run."""
        filters_by_label: Mapping[str, dict[str, Any]] = {
            "": {},
            " in approval": {"state": "approval"},
            " of tuition": {"programme": "tuition"},
            " closed": {"state": "closed"},
            " overdue": {"overdue": True},
            " of one unit": {"unit_id": self.unit.unit_id},
        }
        for unit, caller in (("city", self.city), ("county", self.county)):
            yield from self._lists(unit, caller, filters_by_label)
        yield TimedQuery("inbox, first page", self._inbox(None), 100)
        yield TimedQuery("inbox, deep page", self._inbox(self.notification), 100)
        for unit, role, caller in self._caseworkers():
            for which in InboxList:
                yield TimedQuery(f"inbox of a {unit} {role}, {which.name.lower()}", _inbox_list(caller, which), 100)
        year = Scope(self.county_path, *YEAR_ASKED)
        yield TimedQuery(
            "list behind a figure of one county", lambda conn: rows_behind(conn, "aid_grants", year, None, SIZE)
        )
        yield TimedQuery("section of one county, a year", _section(self.county_path), 1000, snapshot=True)
        yield TimedQuery("section of the city, a year", _section(self.union.city.unit_path), snapshot=True)

    def _lists(self, unit: str, caller: Caller, filters_by_label: Mapping[str, dict[str, Any]]) -> Iterator[TimedQuery]:
        for label, filters in filters_by_label.items():
            yield TimedQuery(f"cases of the {unit}{label}, first page", self._page(caller, filters, None), 100)
        for label in ("", " of tuition", " closed"):
            after = self.late[caller.account]
            yield TimedQuery(
                f"cases of the {unit}{label}, deep page", self._page(caller, filters_by_label[label], after), 100
            )
        yield TimedQuery(f"cases of the {unit}, due first", self._page(caller, {}, None, Sort.DUE), 100)
        yield TimedQuery(f"cases of the {unit} over the API", _over_api(caller, COUNTED), 100)
        yield TimedQuery(f"cases of the {unit} over the API, counted exactly", _over_api(caller, None))
        yield TimedQuery(f"families of the {unit}, first page", _families(caller))

    def _page(
        self, caller: Caller, filters: dict[str, Any], after: list[str] | None, sort: Sort = Sort.NEWEST
    ) -> Query:
        return lambda conn: case_list.page(conn, caller, filters, sort, TODAY, after, SIZE)

    def _caseworkers(self) -> Iterator[tuple[str, str, Caller]]:
        with self.engine.connect() as conn:
            for unit, organisation in (("city", self.union.city), ("county", self.union.counties[0])):
                for role in ("registrar", "reviewer", "approver_1", "cashier"):
                    yield unit, role, _caller(conn, organisation, role)

    def _inbox(self, before: UUID | None) -> Query:
        account = self.county.account
        return lambda conn: (
            notifications.inbox(conn, account, before, SIZE + 1),
            notifications.arrived(conn, account),
            notifications.unread(conn, account),
        )

    def transaction(self, query: TimedQuery) -> Any:
        """Return a connection with the isolation the query needs."""
        return snapshot(self.engine) if query.snapshot else self.engine.connect()


def _caller(conn: sa.Connection, organisation: Organisation, account: str) -> Caller:
    caller = accounts.caller_by_login(conn, organisation.login(account), TODAY)
    if caller is None:
        raise LookupError(account)
    return caller


def _late_notification(conn: sa.Connection, account: UUID) -> UUID | None:
    """Return the id of the hundredth notification in an inbox."""
    below = sa.text("SELECT id FROM notification WHERE account_id = :account ORDER BY id OFFSET 100 LIMIT 1")
    notification_id: UUID | None = conn.scalar(below.bindparams(account=account))
    return notification_id


def _over_api(caller: Caller, most: int | None) -> Query:
    return lambda conn: cases.page(conn, caller, {}, TODAY, None, SIZE, most=most)


def _families(caller: Caller) -> Query:
    return lambda conn: household_list.page(conn, caller, {}, TODAY, None, SIZE)


def _inbox_list(caller: Caller, which: InboxList) -> Query:
    return lambda conn: inbox.page(conn, caller, which, {}, TODAY, None, SIZE)


def _section(path: str) -> Query:
    return lambda conn: make_section(conn, path, *YEAR_ASKED, datetime.now(UTC))
