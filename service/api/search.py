"""The route /search: persons, families and cases by what somebody typed."""

from typing import Any

from flask_smorest import Blueprint

from service.actions import search as search_actions
from service.actions.search import SearchResults
from service.http.auth import READERS, requires_role
from service.http.context import action_context
from service.http.transaction import connection
from service.schemas.search import SearchIn, SearchOut

blueprint = Blueprint("search", __name__, description="查找 Search")


@blueprint.get("/search")
@requires_role(*READERS)
@blueprint.arguments(SearchIn, location="query")
@blueprint.response(200, SearchOut)
def search(query: dict[str, Any]) -> SearchResults:
    """Search your units by file or case number, last four of an identity number or phone, name, pinyin or initials.

    A search for persons is recorded with whom it found; an account has a number of them a day.
    """
    return search_actions.search(connection(), query["q"], action_context())
