"""Rows as an act leaves them: gathered by table, then written by one data-modifying statement."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import sqlalchemy as sa

from service.db.prepared import PreparedStatement
from service.tables.row_fingerprints import recorded_rows
from workflows.vocabulary import Plain

Row = Mapping[str, object]
BY_VALUE = frozenset(
    {"approval", "case", "case_duty", "ledger_entry", "event", "notification", "notice", "payment"}
    | {"verification", "visit", "visit_visitor"}
)
"""Tables that a case's steps write, always in the same few ways: their rows are spelled value by value. What varies from
row to row (a person with or without a phone) comes as JSON: each pattern of given and missing values would be prepared
by itself.
"""

MAX_ROWS_BY_VALUE = 4
"""So many rows of such a table are spelled out; more come as JSON too."""

_Shape = tuple[str, tuple[str, ...], int]
"""A table, the columns that are given, and how many rows are spelled out; 0 where they come as JSON."""


@dataclass(frozen=True, slots=True)
class WriteBatch:
    """Rows to add, and new values of rows that are known by their id; several of one table name the same columns.

    `batch.add(visit, {"id": …, "on": …})`, `batch.change(notice, {"id": …, "ended_on": …})`, then `batch.write(conn)`.
    """

    added: dict[str, list[Row]] = field(default_factory=dict)
    changed: list[tuple[str, Row]] = field(default_factory=list)
    removed: list[tuple[str, Row]] = field(default_factory=list)
    already: list[tuple[str, Row]] = field(default_factory=list)
    present: dict[str, list[Row]] = field(default_factory=dict)

    def add(self, table: sa.Table, *rows: Row) -> None:
        """Add rows to a table; none is nothing."""
        if rows:
            self.added.setdefault(table.name, []).extend(rows)

    def change(self, table: sa.Table, row: Row) -> None:
        """Give columns of the row `id` new values. Raises ValueError when there is no such row to speak of."""
        if row["id"] is None:
            raise ValueError(f"{table.name}: there is no row to change")
        self.changed.append((table.name, row))

    def note_deleted(self, table: sa.Table, *rows: Row) -> None:
        """Say that rows, known by their keys, are no more; who says so has deleted them."""
        self.removed.extend((table.name, row) for row in rows)

    def note_updated(self, table: sa.Table, row: Row) -> None:
        """Say that columns of the row have new values; who says so has written them."""
        self.already.append((table.name, row))

    def note_inserted(self, table: sa.Table, *rows: Row) -> None:
        """Say that rows are new in a table; who says so has added them."""
        self.present.setdefault(table.name, []).extend(rows)

    def fingerprints(self) -> dict[str, Plain]:
        """What the event they are written with says of them."""
        return recorded_rows(self.added | self.present, [*self.already, *self.changed], self.removed)

    def write(self, conn: sa.Connection) -> None:
        """Write all of it, or nothing: one statement, in which every key is checked at its end."""
        values: dict[str, object] = {}
        added = tuple(_added(number, name, rows, values) for number, (name, rows) in enumerate(self.added.items()))
        changed = tuple(_changed(number, name, row, values) for number, (name, row) in enumerate(self.changed))
        _statement(added, changed).rows(conn, values)


def _added(number: int, table: str, rows: list[Row], values: dict[str, object]) -> _Shape:
    """Give `values` the rows' own, and say how they are spelled: each value by itself, or all of them as one JSON."""
    columns = tuple(rows[0])
    if table not in BY_VALUE or len(rows) > MAX_ROWS_BY_VALUE:
        values[f"a{number}"] = _SPELLED(rows)
        return table, columns, 0
    for which, row in enumerate(rows):
        for place, name in enumerate(columns):
            values[f"a{number}_{which}_{place}"] = _value(row[name])
    return table, columns, len(rows)


def _changed(number: int, table: str, row: Row, values: dict[str, object]) -> _Shape:
    values[f"c{number}_id"] = row["id"]
    if table not in BY_VALUE:
        values[f"c{number}"] = _SPELLED(row)
        return table, tuple(row), 0
    for place, value in enumerate(row.values()):
        values[f"c{number}_{place}"] = _value(value)
    return table, tuple(row), 1


def _value(value: object) -> object:
    return _SPELLED(value) if type(value) is dict else value


@cache
def _statement(added: tuple[_Shape, ...], changed: tuple[_Shape, ...]) -> PreparedStatement:
    parts = [_insert(number, *shape) for number, shape in enumerate(added)]
    parts += [_update(number, *shape) for number, shape in enumerate(changed)]
    return PreparedStatement("WITH " + ", ".join(parts) + " SELECT 1")


def _insert(number: int, table: str, columns: tuple[str, ...], rows: int) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    if not rows:
        given = f'SELECT {names} FROM jsonb_populate_recordset(NULL::"{table}", %(a{number})s::jsonb)'  # noqa: S608 - names of our own tables
    else:
        given = "VALUES " + ", ".join(f"({_places(f'a{number}_{which}', len(columns))})" for which in range(rows))
    return f'a{number} AS (INSERT INTO "{table}" ({names}) {given})'


def _places(prefix: str, columns: int) -> str:
    return ", ".join(f"%({prefix}_{place})s" for place in range(columns))


def _update(number: int, table: str, columns: tuple[str, ...], rows: int) -> str:
    kept = {name: place for place, name in enumerate(columns) if name != "id"}
    if rows:
        news = ", ".join(f'"{name}" = %(c{number}_{place})s' for name, place in kept.items())
    else:
        names = ", ".join(f'"{name}"' for name in kept)
        news = f'({names}) = (SELECT {names} FROM jsonb_populate_record(NULL::"{table}", %(c{number})s::jsonb))'  # noqa: S608 - names of our own tables
    return f'c{number} AS (UPDATE "{table}" SET {news} WHERE id = %(c{number}_id)s)'  # noqa: S608 - names of our own tables


def _plain(value: object) -> str:
    """Bytes as PostgreSQL reads them; ids, days and instants as they are written."""
    return "\\x" + value.hex() if isinstance(value, bytes) else str(value)


_SPELLED = json.JSONEncoder(ensure_ascii=False, default=_plain).encode
