"""Figure rows of household files: on file, opened, ended, filed again, moved, and with another head."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from service.queries.household_list import UNJUDGED
from service.queries.scope import below
from service.report.figure_definition import (
    NO_AMOUNT,
    NO_PART,
    AskedScope,
    ColumnExpression,
    Columns,
    Condition,
    FigureRows,
    Scope,
    SharedRows,
    no_part,
    within,
)
from service.tables.household_changes import household_change
from service.tables.households import household
from service.tables.units import unit
from workflows.household_change_codes import ENTERED_BY_MISTAKE, HouseholdChangeKind

UNSTATED = "unstated"
"""Exit reason of files that ended before reasons were recorded."""


def worker_files(shared: SharedRows) -> FigureRows:
    """Select one row per worker's household file of the unit on the last day of the period, of any date.

    A file that has moved since is counted where it was on that day (docs/decisions/0025).
    """
    later = shared.cte(later_moves).c
    in_scope, file_unit = below(household.c.unit_path, shared.scope.unit_path), unit.c.id == household.c.unit_id
    moved = sa.select(later.household_id)
    stayed = _worker_rows().join(unit, file_unit).where(in_scope, household.c.id.not_in(moved))
    left = _worker_rows().join(later.household_id.table, later.household_id == household.c.id)
    left = left.join(unit, unit.c.id == later.unit_id).where(below(later.unit_path, shared.scope.unit_path))
    return sa.select(sa.union_all(stayed, left).subquery("files"))


def _worker_rows() -> sa.Select[Any]:
    columns = (household.c.filed_on, household.c.exited_on, household.c.category, household.c.exit_reason)
    rows = sa.select(household.c.id, household.c.file_no.label("reference"), unit.c.name.label("unit"), *columns)
    counted = household.c.exit_reason.is_distinct_from(ENTERED_BY_MISTAKE)
    return rows.select_from(household).where(household.c.kind == "worker", counted)


def later_moves(shared: SharedRows) -> FigureRows:
    """Select the first move of each file after the period, with the unit that held the file until then."""
    columns = (household_change.c.household_id, household_change.c.unit_id, household_change.c.unit_path)
    order = (household_change.c.household_id, household_change.c.on, household_change.c.id)
    after = sa.and_(
        household_change.c.kind == HouseholdChangeKind.MOVED.value, household_change.c.on > shared.scope.end
    )
    return sa.select(*columns).where(after).order_by(*order).ext(distinct_on(household_change.c.household_id))


def _files(shared: SharedRows, on: ColumnExpression, part: ColumnExpression, condition: Condition) -> FigureRows:
    files = shared.cte(worker_files).c
    columns = (files.id, files.reference, on(files).label("on"), files.unit, NO_AMOUNT.label("amount"))
    return sa.select(*columns, part(files).label("part")).where(condition(files))


def _open_at_end(scope: Scope | AskedScope) -> Condition:
    between_filings = (
        sa.select(household_change.c.household_id)
        .where(household_change.c.kind == HouseholdChangeKind.FILED_AGAIN.value)
        .where(household_change.c.exited_on <= scope.end, household_change.c.on > scope.end)
    )

    def open_at_end(files: Columns) -> sa.ColumnElement[bool]:
        not_exited = sa.or_(files.exited_on.is_(None), files.exited_on > scope.end)
        return sa.and_(files.filed_on <= scope.end, not_exited, files.id.not_in(between_filings))

    return open_at_end


def _category(files: Columns) -> sa.ColumnElement[str]:
    return sa.func.coalesce(files.category, UNJUDGED)


def files_at_end(shared: SharedRows) -> FigureRows:
    """Select workers' households on file on the last day of the period."""
    return _files(shared, lambda files: files.filed_on, no_part, _open_at_end(shared.scope))


def files_at_end_by_category(shared: SharedRows) -> FigureRows:
    """Select the same households, with their category as of the report as part."""
    return _files(shared, lambda files: files.filed_on, _category, _open_at_end(shared.scope))


def files_opened(shared: SharedRows) -> FigureRows:
    """Select files opened in the period, by the unit that opened them."""
    opened_by = sa.func.coalesce(household.c.first_unit_id, household.c.unit_id)
    here = sa.and_(household.c.first_unit_path.is_(None), below(household.c.unit_path, shared.scope.unit_path))
    moved = below(household.c.first_unit_path, shared.scope.unit_path)
    rows = _worker_rows().join(unit, unit.c.id == opened_by).where(within(household.c.filed_on, shared.scope))
    files = sa.union_all(rows.where(here), rows.where(moved)).subquery("opened").c
    columns = (files.id, files.reference, files.filed_on.label("on"), files.unit)
    return sa.select(*columns, NO_AMOUNT.label("amount"), NO_PART.label("part"))


