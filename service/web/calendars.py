"""/calendars: working days, holidays and swapped days of each year, and previews and proposals of a year."""

from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from service.actions.confirmations import propose
from service.actions.policies import calendar_subject
from service.actions.proposals.rules import CalendarContent
from service.http.auth import EVERYONE, requires_role
from service.http.context import action_context, app_state, caller, today
from service.http.idempotency import idempotent, release_key
from service.http.known_names import takes_query
from service.http.transaction import connection
from service.queries import calendars
from service.queries import confirmations as read
from service.web.calendar_months import year_of
from service.web.calendar_preview import (
    TypedCalendar,
    YearPreview,
    asked_year,
    file_problems,
    labels,
    preview,
    typed_calendar,
)
from service.web.policy_preview import confirmers
from service.web.refusals import NO_PROBLEMS, REFUSALS, Problems
from workflows.powers import POWERS
from workflows.vocabulary import InvalidForm, Role
from workflows.workdays import InvalidCalendar

blueprint = Blueprint("calendars", __name__)


@blueprint.get("/calendars")
@requires_role(*EVERYONE)
@takes_query("year")
def show_calendar() -> str:
    """Show the months of one year, the years that are loaded, and those that wait to be confirmed."""
    conn, known = connection(), calendars.years(connection())
    years = [row["year"] for row in known]
    asked = request.args.get("year", "")
    wanted = int(asked) if asked.isascii() and asked.isdigit() and int(asked[:5]) in years else today().year
    chosen = wanted if wanted in years else (years[0] if years else None)
    waiting = read.open_of(conn, ("calendar",), caller())
    return render_template(
        "calendars/show.html",
        years=years,
        chosen=chosen,
        source=next((row["source"] for row in known if row["year"] == chosen), ""),
        year=year_of(chosen, calendars.days_of(conn, chosen)) if chosen else None,
        loaded=calendars.last_load(conn, calendar_subject(chosen)) if chosen else None,
        waiting=[(row, read.content_of(row, app_state().keyring)["year"]) for row in waiting],
        may_propose=Role.ADMIN in caller().roles,
    )


@blueprint.get("/calendars/new")
@requires_role(Role.ADMIN)
def show_new() -> str:
    """Show the form for a calendar file."""
    return _form(TypedCalendar(), NO_PROBLEMS)


def _form(typed: TypedCalendar, problems: Problems, years: tuple[YearPreview, ...] = (), *, other: bool = False) -> str:
    """Return the form with the preview of each year; `other` says that the text is not the one of the preview."""
    roles = POWERS["policy", "load_calendar"].confirms
    names = confirmers(roles) if years else ()
    page = {"typed": typed, "problems": problems, "years": years, "labels": labels(), "other": other}
    return render_template("calendars/new.html", **page, roles=roles, confirmers=names)


@blueprint.post("/calendars/new")
@requires_role(Role.ADMIN)
@idempotent
def load_calendar() -> ResponseReturnValue:
    """Show what a calendar file would change; propose a year where the file is sent again as it was shown."""
    try:
        typed = typed_calendar()
    except InvalidForm as refusal:
        problems = file_problems(refusal)
        return _form(TypedCalendar(request.form.get("source", "")), problems), problems.status
    year, same = asked_year(), request.form.get("seen") == typed.digest
    if year is not None and same:
        return _propose(typed, year)
    release_key()
    years, problems = preview(typed)
    return _form(typed, problems, years, other=year is not None and not same), problems.status


def _propose(typed: TypedCalendar, year: int) -> ResponseReturnValue:
    try:
        proposal = propose(connection(), "calendar", CalendarContent(typed.source, year), action_context())
    except (*REFUSALS, InvalidCalendar) as refusal:
        problems = file_problems(refusal)
        return _form(typed, problems), problems.status
    return redirect(f"/confirmations/{proposal.id}", HTTPStatus.SEE_OTHER)
