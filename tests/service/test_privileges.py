"""The application's database role writes what the program writes, and may do nothing else."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import sqlalchemy as sa
from psycopg.errors import InsufficientPrivilege

from service.db.columns import METADATA
from service.db.engine import is_denied, make_engine
from service.local_servers.database_roles import APPLICATION, ensure_database
from service.tables.events import event
from service.tables.privileges import DELETED_FROM, insertable_columns, owns_something, updatable_columns
from tests.application_role import application_url
from tests.factories import create_organisation

RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")


@pytest.fixture(scope="module")
def role(database_url: str) -> Iterator[sa.Engine]:
    """Yield an engine of the application's role."""
    engine = make_engine(application_url(database_url), pool=1)
    yield engine
    engine.dispose()


@pytest.mark.usefixtures("role")
@pytest.mark.parametrize("name", sorted(METADATA.tables))
def test_role_has_the_privileges_of_the_table_and_no_other(conn: sa.Connection, name: str) -> None:
    """Why: a new table without its privileges fails here, and so does one with too many."""
    table = METADATA.tables[name]
    allowed = {"INSERT": insertable_columns(table), "UPDATE": updatable_columns(table), "SELECT": table.columns.keys()}
    held_by_column = sa.text("SELECT has_column_privilege(:role, :table, :column, :right)")
    values = {"role": APPLICATION, "table": f'"{name}"'}
    for right, names in allowed.items():
        columns = table.columns.keys()
        held = [each for each in columns if conn.scalar(held_by_column, {**values, "column": each, "right": right})]
        assert held == names, right
    held_by_table = sa.text("SELECT has_table_privilege(:role, :table, :right)")
    whole = {right for right in RIGHTS if conn.scalar(held_by_table, {**values, "right": right})}
    assert whole == {"SELECT", *(["DELETE"] if name in DELETED_FROM else [])}


@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE heartbeat",
        "CREATE TABLE mine (id int)",
        "CREATE TEMPORARY TABLE mine (id int)",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE event DISABLE TRIGGER written_once",
        "DROP TRIGGER written_once ON event",
        "SET session_replication_role = replica",
        "UPDATE fund SET committed_fen = 0",
        "UPDATE event SET body = ''",
        "DELETE FROM event",
        "DELETE FROM payment",
        "INSERT INTO incompatible_duty (one, other) VALUES ('payer', 'visitor')",
        "UPDATE installation SET kind = 'demo'",
        "UPDATE role_grant SET role = 'approver'",
        "UPDATE account SET login = 'another'",
        "SET ROLE songnuan_owner",
        "COPY event TO PROGRAM 'cat'",
        "SELECT pg_read_file('/etc/passwd')",
    ],
)
def test_role_is_refused_what_the_program_never_does(role: sa.Engine, statement: str) -> None:
    with role.connect() as conn, pytest.raises(sa.exc.ProgrammingError) as denied:
        conn.exec_driver_sql(statement)
    assert is_denied(denied.value), statement


def test_role_cannot_choose_the_number_of_an_event(role: sa.Engine) -> None:
    """Why: an event numbered below the first anchor lies under none (docs/decisions/0015)."""
    with role.connect() as conn, pytest.raises(sa.exc.ProgrammingError) as denied:
        conn.execute(event.insert().from_select(event.columns.keys(), sa.select(event).limit(0)))
    assert is_denied(denied.value)


def test_pots_move_by_entries_though_the_role_may_not_move_them(role: sa.Engine, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        create_organisation(conn)
    with role.connect() as application, pytest.raises(sa.exc.IntegrityError, match="pots move by entries alone"):
        application.exec_driver_sql("UPDATE fund SET available_fen = available_fen + 1")


def test_role_that_owns_nothing_is_told_from_one_that_owns(role: sa.Engine, conn: sa.Connection) -> None:
    assert owns_something(conn), "the superuser of the tests"
    with role.connect() as application:
        assert not owns_something(application)


def test_local_server_gives_older_tables_to_the_owner_and_names_both_roles(empty_database: Callable[..., str]) -> None:
    """Why: an installation that was made before the roles has tables of the superuser."""
    url = empty_database()
    with psycopg.connect(url, autocommit=True) as superuser:
        superuser.execute("CREATE TABLE older (id integer GENERATED ALWAYS AS IDENTITY, word text)")
        superuser.execute("CREATE FUNCTION older() RETURNS int LANGUAGE sql AS 'SELECT 1'")
        superuser.execute("CREATE SEQUENCE older_no")
    ensure_database(url, sa.make_url(url).database or "")
    with psycopg.connect(url) as superuser:
        owners = superuser.execute(
            "SELECT relname, relowner::regrole::text FROM pg_class WHERE relname LIKE 'older%' AND relkind IN ('r', 'S')"
            " UNION SELECT proname, proowner::regrole::text FROM pg_proc WHERE proname = 'older'"
        ).fetchall()
    assert {owner for _, owner in owners} == {"songnuan_owner"}
    with psycopg.connect(application_url(url)) as application, pytest.raises(InsufficientPrivilege):
        application.execute("DROP TABLE older")


def test_takeover_of_a_table_is_tried_again_after_a_deadlock(empty_database: Callable[..., str]) -> None:
    """Why: an insert had the sequence of a table's numbers and wanted the table, and the server did not start."""
    url = empty_database()
    with psycopg.connect(url, autocommit=True) as superuser:
        superuser.execute("CREATE TABLE older (id integer GENERATED ALWAYS AS IDENTITY, word text)")
    with psycopg.connect(url) as work, ThreadPoolExecutor(1) as pool:
        # The takeover looks for a deadlock after a second, this connection after a minute: the takeover is the one refused.
        work.execute("SET deadlock_timeout = '1min'")
        work.execute("SELECT nextval('older_id_seq')")
        takeover = pool.submit(ensure_database, url, sa.make_url(url).database or "")
        _wait_until_blocked(url)
        work.execute("INSERT INTO older (word) VALUES ('written')")
        work.commit()
        takeover.result(timeout=30)
        owner = work.execute("SELECT relowner::regrole::text FROM pg_class WHERE relname = 'older'").fetchone()
    assert owner == ("songnuan_owner",)


def _wait_until_blocked(url: str) -> None:
    blocked = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'ALTER TABLE older%'"
    with psycopg.connect(url, autocommit=True) as watcher:
        while not watcher.execute(blocked).fetchone():
            time.sleep(0.01)
