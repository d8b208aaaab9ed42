"""Figure rows of cases, and of money returned, recalled or recovered."""

from collections.abc import Callable

import sqlalchemy as sa

from service.queries.scope import below
from service.report.figure_definition import (
    NO_AMOUNT,
    NO_PART,
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


def _cases(scope: Scope, on: sa.ColumnElement[object]) -> FigureRows:
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
    """Select one row per case that ended in the period, with its final state."""
    return _cases(shared.scope, case.c.entered_on).add_columns(case.c.state).where(case.c.phase == Phase.ENDED.value)


def cases_ended_as(state: str) -> Callable[[SharedRows], FigureRows]:
    """Return the rows of a figure: cases that reached this final state in the period and are still in it."""

    def rows(shared: SharedRows) -> FigureRows:
        cases = shared.cte(ended_cases).c
        return sa.select(*(column for column in cases if column.name != "state")).where(cases.state == state)

    return rows


def returned_or_recalled(shared: SharedRows) -> FigureRows:
    """Select one row per payment that the bank returned or the union recalled, of any date."""
    return (
        sa.select(payment.c.id, case.c.case_no.label("reference"), unit.c.name.label("unit"), payment.c.state)
        .add_columns(payment.c.fen, payment.c.returned_on, payment.c.recalled_on)
        .select_from(payment)
        .join(case, case.c.id == payment.c.case_id)
        .join(unit, unit.c.id == case.c.unit_id)
        .where(below(payment.c.unit_path, shared.scope.unit_path), payment.c.state != "live")
    )


def payments_in_state(state: str) -> Callable[[SharedRows], FigureRows]:
    """Return the rows of a figure: payments in the state `returned` or `recalled`, by the day they entered it."""

    def rows(shared: SharedRows) -> FigureRows:
        payments = shared.cte(returned_or_recalled).c
        on = payments[f"{state}_on"]
        columns = (payments.id, payments.reference, on.label("on"), payments.unit, payments.fen.label("amount"))
        rows_of_state = sa.select(*columns, NO_PART.label("part")).where(payments.state == state)
        return rows_of_state.where(within(on, shared.scope))

    return rows


def recovery_entries(shared: SharedRows) -> FigureRows:
    """Select one row per ledger entry out of the pot `recovering`."""
    return (
        sa.select(ledger_entry.c.id, case.c.case_no.label("reference"), ledger_entry.c.on, unit.c.name.label("unit"))
        .add_columns(ledger_entry.c.fen.label("amount"), NO_PART.label("part"), ledger_entry.c.target_pot)
        .select_from(ledger_entry)
        .join(case, case.c.id == ledger_entry.c.case_id)
        .join(unit, unit.c.id == case.c.unit_id)
        .where(below(case.c.unit_path, shared.scope.unit_path), within(ledger_entry.c.on, shared.scope))
        .where(ledger_entry.c.source_pot == "recovering")
    )


def recovery_entries_to(target_pot: str) -> Callable[[SharedRows], FigureRows]:
    """Return the rows of a figure: entries that moved recalled money to `available` or `written_off`."""

    def rows(shared: SharedRows) -> FigureRows:
        entries = shared.cte(recovery_entries).c
        columns = (column for column in entries if column.name != "target_pot")
        return sa.select(*columns).where(entries.target_pot == target_pot)

    return rows
