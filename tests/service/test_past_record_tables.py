"""A copy of the record as it stood at an event equals the tables of that moment, but for what no event keeps."""

import os
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa

from migrations.past_records import AS_TODAY, POTS, RENAMED, UNRECORDED
from service.actions import cases, finances, households, persons
from service.actions.case_application import CaseApplication
from service.actions.case_opening import open_case
from service.actions.household_changes.exits import Exit, FilingAgain, end_file, file_again
from service.actions.household_changes.heads import HeadChange, change_head
from service.actions.household_changes.moves import Move, move_file
from service.db.engine import make_engine
from service.queries.past_records import CopyState
from service.tables.cases import case
from service.tables.recorded_columns import CHANGING, UNRECORDED_TABLES
from service.tables.row_fingerprints import FINGERPRINTS, LOG_COLUMNS, LOG_TABLES
from service.web.past_copies import make_copy
from tests.chaos.sample_record import LATER, write_sample_record
from tests.factories import create_family, create_organisation
from workflows.vocabulary import Fen, Pot

NUMBERS = int(os.environ.get("SONGNUAN_TEST_PAST_RECORDS", "20"))
"""How many past moments are compared."""

SEED = int(os.environ.get("SONGNUAN_TEST_SEED", "17"))

NOT_KEPT = {"person": ("search_index",)}
"""Columns that a copy leaves empty: keys of a search are computed from values of which events keep digests."""

OF_TODAY = {
    "passkey": ("sign_count", "used_at"),
    "session": ("last_seen_at", "proved_at", "challenge"),
    "notification": ("state", "attempts", "not_before", "created_at", "delivered_at", "read_at", "last_error"),
}
"""Columns that no event records and nothing counts: a copy shows them as they are today."""

SEALED = {
    name: tuple(each for each in CHANGING[name].split() if each.endswith(("_sealed", "_index")))
    for name in ("person", "household")
}
"""Personal data that changes: an event keeps a digest, so a copy has the value only where it is still that of today."""

Rows = Mapping[str, dict[str, Any]]


@dataclass
class Lived:
    """A record, and the rows of every recorded table after each of its transactions, by the last event number."""

    engine: sa.Engine
    moments: dict[int, Mapping[str, Rows]] = field(default_factory=dict)

    def keep(self, conn: sa.Connection) -> None:
        """Keep the rows as this transaction is about to commit them."""
        raw: Any = conn.connection.driver_connection
        (number,) = raw.execute("SELECT coalesce(max(no), 0) FROM public.event").fetchone()
        if number and number not in self.moments:
            self.moments[number] = rows_of(raw, "public")


def rows_of(raw: psycopg.Connection[Any], schema: str) -> Mapping[str, Rows]:
    """Return the rows of every recorded table in a schema, by table and key."""
    selects = (
        f"SELECT '{name}' AS name, to_jsonb(t) AS row FROM {schema}.\"{name}\" AS t"  # noqa: S608 - our own names
        for name in FINGERPRINTS
    )
    found: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in FINGERPRINTS}
    for name, row in raw.execute(" UNION ALL ".join(selects)).fetchall():
        found[name]["/".join(str(row[key]) for key in FINGERPRINTS[name].key)] = row
    return found


@pytest.fixture(scope="module")
def lived(migrated_database: Callable[[], str]) -> Iterator[Lived]:
    """Yield a record whose every moment was kept."""
    engine = make_engine(migrated_database())
    record = Lived(engine)
    sa.event.listen(engine, "commit", record.keep)
    fixture = write_sample_record(engine)
    _change_families(engine, fixture)
    sa.event.remove(engine, "commit", record.keep)
    yield record
    engine.dispose()


def _change_families(engine: sa.Engine, fixture: Any) -> None:
    """Change a family and its case in every way that a first value or a digest is kept of, one transaction each."""
    with engine.begin() as conn:
        lower = create_organisation(conn, above=fixture.organisation, fen=0)
        family = create_family(conn, fixture.organisation)
    context_of = fixture.organisation.context
    change: dict[str, Any] = {"on": LATER, "reason": "other"}
    file = family.household_id
    opening = CaseApplication("hardship", file, family.head_id, "LIV", Fen(300_000), {})
    corrected = {"item": "MED", "requested": "2400.00", "self_paid": "12000.00"}
    lines = (finances.FinanceLine("income", "wage", Fen(1_000_000), person_id=family.child_id),)
    steps: tuple[Callable[[sa.Connection, Any], Any], ...] = (
        lambda conn, context: persons.edit_person(conn, family.head_id, {"phone": "13800000001"}, context),
        lambda conn, context: persons.edit_person(conn, family.head_id, {"phone": "13800000002"}, context),
        lambda conn, context: households.edit_household(conn, file, {"cause": "disaster", "story": "甲"}, context),
        lambda conn, context: households.edit_household(conn, file, {"story": "乙"}, context),
        lambda conn, context: finances.replace_finances(conn, file, finances.Finances(LATER, lines), context),
        lambda conn, context: finances.replace_finances(conn, file, finances.Finances(LATER, (*lines, *lines)), context),
        lambda conn, context: end_file(conn, file, Exit(**change), context),
        lambda conn, context: file_again(
            conn, file, FilingAgain(**change, members={family.head_id: "head", family.child_id: "child"}), context
        ),
        lambda conn, context: open_case(conn, opening, context),
        lambda conn, context: cases.take_action(conn, _case_of(conn, file), "correct_application", corrected, context),
        lambda conn, context: cases.take_action(
            conn, _case_of(conn, file), "correct_application", corrected | {"requested": "1800.00"}, context
        ),
        lambda conn, context: change_head(
            conn, file,
            HeadChange(**change, new_head=family.child_id, old_head_relation="parent", close_account=True), context,
        ),
        lambda conn, context: move_file(conn, file, Move(**change, to_unit_id=lower.unit_id, file_no="M-9"), context),
    )  # fmt: skip
    for step in steps:
        with engine.begin() as conn:
            step(conn, context_of(conn, "registrar", LATER))


