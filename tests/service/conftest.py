"""Fixtures of the service tests: a migrated database and an API client."""

from collections.abc import Iterator
from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.api_client import ApiClient, serving
from tests.factories import create_organisation
from tests.migrated import conn, database_url, engine
from tests.service.sample_year import Year, the_year


@pytest.fixture(scope="session")
def shared_app(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Yield the web application that the tests of a run share: making one takes longer than most tests."""
    with serving(database_url, tmp_path_factory.mktemp("var")) as app:
        yield app


@pytest.fixture
def desk(engine: sa.Engine, shared_app: Flask) -> ApiClient:
    """Return an API client of a new organisation on Monday 1 September 2025."""
    with engine.begin() as connection:
        organisation = create_organisation(connection)
    return ApiClient(shared_app.test_client(), organisation, date(2025, 9, 1))


@pytest.fixture(scope="module")
def lived_year(engine: sa.Engine) -> Iterator[tuple[sa.Connection, Year]]:
    """Yield a connection on one snapshot in which the year of the sample reports was lived; the tests of a file share it."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        yield connection, the_year(connection)
        connection.rollback()


@pytest.fixture
def client(desk: ApiClient) -> ApiClient:
    """Return the API client under its plain name."""
    return desk


__all__ = ["client", "conn", "database_url", "desk", "engine", "shared_app"]
