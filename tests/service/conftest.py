"""Fixtures of the service tests: a migrated database and an API client."""

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
    """Yield an API client of a new organisation on Monday 1 September 2025."""
    with engine.begin() as connection:
        organisation = create_organisation(connection)
    with serving(database_url, tmp_path) as app:
        yield ApiClient(app.test_client(), organisation, date(2025, 9, 1))


@pytest.fixture
def client(desk: ApiClient) -> ApiClient:
    """Return the API client under its plain name."""
    return desk


__all__ = ["client", "conn", "database_url", "desk", "engine"]
