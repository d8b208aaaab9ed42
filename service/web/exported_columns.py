"""A list that can be exported: its filters, how its rows are read, and what each column shows of a row."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from service.http.context import caller
from service.imports.written_tables import Cell, Money
from service.queries import units
from service.web.formatting import term

UNIT = "unit_of_row"
"""The name of the row's unit, added to each row."""

BATCH = 2_000
"""Rows that one SELECT reads."""

Key = list[str] | None
"""The key of the row after which a list is read on; None at its beginning and after its end."""


class Batch(NamedTuple):
    """Some rows of a list, the key of the last of them where there are more, and how many rows were counted."""

    rows: list[dict[str, Any]]
    last: Key
    total: int


Columns = Mapping[str, Callable[[dict[str, Any]], Cell]]
"""What each column shows of a row, by the key of its label in pages.po."""


@dataclass(frozen=True, slots=True)
class ExportedList:
    """A list: the filters of the address and their words, how its rows are read, and each column with its label."""

    filters: Callable[[], dict[str, Any]]
    labels: Callable[[dict[str, Any]], Mapping[str, str]]
    read: Callable[[Any, dict[str, Any], Key, int | None], Batch]
    """Reads a batch after a key, and counts all rows up to a number, or all of them with None."""

    columns: Columns
    free: frozenset[str] = frozenset()
    """The filters whose words people type: they are not kept in the event of an export."""

    def open(self, conn: Any, filters: dict[str, Any]) -> tuple[int, Iterator[Sequence[Cell]]]:
        """Return the number of rows, counted, and the cells of each, which are read in batches as they are asked for.

        `conn` must see one moment. Raises RowsMissed, while they are read, where there are more or fewer than counted.
        """
        names = {each["id"]: each["name"] for each in units.visible_units(conn, caller())}
        first = self.read(conn, filters, None, None)
        return first.total, self._cells(self._batches(conn, filters, first), names, first.total)

    def _batches(self, conn: Any, filters: dict[str, Any], batch: Batch) -> Iterator[Batch]:
        yield batch
        while batch.last is not None:
            batch = self.read(conn, filters, batch.last, 1)
            yield batch

    def _cells(self, batches: Iterator[Batch], names: Mapping[UUID, str], count: int) -> Iterator[Sequence[Cell]]:
        number = 0
        for batch in batches:
            for row in batch.rows:
                with_unit = {**row, UNIT: names.get(row["unit_id"]) if "unit_id" in row else None}
                yield [cell(with_unit) for cell in self.columns.values()]
            number += len(batch.rows)
        if number != count:
            raise RowsMissed(f"{number} rows of {count}")


class RowsMissed(RuntimeError):
    """A list has other rows than were counted: its pages and its count are not of one moment, or not of one query."""


def on_day(name: str) -> Callable[[dict[str, Any]], Cell]:
    """Return the cell of a day."""

    def cell(row: dict[str, Any]) -> Cell:
        on: date | None = row[name]
        return on.isoformat() if on else None

    return cell


def in_words(name: str, group: str) -> Callable[[dict[str, Any]], Cell]:
    """Return the cell of a code, in the words of a group of terms."""
    return lambda row: term(row[name], group) if row[name] is not None else None


def in_yuan(name: str) -> Callable[[dict[str, Any]], Cell]:
    """Return the cell of an amount in fen."""
    return lambda row: None if row[name] is None else Money(int(row[name]))


def as_it_is(name: str) -> Callable[[dict[str, Any]], Cell]:
    """Return the cell of a text or a number."""
    return lambda row: row[name]
