"""Bringing a database to the newest migration, and asking whether it is there."""

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


def newest() -> str:
    """The one head of the migrations."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise RuntimeError(f"no migrations in {MIGRATIONS}")
    return head


def present(connection: sa.Connection) -> str | None:
    """The migration the database is at, or None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: sa.Engine, target: str = "head") -> str:
    """Run every migration up to `target`; a second run does nothing. Returns where the database is now."""
    with engine.connect() as connection:
        command.upgrade(_config(connection), target)
        connection.commit()
        return present(connection) or ""


def downgrade(engine: sa.Engine, target: str) -> None:
    """Step back to `target`; only tests and an operator who knows why do this."""
    with engine.connect() as connection:
        command.downgrade(_config(connection), target)
        connection.commit()
