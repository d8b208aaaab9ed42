"""The union of the scale benchmark: a city, counties with staff and funds, and grass-roots units."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from uuid import UUID

import sqlalchemy as sa

from service.actions.write_batch import WriteBatch
from service.db.columns import new_id
from service.tables.funds import fund
from service.tables.units import unit
from tests.factories import Organisation, create_organisation, instant_of, receive

COUNTIES, UNITS_PER_COUNTY = 12, 60
YEARS = range(2016, 2026)
FUND_FEN = 10**13


@dataclass(frozen=True)
class GrassRootsUnit:
    """A grass-roots unit with its county's staff, and a fund line for each year."""

    organisation: Organisation
    funds: dict[int, UUID] = field(default_factory=dict)


@dataclass(frozen=True)
class Union:
    """A city, its counties and their grass-roots units."""

    city: Organisation
    counties: list[Organisation]
    places: list[GrassRootsUnit]


def found(conn: sa.Connection, counties: int = COUNTIES, below: int = UNITS_PER_COUNTY) -> Union:
    """Write the units, their accounts and their funds, each with its event."""
    city = create_organisation(conn, kind="city")
    counties_written = [create_organisation(conn, above=city) for _ in range(counties)]
    funds = [{year: _create_fund(conn, county, year) for year in YEARS} for county in counties_written]
    places = [
        GrassRootsUnit(_create_unit(conn, county, number), funds[index])
        for index, county in enumerate(counties_written)
        for number in range(below)
    ]
    return Union(city, counties_written, places)


def _create_unit(conn: sa.Connection, county: Organisation, number: int) -> Organisation:
    """Create a grass-roots unit that has the county's accounts."""
    unit_id, batch = new_id(), WriteBatch()
    path = f"{county.unit_path}{unit_id.hex}/"
    unit_columns = {"name": f"示例基层工会{number:03d}", "kind": "grass_roots", "division": "371083", "path": path}
    batch.add(unit, {"id": unit_id, "parent_id": county.unit_id, **unit_columns, "created_at": datetime.now(UTC)})
    instant_of(conn, county, "unit", unit_id, batch)
    return replace(county, unit_id=unit_id, unit_path=path)


def _create_fund(conn: sa.Connection, organisation: Organisation, year: int) -> UUID:
    """Create the county's own fund of one year."""
    fund_id, batch = new_id(), WriteBatch()
    fund_columns = {
        "id": fund_id,
        "unit_id": organisation.unit_id,
        "unit_path": organisation.unit_path,
        "code": f"OWN-{year}",
    }
    source = {"title": "本级经费", "source": "OWN", "year": year, "document": f"示例〔{year}〕1号"}
    dates = {"opens_on": date(year, 1, 1), "expires_on": date(year + 1, 12, 31), "created_at": datetime.now(UTC)}
    items = {"permitted_items": ["LIV", "MED", "EDU", "HOU"], "categories": []}
    batch.add(fund, {**fund_columns, **source, **items, **dates})
    instant_of(conn, organisation, "fund", fund_id, batch)
    receive(conn, organisation, fund_id, FUND_FEN)
    return fund_id
