"""A page with one form of a record: shown, sent, and shown again with every reason in its place."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from service.actions.possible_twins import PossibleTwins
from service.http.context import caller
from service.http.idempotency import release_key
from service.http.transaction import connection
from service.queries import household_pages
from service.queries.own_proposals import ProposedWrite, own_proposal
from service.web.forms import FormInput, Options, PostedForm
from service.web.record_forms import ADD, DrawnSection, RecordForm, draw, load, problems
from service.web.refusals import NO_PROBLEMS, REFUSALS, Problems

TWINS_SEEN = "_twins_seen"
"""The hidden field that says that the form was sent again after its possible twins were shown."""


@dataclass(frozen=True, slots=True)
class RecordPage:
    """What a page with one form shows."""

    key: str
    """The form's key: its title is `record.<key>`, its lead `record_lead.<key>`."""

    back: str
    sections: tuple[DrawnSection, ...] = ()
    problems: Problems = NO_PROBLEMS
    version: int | None = None
    file: Mapping[str, Any] | None = None
    head: str = ""
    about: str = ""
    """Whom or what the form is about, besides the file."""

    extra: tuple[FormInput, ...] = ()
    takes_files: bool = False
    hidden: Mapping[str, str] = field(default_factory=dict)
    lead: str = ""
    twins: PossibleTwins | None = None
    back_label: str = ""
    """What the link back says; empty: the number of the file, or the list of families."""

    subject: UUID | None = None
    """The member whose version the form carries; None: that of the file."""


def page_of(form: RecordForm, options: Options, posted: PostedForm, **more: Any) -> str:
    """Return the page of a form."""
    sections = draw(form, options, posted)
    page = RecordPage(form.key, sections=sections, problems=posted.problems, **more)
    return render_template("records/form.html", page=page, others=_others(page))


def proposal_made() -> ProposedWrite | None:
    """Return the proposal that the address says was just made (`?proposed=`), if it is the caller's and waits."""
    try:
        proposed = UUID(request.args.get("proposed", ""))
    except ValueError:
        return None
    return own_proposal(connection(), proposed, caller())


MOST_OTHERS = 10
"""The most changes of others that a stale form shows."""


def _others(page: RecordPage) -> list[dict[str, Any]]:
    """Return what others did after the version that a stale form had read, newest first."""
    conflict, subject = page.problems.conflict, page.subject or (page.file or {}).get("id")
    if conflict is None or subject is None:
        return []
    number = min(conflict.present - conflict.seen, MOST_OTHERS)
    return household_pages.latest_changes(connection(), subject, number)


NO_LABELS: Mapping[str, str] = {}


def sent(
    form: RecordForm,
    show: Callable[[PostedForm], str],
    act: Callable[[dict[str, Any]], ResponseReturnValue],
    also: Callable[[], dict[str, Any]] = dict,
    labels: Mapping[str, str] = NO_LABELS,
    **more: Any,
) -> ResponseReturnValue:
    """Answer a posted form: with one more row, with what was wrong, or with what `act` returns.

    `more`, and what `also` reads from the form, are in the body besides what the schema's fields say. `labels` are those of
    inputs besides the form's own.
    """
    posted = PostedForm(request.form)
    if ADD in request.form:
        release_key()
        return show(posted)
    try:
        return act(load(form, **more, **also()))
    except REFUSALS as refusal:
        found = problems(form, refusal, labels)
        return show(PostedForm(request.form, found)), found.status


def to_family(household_id: UUID, **query: str) -> ResponseReturnValue:
    """Lead to the page of a family."""
    target = f"/households/{household_id}?{urlencode(query or {'done': 'yes'})}"
    return redirect(target, HTTPStatus.SEE_OTHER)


def twins_are_new(twins: PossibleTwins) -> bool:
    """Return whether there are possible twins that the sender of the form has not been shown; then nothing is saved."""
    shown = bool(twins.items) and TWINS_SEEN not in request.form
    if shown:
        release_key()
    return shown
