"""Rows as an act leaves them: gathered by table, then written by one data-modifying statement."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import sqlalchemy as sa

from service.db import Prepared
from service.tables.bound import named
from workflows.terms import Plain

Row = Mapping[str, object]
_Shape = tuple[str, tuple[str, ...]]
"""A table and the columns that are given."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows to add, and new values of rows that are known by their id; several of one table name the same columns.

    `rows.add(visit, {"id": …, "on": …})`, `rows.change(notice, {"id": …, "ended_on": …})`, then `rows.write(tx)`.
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

    def gone(self, table: sa.Table, *rows: Row) -> None:
        """Say that rows, known by their keys, are no more; who says so has deleted them."""
        self.removed.extend((table.name, row) for row in rows)

    def done(self, table: sa.Table, row: Row) -> None:
        """Say that columns of the row have new values; who says so has written them."""
        self.already.append((table.name, row))

    def there(self, table: sa.Table, *rows: Row) -> None:
        """Say that rows are new in a table; who says so has added them."""
        self.present.setdefault(table.name, []).extend(rows)

    def named(self) -> dict[str, Plain]:
        """What the event they are written with says of them."""
        return named(self.added | self.present, [*self.already, *self.changed], self.removed)

    def write(self, tx: sa.Connection) -> None:
        """Write all of it, or nothing: one statement, in which every key is checked at its end."""
        added = tuple((name, tuple(rows[0])) for name, rows in self.added.items())
        changed = tuple((name, tuple(row)) for name, row in self.changed)
        values = {f"added_{number}": _json(rows) for number, rows in enumerate(self.added.values())}
        values |= {f"changed_{number}": _json(row) for number, (_, row) in enumerate(self.changed)}
        ids = {f"id_{number}": row["id"] for number, (_, row) in enumerate(self.changed)}
        _statement(added, changed).rows(tx, values | ids)


@cache
def _statement(added: tuple[_Shape, ...], changed: tuple[_Shape, ...]) -> Prepared:
    parts = [_insert(number, *shape) for number, shape in enumerate(added)]
    parts += [_update(number, *shape) for number, shape in enumerate(changed)]
    return Prepared("WITH " + ", ".join(parts) + " SELECT 1")


def _insert(number: int, table: str, columns: tuple[str, ...]) -> str:
    names = _names(columns)
    rows = f'jsonb_populate_recordset(NULL::"{table}", %(added_{number})s::jsonb)'
    return f'a{number} AS (INSERT INTO "{table}" ({names}) SELECT {names} FROM {rows})'  # noqa: S608 - names of our own tables


def _update(number: int, table: str, columns: tuple[str, ...]) -> str:
    names = _names(tuple(name for name in columns if name != "id"))
    row = f'jsonb_populate_record(NULL::"{table}", %(changed_{number})s::jsonb)'
    return (
        f'c{number} AS (UPDATE "{table}" SET ({names}) = (SELECT {names} FROM {row})'  # noqa: S608 - names of our own tables
        f" WHERE id = %(id_{number})s)"
    )


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: object) -> str:
    """Bytes as PostgreSQL reads them; ids, days and instants as they are written."""
    return "\\x" + value.hex() if isinstance(value, bytes) else str(value)
