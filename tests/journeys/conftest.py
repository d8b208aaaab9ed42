"""Journeys stand on a migrated PostgreSQL and the web process in this one."""

from tests.migrated import conn, database_url, engine
from tests.service.conftest import desk

__all__ = ["conn", "database_url", "desk", "engine"]
