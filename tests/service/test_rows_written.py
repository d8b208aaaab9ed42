"""Rows are written by few statements, whatever is given and what is missing in them."""

from datetime import UTC, datetime

import sqlalchemy as sa

from service.actions.rows import Rows
from service.db import engine as make_engine
from service.db import new_id
from service.tables.people import person
from tests.office import file_family, open_office

OFTEN = 8


def test_what_is_given_and_what_is_missing_does_not_prepare_a_statement_each(database_url: str) -> None:
    """A connection keeps every statement it prepared, in the server's memory: an import of families had one for each."""
    engine = make_engine(database_url, pool=1)
    with engine.begin() as tx:
        family = file_family(tx, open_office(tx))
    kept = []
    with engine.connect() as tx:
        for number in range(OFTEN):
            names = ("email_sealed", "address_sealed", "workplace_sealed")
            given = {name: b"x" if number >> bit & 1 else None for bit, name in enumerate(names)}
            row = {"id": new_id(), "household_id": family.household_id, "relation": "child", "name_sealed": b"x"}
            rows, at = Rows(), datetime.now(UTC)
            rows.add(person, {**row, "name_index": b"x", **given, "created_at": at})
            rows.change(person, {"id": row["id"], "email_sealed": given["email_sealed"]})
            rows.write(tx)
            kept.append(tx.scalar(sa.text("SELECT count(*) FROM pg_prepared_statements")))
        tx.rollback()
    engine.dispose()
    assert kept[-1] - kept[0] <= 1, "the question itself is prepared when it has been asked often"
