"""Statements that run in a block of a test, the prepared ones among them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from service.db.prepared import PreparedStatement


@contextmanager
def statements_of(source: sa.Engine | sa.Connection) -> Iterator[list[str]]:
    """Yield the list of the statements that the engine or connection runs until the block ends, in order."""
    run: list[str] = []
    rows = PreparedStatement.rows

    def prepared(statement: PreparedStatement, conn: sa.Connection, values: dict[str, Any]) -> list[Any]:
        if source in {conn, conn.engine}:
            run.append(statement.sql)
        return rows(statement, conn, values)

    def noted(*event: Any) -> None:
        run.append(str(event[2]))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PreparedStatement, "rows", prepared)
        sa.event.listen(source, "before_cursor_execute", noted)
        try:
            yield run
        finally:
            sa.event.remove(source, "before_cursor_execute", noted)


def reading(statements: list[str]) -> list[str]:
    """Return those of the statements that read."""
    return [each for each in statements if each.lstrip().upper().startswith(("SELECT", "WITH"))]
