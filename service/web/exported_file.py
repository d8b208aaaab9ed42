"""A file that is exported: the list under the filters of the address, and how its rows are written."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from service.clock import UNION_TIME
from service.http.context import at, caller
from service.imports.written_tables import MOST_WORKBOOK_ROWS, Cell, csv_parts, write_workbook
from service.queries.past_records import PastDay, read_as_of
from service.web.exported_columns import ExportedList
from service.web.exported_lists import EXPORTED
from service.web.formatting import day
from service.web.layout import text
from service.web.past_lists import AS_OF, past_of_export
from workflows.vocabulary import Reason, Refused

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TYPES = {"csv": CSV, "xlsx": XLSX}

Rows = Iterable[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """What is asked for: a list under filters, as a kind of file, and the first line of the file."""

    name: str
    kind: str
    listed: ExportedList
    filters: dict[str, Any]
    note: str
    past: PastDay | None = None
    """The past day whose record is read."""

    @property
    def kept_filters(self) -> dict[str, str]:
        """Return the filters as the event keeps them: of words that somebody typed only that there were some."""
        kept = {name: "…" if name in self.listed.free else str(value) for name, value in self.filters.items()}
        return kept | ({AS_OF: self.past.on.isoformat()} if self.past else {})

    def open(self, conn: Any) -> tuple[int, Iterator[Sequence[Cell]]]:
        """Return the number of rows, and their cells. Raises Refused (search_not_exported, workbook_rows), CopyMissing."""
        if self.past is not None:
            read_as_of(conn, self.past.up_to)
        count, rows = self.listed.open(conn, self.filters)
        if self.kind == "xlsx" and count > MOST_WORKBOOK_ROWS:
            raise Refused(Reason.of("workbook_rows", count=count, most=MOST_WORKBOOK_ROWS))
        return count, rows

    def csv_parts(self, rows: Rows) -> Iterator[bytes]:
        """Yield the parts of a CSV file."""
        return csv_parts(self.note, self._header, rows, lambda count: text("export.rows_in_all", count=f"{count:,}"))

    def write(self, target: BinaryIO, rows: Rows) -> None:
        """Write the whole file."""
        if self.kind == "xlsx":
            write_workbook(target, self.note, self._header, rows)
            return
        target.writelines(self.csv_parts(rows))

    @property
    def _header(self) -> list[str]:
        return [text(key) for key in self.listed.columns]


def exported_file(name: str, kind: str, note: str | None = None) -> ExportedFile:
    """Return the file that the address of the request asks for."""
    listed = EXPORTED[name]
    filters, past = listed.filters(), past_of_export()
    labels = listed.labels(filters)
    if past is not None:
        labels = {AS_OF: text("past.of_file", on=day(past.on), number=past.up_to), **labels}
    return ExportedFile(name, kind, listed, filters, note or _note(name, labels), past)


def _note(name: str, labels: Mapping[str, str]) -> str:
    """Return the first line of the file: which list, taken by whom, when, under which filters."""
    moment: datetime = at().astimezone(UNION_TIME)
    under = "；".join(labels.values()) or text("export.no_filter")
    return text(
        "export.note",
        title=text(f"export.{name}"),
        by=caller().display_name,
        at=f"{moment:%Y-%m-%d %H:%M}",
        under=under,
    )


def file_name(name: str, kind: str, moment: datetime) -> str:
    """Return the name under which a browser keeps a file: cases-20250901-0930.csv."""
    return f"{name}-{moment.astimezone(UNION_TIME):%Y%m%d-%H%M}.{kind}"


Progress = Callable[[int], None]
"""Is told how many rows are made."""


def with_progress(rows: Rows, every: int, progress: Progress) -> Iterator[Sequence[Cell]]:
    """Yield the rows, and say after `every` of them how many there were."""
    for number, row in enumerate(rows, start=1):
        yield row
        if number % every == 0:
            progress(number)
