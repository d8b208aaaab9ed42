"""Tests of the migrations' numbers, order, head and downgrades."""

import ast
import re

from alembic.script import ScriptDirectory

from service.db.migrate import MIGRATIONS, newest
from tests.architecture.source import pages, text_of

FILES = pages("migrations/versions")


def _assigned(name: str) -> list[str | None]:
    """Return the value each file assigns to `name`, in the order of the file names."""
    return [
        text_of(node.value)
        for page in FILES
        for node in page.tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name
    ]


def test_migrations_are_numbered_in_the_order_they_run() -> None:
    """Why: a person who repairs a database reads the folder from top to bottom."""
    names = [page.path.rpartition("/")[2] for page in FILES]
    assert all(re.fullmatch(r"\d{4}_[a-z][a-z0-9_]*\.py", name) for name in names)
    assert [name[:4] for name in names] == [f"{number:04d}" for number in range(1, len(names) + 1)]
    assert _assigned("revision") == [name[:4] for name in names]
    assert _assigned("down_revision") == [None, *(name[:4] for name in names[:-1])]


def test_migrations_have_one_head() -> None:
    """Why: with two heads `upgrade` reaches only one of them."""
    script = ScriptDirectory(str(MIGRATIONS))
    assert script.get_heads() == [newest()]


def test_migration_has_an_upgrade_and_a_downgrade() -> None:
    """Why: without a downgrade a failed release cannot be undone."""
    empty = [
        page.path
        for page in FILES
        for function in page.functions()
        if function.name in {"upgrade", "downgrade"}
        and all(
            isinstance(node, ast.Pass | ast.Expr) and not isinstance(getattr(node, "value", None), ast.Call)
            for node in function.body
        )
    ]
    assert not empty
    assert all({"upgrade", "downgrade"} <= {function.name for function in page.functions()} for page in FILES)
