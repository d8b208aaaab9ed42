"""A write batch needs few prepared statements, whichever columns are empty."""

from datetime import UTC, datetime

import sqlalchemy as sa

from service.actions.write_batch import WriteBatch
from service.db.columns import new_id
from service.db.engine import make_engine
from service.tables.persons import person
from tests.factories import create_family, create_organisation

ROUNDS = 8


def test_write_batch_with_other_empty_columns_prepares_no_other_statement(database_url: str) -> None:
    """Why: the server keeps each prepared statement in memory, and an import of families used to prepare many."""
    engine = make_engine(database_url, pool=1)
    with engine.begin() as conn:
        family = create_family(conn, create_organisation(conn))
    statement_counts = []
    with engine.connect() as conn:
        for number in range(ROUNDS):
            optional_columns = ("email_sealed", "address_sealed", "workplace_sealed")
            optional_values = {name: b"x" if number >> bit & 1 else None for bit, name in enumerate(optional_columns)}
            person_row = {"id": new_id(), "household_id": family.household_id, "relation": "child", "name_sealed": b"x"}
            batch, at = WriteBatch(), datetime.now(UTC)
            batch.add(person, {**person_row, "name_index": b"x", **optional_values, "created_at": at})
            batch.change(person, {"id": person_row["id"], "email_sealed": optional_values["email_sealed"]})
            batch.write(conn)
            statement_counts.append(conn.scalar(sa.text("SELECT count(*) FROM pg_prepared_statements")))
        conn.rollback()
    engine.dispose()
    assert statement_counts[-1] - statement_counts[0] <= 1, "the counting query itself is prepared after some runs"
