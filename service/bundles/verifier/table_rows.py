"""Table rows are read from their CSV files, and compared with the events and, for money, with the pots."""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TextIO

from service.bundles.verifier.event_chains import FIXED, Recorded
from service.bundles.verifier.findings import Findings

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet program takes a text that begins with one of them for a formula."""

APOSTROPHE = "'"
LEDGER, FUND = "ledger_entry", "fund"
NEEDED = {LEDGER: ("fund_id", "subject_id", "source_pot", "target_pot", "fen"), FUND: ("id",)}
"""Columns with which the money is added up."""

KINDS = frozenset({"text", "int", "money", "bool", "json"})


class RowUnreadable(ValueError):
    """A row whose cells do not have the form of their columns."""


def cell_of(value: Any, kind: str) -> str:
    """Return a value as a cell, so that `value_of` returns the same value: a null is empty, money is yuan: 300000 → 3000.00."""
    if value is None:
        return ""
    if kind == "money":
        sign, fen = ("-", -value) if value < 0 else ("", value)
        return f"{sign}{fen // 100}.{fen % 100:02}"
    if kind == "text":
        is_marked = not value or value.startswith((APOSTROPHE, *FORMULA_SIGNS))
        return f"{APOSTROPHE}{value}" if is_marked else str(value)
    if kind == "bool":
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False) if kind == "json" else str(value)


def value_of(cell: str, kind: str) -> Any:
    """Return the value of a cell. Raises ValueError."""
    if not cell:
        return None
    if kind == "text":
        return cell[1:] if cell.startswith(APOSTROPHE) else cell
    if kind == "bool":
        return {"true": True, "false": False}[cell]
    if kind == "json":
        return json.loads(cell)
    value = int(cell.replace(".", "", 1)) if kind == "money" else int(cell)
    if cell_of(value, kind) != cell:
        raise ValueError(cell)
    return value


@dataclass(frozen=True)
class Column:
    """One column: its header in the file, its name in the database, and the kind of its values."""

    header: str
    name: str
    kind: str


@dataclass(frozen=True)
class Table:
    """One table as the manifest describes it: its file, its columns, and how the events record its rows."""

    name: str
    path: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    log: str
    fixed: Mapping[str, str]
    changing: Mapping[str, str]
    absent: Mapping[str, Any]
    is_bound: bool
    """Whether each row is compared with the events: in every column, or where `fixed` is empty in those that may change."""

    @staticmethod
    def of(name: str, said: Mapping[str, Any]) -> "Table":
        """Return a table from what the manifest says. Raises KeyError, TypeError, ValueError."""
        columns = tuple(Column(*each) for each in said["columns"])
        parts = (said["log"], dict(said["fixed"]), dict(said["changing"]), dict(said["absent"]), said["bound"])
        table = Table(name, said["path"], columns, tuple(said["key"]), *parts)
        kinds = {each.name: each.kind for each in columns}
        needed = {*table.key, *table.fixed, *table.changing, *NEEDED.get(name, ())}
        if needed - kinds.keys() or set(kinds.values()) - KINDS or kinds.get("fen", "money") != "money":
            raise ValueError(f"the columns of {name}")
        return table

    def row_of(self, cells: list[str]) -> dict[str, Any]:
        """Return a row from its cells. Raises RowUnreadable."""
        if len(cells) != len(self.columns):
            raise RowUnreadable(f"{len(cells)}/{len(self.columns)}")
        try:
            return {each.name: value_of(cell, each.kind) for each, cell in zip(self.columns, cells, strict=True)}
        except (ValueError, KeyError):
            raise RowUnreadable(",".join(cells)[:80]) from None

    def key_of(self, row: Mapping[str, Any]) -> str:
        """Return the key of a row as the events name it."""
        return "/".join(str(row[name]) for name in self.key)

    def entry_of(self, row: Mapping[str, Any]) -> Any:
        """Return what the events must say of a row in all."""
        changing = {log: row[name] for name, log in self.changing.items() if self._is_present(name, row[name])}
        if not self.fixed:
            return changing
        fixed = {log: row[name] for name, log in self.fixed.items() if self._is_present(name, row[name])}
        text = json.dumps([self.log, fixed], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        digest = sha256(text.encode()).hexdigest()
        return {FIXED: digest, **changing} if self.changing else digest

    def compared(self, recorded: Any) -> Any:
        """Return that part of what the events say of a row with which the row is compared."""
        if self.fixed or not isinstance(recorded, dict):
            return recorded
        return {log: recorded.get(log) for log in self.changing.values()}

    def _is_present(self, name: str, value: Any) -> bool:
        return value is not None and not (name in self.absent and value == self.absent[name])


def differing(recorded: Any, stored: Any) -> str:
    """Return the columns in which a row differs from what the events say of it; empty where it does not."""
    if isinstance(recorded, dict) or isinstance(stored, dict):
        one = recorded if isinstance(recorded, dict) else {FIXED: recorded}
        other = stored if isinstance(stored, dict) else {FIXED: stored}
        return ", ".join(sorted(name for name in {*one, *other} if one.get(name) != other.get(name)))
    return "" if recorded == stored else FIXED


class TableRows:
    """Compares the rows of all tables with what the events recorded, and adds up the money."""

    def __init__(self, recorded: Recorded, chains: frozenset[str], found: Findings) -> None:
        self._recorded, self._chains, self._found = recorded, chains, found
        self._moved: dict[tuple[str, str], int] = {}
        self._pots: dict[str, dict[str, int]] = {}

    def read(self, table: Table, file: TextIO) -> None:
        """Read the rows of one table."""
        for number, cells in self._lines(table, file):
            self._found.add("rows")
            try:
                row = table.row_of(cells)
            except RowUnreadable:
                self._found.fault("row_unreadable", path=table.path, line=number)
                continue
            self._add_money(table, row)
            if table.is_bound:
                self._compare(table, row)
        for key in self._recorded.get(table.log, {}) if table.is_bound else ():
            self._found.fault("row_missing", table=table.name, row=key)

    def _lines(self, table: Table, file: TextIO) -> Iterator[tuple[int, list[str]]]:
        """Yield the rows after the first two lines: who took the bundle, and the headers."""
        reader = csv.reader(file, strict=True)
        try:
            for number, cells in enumerate(reader, 1):
                if number == 2 and cells != [each.header for each in table.columns]:
                    self._found.fault("headers_differ", path=table.path)
                elif number > 2:
                    yield number, cells
        except (csv.Error, ValueError, OSError):
            self._found.fault("file_unreadable", path=table.path)

    def _compare(self, table: Table, row: dict[str, Any]) -> None:
        key = table.key_of(row)
        recorded = self._recorded[table.log].pop(key, None)
        if recorded is None and table.name == LEDGER and row["subject_id"] not in self._chains:
            self._found.add("rows_unbound")
        elif recorded is None:
            self._found.fault("row_not_in_log", table=table.name, row=key)
        elif columns := differing(table.compared(recorded), table.entry_of(row)):
            self._found.fault("row_differs", table=table.name, row=key, columns=columns)
        else:
            self._found.add("rows_bound")

    def _add_money(self, table: Table, row: dict[str, Any]) -> None:
        if table.name == LEDGER:
            for pot, fen in ((row["source_pot"], -(row["fen"] or 0)), (row["target_pot"], row["fen"] or 0)):
                place = (row["fund_id"], pot)
                self._moved[place] = self._moved.get(place, 0) + fen
        elif table.name == FUND:
            suffix = "_fen"
            pots = {name[: -len(suffix)]: fen or 0 for name, fen in row.items() if name.endswith(suffix)}
            self._pots[row["id"]] = {pot: fen for pot, fen in pots.items() if not pot.startswith("counted_")}

    def end(self) -> None:
        """Compare the pots of every fund line with the entries."""
        for fund, pots in sorted(self._pots.items()):
            self._found.add("funds")
            for pot, fen in sorted(pots.items()):
                moved = self._moved.get((fund, pot), 0)
                if moved != fen:
                    values = {"pot": pot, "stated": cell_of(fen, "money"), "moved": cell_of(moved, "money")}
                    self._found.fault("pot_differs", row=fund, **values)
