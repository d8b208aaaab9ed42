"""Fixtures of the journeys: a migrated database and the app in this process."""

from tests.migrated import conn, database_url, engine
from tests.service.conftest import desk, shared_app

__all__ = ["conn", "database_url", "desk", "engine", "shared_app"]
