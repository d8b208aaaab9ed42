"""Statements that are compiled when they are first used can be compiled."""

import sys

import service.app
import worker.app
from service.db.prepared import PreparedStatement


def test_every_prepared_statement_compiles() -> None:
    """Why: a statement that cannot be compiled would be found by the first person who needs it."""
    assert callable(service.app.create_app)
    assert worker.app.__name__ == "worker.app"
    modules = [module for name, module in sys.modules.items() if name.partition(".")[0] in {"service", "worker"}]
    named = [each for module in modules for each in vars(module).values()]
    statements = {each for each in named if isinstance(each, PreparedStatement)}
    assert len(statements) > 30
    for each in statements:
        assert each.sql.count("$") >= len(each.names)
