"""Migrations bring a database to the newest schema."""

from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def _config(connection: sa.Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


@cache
def newest() -> str:
    """Return the newest migration of this process's code. Raises RuntimeError when the folder has none."""
    # Every probe of /readyz asks, and alembic runs each file of the folder to find it.
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise RuntimeError(f"no migrations in {MIGRATIONS}")
    return head


def present(connection: sa.Connection) -> str | None:
    """Return the migration the database is at, or None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: sa.Engine, target: str = "head") -> str:
    """Run every migration up to `target` and return the migration reached; a second run does nothing."""
    with engine.connect() as connection:
        command.upgrade(_config(connection), target)
        connection.commit()
        return present(connection) or ""


def downgrade(engine: sa.Engine, target: str) -> None:
    """Undo the migrations after `target`; for tests, and for an operator who has a backup."""
    with engine.connect() as connection:
        command.downgrade(_config(connection), target)
        connection.commit()
