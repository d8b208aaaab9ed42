"""Figure rows of records that were voided or corrected; no other figure counts them."""

import sqlalchemy as sa

from service.queries.scope import below
from service.report.figure_definition import NO_AMOUNT, NO_PART, AskedScope, FigureRows, Scope, SharedRows, within
from service.tables.activities import activity
from service.tables.donations import donation
from service.tables.gifts import gift
from service.tables.units import unit
from service.tables.visits import visit

TABLES = (visit, gift, donation, activity)


def voided_records(shared: SharedRows) -> FigureRows:
    """Select one row per visit, gift, donation and activity that was voided in the period."""
    return sa.select(sa.union_all(*(_voided(table, shared.scope) for table in TABLES)).subquery())


def _voided(table: sa.Table, scope: Scope | AskedScope) -> FigureRows:
    columns = (table.c.id, sa.cast(table.c.id, sa.Text()).label("reference"), table.c.voided_on.label("on"))
    rows = sa.select(*columns, unit.c.name.label("unit"), NO_AMOUNT.label("amount"), NO_PART.label("part"))
    of_unit = rows.join(unit, unit.c.id == table.c.unit_id)
    return of_unit.where(below(table.c.unit_path, scope.unit_path), within(table.c.voided_on, scope))
