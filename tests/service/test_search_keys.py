"""Search keys of stored persons are filled, compared and written again."""

import pytest
import sqlalchemy as sa

from service.actions.search_keys import KeysRead, compare_keys
from service.crypto.encryption import Keyring
from service.queries.households import members
from service.tables.events import event
from service.tables.persons import person
from tests.factories import RING, Family, create_family, create_organisation


@pytest.fixture
def family(conn: sa.Connection) -> Family:
    """A family whose members alone are in the table of persons, without keys."""
    conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
    conn.execute(person.delete())
    created = create_family(conn, create_organisation(conn))
    conn.execute(person.update().values(search_index=None))
    return created


def run(conn: sa.Connection, keyring: Keyring = RING, *, missing: bool = True, write: bool = True) -> KeysRead:
    return compare_keys(conn, keyring, None, only_missing=missing, write=write)


def counts(read: KeysRead) -> tuple[int, int, int]:
    return read.persons, read.differing, read.unreadable


def test_missing_keys_are_filled_once_without_an_event(conn: sa.Connection, family: Family) -> None:
    events = conn.scalar(sa.select(sa.func.count()).select_from(event))
    assert counts(run(conn)) == (3, 3, 0)
    assert counts(run(conn)) == (0, 0, 0)
    assert all(row["search_index"] for row in members(conn, family.household_id))
    assert conn.scalar(sa.select(sa.func.count()).select_from(event)) == events


def test_altered_keys_are_found_by_the_check_and_written_again(conn: sa.Connection, family: Family) -> None:
    run(conn)
    conn.execute(person.update().where(person.c.id == family.head_id).values(search_index=[b"12345678"]))
    assert counts(run(conn, missing=False, write=False)) == (3, 1, 0)
    assert counts(run(conn, missing=False)) == (3, 1, 0)
    assert counts(run(conn, missing=False, write=False)) == (3, 0, 0)


@pytest.mark.usefixtures("family")
def test_person_of_another_keyring_is_counted_and_left(conn: sa.Connection) -> None:
    assert counts(run(conn, Keyring({2: bytes(32)}))) == (3, 0, 3)
