"""A record written before a schema change verifies after it."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from migrations.filled_columns import record_filled_column
from service.cli.search_keys import every_person
from service.db import migrate
from service.db.columns import METADATA
from service.db.engine import make_engine
from service.integrity.faults import Fault
from service.integrity.verify import verify
from service.queries.case_loading.load import load_case
from service.queries.scope import Caller, HeldRole
from service.tables.cases import approval
from service.tables.row_fingerprints import ABSENT, FILLED, LOG_TABLES, Naming, RowFingerprint, fingerprints_of
from service.tables.units import unit
from tests.chaos.sample_record import write_sample_record
from tests.factories import RING
from tests.record_dump import load, revision_of
from workflows.vocabulary import Role

NAMING_AFTER = Naming(
    tables={**LOG_TABLES, "encrypted_remark": "sealed_remark"},
    columns={"encrypted_remark": {"form_field": "field"}},
    absent={
        **ABSENT,
        "donation": {**ABSENT["donation"], "rounds": 1},
    },
    filled={
        **FILLED,
        "visit": (*FILLED["visit"], "district"),
    },
)
"""The names, constants and filled columns that the code after the change declares."""


SEARCH_KEYS = "0015"
"""The migration that gave persons search keys."""

DUMPS = sorted((Path(__file__).parents[1] / "records").glob("*.gz"))
"""Records as earlier releases wrote them (tests/record_dump.py), named for their migration."""


@pytest.fixture(scope="module", params=["today", *DUMPS], ids=lambda each: getattr(each, "name", each))
def written_before(request: pytest.FixtureRequest, empty_database: Callable[..., str]) -> Iterator[sa.Engine]:
    """Write a small year with today's code, or load an earlier record and upgrade it; then change the schema."""
    url = empty_database()
    engine = make_engine(url)
    if request.param == "today":
        migrate.upgrade(engine)
        write_sample_record(engine)
    else:
        migrate.upgrade(engine, revision_of(request.param))
        load(url, request.param)
        migrate.upgrade(engine)
        # As `songnuan migrate` goes on: each older person is read for the search keys, which no event records.
        read = every_person(engine, RING, only_missing=True, write=True)
        assert (read.persons > 0) == (revision_of(request.param) < SEARCH_KEYS)
    with engine.begin() as conn:
        before = live_digests(conn)
        conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
        change_schema(conn)
        assert live_digests(conn) == before
    yield engine
    engine.dispose()


def live_digests(conn: sa.Connection) -> dict[UUID, str]:
    """Return what a signature would cover now, for each case with a live one."""
    root = conn.execute(sa.select(unit.c.id, unit.c.path).order_by(sa.func.length(unit.c.path))).first()
    assert root is not None
    reader = Caller(root.id, "", "", root.id, (HeldRole(Role.AUDITOR, 0, root.path, None),))
    digests: dict[UUID, str] = {}
    for case_id in conn.scalars(sa.select(approval.c.case_id).where(approval.c.voided_seq.is_(None)).distinct()):
        loaded = load_case(conn, case_id, reader, date(2025, 12, 31))
        assert loaded is not None
        digests[case_id] = loaded.facts.content
    return digests


def change_schema(conn: sa.Connection) -> None:
    """Add a nullable write-once column, one with a constant and one that is filled; rename a table and a column."""
    conn.execute(sa.text("ALTER TABLE payment ADD COLUMN batch_no text"))
    conn.execute(sa.text("ALTER TABLE donation ADD COLUMN rounds integer NOT NULL DEFAULT 1"))
    conn.execute(sa.text("ALTER TABLE visit ADD COLUMN district text"))
    conn.execute(sa.text("UPDATE visit SET district = 'district ' || left(unit_path, 3)"))
    conn.execute(sa.text("ALTER TABLE visit ALTER COLUMN district SET NOT NULL"))
    rows = sa.select(sa.text("id::text, district FROM visit"))
    assert record_filled_column(conn, "visit", "district", rows, "9999") > 0
    conn.execute(sa.text("ALTER TABLE sealed_remark RENAME COLUMN field TO form_field"))
    conn.execute(sa.text("ALTER TABLE sealed_remark RENAME TO encrypted_remark"))


def tables_after() -> Mapping[str, RowFingerprint]:
    """Return the fingerprints as the code after the change defines them."""
    metadata = sa.MetaData()
    for name, table in METADATA.tables.items():
        copy = table.to_metadata(metadata, name="encrypted_remark" if name == "sealed_remark" else name)
        if name == "sealed_remark":
            copy.c.field.name = "form_field"
    for name, column in _new_columns().items():
        metadata.tables[name].append_column(column)
    renamed = metadata.tables["encrypted_remark"]
    columns = [sa.Column("form_field" if each.name == "field" else each.name, each.type) for each in renamed.columns]
    metadata.remove(renamed)
    primary_key = sa.PrimaryKeyConstraint("id")
    sa.Table("encrypted_remark", metadata, *columns, primary_key)
    return fingerprints_of(metadata, NAMING_AFTER)


def _new_columns() -> dict[str, sa.Column[Any]]:
    return {
        "payment": sa.Column("batch_no", sa.Text()),
        "donation": sa.Column("rounds", sa.Integer(), server_default="1"),
        "visit": sa.Column("district", sa.Text()),
    }


def faults(conn: sa.Connection) -> list[Fault]:
    return verify(conn, tables=tables_after()).faults


def test_signature_given_before_the_change_is_still_valid(written_before: sa.Engine) -> None:
    with written_before.connect() as conn:
        digests = live_digests(conn)
        signed = sa.select(approval.c.case_id, approval.c.content).where(approval.c.voided_seq.is_(None))
        assert any(digests[row.case_id] == row.content for row in conn.execute(signed))


def test_record_written_before_the_change_has_no_fault(written_before: sa.Engine) -> None:
    with written_before.connect() as conn:
        assert faults(conn) == []


@pytest.mark.parametrize(
    ("tampering", "fault"),
    [
        ("UPDATE payment SET batch_no = 'B1' WHERE id = (SELECT min(id::text)::uuid FROM payment)", ("row_altered", "payment")),
        ("UPDATE donation SET rounds = 2", ("row_altered", "donation")),
        ("UPDATE visit SET district = 'elsewhere'", ("row_altered", "visit.district")),
        ("UPDATE encrypted_remark SET form_field = 'other'", ("row_altered", "sealed_remark")),
        ("DELETE FROM encrypted_remark", ("row_missing", "sealed_remark")),
    ],
)  # fmt: skip
def test_tampering_after_the_change_is_found(written_before: sa.Engine, tampering: str, fault: tuple[str, str]) -> None:
    with written_before.connect() as conn:
        conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
        assert conn.execute(sa.text(tampering)).rowcount > 0
        assert fault in {(each.code, each.subject) for each in faults(conn)}
        conn.rollback()


def test_aid_counter_that_differs_from_the_recorded_aid_is_found(written_before: sa.Engine) -> None:
    with written_before.connect() as conn:
        conn.execute(
            sa.text(
                "UPDATE household SET aid_version = aid_version + 1 WHERE id = (SELECT household_id FROM gift LIMIT 1)"
            )
        )
        assert {each.code for each in faults(conn)} == {"aid_counter_differs"}
        conn.rollback()
