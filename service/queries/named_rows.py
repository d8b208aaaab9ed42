"""Names of rows that a person knows by a name, and a proposal by an id."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa

from service.queries.scope import Caller, visible_to
from service.tables.accounts import account
from service.tables.cases import case
from service.tables.funds import fund
from service.tables.households import household
from service.tables.persons import person
from service.tables.units import unit


def names_of(conn: sa.Connection, ids: Collection[UUID], caller: Caller) -> dict[UUID, str]:
    """Return the names of accounts, units, fund lines, cases and files among these ids; a person has the number of their file.

    Files and cases are those that `caller` sees.
    """
    if not ids:
        return {}
    line = fund.c.code + sa.literal(" ") + fund.c.title
    parts = (
        sa.select(account.c.id, account.c.display_name.label("name")).where(account.c.id.in_(ids)),
        sa.select(unit.c.id, unit.c.name).where(unit.c.id.in_(ids)),
        sa.select(fund.c.id, line).where(fund.c.id.in_(ids)),
        sa.select(household.c.id, household.c.file_no).where(
            household.c.id.in_(ids), visible_to(caller, household.c.unit_path)
        ),
        sa.select(person.c.id, household.c.file_no)
        .join(household, household.c.id == person.c.household_id)
        .where(person.c.id.in_(ids), visible_to(caller, household.c.unit_path)),
        sa.select(case.c.id, case.c.case_no).where(case.c.id.in_(ids), visible_to(caller, case.c.unit_path)),
    )
    return {row.id: row.name or "—" for row in conn.execute(sa.union_all(*parts))}
