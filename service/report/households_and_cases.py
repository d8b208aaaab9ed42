"""Figure rows of cases, and of money returned, recalled or recovered."""

from collections.abc import Callable

import sqlalchemy as sa

from service.queries.scope import below
from service.report.figure_definition import (
    NO_AMOUNT,
    NO_PART,
    AskedScope,
    Columns,
    Condition,
    FigureRows,
    Scope,
    SharedRows,
    within,
)
from service.tables.cases import case
from service.tables.ledger import ledger_entry
from service.tables.payments import payment
from service.tables.units import unit
from workflows.vocabulary import Phase


def _cases(scope: Scope | AskedScope, on: sa.ColumnElement[object]) -> FigureRows:
    rows = _case_rows(on).join(unit, unit.c.id == case.c.unit_id)
    return rows.where(below(case.c.unit_path, scope.unit_path), on.between(scope.start, scope.end))


def _case_rows(on: sa.ColumnElement[object]) -> FigureRows:
    rows = sa.select(case.c.id, case.c.case_no.label("reference"), on.label("on"), unit.c.name.label("unit"))
    return rows.add_columns(NO_AMOUNT.label("amount"), NO_PART.label("part")).select_from(case)


def cases_opened(shared: SharedRows) -> FigureRows:
    """Select cases opened in the period, by the unit that opened them."""
    scope, on = shared.scope, case.c.opened_on
    opened_by = sa.func.coalesce(case.c.first_unit_id, case.c.unit_id)
    rows = _case_rows(on).join(unit, unit.c.id == opened_by).where(on.between(scope.start, scope.end))
    here = sa.and_(case.c.first_unit_path.is_(None), below(case.c.unit_path, scope.unit_path))
    moved = below(case.c.first_unit_path, scope.unit_path)
    return sa.select(sa.union_all(rows.where(here), rows.where(moved)).subquery("opened"))


def ended_cases(shared: SharedRows) -> FigureRows:
    """Select one row per case that ended in the period, with its final state and what the family still has."""
    return (
        _cases(shared.scope, case.c.entered_on)
        .add_columns(case.c.state, case.c.outstanding_fen, case.c.written_off_fen)
        .where(case.c.phase == Phase.ENDED.value)
    )


def _ended(*conditions: Condition) -> Callable[[SharedRows], FigureRows]:
    def rows(shared: SharedRows) -> FigureRows:
        cases = shared.cte(ended_cases).c
        columns = (cases[name] for name in ("id", "reference", "on", "unit", "amount", "part"))
        return sa.select(*columns).where(*(condition(cases) for condition in conditions))

    return rows


def cases_ended_as(state: str) -> Callable[[SharedRows], FigureRows]:
    """Return the rows of a figure: cases that reached this final state in the period and are still in it."""
    return _ended(lambda cases: cases.state == state)


def _settled_recall(cases: Columns) -> sa.ColumnElement[bool]:
    return cases.state.in_(("recovered", "written_off"))


def _part_kept(cases: Columns) -> sa.ColumnElement[bool]:
    return cases.outstanding_fen > 0


def _part_written_off(cases: Columns) -> sa.ColumnElement[bool]:
    return cases.written_off_fen > 0


# Each case whose last recall is settled is in exactly one of the three.
cases_partly_recalled = _ended(_settled_recall, _part_kept)
cases_written_off = _ended(_settled_recall, lambda cases: sa.not_(_part_kept(cases)), _part_written_off)
cases_recovered = _ended(
    _settled_recall, lambda cases: sa.not_(_part_kept(cases)), lambda cases: sa.not_(_part_written_off(cases))
)


def returned_payments(shared: SharedRows) -> FigureRows:
    """Select the payments that the bank returned in the period."""
    return (
        sa.select(payment.c.id, case.c.case_no.label("reference"), payment.c.returned_on.label("on"))
        .add_columns(unit.c.name.label("unit"), payment.c.fen.label("amount"), NO_PART.label("part"))
        .select_from(payment)
        .join(case, case.c.id == payment.c.case_id)
        .join(unit, unit.c.id == case.c.unit_id)
        .where(below(payment.c.unit_path, shared.scope.unit_path), payment.c.state.in_(("failed", "returned")))
        .where(within(payment.c.returned_on, shared.scope))
    )


def recall_entries(shared: SharedRows) -> FigureRows:
    """Select one row per ledger entry into or out of the pot `recovering`."""
    return (
        sa.select(ledger_entry.c.id, case.c.case_no.label("reference"), ledger_entry.c.on, unit.c.name.label("unit"))
        .add_columns(ledger_entry.c.fen.label("amount"), NO_PART.label("part"), ledger_entry.c.target_pot)
        .select_from(ledger_entry)
        .join(case, case.c.id == ledger_entry.c.case_id)
        .join(unit, unit.c.id == case.c.unit_id)
        .where(below(case.c.unit_path, shared.scope.unit_path), within(ledger_entry.c.on, shared.scope))
        .where(sa.or_(ledger_entry.c.source_pot == "recovering", ledger_entry.c.target_pot == "recovering"))
    )


def recall_entries_to(target_pot: str) -> Callable[[SharedRows], FigureRows]:
    """Return the rows of a figure: entries that recalled money (to `recovering`), or moved it on from there."""

    def rows(shared: SharedRows) -> FigureRows:
        entries = shared.cte(recall_entries).c
        columns = (column for column in entries if column.name != "target_pot")
        return sa.select(*columns).where(entries.target_pot == target_pot)

    return rows
