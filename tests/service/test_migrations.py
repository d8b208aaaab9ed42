"""Migrations create exactly the tables of service.tables, and can be undone and repeated."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import service.tables
from service.db import migrate
from service.db.columns import METADATA
from service.db.engine import make_engine
from service.tables.cases import incompatible_duty
from workflows.vocabulary import INCOMPATIBLE_DUTIES

__all__ = ["service"]

SHAPE = sa.text("""
SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || coalesce(column_default, '')
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'trigger ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'function ' || p.oid::regprocedure || ' ' || md5(prosrc) FROM pg_proc p WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT 'sequence ' || sequencename FROM pg_sequences WHERE schemaname = 'public'
ORDER BY 1
""")
"""Every object a migration may create, as text, in alphabetical order."""


def test_models_equal_the_migrated_schema(conn: sa.Connection) -> None:
    """Why: a column that only the models have works in no installation."""
    context = MigrationContext.configure(conn, opts={"compare_type": True, "compare_server_default": True})
    assert compare_metadata(context, METADATA) == []


def test_check_constraints_of_the_models_are_in_the_database(conn: sa.Connection) -> None:
    """Why: Alembic does not compare CHECKs, and the meaning of a state depends on them."""
    query = sa.text("SELECT conname FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace")
    model_checks = {
        str(each.name)
        for table in METADATA.tables.values()
        for each in table.constraints
        if isinstance(each, sa.CheckConstraint)
    }
    assert set(conn.scalars(query)) == model_checks


def test_migrations_undone_and_repeated_give_the_same_schema(empty_database: Callable[..., str]) -> None:
    """Why: a downgrade that leaves something behind makes the next upgrade fail."""
    engine = make_engine(empty_database())
    try:
        assert migrate.upgrade(engine) == migrate.newest()
        schema = _shape(engine)
        migrate.downgrade(engine, "base")
        assert [line for line in _shape(engine) if "alembic_version" not in line] == []
        migrate.upgrade(engine)
        assert _shape(engine) == schema
    finally:
        engine.dispose()


def _shape(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(SHAPE))


def test_migration_undone_alone_restores_the_schema_before_it(empty_database: Callable[..., str]) -> None:
    """Why: an operator goes back by one migration, not to an empty database."""
    engine = make_engine(empty_database())
    try:
        revisions = sorted(path.name[:4] for path in (migrate.MIGRATIONS / "versions").glob("0*.py"))
        for previous, revision in zip(["base", *revisions], revisions, strict=False):
            schema_before = [line for line in _shape(engine) if "alembic_version" not in line]
            migrate.upgrade(engine, revision)
            migrate.downgrade(engine, previous)
            assert [line for line in _shape(engine) if "alembic_version" not in line] == schema_before, revision
            migrate.upgrade(engine, revision)
    finally:
        engine.dispose()


def test_second_upgrade_changes_nothing(engine: sa.Engine) -> None:
    """Why: every start of an installation runs the upgrade."""
    before = _shape(engine)
    assert migrate.upgrade(engine) == migrate.newest()
    assert _shape(engine) == before


def test_incompatible_duties_of_database_and_rules_are_equal(conn: sa.Connection) -> None:
    """Why: the rules and a trigger both enforce segregation of duties, so both need the same list."""
    rows = {frozenset((row.one, row.other)) for row in conn.execute(sa.select(incompatible_duty))}
    assert rows == {frozenset(duty.value for duty in pair) for pair in INCOMPATIBLE_DUTIES}


@pytest.mark.parametrize("function", ["written_once", "only_may_change", "entry_moves_pots", "duties_keep_apart"])
def test_write_protection_trigger_is_enabled(conn: sa.Connection, function: str) -> None:
    """Why: no other comparison notices a trigger that a migration dropped."""
    count = sa.text(
        "SELECT count(*) FROM pg_trigger t JOIN pg_proc p ON p.oid = tgfoid WHERE proname = :name AND tgenabled = 'O'"
    )
    assert conn.scalar(count, {"name": function})
