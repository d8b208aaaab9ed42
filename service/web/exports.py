"""/exports: a list as its filters show it, as CSV or a workbook; its first line says who took it, when, and under which filters."""

from collections.abc import Callable, Mapping
from datetime import datetime
from io import BytesIO
from typing import Any

from flask import Blueprint, Response, send_file
from flask.typing import ResponseReturnValue

from service.actions.exports import record_export
from service.clock import UNION_TIME
from service.http.auth import READERS, requires_role
from service.http.context import action_context, app_state, at, caller
from service.http.idempotency import idempotent, release_key
from service.http.known_names import takes_query
from service.http.transaction import connection
from service.imports.written_tables import write_csv, write_workbook
from service.report.figures import snapshot
from service.web import case_filters, event_filters, fund_page, household_filters, payment_filters
from service.web.exported_columns import ExportedList
from service.web.exported_lists import EXPORTED
from service.web.exported_records import RECORD_FILTERS
from service.web.layout import text
from workflows.vocabulary import Role

blueprint = Blueprint("exports", __name__)
WRITERS: Mapping[str, Callable[..., int]] = {"csv": write_csv, "xlsx": write_workbook}
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


OF_RECORDS = frozenset(each.name for filters in RECORD_FILTERS for each in filters)
OF_LISTS = (*case_filters.NAMES, *household_filters.FILTERS, *fund_page.FILTERS, *payment_filters.FILTERS)
ASKED = OF_RECORDS | {*OF_LISTS, "after"}
"""Names of the filters of the lists, as their pages have them in the address."""

_TAKEN = ", ".join(name for name in EXPORTED if name != "events")


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
    listed, file = EXPORTED[name], BytesIO()
    filters = listed.filters()
    with snapshot(app_state().engine) as seen:
        rows = listed.rows(seen, filters)
        number = WRITERS[kind](file, _note(name, listed.labels(filters)), _header(listed), rows)
    record_export(connection(), name, kind, number, _kept(filters, listed.free), action_context())
    release_key()
    return _sent(file, f"{name}-{at().astimezone(UNION_TIME):%Y%m%d-%H%M}.{kind}", TYPES[kind])


def _sent(file: BytesIO, name: str, content_type: str) -> Response:
    file.seek(0)
    return send_file(file, content_type, as_attachment=True, download_name=name)


def _header(listed: ExportedList) -> list[str]:
    return [text(key) for key in listed.columns]


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
