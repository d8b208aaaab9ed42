"""What people ask of a record of a million cases: each question once, named, as the service asks it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from benchmarks.scale_cases import TODAY
from benchmarks.scale_fixtures import Union
from service.queries import accounts, cases, households, notifications
from service.queries.scope import Caller
from service.report.figure_definition import Scope
from service.report.figures import rows_behind, snapshot
from service.report.section import make_section
from tests.factories import Organisation

YEAR_ASKED = (date(2024, 1, 1), date(2024, 12, 31))
SIZE = 50
"""Rows of a page."""

Question = Callable[[sa.Connection], object]


@dataclass(frozen=True)
class Asked:
    """A question, what it may cost at a million cases (ms at the 95th percentile; None where nothing was promised)."""

    name: str
    ask: Question
    promise: float | None = None
    snapshot: bool = False


class ScaleReader:
    """Who asks, and where in a list a deep page begins."""

    def __init__(self, engine: sa.Engine, union: Union) -> None:
        self.engine, self.union, county = engine, union, union.counties[0]
        with engine.connect() as conn:
            self.city = _caller(conn, union.city, "auditor")
            self.county = _caller(conn, county, "registrar")
            self.deep = {who.account: self._deep(conn, who) for who in (self.city, self.county)}
            self.notification = _deep_notification(conn, self.county.account)
        self.county_path, self.place = county.unit_path, union.places[7].office

    def _deep(self, conn: sa.Connection, who: Caller) -> list[str]:
        """The key of the row at about four fifths of the list."""
        first, last = date(2016, 1, 4), TODAY
        on = first + (last - first) / 5
        rows = cases.matching(conn, who, {}, TODAY).where(sa.text('"case".opened_on <= :on').bindparams(on=on))
        row = conn.execute(rows.order_by(sa.text('"case".opened_on DESC, "case".id DESC')).limit(1)).one()
        return [row.opened_on.isoformat(), str(row.id)]

    def questions(self) -> Iterator[Asked]:
        """Every question of the run."""
        wishes: Mapping[str, dict[str, Any]] = {
            "": {},
            " in approval": {"state": "approval"},
            " of tuition": {"programme": "tuition"},
            " closed": {"state": "closed"},
            " overdue": {"overdue": True},
            " of one unit": {"unit_id": self.place.unit_id},
        }
        for who, caller in (("city", self.city), ("county", self.county)):
            for what, filters in wishes.items():
                yield Asked(f"cases of the {who}{what}, first page", self._page(caller, filters, None), 100)
            for what in ("", " of tuition", " closed"):
                after = self.deep[caller.account]
                yield Asked(f"cases of the {who}{what}, deep page", self._page(caller, wishes[what], after), 100)
            yield Asked(f"families of the {who}, first page", _families(caller))
        yield Asked("inbox, first page", self._inbox(None), 100)
        yield Asked("inbox, deep page", self._inbox(self.notification), 100)
        year = Scope(self.county_path, *YEAR_ASKED)
        yield Asked(
            "list behind a figure of one county", lambda conn: rows_behind(conn, "aid_grants", year, None, SIZE)
        )
        yield Asked("section of one county, a year", _section(self.county_path), 1000, snapshot=True)
        yield Asked("section of the city, a year", _section(self.union.city.unit_path), snapshot=True)

    def _page(self, caller: Caller, filters: dict[str, Any], after: list[str] | None) -> Question:
        return lambda conn: cases.page(conn, caller, filters, TODAY, after, SIZE)

    def _inbox(self, before: UUID | None) -> Question:
        account = self.county.account
        return lambda conn: (
            notifications.inbox(conn, account, before, SIZE + 1),
            notifications.arrived(conn, account),
            notifications.unread(conn, account),
        )

    def opened(self, context: Asked) -> Any:
        """A transaction of the kind a question needs."""
        return snapshot(self.engine) if context.snapshot else self.engine.connect()


def _caller(conn: sa.Connection, office: Organisation, who: str) -> Caller:
    found = accounts.caller_by_login(conn, office.login(who), TODAY)
    if found is None:
        raise LookupError(who)
    return found


def _deep_notification(conn: sa.Connection, account: UUID) -> UUID | None:
    """A notification far down in an inbox."""
    below = sa.text("SELECT id FROM notification WHERE account_id = :account ORDER BY id OFFSET 100 LIMIT 1")
    found: UUID | None = conn.scalar(below.bindparams(account=account))
    return found


def _families(caller: Caller) -> Question:
    return lambda conn: (households.page(conn, caller, None, SIZE), households.count(conn, caller))


def _section(path: str) -> Question:
    return lambda conn: make_section(conn, path, *YEAR_ASKED, datetime.now(UTC))
