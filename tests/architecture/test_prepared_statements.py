"""Statements that are compiled when they are first used can be compiled."""

import gc

import service.app
import worker.app
from service.db.prepared import PreparedStatement


def test_every_prepared_statement_compiles() -> None:
    """Why: a statement that cannot be compiled would be found by the first person who needs it."""
    assert callable(service.app.create_app)
    assert worker.app.__name__ == "worker.app"
    statements = [each for each in gc.get_objects() if isinstance(each, PreparedStatement)]
    assert len(statements) > 30
    for each in statements:
        assert each.sql.count("$") >= len(each.names)
