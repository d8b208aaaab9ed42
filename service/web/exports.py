"""/exports: a list as its filters show it, as CSV or a workbook; its first line says who took it, when, and under which filters."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from io import SEEK_END
from typing import Any

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from service.actions.exports import record_export
from service.clock import UNION_TIME
from service.http.auth import READERS, requires_role
from service.http.context import action_context, app_state, at, caller
from service.http.idempotency import idempotent, release_key
from service.http.known_names import takes_query
from service.http.streaming import streamed
from service.http.transaction import connection, roll_back
from service.imports.written_tables import MOST_WORKBOOK_ROWS, PART, csv_parts, write_workbook
from service.report.figures import snapshot
from service.web import case_filters, event_filters, fund_page, household_filters, payment_filters
from service.web.exported_columns import ExportedList
from service.web.exported_lists import EXPORTED
from service.web.exported_records import RECORD_FILTERS
from service.web.layout import text
from workflows.vocabulary import Reason, Refused, Role

blueprint = Blueprint("exports", __name__)
CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

OF_RECORDS = frozenset(each.name for filters in RECORD_FILTERS for each in filters)
OF_LISTS = (*case_filters.NAMES, *household_filters.FILTERS, *fund_page.FILTERS, *payment_filters.FILTERS)
ASKED = OF_RECORDS | {*OF_LISTS, "after"}
"""Names of the filters of the lists, as their pages have them in the address."""

_TAKEN = ", ".join(name for name in EXPORTED if name != "events")


@dataclass(frozen=True, slots=True)
class Exported:
    """What is asked for: a list under filters, as a kind of file, and the first line of the file."""

    name: str
    kind: str
    listed: ExportedList
    filters: dict[str, Any]
    note: str

    @property
    def header(self) -> list[str]:
        """Return the titles of the columns."""
        return [text(key) for key in self.listed.columns]


@blueprint.post(f"/exports/<any({_TAKEN}):name>/<any(csv, xlsx):file>")
@requires_role(*READERS)
@takes_query(*ASKED)
@idempotent
def export_list(name: str, file: str) -> ResponseReturnValue:
    """Return a list as a file; the event log keeps who took which list, under which filters, and how many rows."""
    return _export(name, file)


@blueprint.post("/exports/events/<any(csv, xlsx):file>")
@requires_role(Role.AUDITOR)
@takes_query("after", *event_filters.FILTERS)
@idempotent
def export_events(file: str) -> ResponseReturnValue:
    """Return the events under the filters of the address as a file."""
    return _export("events", file)


def _export(name: str, kind: str) -> ResponseReturnValue:
    """Raise HttpProblem (429: export_running, exports_busy), Refused (search_not_exported, workbook_rows)."""
    listed, account = EXPORTED[name], caller().account
    filters = listed.filters()
    exported = Exported(name, kind, listed, filters, _note(name, listed.labels(filters)))
    with ExitStack() as held:
        app_state().exports.start(account)
        held.callback(app_state().exports.end, account)
        return (_csv if kind == "csv" else _workbook)(exported, held)


def _csv(exported: Exported, held: ExitStack) -> Response:
    """Return a CSV file that is sent while its rows are read; its event, with their number, is committed before."""
    number, rows = exported.listed.open(held.enter_context(snapshot(app_state().engine)), exported.filters)
    _record(exported, number)
    release_key()
    parts = csv_parts(exported.note, exported.header, rows, lambda last: text("export.rows_in_all", count=f"{last:,}"))
    return _streamed(exported, parts, CSV, held)


def _workbook(exported: Exported, held: ExitStack) -> Response:
    """Return a workbook that was written into a file without a name, which is gone when it is sent."""
    # The transaction of the request would be idle meanwhile, and PostgreSQL ends such a one after a minute.
    roll_back()
    file = tempfile.TemporaryFile()  # noqa: SIM115 - open until it is sent
    held.callback(file.close)
    with snapshot(app_state().engine) as seen:
        count, rows = exported.listed.open(seen, exported.filters)
        if count > MOST_WORKBOOK_ROWS:
            raise Refused(Reason.of("workbook_rows", count=count, most=MOST_WORKBOOK_ROWS))
        number = write_workbook(file, exported.note, exported.header, rows)
    _record(exported, number)
    size = file.seek(0, SEEK_END)
    file.seek(0)
    answer = _streamed(exported, iter(lambda: file.read(PART), b""), XLSX, held)
    answer.content_length = size
    return answer


def _streamed(exported: Exported, parts: Iterator[bytes], content_type: str, held: ExitStack) -> Response:
    """Return the file, which gives back what is `held` when it has been sent."""
    answer = streamed(parts, content_type, held.pop_all())
    name = f"{exported.name}-{at().astimezone(UNION_TIME):%Y%m%d-%H%M}.{exported.kind}"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


def _record(exported: Exported, number: int) -> None:
    kept = _kept(exported.filters, exported.listed.free)
    record_export(connection(), exported.name, exported.kind, number, kept, action_context())


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


def _kept(filters: Mapping[str, Any], free: frozenset[str]) -> dict[str, str]:
    """Return the filters as the event keeps them: of words that somebody typed only that there were some."""
    return {name: "…" if name in free else str(value) for name, value in filters.items()}
