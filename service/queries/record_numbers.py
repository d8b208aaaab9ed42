"""The pages of records that are known by their numbers: cases and household files."""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from service.queries.scope import Caller, visible_to
from service.tables.cases import case
from service.tables.households import household
from workflows.household_change_codes import ENTERED_BY_MISTAKE


def addresses(conn: sa.Connection, numbers: Iterable[str | None], caller: Caller) -> Mapping[str, str]:
    """Return the addresses of the cases and files with these numbers that the caller sees, by their numbers.

    A number that several of them have leads nowhere. A file that was entered by mistake has left its number.
    """
    wanted = [number for number in numbers if number]
    found: dict[str, list[str]] = {}
    for table, column, place in ((case, case.c.case_no, "cases"), (household, household.c.file_no, "households")):
        rows = sa.select(table.c.id, column.label("number")).where(column.in_(wanted))
        if table is household:
            rows = rows.where(household.c.exit_reason.is_distinct_from(ENTERED_BY_MISTAKE))
        for row in conn.execute(rows.where(visible_to(caller, table.c.unit_path))):
            found.setdefault(row.number, []).append(f"/{place}/{row.id}")
    return {number: of_number[0] for number, of_number in found.items() if len(of_number) == 1}
