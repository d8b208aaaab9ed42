"""A list as the record stood at the end of a past day: for auditors, with `as_of` in the address (docs/decisions/0043)."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, time
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

from flask import current_app, render_template, request

from service.actions.past_records import drop_old_copies
from service.clock import UNION_TIME
from service.http.context import app_state, caller, today
from service.http.errors import HttpProblem, language
from service.http.request_state import has_request_state, request_state
from service.http.transaction import connection, roll_back
from service.i18n.catalogue import translate
from service.queries import masking
from service.queries import past_records as read
from service.queries.past_records import CopyState, PastDay
from service.queries.scope import Caller
from service.web.past_copies import ask_for_copy, make_copy
from service.web.refusals import Problems, messages_of
from workflows.vocabulary import Reason, Role

AS_OF = "as_of"
"""The name of the day in the address."""

NOT_COPIED = {
    CopyState.FULL: Reason.of("past_records_full", most=read.MOST),
    CopyState.DENIED: Reason.of("past_records_denied"),
    CopyState.NO_SPACE: Reason.of("past_records_no_space"),
}
"""Why a day has no copy and will not get one by waiting."""

View = TypeVar("View", bound=Callable[..., Any])


class RefusedDay(ValueError):
    """A day whose record cannot be shown, with the reason."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.code)
        self.reason = reason


def past_list(view: View) -> View:
    """Let a list show a past day to an auditor: its SELECTs then read the copy of the record, and nothing of today.

    The rights of the caller are those of today, and of their grants only those as an auditor count.
    """

    @wraps(view)
    def shown(*args: Any, **kwargs: Any) -> Any:
        if not request.args.get(AS_OF):
            return view(*args, **kwargs)
        auditor = as_auditor(caller())
        try:
            day = asked_day()
        except RefusedDay as refusal:
            return _page(None, refusal.reason), HTTPStatus.UNPROCESSABLE_ENTITY
        if request.args.get("q"):
            # A search is recorded, and its keys are those of today.
            return _page(day, Reason.of("search_not_as_of")), HTTPStatus.CONFLICT
        state = copied(day)
        if state in NOT_COPIED:
            return _page(day, NOT_COPIED[state]), HTTPStatus.CONFLICT
        if state is not CopyState.MADE:
            return _page(day, None), HTTPStatus.ACCEPTED
        with _reading(day, auditor):
            return view(*args, **kwargs)

    shown.shows_past = True  # type: ignore[attr-defined]
    shown.query_names = (*getattr(view, "query_names", ()), AS_OF)  # type: ignore[attr-defined]
    return cast(View, shown)


def as_auditor(reader: Caller) -> Caller:
    """Return the reader with their grants as an auditor alone. Raises HttpProblem (403 role_missing) without one."""
    held = tuple(each for each in reader.held if each.role is Role.AUDITOR)
    if not held:
        raise HttpProblem(HTTPStatus.FORBIDDEN, Reason.of("role_missing", roles=[Role.AUDITOR.value]))
    return replace(reader, held=held)


def asked_day() -> PastDay:
    """Return the day that the address asks for. Raises RefusedDay (as_of_unreadable, as_of_not_over, as_of_too_early)."""
    try:
        on = date.fromisoformat(request.args[AS_OF])
    except ValueError:
        raise RefusedDay(Reason.of("as_of_unreadable", field=AS_OF)) from None
    if on >= today():
        raise RefusedDay(Reason.of("as_of_not_over", field=AS_OF))
    day = read.past_day(connection(), on)
    if day is None:
        raise RefusedDay(Reason.of("as_of_too_early", field=AS_OF))
    return day


def copied(day: PastDay) -> CopyState:
    """Return how far the copy of a day is; a short record is copied now, a long one by the worker."""
    engine, row = app_state().engine, read.progress(connection(), day.up_to)
    if row is not None and row.is_old:
        with engine.begin() as conn:
            drop_old_copies(conn)
        row = None
    if row is not None and row.made_at is not None:
        return CopyState.MADE
    roll_back()  # nothing is written yet, and this transaction would be idle meanwhile
    if day.newest <= app_state().settings.limits.past_events:
        return make_copy(engine, day.up_to)
    return ask_for_copy(engine, day.up_to) if row is None else CopyState.WAITING


@contextmanager
def _reading(day: PastDay, auditor: Caller) -> Iterator[None]:
    """Let the request read the copy, as this auditor at the end of the day; afterwards it is what it was."""
    state = request_state()
    own = state.connection, state.caller, state.at
    with app_state().engine.connect() as connected:
        conn = connected.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        read.read_as_of(conn, day.up_to)
        state.connection, state.caller, state.past = conn, auditor, day
        state.at = datetime.combine(day.on, time.max, UNION_TIME)
        try:
            yield
        finally:
            (state.connection, state.caller, state.at), state.past = own, None


def past_of_export() -> PastDay | None:
    """Return the past day of an export, whose rows are then those of an auditor; None for a list of today.

    Raises HttpProblem (403 role_missing, 422).
    """
    if not request.args.get(AS_OF):
        return None
    state = request_state()
    state.caller = as_auditor(caller())
    try:
        state.past = asked_day()
    except RefusedDay as refusal:
        raise HttpProblem(HTTPStatus.UNPROCESSABLE_ENTITY, refusal.reason) from None
    return state.past


def list_day() -> date:
    """Return the day on which a list is read: the past one that is asked for, or today."""
    past = request_state().past
    return past.on if past is not None else today()


def name_of(row: Mapping[str, Any], id_column: str = "id") -> str:
    """Return the masked name of a person in a list; of a past day, that it is not kept where it has changed since."""
    return masking.name(app_state().keyring, {"id": row[id_column], "name_sealed": row["name_sealed"]}) or not_kept()


def not_kept() -> str:
    """Return what a list of a past day shows for a value that the event log does not keep; nothing on other pages."""
    return translate("pages.past.not_kept", language()) if request_state().past is not None else ""


def layout_of_past() -> dict[str, Any]:
    """Return what the layout shows: `past` says which day is read, `past_input` is the field that asks for one."""
    past = request_state().past if has_request_state() else None
    session = request_state().session if has_request_state() else None
    view = current_app.view_functions.get(request.endpoint or "")
    takes = getattr(view, "shows_past", False) and session and Role.AUDITOR in session.caller.roles
    return {
        "past": past,
        "past_today": url_without(AS_OF, "after") if past else "",
        "past_input": {"value": past.on.isoformat() if past else ""} if takes else None,
    }


def url_without(*names: str) -> str:
    """Return the address of this list without some of its parameters."""
    query = urlencode({name: value for name, value in request.args.items() if name not in names})
    return f"{request.path}?{query}" if query else request.path


def _page(day: PastDay | None, reason: Reason | None) -> str:
    """Return the page that asks for another day, or says how far the copy is."""
    messages = list(messages_of((reason,))) if reason else []
    is_at_field = reason is not None and reason.values.get("field") == AS_OF
    return render_template(
        "past/day.html",
        day=day,
        asked=request.args.get(AS_OF, ""),
        kept={name: value for name, value in request.args.items() if name not in {AS_OF, "after"}},
        problems=Problems(of_fields={AS_OF: messages}) if is_at_field else Problems(of_form=messages),
        progress=read.progress(connection(), day.up_to) if day and not reason else None,
        back=url_without(AS_OF, "after"),
    )