def exits(shared: SharedRows) -> FigureRows:
    """Select one row per exit in the period, by the unit that held the file, with its reason.

    An exit stays an exit when the household is filed again later.
    """
    scope = shared.scope
    reason = sa.func.coalesce(household.c.exit_reason, UNSTATED).label("reason")
    present = _worker_rows().with_only_columns(household.c.id, household.c.file_no, household.c.exited_on, reason)
    present = present.add_columns(unit.c.name.label("unit")).join(unit, unit.c.id == household.c.unit_id)
    present = present.where(below(household.c.unit_path, scope.unit_path), within(household.c.exited_on, scope))
    past = _change_rows(HouseholdChangeKind.FILED_AGAIN).with_only_columns(
        household.c.id,
        household.c.file_no,
        household_change.c.exited_on,
        sa.func.coalesce(household_change.c.exit_reason, UNSTATED),
        unit.c.name,
    )
    in_scope = below(household_change.c.unit_path, scope.unit_path)
    past = past.where(in_scope, within(household_change.c.exited_on, scope))
    return sa.select(sa.union_all(present, past).subquery("all_exits"))


def _change_rows(kind: HouseholdChangeKind) -> sa.Select[Any]:
    """Select the changes of one kind of workers' files, with the unit that held the file."""
    return (
        sa.select(household.c.id, household.c.file_no.label("reference"))
        .select_from(household_change)
        .join(household, household.c.id == household_change.c.household_id)
        .join(unit, unit.c.id == household_change.c.unit_id)
        .where(household.c.kind == "worker", household.c.exit_reason.is_distinct_from(ENTERED_BY_MISTAKE))
        .where(household_change.c.kind == kind.value)
        .where(household_change.c.exit_reason.is_distinct_from(ENTERED_BY_MISTAKE))
    )


def _distinct_households(ended: Columns, part: sa.ColumnElement[Any]) -> FigureRows:
    columns = (sa.func.min(ended.exited_on).label("on"), sa.func.min(ended.unit).label("unit"))
    rows = sa.select(ended.id, ended.file_no.label("reference"), *columns)
    return rows.add_columns(NO_AMOUNT.label("amount"), part.label("part")).group_by(ended.id, ended.file_no, "part")


def files_closed(shared: SharedRows) -> FigureRows:
    """Select households whose file ended in the period, each once."""
    return _distinct_households(shared.cte(exits).c, NO_PART)


def files_closed_by_reason(shared: SharedRows) -> FigureRows:
    """Select the same households, with the reason of the exit as part."""
    ended = shared.cte(exits).c
    return _distinct_households(ended, ended.reason)


def changed_files(
    kind: HouseholdChangeKind, *conditions: Callable[[Scope | AskedScope], sa.ColumnElement[bool]]
) -> Callable[[SharedRows], FigureRows]:
    """Return the rows of a figure: households with a change of this kind in the period, each once."""

    def rows(shared: SharedRows) -> FigureRows:
        where = [condition(shared.scope) for condition in conditions or (_from_here,)]
        columns = (sa.func.min(household_change.c.on).label("on"), sa.func.min(unit.c.name).label("unit"))
        changes = _change_rows(kind).add_columns(*columns, NO_AMOUNT.label("amount"), NO_PART.label("part"))
        in_period = within(household_change.c.on, shared.scope)
        return changes.where(in_period, *where).group_by(household.c.id, household.c.file_no)

    return rows


def _from_here(scope: Scope | AskedScope) -> sa.ColumnElement[bool]:
    return below(household_change.c.unit_path, scope.unit_path)


def _to_here(scope: Scope | AskedScope) -> sa.ColumnElement[bool]:
    return below(household_change.c.to_unit_path, scope.unit_path)


def out_of_scope(scope: Scope | AskedScope) -> sa.ColumnElement[bool]:
    """Return the condition for moves from the unit to a unit outside it."""
    return sa.and_(_from_here(scope), sa.not_(_to_here(scope)))


def into_scope(scope: Scope | AskedScope) -> sa.ColumnElement[bool]:
    """Return the condition for moves to the unit from a unit outside it."""
    return sa.and_(_to_here(scope), sa.not_(_from_here(scope)))
