"""/exports: a list as its filters show it, as CSV or a workbook; its first line says who took it, when, and under which filters."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from http import HTTPStatus
from io import SEEK_END

from flask import Blueprint, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from service.actions import prepared_files
from service.actions.exports import record_export
from service.actions.prepared_files import WantedFile
from service.http.auth import READERS, requires_role
from service.http.context import action_context, app_state, at, caller, real_time
from service.http.errors import language
from service.http.idempotency import grant_texts, idempotent, release_key
from service.http.known_names import takes_query
from service.http.streaming import streamed
from service.http.transaction import connection, roll_back
from service.imports.written_tables import PART
from service.queries.past_records import CopyState
from service.report.figures import snapshot
from service.web import case_filters, event_filters, fund_page, household_filters, payment_filters
from service.web.exported_file import TYPES, ExportedFile, Rows, exported_file, file_name
from service.web.exported_lists import EXPORTED
from service.web.exported_records import RECORD_FILTERS
from service.web.past_lists import AS_OF, NOT_COPIED, copied
from workflows.vocabulary import Reason, Refused, Role

blueprint = Blueprint("exports", __name__)

OF_RECORDS = frozenset(each.name for filters in RECORD_FILTERS for each in filters)
OF_LISTS = (*case_filters.NAMES, *household_filters.FILTERS, *fund_page.FILTERS, *payment_filters.FILTERS)
ASKED = OF_RECORDS | {*OF_LISTS, "after", AS_OF}
"""Names of the filters of the lists, as their pages have them in the address."""

_TAKEN = ", ".join(name for name in EXPORTED if name != "events")


@blueprint.post(f"/exports/<any({_TAKEN}):name>/<any(csv, xlsx):file>")
@requires_role(*READERS)
@takes_query(*ASKED)
@idempotent
def export_list(name: str, file: str) -> ResponseReturnValue:
    """Return a list as a file; the event log keeps who took which list, under which filters, and how many rows."""
    return _export(exported_file(name, file))


@blueprint.post("/exports/events/<any(csv, xlsx):file>")
@requires_role(Role.AUDITOR)
@takes_query("after", AS_OF, *event_filters.FILTERS)
@idempotent
def export_events(file: str) -> ResponseReturnValue:
    """Return the events under the filters of the address as a file."""
    return _export(exported_file("events", file))


def _export(exported: ExportedFile) -> ResponseReturnValue:
    """Raise HttpProblem (429: export_running, exports_busy), Refused (search_not_exported, workbook_rows, files_waiting,
    past_record_waiting, past_records_full, past_records_denied, past_records_no_space).

    A list longer than SONGNUAN_EXPORT_ROWS is made while nobody waits.
    """
    account = caller().account
    with ExitStack() as held:
        app_state().exports.start(account)
        held.callback(app_state().exports.end, account)
        if exported.past is not None and (state := copied(exported.past)) is not CopyState.MADE:
            raise Refused(NOT_COPIED.get(state, Reason.of("past_record_waiting")))
        with ExitStack() as seen:
            number, rows = exported.open(seen.enter_context(snapshot(app_state().engine)))
            if number > app_state().settings.limits.export_rows:
                return _prepared(exported, number)
            if exported.kind == "csv":
                held.push(seen.pop_all())
                return _csv(exported, number, rows, held)
            return _workbook(exported, number, rows, held)


def _prepared(exported: ExportedFile, number: int) -> ResponseReturnValue:
    """Ask for the file, and lead to the page that says how far it is."""
    query, grants = request.query_string.decode(), tuple(grant_texts(caller()))
    filters = exported.kept_filters
    wanted = WantedFile(exported.name, exported.kind, query, exported.note, filters, language(), number, grants)
    prepared_files.ask(connection(), wanted, real_time(), action_context())
    return redirect(url_for("web.prepared_files.list_files"), HTTPStatus.SEE_OTHER)


def _csv(exported: ExportedFile, number: int, rows: Rows, held: ExitStack) -> Response:
    """Return a CSV file that is sent while its rows are read; its event, with their number, is committed before."""
    _record(exported, number)
    release_key()
    return _streamed(exported, exported.csv_parts(rows), held)


def _workbook(exported: ExportedFile, number: int, rows: Rows, held: ExitStack) -> Response:
    """Return a workbook that was written into a file without a name, which is gone when it is sent."""
    # The transaction of the request would be idle meanwhile, and PostgreSQL ends such a one after a minute.
    roll_back()
    file = tempfile.TemporaryFile()  # noqa: SIM115 - open until it is sent
    held.callback(file.close)
    exported.write(file, rows)
    _record(exported, number)
    size = file.seek(0, SEEK_END)
    file.seek(0)
    answer = _streamed(exported, iter(lambda: file.read(PART), b""), held)
    answer.content_length = size
    return answer


def _streamed(exported: ExportedFile, parts: Iterator[bytes], held: ExitStack) -> Response:
    """Return the file, which gives back what is `held` when it has been sent."""
    answer = streamed(parts, TYPES[exported.kind], held.pop_all())
    answer.headers.set("Content-Disposition", "attachment", filename=file_name(exported.name, exported.kind, at()))
    return answer


def _record(exported: ExportedFile, number: int) -> None:
    record_export(connection(), exported.name, exported.kind, number, exported.kept_filters, action_context())
