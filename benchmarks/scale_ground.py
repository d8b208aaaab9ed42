"""The union of the scale run: a city, its counties with their staff and fund lines, and many grass-roots units below them."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from uuid import UUID

import sqlalchemy as sa

from service.actions.rows import Rows
from service.db import new_id
from service.tables.funds import fund
from service.tables.units import unit
from tests.office import Office, open_office, receive, told

COUNTIES, BELOW = 12, 60
YEARS = range(2016, 2026)
PLENTY = 10**13


@dataclass(frozen=True)
class Place:
    """A grass-roots unit: its county's staff work for it; a fund line for each year."""

    office: Office
    lines: dict[int, UUID] = field(default_factory=dict)


@dataclass(frozen=True)
class Union:
    """The city, its counties, and every place."""

    city: Office
    counties: list[Office]
    places: list[Place]


def found(tx: sa.Connection, counties: int = COUNTIES, below: int = BELOW) -> Union:
    """Write the units, their people and their lines, each with its event."""
    city = open_office(tx, kind="city")
    offices = [open_office(tx, above=city) for _ in range(counties)]
    lines = [{year: _line(tx, county, year) for year in YEARS} for county in offices]
    places = [
        Place(_below(tx, county, number), lines[index])
        for index, county in enumerate(offices)
        for number in range(below)
    ]
    return Union(city, offices, places)


def _below(tx: sa.Connection, county: Office, number: int) -> Office:
    """A grass-roots unit, its work done by the county's people."""
    unit_id, rows = new_id(), Rows()
    path = f"{county.unit_path}{unit_id.hex}/"
    named = {"name": f"示例基层工会{number:03d}", "kind": "grass_roots", "division": "371083", "path": path}
    rows.add(unit, {"id": unit_id, "parent_id": county.unit_id, **named, "created_at": datetime.now(UTC)})
    told(tx, county, "unit", unit_id, rows)
    return replace(county, unit_id=unit_id, unit_path=path)


def _line(tx: sa.Connection, office: Office, year: int) -> UUID:
    """The county's own money of one year."""
    fund_id, rows = new_id(), Rows()
    line = {"id": fund_id, "unit_id": office.unit_id, "unit_path": office.unit_path, "code": f"OWN-{year}"}
    rests_on = {"title": "本级经费", "source": "OWN", "year": year, "document": f"示例〔{year}〕1号"}
    dates = {"opens_on": date(year, 1, 1), "expires_on": date(year + 1, 12, 31), "created_at": datetime.now(UTC)}
    items = {"permitted_items": ["LIV", "MED", "EDU", "HOU"], "categories": []}
    rows.add(fund, {**line, **rests_on, **items, **dates})
    told(tx, office, "fund", fund_id, rows)
    receive(tx, office, fund_id, PLENTY)
    return fund_id