def _case_of(conn: sa.Connection, household_id: UUID) -> UUID:
    case_id: UUID = conn.scalars(sa.select(case.c.id).where(case.c.household_id == household_id)).one()
    return case_id


def test_every_random_moment_is_copied_as_it_was(lived: Lived) -> None:
    numbers = random.Random(SEED).sample(sorted(lived.moments), min(NUMBERS, len(lived.moments)))
    for number in numbers:
        assert make_copy(lived.engine, number) is CopyState.MADE
        with psycopg.connect(_url(lived.engine)) as raw:
            copied, today = rows_of(raw, f"asof_{number}"), rows_of(raw, "public")
        for name, rows in lived.moments[number].items():
            _assert_equal(name, rows, copied[name], today[name], number)
        _forget(lived.engine, number)


def _assert_equal(name: str, then: Rows, copied: Rows, today: Rows, number: int) -> None:
    assert copied.keys() == then.keys(), (name, number)
    for key, row in then.items():
        expected = {**row, **dict.fromkeys(NOT_KEPT.get(name, ()))}
        expected |= {each: today[key][each] for each in OF_TODAY.get(name, ())}
        expected |= {each: None for each in SEALED.get(name, ()) if row[each] != today[key][each]}
        differs = {
            each: (expected[each], copied[key][each]) for each in expected if copied[key][each] != expected[each]
        }
        assert not differs, (name, key, number)


def _url(engine: sa.Engine) -> str:
    return engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


def _forget(engine: sa.Engine, number: int) -> None:
    """Drop a copy before its day is over."""
    with engine.begin() as conn:
        conn.execute(sa.text("UPDATE past_record SET asked_at = now() - interval '25 hours'"))
        assert conn.scalar(sa.text("SELECT drop_past_records()")) == 1
        assert conn.scalar(sa.text("SELECT to_regnamespace(:name)"), {"name": f"asof_{number}"}) is None


def test_copy_has_the_columns_and_indexes_of_the_tables(lived: Lived) -> None:
    """Why: text of another order is compared in another way, and a list without its index reads the whole table."""
    number = max(lived.moments)
    assert make_copy(lived.engine, number) is CopyState.MADE
    columns = sa.text(
        "SELECT c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attcollation FROM pg_class AS c"
        " JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 WHERE c.relnamespace = to_regnamespace(:schema)"
        " AND c.relkind = 'r' AND c.relname = ANY(:names) ORDER BY 1, 2"
    )
    indexes = sa.text(
        "SELECT tablename, indexname, regexp_replace(replace(indexdef, ' UNIQUE', ''), ' ON [a-z0-9_]+\\.', ' ON ')"
        " FROM pg_indexes WHERE schemaname = :schema AND tablename = ANY(:names) ORDER BY 1, 2"
    )
    for statement in (columns, indexes):
        with lived.engine.connect() as conn:
            of_copy, of_today = (
                conn.execute(statement, {"schema": schema, "names": list(FINGERPRINTS)}).all()
                for schema in (f"asof_{number}", "public")
            )
        assert of_copy == of_today
        assert len(of_copy) > len(FINGERPRINTS)
    _forget(lived.engine, number)


def test_tables_without_events_are_those_that_are_not_copied() -> None:
    """Why: a copy of a table that no event names would be empty."""
    assert set(UNRECORDED) == {*UNRECORDED_TABLES, "alembic_version"}
    assert set(AS_TODAY) <= set(UNRECORDED)
    assert set(POTS) == {pot.value for pot in Pot}
    # A copy looks for the schema's names in the event log, except for tables that a migration renamed.
    assert {now: name for name, now in RENAMED.items()} == LOG_TABLES
    assert not LOG_COLUMNS
