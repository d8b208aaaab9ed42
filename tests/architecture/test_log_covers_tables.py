"""Every row is bound by the trail, or stands in a short list with the reason why not."""

import ast

import pytest

from service.db.columns import METADATA
from service.tables.row_fingerprints import CHANGING, FINGERPRINTS, UNRECORDED_COLUMNS, UNRECORDED_TABLES
from tests.architecture.source import FLOORS, listed, pages


def test_every_table_is_bound_or_has_a_reason() -> None:
    """Why: a table nobody thought of is where a record can be changed without a trace."""
    assert FINGERPRINTS.keys() | UNRECORDED_TABLES.keys() == METADATA.tables.keys()
    assert not FINGERPRINTS.keys() & UNRECORDED_TABLES.keys()
    assert all(
        len(reason) > 20
        for reason in (
            *UNRECORDED_TABLES.values(),
            *(why for each in UNRECORDED_COLUMNS.values() for why in each.values()),
        )
    )


@pytest.mark.parametrize("table", sorted(CHANGING.keys() | UNRECORDED_COLUMNS.keys()))
def test_a_column_that_may_change_or_is_loose_exists(table: str) -> None:
    """Why: a column that was renamed would be bound as if it could never change, or not at all."""
    changing, loose = set(CHANGING.get(table, "").split()), UNRECORDED_COLUMNS.get(table, {}).keys()
    assert changing | loose <= {column.name for column in METADATA.tables[table].columns}
    assert not changing & loose


def test_a_bound_row_is_only_written_with_the_event_that_names_it() -> None:
    """Why: an INSERT beside the trail is a row `songnuan audit verify` will call a forgery."""
    beside = [
        page.at(call)
        for page in pages(*FLOORS)
        for call in page.calls()
        if isinstance(call.func, ast.Attribute)
        and call.func.attr == "insert"
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id in FINGERPRINTS
    ]
    assert not beside, listed(beside)


def test_a_bound_row_that_is_changed_or_taken_away_is_named_too() -> None:
    """Why: the event must say what the row has become, or the next audit calls an honest edit a forgery."""
    silent = [
        page.at(call)
        for page in pages(*FLOORS)
        for function in page.functions()
        for call in ast.walk(function)
        if _changes_a_bound_row(call)
        and not {"note_updated", "note_deleted"} & {_method(each) for each in ast.walk(function)}
    ]
    assert not silent, listed(silent)


def _changes_a_bound_row(node: ast.AST) -> bool:
    """A notification is changed by its delivery, which the trail does not bind."""
    table = node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
    named = isinstance(table, ast.Name) and table.id in FINGERPRINTS and table.id != "notification"
    return named and _method(node) in {"update", "delete"}


def _method(node: ast.AST) -> str:
    return node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
