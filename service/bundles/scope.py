"""The scope of a bundle: which subjects it has in full, cut by unit and by period."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries.scope import below
from service.tables.accounts import account
from service.tables.activities import activity
from service.tables.cases import case
from service.tables.confirmations import confirmation
from service.tables.documents import document
from service.tables.donations import donation
from service.tables.events import event
from service.tables.funds import fund
from service.tables.gifts import gift
from service.tables.households import household
from service.tables.ledger import ledger_entry
from service.tables.persons import person
from service.tables.policies import policy_set
from service.tables.units import unit
from service.tables.visits import visit
from service.tables.workbook_imports import workbook_import

Condition = sa.ColumnElement[bool]
_OF_SUBJECT = event.alias("of_subject")


@dataclass(frozen=True, slots=True)
class BundleScope:
    """A unit with all units below it, a period (both days count), and the fund lines of the unit with money in it.

    A subject that has an event in the period, or money on one of the lines, is in the bundle with its whole chain: a
    payment of the period can be followed back to its application, and the pots are the sums of all their entries.
    """

    unit_path: str
    start: date
    end: date
    lines: tuple[UUID, ...]

    def in_unit(self, path: sa.ColumnElement[str]) -> Condition:
        """Return the condition for rows of the unit and the units below it."""
        return below(path, self.unit_path)

    def has_event(self, subject_id: sa.ColumnElement[UUID]) -> Condition:
        """Return the condition that a subject has an event in the period."""
        in_period = sa.select(_OF_SUBJECT.c.seq).where(self.within(_OF_SUBJECT.c.on))
        return in_period.where(_OF_SUBJECT.c.subject_id == subject_id).exists()

    def within(self, on: sa.ColumnElement[date]) -> Condition:
        """Return the condition that a day is in the period."""
        return on.between(self.start, self.end)

    def on_lines(self, fund_id: sa.ColumnElement[UUID]) -> Condition:
        """Return the condition for rows of the lines."""
        return fund_id == sa.any_(sa.literal(list(self.lines), sa.ARRAY(sa.Uuid())))


def scope_of(conn: sa.Connection, unit_path: str, start: date, end: date) -> BundleScope:
    """Return the scope of a unit and a period."""
    scope = BundleScope(unit_path, start, end, ())
    entry = sa.select(ledger_entry.c.id).where(ledger_entry.c.fund_id == fund.c.id, scope.within(ledger_entry.c.on))
    has_money = sa.or_(entry.exists(), scope.has_event(fund.c.id))
    lines = conn.scalars(sa.select(fund.c.id).where(scope.in_unit(fund.c.unit_path), has_money).order_by(fund.c.id))
    return BundleScope(unit_path, start, end, tuple(lines))


def cases_of(scope: BundleScope) -> Condition:
    """Return the condition for cases of the bundle."""
    spends = sa.select(ledger_entry.c.id).where(ledger_entry.c.case_id == case.c.id)
    on_a_line = spends.where(scope.on_lines(ledger_entry.c.fund_id)).exists()
    return sa.and_(scope.in_unit(case.c.unit_path), sa.or_(scope.has_event(case.c.id), on_a_line))


def gifts_of(scope: BundleScope) -> Condition:
    """Return the condition for gifts of the bundle."""
    touched = sa.or_(scope.has_event(gift.c.id), scope.on_lines(gift.c.fund_id))
    return sa.and_(scope.in_unit(gift.c.unit_path), touched)


def _own_visits(scope: BundleScope) -> Condition:
    """Return the condition for visits outside cases, which have a chain of their own."""
    return sa.and_(visit.c.case_id.is_(None), scope.in_unit(visit.c.unit_path), scope.has_event(visit.c.id))


def visits_of(scope: BundleScope) -> Condition:
    """Return the condition for visits of the bundle; those of a case are on its chain."""
    of_case = sa.select(case.c.id).where(case.c.id == visit.c.case_id, cases_of(scope)).exists()
    return sa.or_(_own_visits(scope), of_case)


def households_of(scope: BundleScope) -> Condition:
    """Return the condition for households of the bundle: those with an event, a case, a gift, a visit or a scan in it."""
    kept = [scope.has_event(household.c.id)]
    for table, rows in ((case, cases_of), (gift, gifts_of), (visit, _own_visits)):
        kept.append(sa.select(table.c.id).where(table.c.household_id == household.c.id, rows(scope)).exists())
    kept += [
        sa.select(table.c.id).where(table.c.household_id == household.c.id, scope.has_event(table.c.id)).exists()
        for table in (person, document)
    ]
    return sa.and_(scope.in_unit(household.c.unit_path), sa.or_(*kept))


def persons_of(scope: BundleScope) -> Condition:
    """Return the condition for persons of the bundle: the members of its households, of any time."""
    return sa.select(household.c.id).where(household.c.id == person.c.household_id, households_of(scope)).exists()


def documents_of(scope: BundleScope) -> Condition:
    """Return the condition for documents of the bundle: those of its households, whose files are not in it."""
    return sa.select(household.c.id).where(household.c.id == document.c.household_id, households_of(scope)).exists()


def accounts_of(scope: BundleScope) -> Condition:
    """Return the condition for accounts of the unit's staff who did something in the period."""
    of_unit = sa.select(unit.c.id).where(unit.c.id == account.c.unit_id, scope.in_unit(unit.c.path))
    return sa.and_(of_unit.exists(), scope.has_event(account.c.id))


def _recorded_in_unit(table: sa.Table) -> Callable[[BundleScope], Condition]:
    return lambda scope: sa.and_(scope.in_unit(table.c.unit_path), scope.has_event(table.c.id))


donations_of, activities_of = _recorded_in_unit(donation), _recorded_in_unit(activity)
confirmations_of = _recorded_in_unit(confirmation)
imports_of = _recorded_in_unit(workbook_import)

SUBJECT_ROWS: Mapping[str, tuple[sa.Table, Callable[[BundleScope], Condition]]] = {
    "case": (case, cases_of),
    "household": (household, households_of),
    "person": (person, persons_of),
    "fund": (fund, lambda scope: scope.on_lines(fund.c.id)),
    "unit": (unit, lambda scope: scope.in_unit(unit.c.path)),
    "account": (account, accounts_of),
    "visit": (visit, _own_visits),
    "gift": (gift, gifts_of),
    "document": (document, documents_of),
    "donation": (donation, donations_of),
    "activity": (activity, activities_of),
    "confirmation": (confirmation, confirmations_of),
    "import": (workbook_import, imports_of),
    "policy": (policy_set, lambda _scope: sa.true()),
}
"""By subject: its table, and the condition for those of its rows whose events the bundle has in full."""

RULES = "policy"
"""The subject of policy sets and calendars, which concern every unit: all of its events are in every bundle."""


def subjects_in(conn: sa.Connection, scope: BundleScope, asked: Mapping[str, Iterable[UUID]]) -> set[UUID]:
    """Return which of these subjects the bundle has in full; they are given by kind."""
    found = set(asked.get(RULES, ()))
    for subject, ids in asked.items():
        if subject == RULES:
            continue
        table, rows = SUBJECT_ROWS[subject]
        wanted = table.c.id == sa.any_(sa.literal(list(ids), sa.ARRAY(sa.Uuid())))
        selected: sa.Select[Any] = sa.select(table.c.id).where(wanted, rows(scope))
        found.update(conn.scalars(selected))
    return found
