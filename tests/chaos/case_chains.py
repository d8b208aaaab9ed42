"""The chains of the cases of a record, to be decided again."""

import sqlalchemy as sa

from service.tables.events import event
from tests.workflows.mutated_decisions import Chain, chains


def read_chains(conn: sa.Connection) -> dict[str, Chain]:
    """Return the chain of every case of a record."""
    rows = sa.select(event.c.subject_id, event.c.no, sa.cast(event.c.body, sa.JSON)).where(event.c.subject == "case")
    return chains(
        [(str(row[0]), row[1], row[2]) for row in conn.execute(rows.order_by(event.c.subject_id, event.c.seq))]
    )
