"""The scope of a report that a caller asks for."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa

from service.queries import units
from service.queries.scope import CASE_READERS, Caller
from service.report.figure_definition import Scope


def scope_for(conn: sa.Connection, unit_id: UUID, start: date, end: date, caller: Caller) -> Scope | None:
    """Return a unit and a period as the scope of a report; None when the caller may not read the unit's cases.

    The period is of whole months (service/report/period.py).
    """
    row = units.one(conn, unit_id, caller)
    if row is None or not caller.holds(CASE_READERS, row["path"]):
        return None
    return Scope(row["path"], start, end)
