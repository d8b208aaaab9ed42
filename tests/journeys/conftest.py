"""Journeys stand on a migrated PostgreSQL and the web process in this one."""

from tests.migrated import database_url, engine, tx
from tests.service.conftest import desk

__all__ = ["database_url", "desk", "engine", "tx"]
