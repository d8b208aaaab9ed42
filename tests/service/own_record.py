"""Fixtures that give the tests of a file a record of its own: to verify the record of all tests would take seconds each time."""

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from service.db.engine import make_engine
from tests.api_client import serving


@pytest.fixture(scope="module")
def database_url(migrated_database: Callable[[], str]) -> str:
    """Return the URL of a database at the newest migration, without a record."""
    return migrated_database()


@pytest.fixture(scope="module")
def engine(database_url: str) -> Iterator[sa.Engine]:
    """Yield an engine of that database."""
    pooled_engine = make_engine(database_url, pool=40)
    yield pooled_engine
    pooled_engine.dispose()


@pytest.fixture(scope="module")
def shared_app(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Yield the web application of that database."""
    with serving(database_url, tmp_path_factory.mktemp("var")) as app:
        yield app
