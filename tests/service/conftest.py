"""Tests of the record stand on a migrated PostgreSQL; those of the API on the web process in this one."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.client import Desk, serving
from tests.migrated import database_url, engine, tx
from tests.office import open_office


@pytest.fixture
def desk(engine: sa.Engine, database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """An office of its own, over HTTP, on Monday 1 September 2025."""
    with engine.begin() as connection:
        office = open_office(connection)
    with serving(database_url, tmp_path) as app:
        yield Desk(app.test_client(), office, date(2025, 9, 1))


__all__ = ["database_url", "desk", "engine", "tx"]
