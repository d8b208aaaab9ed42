"""Rows are written by few statements, whatever is given and what is missing in them."""

from datetime import UTC, datetime

import sqlalchemy as sa

from service.actions.write_batch import WriteBatch
from service.db.columns import new_id
from service.db.engine import make_engine
from service.tables.persons import person
from tests.factories import create_family, create_organisation

OFTEN = 8


def test_what_is_given_and_what_is_missing_does_not_prepare_a_statement_each(database_url: str) -> None:
    """A connection keeps every statement it prepared, in the server's memory: an import of families had one for each."""
    engine = make_engine(database_url, pool=1)
    with engine.begin() as conn:
        family = create_family(conn, create_organisation(conn))
    kept = []
    with engine.connect() as conn:
        for number in range(OFTEN):
            names = ("email_sealed", "address_sealed", "workplace_sealed")
            given = {name: b"x" if number >> bit & 1 else None for bit, name in enumerate(names)}
            row = {"id": new_id(), "household_id": family.household_id, "relation": "child", "name_sealed": b"x"}
            batch, at = WriteBatch(), datetime.now(UTC)
            batch.add(person, {**row, "name_index": b"x", **given, "created_at": at})
            batch.change(person, {"id": row["id"], "email_sealed": given["email_sealed"]})
            batch.write(conn)
            kept.append(conn.scalar(sa.text("SELECT count(*) FROM pg_prepared_statements")))
        conn.rollback()
    engine.dispose()
    assert kept[-1] - kept[0] <= 1, "the question itself is prepared when it has been asked often"
