"""The union of the scale run: a city, its counties with their staff and fund lines, and many grass-roots units below them."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from uuid import UUID

import sqlalchemy as sa

from service.actions.write_batch import WriteBatch
from service.db.columns import new_id
from service.tables.funds import fund
from service.tables.units import unit
from tests.factories import Organisation, create_organisation, instant_of, receive

COUNTIES, BELOW = 12, 60
YEARS = range(2016, 2026)
PLENTY = 10**13


@dataclass(frozen=True)
class Place:
    """A grass-roots unit: its county's staff work for it; a fund line for each year."""

    office: Organisation
    lines: dict[int, UUID] = field(default_factory=dict)


@dataclass(frozen=True)
class Union:
    """The city, its counties, and every place."""

    city: Organisation
    counties: list[Organisation]
    places: list[Place]


def found(conn: sa.Connection, counties: int = COUNTIES, below: int = BELOW) -> Union:
    """Write the units, their people and their lines, each with its event."""
    city = create_organisation(conn, kind="city")
    offices = [create_organisation(conn, above=city) for _ in range(counties)]
    lines = [{year: _line(conn, county, year) for year in YEARS} for county in offices]
    places = [
        Place(_below(conn, county, number), lines[index])
        for index, county in enumerate(offices)
        for number in range(below)
    ]
    return Union(city, offices, places)


def _below(conn: sa.Connection, county: Organisation, number: int) -> Organisation:
    """A grass-roots unit, its work done by the county's people."""
    unit_id, batch = new_id(), WriteBatch()
    path = f"{county.unit_path}{unit_id.hex}/"
    named = {"name": f"示例基层工会{number:03d}", "kind": "grass_roots", "division": "371083", "path": path}
    batch.add(unit, {"id": unit_id, "parent_id": county.unit_id, **named, "created_at": datetime.now(UTC)})
    instant_of(conn, county, "unit", unit_id, batch)
    return replace(county, unit_id=unit_id, unit_path=path)


def _line(conn: sa.Connection, office: Organisation, year: int) -> UUID:
    """The county's own money of one year."""
    fund_id, batch = new_id(), WriteBatch()
    line = {"id": fund_id, "unit_id": office.unit_id, "unit_path": office.unit_path, "code": f"OWN-{year}"}
    rests_on = {"title": "本级经费", "source": "OWN", "year": year, "document": f"示例〔{year}〕1号"}
    dates = {"opens_on": date(year, 1, 1), "expires_on": date(year + 1, 12, 31), "created_at": datetime.now(UTC)}
    items = {"permitted_items": ["LIV", "MED", "EDU", "HOU"], "categories": []}
    batch.add(fund, {**line, **rests_on, **items, **dates})
    instant_of(conn, office, "fund", fund_id, batch)
    receive(conn, office, fund_id, PLENTY)
    return fund_id
