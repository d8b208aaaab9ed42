"""The sums of the statement of a year belong together: what came in less what went out is what is carried over."""

from datetime import date

import pytest
import sqlalchemy as sa

from service.queries import fund_years
from tests.service.sample_year import Year


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_what_came_in_less_what_went_out_is_what_is_carried_over(
    lived_year: tuple[sa.Connection, Year], year: int
) -> None:
    conn, lived = lived_year
    caller = lived.office.context(conn, "auditor", date(2026, 1, 15)).caller
    sums, before = (fund_years.sums(conn, caller, {"year": each}) for each in (year, year - 1))
    assert sums["carried_in"] == before["carried_over"]
    assert sums["carried_in"] + sums["received"] - sums["paid"] - sums["written_off"] == sums["carried_over"]
    assert (sums["paid"] > 0) is (year >= 2025)
