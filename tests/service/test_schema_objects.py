"""The schema check names each trigger, function, constraint and index that the migrations did not make so."""

import os

import pytest
import sqlalchemy as sa

from service.integrity.schema_objects import EXPECTED, as_lines, schema_faults, stored_objects


def test_migrations_make_the_objects_of_the_list(conn: sa.Connection) -> None:
    """Why: the check compares with this list; `SONGNUAN_WRITE=1` writes it again after a new migration."""
    made = as_lines(stored_objects(conn))
    if os.environ.get("SONGNUAN_WRITE"):
        EXPECTED.write_text(made, encoding="utf-8")
    assert EXPECTED.read_text(encoding="utf-8") == made
    assert list(schema_faults(conn)) == []


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("DROP TRIGGER written_once ON event", ("schema_object_missing", "trigger", "event.written_once")),
        ("ALTER TABLE event DISABLE TRIGGER written_once", ("schema_object_differs", "trigger", "event.written_once")),
        ("ALTER TABLE fund DROP CONSTRAINT ck_fund_dates", ("schema_object_missing", "constraint", "fund.ck_fund_dates")),
        ("ALTER TABLE payment ALTER COLUMN fen DROP NOT NULL", ("schema_object_differs", "column", "payment.fen")),
        ("DROP INDEX ix_event_at", ("schema_object_missing", "index", "ix_event_at")),
        ("CREATE RULE swallow AS ON INSERT TO objection DO INSTEAD NOTHING", ("schema_object_foreign", "rule", "objection.swallow")),
        ("GRANT INSERT ON event TO PUBLIC", ("schema_object_differs", "table", "event")),
        (
            "CREATE OR REPLACE FUNCTION written_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
            ("schema_object_differs", "function", "written_once()"),
        ),
    ],
)  # fmt: skip
def test_object_that_was_changed_is_named(conn: sa.Connection, statement: str, fault: tuple[str, str, str]) -> None:
    conn.execute(sa.text(statement))
    assert [(each.code, each.subject, each.key) for each in schema_faults(conn)] == [fault]


SUPERUSER_ONLY = "only a superuser may make a role"


def make_stranger(conn: sa.Connection) -> None:
    """Make a role that no installation has; the transaction takes it back."""
    if not conn.scalar(sa.text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")):
        pytest.skip(SUPERUSER_ONLY)
    conn.execute(sa.text("CREATE ROLE songnuan_stranger"))


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("GRANT INSERT ON event TO songnuan_stranger", ("songnuan_stranger", "INSERT event")),
        ("GRANT UPDATE (fen) ON payment TO songnuan_stranger", ("songnuan_stranger", "UPDATE payment.fen")),
        ("GRANT UPDATE (fen) ON payment TO PUBLIC", ("PUBLIC", "UPDATE payment.fen")),
        ("GRANT DELETE ON gift TO songnuan_app", ("songnuan_app", "DELETE gift")),
        ("GRANT TRIGGER ON event TO songnuan_app", ("songnuan_app", "TRIGGER event")),
    ],
)
def test_right_to_write_that_no_migration_gives_is_named(
    conn: sa.Connection, statement: str, fault: tuple[str, str]
) -> None:
    """C8: verify compares privileges too."""
    make_stranger(conn)
    conn.execute(sa.text(statement))
    [found] = schema_faults(conn)
    assert (found.code, found.subject, found.key) == ("schema_privilege_foreign", *fault)


def test_role_that_may_read_is_no_fault(conn: sa.Connection) -> None:
    make_stranger(conn)
    conn.execute(sa.text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO songnuan_stranger"))
    assert list(schema_faults(conn)) == []


def test_role_that_may_act_as_the_owner_is_named(conn: sa.Connection) -> None:
    make_stranger(conn)
    owner = conn.scalar(sa.text("SELECT tableowner FROM pg_tables WHERE tablename = 'event'"))
    conn.execute(sa.text(f'GRANT "{owner}" TO songnuan_stranger'))
    assert [(each.code, each.key) for each in schema_faults(conn)] == [("schema_owner_has_member", "songnuan_stranger")]


def test_trigger_of_a_stranger_that_swallows_objections_is_named(conn: sa.Connection) -> None:
    conn.execute(sa.text("CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$"))
    conn.execute(sa.text("CREATE TRIGGER quiet BEFORE INSERT ON objection FOR EACH ROW EXECUTE FUNCTION swallow()"))
    assert [(each.code, each.key) for each in schema_faults(conn)] == [
        ("schema_object_foreign", "swallow()"),
        ("schema_object_foreign", "objection.quiet"),
    ]


def test_trigger_of_a_foreign_key_that_is_disabled_is_named(conn: sa.Connection) -> None:
    if not conn.scalar(sa.text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")):
        pytest.skip("only a superuser may disable the triggers of a foreign key")
    conn.execute(sa.text("ALTER TABLE approval DISABLE TRIGGER ALL"))
    assert {each.subject for each in schema_faults(conn)} == {"trigger"}


def test_table_of_another_owner_is_named(conn: sa.Connection) -> None:
    make_stranger(conn)
    conn.execute(sa.text("ALTER TABLE gift OWNER TO songnuan_stranger"))
    assert [(each.code, each.key) for each in schema_faults(conn)] == [("schema_owner_differs", "gift")]
