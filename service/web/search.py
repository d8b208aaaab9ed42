"""/search: persons, families and cases by what somebody typed."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from service.actions.search import SearchResults, search
from service.http.auth import READERS, requires_role
from service.http.context import action_context
from service.http.csrf import is_from_another_site
from service.http.known_names import takes_query
from service.http.transaction import connection
from service.web.household_filters import MAX_TEXT
from service.web.refusals import NO_PROBLEMS, problems_of
from workflows.vocabulary import Refused

blueprint = Blueprint("search", __name__)


@blueprint.get("/search")
@requires_role(*READERS)
@takes_query("q")
def show_search() -> ResponseReturnValue:
    """Show whom and what a text may mean; a search for persons is recorded with whom it found.

    The text of a link on another site waits in the form until the person sends it: the event is in their name.
    """
    words = request.args.get("q", "").strip()[:MAX_TEXT]
    if words and is_from_another_site():
        return render_template("search.html", words=words, results=SearchResults(), problems=NO_PROBLEMS, waits=True)
    try:
        results = search(connection(), words, action_context()) if words else SearchResults()
    except Refused as refusal:
        problems = problems_of(refusal, {})
        return render_template("search.html", words=words, results=SearchResults(), problems=problems), problems.status
    return render_template("search.html", words=words, results=results, problems=NO_PROBLEMS)
