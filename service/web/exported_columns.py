"""A list that can be exported: its filters, how its rows are read, and what each column shows of a row."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from service.http.context import caller
from service.imports.written_tables import Cell, Money
from service.web.case_filters import unit_names
from service.web.formatting import term

UNIT = "unit_of_row"
"""The name of the row's unit, added to each row."""

BATCH = 2_000
"""Rows that one SELECT reads."""

Rows = list[dict[str, Any]]
Batch = tuple[Rows, list[str] | None]
"""Some rows, and the key of the last of them where there are more."""


Columns = Mapping[str, Callable[[dict[str, Any]], Cell]]
"""What each column shows of a row, by the key of its label in pages.po."""


@dataclass(frozen=True, slots=True)
class ExportedList:
    """A list: the filters of the address and their words, how its rows are read, and each column with its label."""

    filters: Callable[[], dict[str, Any]]
    labels: Callable[[dict[str, Any]], Mapping[str, str]]
    read: Callable[[Any, dict[str, Any], list[str] | None], Batch]
    columns: Columns
    free: frozenset[str] = frozenset()
    """The filters whose words people type: they are not kept in the event of an export."""

    def rows(self, conn: Any, filters: dict[str, Any]) -> Iterator[Sequence[Cell]]:
        """Yield the cells of every row, read in batches."""
        names = unit_names(caller())
        after: list[str] | None = None
        while True:
            found, after = self.read(conn, filters, after)
            for row in found:
                with_unit = {**row, UNIT: names.get(row["unit_id"]) if "unit_id" in row else None}
                yield [cell(with_unit) for cell in self.columns.values()]
            if after is None:
                return


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
