"""Tests of the record stand on a migrated PostgreSQL; those of the API on the web process in this one."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.api_client import ApiClient, serving
from tests.factories import create_organisation
from tests.migrated import conn, database_url, engine


@pytest.fixture
def desk(engine: sa.Engine, database_url: str, tmp_path: Path) -> Iterator[ApiClient]:
    """An office of its own, over HTTP, on Monday 1 September 2025."""
    with engine.begin() as connection:
        office = create_organisation(connection)
    with serving(database_url, tmp_path) as app:
        yield ApiClient(app.test_client(), office, date(2025, 9, 1))


__all__ = ["conn", "database_url", "desk", "engine"]
