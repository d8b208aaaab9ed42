"""The migrations make exactly the tables of service.tables, and can be undone and done again."""

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
"""Everything a migration may make, as text, by name."""


def test_models_equal_schema(conn: sa.Connection) -> None:
    """Why: a column that stands in the models alone works in no installation."""
    context = MigrationContext.configure(conn, opts={"compare_type": True, "compare_server_default": True})
    assert compare_metadata(context, METADATA) == []


def test_checks_of_the_models_are_in_the_database(conn: sa.Connection) -> None:
    """Why: Alembic does not compare CHECKs, and they are what gives a state its meaning."""
    found = sa.text("SELECT conname FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace")
    told = {
        str(each.name)
        for table in METADATA.tables.values()
        for each in table.constraints
        if isinstance(each, sa.CheckConstraint)
    }
    assert set(conn.scalars(found)) == told


def test_up_down_up(empty_database: Callable[..., str]) -> None:
    """Why: a way back that leaves something behind is found out when the way forward fails, at night."""
    engine = make_engine(empty_database())
    try:
        assert migrate.upgrade(engine) == migrate.newest()
        first = _shape(engine)
        migrate.downgrade(engine, "base")
        assert [line for line in _shape(engine) if "alembic_version" not in line] == []
        migrate.upgrade(engine)
        assert _shape(engine) == first
    finally:
        engine.dispose()


def _shape(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(SHAPE))


def test_each_step_can_be_undone_alone(empty_database: Callable[..., str]) -> None:
    """Why: an operator steps back by one, not to nothing."""
    engine = make_engine(empty_database())
    try:
        steps = [f"{number:04d}" for number in range(1, int(migrate.newest()) + 1)]
        for before, step in zip(["base", *steps], steps, strict=False):
            left = [line for line in _shape(engine) if "alembic_version" not in line]
            migrate.upgrade(engine, step)
            migrate.downgrade(engine, before)
            assert [line for line in _shape(engine) if "alembic_version" not in line] == left, step
            migrate.upgrade(engine, step)
    finally:
        engine.dispose()


def test_a_second_upgrade_does_nothing(engine: sa.Engine) -> None:
    """Why: every start of an installation runs it."""
    before = _shape(engine)
    assert migrate.upgrade(engine) == migrate.newest()
    assert _shape(engine) == before


def test_the_database_knows_the_same_clashes(conn: sa.Connection) -> None:
    """Why: four eyes are kept twice, by the rules and by a trigger; two lists that differ are one list too few."""
    rows = {frozenset((row.one, row.other)) for row in conn.execute(sa.select(incompatible_duty))}
    assert rows == {frozenset(duty.value for duty in pair) for pair in INCOMPATIBLE_DUTIES}


@pytest.mark.parametrize("function", ["written_once", "only_may_change", "entry_moves_pots", "duties_keep_apart"])
def test_the_guards_are_there(conn: sa.Connection, function: str) -> None:
    """Why: a guard that a migration dropped is missed by no other comparison."""
    count = sa.text(
        "SELECT count(*) FROM pg_trigger t JOIN pg_proc p ON p.oid = tgfoid WHERE proname = :name AND tgenabled = 'O'"
    )
    assert conn.scalar(count, {"name": function})
