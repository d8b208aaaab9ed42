"""A write batch gathers the rows of an act by table and writes them with one data-modifying statement."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

import sqlalchemy as sa

from service.db.prepared import PreparedStatement
from service.tables.row_fingerprints import recorded_rows
from workflows.vocabulary import Plain

Row = Mapping[str, object]

# The tables that steps write, always with the same columns: up to this many rows are spelled value by value, which saves
# JSON on the hot path (make bench-profile). Rows that vary from one to the next (a person with or without a phone) come as
# JSON: each pattern of missing values would be prepared as a statement of its own.
BY_VALUE = frozenset(
    {"approval", "case", "case_duty", "event", "ledger_entry", "notice", "notification", "payment"}
    | {"verification", "visit", "visit_confirmation", "visit_visitor"}
)
MAX_ROWS_BY_VALUE = 4

_Shape = tuple[str, tuple[str, ...], int]
"""A table, its columns, and how many rows are spelled value by value; 0 where they come as JSON."""


@dataclass(frozen=True, slots=True)
class WriteBatch:
    """Rows to add, and new values of rows known by their `id`.

    `batch.add(visit, {"id": …, "on": …})`, `batch.change(notice, {"id": …, "ended_on": …})`, then `batch.write(conn)`.
    """

    added: dict[str, list[Row]] = field(default_factory=dict)
    changed: list[tuple[str, Row]] = field(default_factory=list)
    unrecorded: list[tuple[str, Row]] = field(default_factory=list)
    deleted_elsewhere: list[tuple[str, Row]] = field(default_factory=list)
    updated_elsewhere: list[tuple[str, Row]] = field(default_factory=list)
    inserted_elsewhere: dict[str, list[Row]] = field(default_factory=dict)

    def add(self, table: sa.Table, *rows: Row) -> None:
        """Add rows to a table."""
        if rows:
            self.added.setdefault(table.name, []).extend(rows)

    def change(self, table: sa.Table, row: Row) -> None:
        """Give columns of the row `id` new values. Raises ValueError when `id` is None: there is no row to change."""
        if row["id"] is None:
            raise ValueError(f"{table.name}: there is no row to change")
        self.changed.append((table.name, row))

    def change_unrecorded(self, table: sa.Table, row: Row) -> None:
        """Change columns that the event does not record, or that note_updated() recorded before."""
        self.unrecorded.append((table.name, row))

    def note_deleted(self, table: sa.Table, *rows: Row) -> None:
        """Record in the event that rows were deleted by a statement of the caller's own."""
        self.deleted_elsewhere.extend((table.name, row) for row in rows)

    def note_updated(self, table: sa.Table, row: Row) -> None:
        """Record in the event that columns are updated by another statement, or by change_unrecorded()."""
        self.updated_elsewhere.append((table.name, row))

    def note_inserted(self, table: sa.Table, *rows: Row) -> None:
        """Record in the event that rows were inserted by a statement of the caller's own."""
        self.inserted_elsewhere.setdefault(table.name, []).extend(rows)

    def rows(self, table: sa.Table) -> list[Row]:
        """Return the rows to add to a table."""
        return self.added.get(table.name, [])

    def extend(self, other: "WriteBatch") -> None:
        """Take over what another batch adds and changes."""
        for name, rows in other.added.items():
            self.added.setdefault(name, []).extend(rows)
        self.changed.extend(other.changed)
        self.unrecorded.extend(other.unrecorded)

    def fingerprints(self) -> dict[str, Plain]:
        """Return the `rows` of the event that is written with them."""
        added = self.added | self.inserted_elsewhere
        return recorded_rows(added, [*self.updated_elsewhere, *self.changed], self.deleted_elsewhere)

    def write(self, conn: sa.Connection) -> None:
        """Write everything with one statement. Keys are checked at its end."""
        values: dict[str, object] = {}
        inserts = ((name, row) for name, rows in self.added.items() for row in rows)
        added = tuple(_added(number, *group, values) for number, group in enumerate(_alike(inserts)))
        updates = _alike((*self.changed, *self.unrecorded))
        changed = tuple(_changed(number, *group, values) for number, group in enumerate(updates))
        _statement(added, changed).rows(conn, values)


def _alike(rows: Iterable[tuple[str, Row]]) -> Iterator[tuple[str, tuple[str, ...], list[Row]]]:
    """Yield the rows of each table that give the same columns together."""
    groups: dict[tuple[str, tuple[str, ...]], list[Row]] = {}
    for table, row in rows:
        groups.setdefault((table, tuple(row)), []).append(row)
    for (table, columns), alike in groups.items():
        yield table, columns, alike


def _added(number: int, table: str, columns: tuple[str, ...], rows: list[Row], values: dict[str, object]) -> _Shape:
    """Add the rows to `values`; return how the statement spells them."""
    if table not in BY_VALUE or len(rows) > MAX_ROWS_BY_VALUE:
        values[f"a{number}"] = _as_json(rows)
        return table, columns, 0
    for index, row in enumerate(rows):
        for place, name in enumerate(columns):
            values[f"a{number}_{index}_{place}"] = _value(row[name])
    return table, columns, len(rows)


def _changed(number: int, table: str, columns: tuple[str, ...], rows: list[Row], values: dict[str, object]) -> _Shape:
    if table not in BY_VALUE or len(rows) > 1:
        values[f"c{number}"] = _as_json(rows)
        return table, columns, 0
    for place, name in enumerate(columns):
        values[f"c{number}_{place}"] = _value(rows[0][name])
    return table, columns, 1


def _value(value: object) -> object:
    return _as_json(value) if type(value) is dict else value


@cache
def _statement(added: tuple[_Shape, ...], changed: tuple[_Shape, ...]) -> PreparedStatement:
    parts = [_insert(number, *shape) for number, shape in enumerate(added)]
    parts += [_update(number, *shape) for number, shape in enumerate(changed)]
    return PreparedStatement("WITH " + ", ".join(parts) + " SELECT 1")


# ruff's S608 warns of SQL made of strings: these strings are names of our own tables and columns.
def _insert(number: int, table: str, columns: tuple[str, ...], rows: int) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    if rows:
        source = "VALUES " + ", ".join(f"({_places(f'a{number}_{index}', len(columns))})" for index in range(rows))
    else:
        source = f'SELECT {names} FROM jsonb_populate_recordset(NULL::"{table}", %(a{number})s::jsonb)'  # noqa: S608
    return f'a{number} AS (INSERT INTO "{table}" ({names}) {source})'


def _places(prefix: str, columns: int) -> str:
    return ", ".join(f"%({prefix}_{place})s" for place in range(columns))


def _update(number: int, table: str, columns: tuple[str, ...], rows: int) -> str:
    places = {name: place for place, name in enumerate(columns)}
    if rows:
        news = ", ".join(f'"{name}" = %(c{number}_{place})s' for name, place in places.items() if name != "id")
        return f'c{number} AS (UPDATE "{table}" SET {news} WHERE id = %(c{number}_{places["id"]})s)'  # noqa: S608
    news = ", ".join(f'"{name}" = new_row."{name}"' for name in places if name != "id")
    source = f'jsonb_populate_recordset(NULL::"{table}", %(c{number})s::jsonb) AS new_row'
    return f'c{number} AS (UPDATE "{table}" SET {news} FROM {source} WHERE "{table}".id = new_row.id)'  # noqa: S608


def _plain(value: object) -> str:
    """Return bytes as PostgreSQL reads them; ids, dates and instants as text."""
    return "\\x" + value.hex() if isinstance(value, bytes) else str(value)


_as_json = json.JSONEncoder(ensure_ascii=False, default=_plain).encode
