"""The row diff reads the buckets that differ again, and names their rows."""

from collections.abc import Callable, Iterator, Mapping

import sqlalchemy as sa

from service.integrity.event_replay import CASE_HEAD, HEAD, RecordRow
from service.integrity.faults import Fault
from service.integrity.row_checksums import BUCKETS, bucket_of
from service.integrity.stored_rows import stored_rows
from service.tables.row_fingerprints import FIXED, RowFingerprint
from workflows.vocabulary import Plain

MAX_DIFF_ROWS = 200_000
"""The number of rows of one table, approximately, that are compared one by one; further buckets are only counted."""


class _RecordedRows:
    """The recorded content of the rows in the buckets to compare."""

    def __init__(self, buckets: Mapping[str, frozenset[int]]) -> None:
        self.buckets = buckets
        self.content: dict[tuple[str, str], Plain] = {}
        self.duplicates: list[Fault] = []

    def includes(self, table: str, key: str) -> bool:
        """Return whether the row is in one of the buckets."""
        return bucket_of(key) in self.buckets.get(table, ())

    def add(self, table: str, key: str, content: Plain) -> None:
        """Add a recorded row, if it is in one of the buckets."""
        if self.includes(table, key):
            if (table, key) in self.content:
                self.duplicates.append(Fault("row_named_twice", table, key))
            self.content[table, key] = content


def differences(
    conn: sa.Connection,
    unequal: Mapping[str, list[int]],
    recorded_rows: Mapping[str, int],
    replay: Callable[[RecordRow], None],
    tables: Mapping[str, RowFingerprint],
) -> Iterator[Fault]:
    """Yield a fault for every row that differs, and one per table for the buckets beyond MAX_DIFF_ROWS.

    `unequal` has the buckets that differ and `recorded_rows` the number of recorded rows, by table.
    """
    recorded = _RecordedRows(
        {
            table: frozenset(numbers[: _buckets_to_compare(recorded_rows.get(table, 0))])
            for table, numbers in unequal.items()
        }
    )
    replay(recorded.add)
    yield from recorded.duplicates
    for table, key, stored in stored_rows(conn, tables):
        if recorded.includes(table, key):
            yield from _row_faults(table, key, recorded.content.pop((table, key), None), stored)
    for (table, key), content in sorted(recorded.content.items(), key=lambda row: row[0]):
        yield _missing_row(table, key, content)
    for table, numbers in unequal.items():
        not_compared = len(numbers) - len(recorded.buckets[table])
        if not_compared:
            yield Fault("rows_differ_elsewhere", table, f"{not_compared}/{BUCKETS}")


def _buckets_to_compare(rows: int) -> int:
    return max(1, MAX_DIFF_ROWS * BUCKETS // max(rows, 1))


def _row_faults(table: str, key: str, recorded: Plain, stored: Plain) -> Iterator[Fault]:
    if recorded == stored:
        return
    if table in {HEAD, CASE_HEAD}:
        yield _head_fault(table, key, recorded, stored)
    elif recorded is None:
        yield Fault("row_not_in_trail", table, key)
    else:
        yield Fault("row_altered", table, key, columns="、".join(_differing_columns(recorded, stored)))


def _differing_columns(recorded: Plain, stored: Plain) -> Iterator[str]:
    """Yield the columns that differ; FIXED means all columns written once, which share a digest."""
    if isinstance(recorded, Mapping) and isinstance(stored, Mapping):
        for name in sorted(recorded.keys() | stored.keys()):
            if recorded.get(name) != stored.get(name):
                yield name
    else:
        yield FIXED


def _head_fault(table: str, key: str, recorded: Plain, stored: Plain) -> Fault:
    # The head is stored apart from the events, so it shows when the newest events of a chain were deleted.
    last = int(str(recorded).partition("/")[0]) if recorded is not None else 0
    cut = last < int(str(stored).partition("/")[0])
    return Fault("trail_cut" if cut else "head_differs", "case" if table == CASE_HEAD else "", key, last)


def _missing_row(table: str, key: str, recorded: Plain) -> Fault:
    if table == CASE_HEAD:
        return Fault("case_missing", "case", key, int(str(recorded).partition("/")[0]))
    if table == HEAD:
        return Fault("head_missing", "", key, int(str(recorded).partition("/")[0]))
    return Fault("row_missing", table, key)
