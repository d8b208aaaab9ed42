"""Which rows lie in the drawers that differ: the trail and the tables are read once more, for those drawers only."""

from collections.abc import Callable, Iterator, Mapping

import sqlalchemy as sa

from service.integrity.event_replay import CASE_HEAD, HEAD, RecordRow
from service.integrity.faults import Fault
from service.integrity.row_checksums import BUCKETS, bucket_of
from service.integrity.stored_rows import stored_rows
from service.tables.row_fingerprints import FIXED, RowFingerprint
from workflows.vocabulary import Plain

MAX_DIFF_ROWS = 200_000
"""About how many rows of one table are looked at one by one; the drawers beyond are only counted."""


class _RecordedRows:
    """What the trail says of the rows in the drawers that are open."""

    def __init__(self, opened: Mapping[str, frozenset[int]]) -> None:
        self.opened = opened
        self.said: dict[tuple[str, str], Plain] = {}
        self.twice: list[Fault] = []

    def holds(self, table: str, key: str) -> bool:
        """Whether the row lies in an open drawer."""
        return bucket_of(key) in self.opened.get(table, ())

    def name(self, table: str, key: str, said: Plain) -> None:
        """The trail names a row so."""
        if self.holds(table, key):
            if (table, key) in self.said:
                self.twice.append(Fault("row_named_twice", table, key))
            self.said[table, key] = said


def differences(
    conn: sa.Connection,
    unequal: Mapping[str, list[int]],
    named: Mapping[str, int],
    read_again: Callable[[RecordRow], None],
    tables: Mapping[str, RowFingerprint],
) -> Iterator[Fault]:
    """A fault for every row that is not as the trail says, and one for the drawers there was no room to open."""
    heard = _RecordedRows(
        {table: frozenset(numbers[: _buckets_to_open(named.get(table, 0))]) for table, numbers in unequal.items()}
    )
    read_again(heard.name)
    yield from heard.twice
    for table, key, stands in stored_rows(conn, tables):
        if heard.holds(table, key):
            yield from _compared(table, key, heard.said.pop((table, key), None), stands)
    for (table, key), row in sorted(heard.said.items(), key=lambda each: each[0]):
        yield _missing(table, key, row)
    for table, numbers in unequal.items():
        unopened = len(numbers) - len(heard.opened[table])
        if unopened:
            yield Fault("rows_differ_elsewhere", table, f"{unopened}/{BUCKETS}")


def _buckets_to_open(rows: int) -> int:
    return max(1, MAX_DIFF_ROWS * BUCKETS // max(rows, 1))


def _compared(table: str, key: str, said: Plain, stands: Plain) -> Iterator[Fault]:
    if said == stands:
        return
    if table in {HEAD, CASE_HEAD}:
        yield _head_fault(table, key, said, stands)
    elif said is None:
        yield Fault("row_not_in_trail", table, key)
    else:
        yield Fault("row_altered", table, key, columns="、".join(_differ(said, stands)))


def _differ(said: Plain, stands: Plain) -> Iterator[str]:
    """The columns that differ; those that never change are digested together."""
    if isinstance(said, Mapping) and isinstance(stands, Mapping):
        for name in sorted(said.keys() | stands.keys()):
            if said.get(name) != stands.get(name):
                yield name
    else:
        yield FIXED


def _head_fault(table: str, key: str, said: Plain, stands: Plain) -> Fault:
    """A cut tail shows in the head, which is kept apart from the events."""
    last = int(str(said).partition("/")[0]) if said is not None else 0
    cut = last < int(str(stands).partition("/")[0])
    return Fault("trail_cut" if cut else "head_differs", "case" if table == CASE_HEAD else "", key, last)


def _missing(table: str, key: str, said: Plain) -> Fault:
    if table == CASE_HEAD:
        return Fault("case_missing", "case", key, int(str(said).partition("/")[0]))
    if table == HEAD:
        return Fault("head_missing", "", key, int(str(said).partition("/")[0]))
    return Fault("row_missing", table, key)
