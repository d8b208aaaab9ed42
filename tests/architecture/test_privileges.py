"""Tests that the privileges of the application's role name what the program does, and no more."""

import ast

from service.db.columns import METADATA
from service.tables.privileges import ALSO_UPDATED, DELETED_FROM, NO_INSERT, NOT_UPDATED
from service.tables.recorded_columns import CHANGING, UNRECORDED_COLUMNS
from tests.architecture.source import FLOORS, pages


def test_program_deletes_rows_of_exactly_the_tables_that_the_role_may_delete_from() -> None:
    """Why: a right to delete that nobody uses is a way to lose a record."""
    deleted_from = {
        call.func.value.id
        for page in pages(*FLOORS)
        for call in page.calls()
        if isinstance(call.func, ast.Attribute) and call.func.attr == "delete" and isinstance(call.func.value, ast.Name)
    }
    assert deleted_from & METADATA.tables.keys() == DELETED_FROM


def test_exceptions_name_tables_and_columns_that_exist() -> None:
    """Why: a renamed table would silently get every privilege, or none."""
    assert NO_INSERT.keys() | ALSO_UPDATED.keys() <= METADATA.tables.keys()
    for name, columns in ALSO_UPDATED.items():
        assert set(columns.split()) <= set(METADATA.tables[name].columns.keys()), name
        assert not set(columns.split()) & set(CHANGING.get(name, "").split()), f"{name}: CHANGING says so already"
    for name in NOT_UPDATED:
        table, _, column = name.partition(".")
        assert table in UNRECORDED_COLUMNS
        assert not column or column in UNRECORDED_COLUMNS[table]
