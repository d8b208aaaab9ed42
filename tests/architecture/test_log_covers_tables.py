"""Tests that the event log records every row, or an exception list gives the reason."""

import ast

import pytest

from service.db.columns import METADATA
from service.tables.recorded_columns import CHANGING, FIRST_VALUES, UNRECORDED_COLUMNS, UNRECORDED_TABLES
from service.tables.row_fingerprints import FINGERPRINTS
from tests.architecture.source import FLOORS, listed, pages


def test_table_is_recorded_in_the_event_log_or_has_a_reason() -> None:
    """Why: a change in an unrecorded table leaves no trace."""
    assert FINGERPRINTS.keys() | UNRECORDED_TABLES.keys() == METADATA.tables.keys()
    assert not FINGERPRINTS.keys() & UNRECORDED_TABLES.keys()
    assert all(
        len(reason) > 20
        for reason in (
            *UNRECORDED_TABLES.values(),
            *(reason for columns in UNRECORDED_COLUMNS.values() for reason in columns.values()),
        )
    )


@pytest.mark.parametrize("table", sorted(CHANGING.keys() | UNRECORDED_COLUMNS.keys()))
def test_changing_or_unrecorded_column_exists(table: str) -> None:
    """Why: a renamed column would be recorded as unchangeable, or not at all."""
    changing, unrecorded = set(CHANGING.get(table, "").split()), UNRECORDED_COLUMNS.get(table, {}).keys()
    assert changing | unrecorded <= {column.name for column in METADATA.tables[table].columns}
    assert not changing & unrecorded


@pytest.mark.parametrize("table", sorted(FIRST_VALUES))
def test_column_with_a_first_value_is_recorded_with_it(table: str) -> None:
    """Why: without its first value, older events of the row no longer verify."""
    columns, changing = METADATA.tables[table].columns, CHANGING.get(table, "").split()
    for name, first in FIRST_VALUES[table].items():
        assert {name, first} <= set(columns.keys())
        assert not {name, first} & set(changing)
        assert columns[first].nullable


def test_recorded_table_has_no_insert_without_an_event() -> None:
    """Why: `songnuan audit verify` reports a row without an event as tampering."""
    inserts = [
        page.at(call)
        for page in pages(*FLOORS)
        for call in page.calls()
        if isinstance(call.func, ast.Attribute)
        and call.func.attr == "insert"
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id in FINGERPRINTS
    ]
    assert not inserts, listed(inserts)


def test_update_or_delete_of_a_recorded_row_is_noted_in_the_event() -> None:
    """Why: `songnuan audit verify` reports an unrecorded change as tampering."""
    unnoted = [
        page.at(call)
        for page in pages(*FLOORS)
        for function in page.functions()
        for call in ast.walk(function)
        if _changes_a_recorded_row(call)
        and not {"note_updated", "note_deleted"} & {_method(each) for each in ast.walk(function)}
    ]
    assert not unnoted, listed(unnoted)


def _changes_a_recorded_row(node: ast.AST) -> bool:
    """Return whether a call changes a recorded row; the delivery of a notification is not recorded."""
    table = node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
    named = isinstance(table, ast.Name) and table.id in FINGERPRINTS and table.id != "notification"
    return named and _method(node) in {"update", "delete"}


def _method(node: ast.AST) -> str:
    return node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
